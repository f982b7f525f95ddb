"""The machine code of the loop of a run: put together and compiled once for all runs of its kind."""

from __future__ import annotations

import functools
import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import typeof
from numba.core.errors import NumbaWarning

from sdeopt.engine.assembly import assemble
from sdeopt.engine.compiler.cache import LoopCache, PortableCache
from sdeopt.engine.compiler.linker import Linker
from sdeopt.engine.compiler.pipeline import awake
from sdeopt.engine.identity import grid, loop_key, made_from
from sdeopt.engine.machine import quick
from sdeopt.engine.run import Run
from sdeopt.engine.values import describe

__all__ = ["LOOPS", "compile_lanes", "compile_loop", "compile_plain"]


@functools.lru_cache(maxsize=64)
def linker_of(objective: Any, noise: Any, in_lanes: bool) -> Linker:
    """The linker of these classes, always the same: by another their functions would be of another type."""
    return Linker(objective, noise, in_lanes)


LOOPS: dict[Any, Any] = {}
_REFUSED: dict[tuple[Any, ...], Exception] = {}  # loops and types of arguments that do not compile, tried once


def _known(key: Any, linker: Linker, make: Callable[[], Any], bare: bool = False) -> Any:
    """The loop of this key, made once; ``bare`` of what lets Python call it."""
    key = (*key, bare)
    known = key, describe(key)  # functions are the same objects, and so are the values that they refer to
    if known not in LOOPS:
        LOOPS[known] = linker.entry(make(), no_cpython_wrapper=bare, no_cfunc_wrapper=True)
        LOOPS[known]._cache = PortableCache(key) if bare else LoopCache(key)
    return LOOPS[known]


def compile_plain(loop: Any, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """The machine code, on vectors, of a loop whose arguments begin with method and oracle, and the oracle for it."""
    m, o, *others = arguments
    linker = linker_of(*map(type, o), False)
    oracle = type(o)(*map(linker.lower, o))
    known = _known((describe(loop), type(m), made_from(o)), linker, lambda: loop)
    return direct(known, (m, oracle, *others)), oracle


def direct(loop: Any, arguments: tuple[Any, ...]) -> Any:
    """The machine code of a loop for arguments of these types; Numba's dispatcher looks at the types at every call."""
    return awake(_compiled(loop, tuple(map(loop.typeof_pyval, arguments))))


def _compiled(loop: Any, kinds: tuple[Any, ...]) -> Any:
    with warnings.catch_warnings(), _hoarding():
        warnings.simplefilter("ignore", NumbaWarning)  # about the speed of what it makes
        loop.compile(kinds)
    return loop.overloads[kinds]


@contextmanager
def _hoarding() -> Iterator[None]:
    """Without Python's search for cycles, which takes 7 % of the time that Numba needs and finds little."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


def _lowered(run: Run, shape: Any, width: int, begin: Any, bare: bool = False) -> tuple[Any, tuple[Any, ...]]:
    """The loop of a run, not yet compiled, and its leading arguments."""
    m, o, schedules = run.method.constant(), run.oracle, tuple(run.method.schedules.values())
    linker = linker_of(*map(type, o), width > 0)
    loop = _known(loop_key(run, shape, width), linker, lambda: assemble(run, shape, width), bare)
    scheduled = (m, linker.lower(schedules), grid(run)) if schedules else m
    return loop, (scheduled, type(o)(*map(linker.lower, o)), *map(linker.lower, begin))


def compile_loop(
    run: Run, shape: Any, width: int, begin: Any, complete: Callable[..., Any]
) -> tuple[Any, tuple[Any, ...]]:
    """The machine code of the loop on lanes, or on vectors for ``width`` 0, and its leading arguments.

    ``shape`` is that of the draws, ``begin`` the first states, and ``complete`` makes all arguments from the leading.
    """
    loop, leading = _lowered(run, shape, width, begin)
    everything = complete(leading)
    return _tried(loop, everything, lambda: direct(loop, everything)), leading


def _tried(loop: Any, arguments: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    tried = loop, *map(typeof, arguments)
    if tried in _REFUSED:
        raise _REFUSED[tried]
    try:
        return make()
    except Exception as error:
        _REFUSED[tried] = error.with_traceback(None)
        raise


def compile_lanes(run: Run, shape: Any, width: int, begin: Any, complete: Callable[..., Any], key: str) -> quick.Native:
    """The machine code of the loop on lanes, without what lets Python call it; kept by ``key`` where `quick` can."""
    loop, leading = _lowered(run, shape, width, begin, bare=True)
    everything = complete(leading)
    signature = tuple(map(typeof, everything))
    result = _tried(loop, everything, lambda: _compiled(loop, signature))
    awake(result)
    name = result.fndesc.llvm_func_name
    types_ = result.target_context.call_conv.get_function_type(result.fndesc.restype, result.fndesc.argtypes)
    kinds = tuple(map(_kind, types_.args[2:]))
    code, address = loop._cache.made.pop(signature, None), result.library.get_pointer_to_function(name)
    return quick.made(key, name, kinds, code, address, result)


def _kind(type_: Any) -> str:
    """The kind of an argument, as `passing` has it."""
    if isinstance(type_, ir.PointerType):
        return "p"
    return {"double": "d", "i64": "q", "i8": "b"}.get(str(type_)) or f"{getattr(type_, 'count', type_)}d"
