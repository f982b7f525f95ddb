"""What draws for all runs: one function of machine code, built once for a processor and kept on disk.

It is the same for every loop and larger than most, so loops do not hold it: they take its address from a cell of the
process, into which `ready` puts it before any loop runs. It needs no Numba, so it is there half a second after it is
first asked for, and at once where it is on disk.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import threading
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from sdeopt.engine import shelf
from sdeopt.engine.keys import sources
from sdeopt.engine.machine import host

__all__ = ["NOTHING", "NO_ROOM", "fill", "mark", "ready"]

NO_ROOM = "there is no room for the order of the examples of an epoch"
NOTHING = np.empty((1, 0, 0))  # in the place of draws that are given, where none are
_CELL = ctypes.c_void_p()  # where loops find the address
llvm.add_symbol(host.FILL, ctypes.addressof(_CELL))
_LOCK, _ENGINES = threading.Lock(), list[Any]()  # engines own their code


@functools.cache
def mark() -> str:
    """Hash of the processor and of the sources of this folder."""
    return hashlib.sha256((host.made_for() + sources("engine/machine")).encode()).hexdigest()


def _kept() -> tuple[str, bytes]:
    """The name of its file, and the key."""
    return f"{mark()[:16]}-{mark()[16:]}.loop", bytes.fromhex(mark())


def ready() -> int:
    """Its address, after the cell has been filled by what is on disk or is built now."""
    with _LOCK:
        if not _CELL.value:
            code = shelf.take(*_kept())
            if code is None:
                from sdeopt.engine.machine.fill import written  # which takes as long as what is on disk

                code = host.build(written())
                shelf.keep(*_kept(), code)
            for name in ("Malloc", "Free"):  # by epochs, whose order takes as much room as there are examples
                memory = getattr(ctypes.pythonapi, f"PyMem_Raw{name}")
                llvm.add_symbol(f"sdeopt.{name}", ctypes.cast(memory, ctypes.c_void_p).value or 0)
            _ENGINES.append(host.load(code))
            _CELL.value = _ENGINES[-1].get_function_address(host.FILL)
    return int(_CELL.value or 0)


@functools.cache
def _entry() -> Any:
    array, number = ctypes.c_void_p, ctypes.c_int64
    arguments = (array, number, *[number] * 3, *[array, number, number] * 2, array, *[number] * 6)
    return ctypes.CFUNCTYPE(ctypes.c_int32, *arguments)(ready())


def _flat(array: Any) -> tuple[int, ...]:
    return array.__array_interface__["data"][0], *array.shape


def fill(
    out: Any, count: int, columns: int, width: int, layout: Any, keys: Any, given: Any, path: int, row: int, step: int
) -> None:
    """Write the draws of ``count`` steps from ``step`` on, for ``width`` paths from ``path`` on.

    Parameters
    ----------
    out : array
        Flat: the number of step i, column c and lane l stands at (i columns + c) width + l.
    width : int
        A power of two.
    layout : array, (vectors, 4)
        Of each vector of draws (first column, end column, kind, number), all int64. Kind 0 is normal, 1 uniform, 2
        given, 3 examples in epochs. A normal of number s is the sum of the s fine normals of its step divided by √s:
        this is how a coarse step shares the Brownian path of the fine ones. A uniform of number s, of which there is no
        such sum, is the first of its s. Of epochs it is the number of examples.
    keys : array, (vectors, 2)
        A key for each, all uint64.
    given : array, (paths, steps, columns)
        The vectors of kind 2, their columns in order; ``row`` is the first of the ``width`` paths in it, and lanes
        beyond its last path repeat it.

    Raises
    ------
    MemoryError
        If there is no room for the order of the examples of an epoch.
    """
    held = [np.ascontiguousarray(a) for a in (layout, keys, given)]  # as long as the call takes: addresses hold nothing
    three = [number for array in held for number in _flat(array)]
    if _entry()(*_flat(out), count, columns, width, *three, path, row, step):
        raise MemoryError(NO_ROOM)
