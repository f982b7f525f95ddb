"""Functions compiled apart from the loops that call them.

Numba links whatever a function calls into its module, and optimises and generates all of it again. The generator of
draws is larger than most loops, so it stays apart: a loop takes its address from a cell of the process, into which
`ready` puts that of the one copy, compiled or read from the disk, before any loop runs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import llvmlite.binding
from numba import types
from numba.core import cgutils, config
from numba.core.sigutils import normalize_signature
from numba.extending import intrinsic

from sdeopt.engine.compiler.cache import LoopCache

__all__ = ["INTERPRETED", "apart", "missing", "ready", "stand_in"]

INTERPRETED = bool(config.DISABLE_JIT)  # NUMBA_DISABLE_JIT=1: runs are interpreted, only their draws are not
config.DISABLE_JIT = 0

_APART: dict[Any, tuple[Any, Any]] = {}  # compiled function -> types of its arguments, what loops call in its place
_CELLS: dict[Any, ctypes.c_void_p] = {}  # where loops find the addresses of those of them that they call


def apart(*arguments: Any) -> Callable[[Any], Any]:
    """Decorate a compiled function without a result: loops, which pass arguments of these types, call it by symbol."""

    def declare(f: Any) -> Any:
        f._cache = LoopCache(f.__name__, "engine")  # found on disk by the next process
        types_, _ = normalize_signature(types.void(*arguments))
        _APART[f] = types_, _caller(f"sdeopt.{f.__name__}", types_)
        return f

    return declare


def stand_in(f: Any) -> Any:
    """What a loop calls in the place of ``f``, or None if it is linked as usual."""
    if f not in _APART:
        return None
    if f not in _CELLS:
        _CELLS[f] = ctypes.c_void_p()
        llvmlite.binding.add_symbol(f"sdeopt.{f.__name__}", ctypes.addressof(_CELLS[f]))
    return _APART[f][1]


def missing(f: Any) -> bool:
    """Whether ``f`` has yet to be compiled: it is neither in memory nor on disk."""
    return _APART[f][0] not in f.overloads and f._cache.load_overload(_APART[f][0], f.targetctx) is None


def ready() -> None:
    """Fill the cells, by what is on disk or is compiled now."""
    for f, cell in tuple(_CELLS.items()):
        if not cell.value:
            arguments = _APART[f][0]
            f.compile(arguments)
            made = f.overloads[arguments]
            cell.value = made.library.get_pointer_to_function(made.fndesc.llvm_func_name)


def _caller(symbol: str, arguments: Any) -> Any:
    def typed(typing: Any, out: Any, count: Any, columns: Any, width: Any, layout: Any, source: Any, path: Any,
              step: Any) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention = context.call_conv
            kind = convention.get_function_type(signature.return_type, signature.args)
            cell = builder.module.globals.get(symbol)
            cell = cell or cgutils.add_global_variable(builder.module, kind.as_pointer(), symbol)
            status, _ = convention.call_function(
                builder, builder.load(cell), signature.return_type, signature.args, values
            )
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return context.get_dummy_value()

        return types.void(*arguments), generate

    return intrinsic(typed)
