"""The machine code of the loop of a run: put together and compiled once for all runs of its kind."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from types import FunctionType
from typing import Any

from numba import typeof
from numba.core.errors import NumbaWarning

from sdeopt.core.schedule import units
from sdeopt.engine.assembly import assemble
from sdeopt.engine.compiler.cache import LoopCache
from sdeopt.engine.compiler.linker import Linker
from sdeopt.engine.compiler.pipeline import awake
from sdeopt.engine.run import Run
from sdeopt.engine.values import describe

__all__ = ["LOOPS", "compile_loop", "compile_plain", "grid"]


def grid(run: Run) -> tuple[tuple[float, float], ...]:
    """Where its schedules are asked, see `states.moment`; a sampled SDE takes steps, as the optimizer does."""
    clock, step = run.method.clock, len(run.functions) == 1
    return tuple(units(s, clock, run.steps)[0 if step else 1] for s in run.method.schedules.values())


def _identity(thing: Any) -> Any:
    """What of an object shapes compiled code: its class and its functions."""
    if isinstance(thing, tuple):
        return tuple(map(_identity, thing))
    held = [getattr(thing, f.name) for f in fields(thing)] if is_dataclass(thing) else []
    return type(thing), tuple(_identity(v) for v in held if is_dataclass(v) or isinstance(v, tuple)), tuple(
        v for v in held if isinstance(v, FunctionType)
    )  # fmt: skip


@functools.lru_cache(maxsize=64)
def linker_of(objective: Any, noise: Any, in_lanes: bool) -> Linker:
    """The linker of these classes, always the same: by another their functions would be of another type."""
    return Linker(objective, noise, in_lanes)


LOOPS: dict[Any, Any] = {}
_REFUSED: dict[tuple[Any, ...], Exception] = {}  # loops and types of arguments that do not compile, tried once


def _loop(run: Run, shape: Any, width: int, linker: Linker) -> Any:
    objective, noise = run.oracle
    cls = type(run.method)
    key = (
        run.kind, cls, run.functions, cls.clock_of, run.sde, run.scheme, shape, width,
        tuple((name, _identity(s)) for name, s in run.method.schedules.items()),
        _identity(objective), _identity(noise), tuple(run.observables.values()),
        run.problem.several, tuple(name for name, _ in run.crossings),
    )  # fmt: skip
    return _known(key, linker, lambda: assemble(run, shape, width))


def _known(key: Any, linker: Linker, make: Callable[[], Any]) -> Any:
    """The loop of this key, made once."""
    known = key, describe(key)  # functions are the same objects, and so are the values that they refer to
    if known not in LOOPS:
        LOOPS[known] = linker.entry(make())
        LOOPS[known]._cache = LoopCache(key)
    return LOOPS[known]


def compile_plain(key: tuple[Any, ...], loop: Any, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """The machine code, on vectors, of a loop whose arguments begin with method and oracle, and the oracle for it."""
    m, o, *others = arguments
    linker = linker_of(*map(type, o), False)
    oracle = type(o)(*map(linker.lower, o))
    known = _known((type(m), *key, *map(type, o)), linker, lambda: loop)
    return direct(known, (m, oracle, *others)), oracle


def direct(loop: Any, arguments: tuple[Any, ...]) -> Any:
    """The machine code of a loop for arguments of these types; Numba's dispatcher looks at the types at every call."""
    kinds = tuple(map(loop.typeof_pyval, arguments))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaWarning)  # about the speed of what it makes
        loop.compile(kinds)
    return awake(loop.overloads[kinds])


def compile_loop(
    run: Run, shape: Any, width: int, begin: Any, complete: Callable[..., Any]
) -> tuple[Any, tuple[Any, ...]]:
    """The machine code of the loop on lanes, or on vectors for ``width`` 0, and its leading arguments.

    ``shape`` is that of the draws, ``begin`` the first states, and ``complete`` makes all arguments from the leading.
    """
    m, o, schedules = run.method.constant(), run.oracle, tuple(run.method.schedules.values())
    linker = linker_of(*map(type, o), width > 0)
    loop = _loop(run, shape, width, linker)
    scheduled = (m, linker.lower(schedules), grid(run)) if schedules else m
    leading = (scheduled, type(o)(*map(linker.lower, o)), *map(linker.lower, begin))
    everything = complete(leading)
    tried = loop, *map(typeof, everything)
    if tried in _REFUSED:
        raise _REFUSED[tried]
    try:
        return direct(loop, everything), leading
    except Exception as error:
        _REFUSED[tried] = error.with_traceback(None)
        raise
