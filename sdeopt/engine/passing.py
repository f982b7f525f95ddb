"""What a loop on lanes is passed, as words of 64 bits: what Numba makes of its arguments, without Numba.

A compiled function has no tuples and no objects: it takes their numbers, one after the other. A number is one argument,
and so is a vector or a matrix of the problem, which lanes take by value (`compiler.lanes`); an array is its address
between what Numba counts references by, sizes and strides; a function is compiled in, and an address of nothing stands
for it. `Words` collects them: ``words``, their kinds (``d`` a float, ``q`` an integer, ``b`` a truth value, ``p`` an
address, ``3d`` three floats by value), and a text of all types, which is part of the key of a loop (`quick`).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from types import FunctionType
from typing import Any

import numpy as np

from sdeopt.engine.values import describe, is_jitted

__all__ = ["Other", "Words", "by_address"]

ARRAYS = ("<f8", "<i8", "<u8")
WRITEABLE, ALIGNED = 0x400, 0x100  # NumPy's numbers for them


class Other(TypeError):
    """Something of which Numba must be asked how it is passed."""


class Words:
    """Arguments, put one after the other."""

    def __init__(self, *arguments: Any) -> None:
        self.words = array("q")
        self.kinds: list[str] = []
        self._text: list[str] = []
        self._held: list[Any] = []  # arrays of the words
        for thing in arguments:
            self.put(thing)

    text = property(lambda self: " ".join(self._text))

    def _add(self, kind: str, words: Iterable[int], text: str = "") -> None:
        self.kinds.append(kind)
        self.words.extend(words)
        self._text.append(text or kind)

    def put(self, thing: Any, lowered: bool = False) -> None:
        """Append an argument, the arrays in it by address, or ``lowered``: by value."""
        if type(thing) in (float, np.float64):
            self._add("d", struct.unpack("q", struct.pack("d", thing)))
        elif type(thing) is bool:
            self._add("b", [int(thing)])
        elif type(thing) in (int, np.int64) and -(2**63) <= thing < 2**63:
            self._add("q", [int(thing)])
        elif type(thing) is np.ndarray:
            self._by_value(thing) if lowered else self._by_address(thing)
        elif lowered and is_dataclass(thing):
            held = [(f.name, getattr(thing, f.name)) for f in fields(thing)]
            self._several(type(thing), [(name, v) for name, v in held if not isinstance(v, (str, type(None)))], True)
        elif lowered and (isinstance(thing, FunctionType) or is_jitted(thing)):
            self._add("p", [0], describe(thing))
        elif isinstance(thing, tuple):
            names = getattr(thing, "_fields", range(len(thing)))
            self._several(type(thing), zip(names, thing, strict=True), lowered)
        else:
            raise Other(f"{type(thing)}")

    def _several(self, cls: type, members: Any, lowered: bool) -> None:
        self._text.append(f"{cls.__module__}.{cls.__qualname__}(")
        for name, member in members:
            self._text.append(f"{name}=")
            self.put(member, lowered)
        self._text.append(")")

    def _by_value(self, a: Any) -> None:
        """A `Flat` or a `Block`."""
        if a.ndim not in (1, 2) or not a.size or a.dtype.kind not in "biuf":
            raise Other(f"an array {a.dtype}{a.shape}")
        numbers = np.ascontiguousarray(a, dtype=np.float64).reshape(-1)
        self._add(f"{a.size}d", numbers.view(np.int64).tolist(), f"{a.shape}")

    def _by_address(self, a: Any) -> None:
        if a.dtype.str not in ARRAYS:
            raise Other(f"an array of {a.dtype}")
        text, words = by_address(a)
        self._text.append(text)
        self.kinds += ["p", "p", "q", "q", "p", *["q"] * (2 * a.ndim)]
        self.words.extend(words)
        self._held.append(a)


def by_address(a: Any) -> tuple[str, tuple[int, ...]]:
    """Text and words of an array: two counters of references, sizes, the address, the shape and the strides."""
    flags = a.flags.num  # all at once: this is done for every call of a loop
    layout = "C" if flags & 1 else "F" if flags & 2 else "A"
    text = f"{a.dtype.str}{a.ndim}{layout}{flags & (WRITEABLE | ALIGNED)}"
    return text, (0, 0, a.size, a.itemsize, a.ctypes.data, *a.shape, *a.strides)
