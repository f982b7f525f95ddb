"""Functions that draw at random, or answer twice differently: with them one seed would give several results.

All randomness of a run has an address in its seed. What a function draws for itself has none, is drawn in another order
by each number of threads, and once for all paths where the function is compiled for many. So it is refused: by what the
code refers to, names with their attributes (``np.random.normal``), closures, defaults, helpers; and by calling twice.
"""

from __future__ import annotations

import dis
import functools
import inspect
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from sdeopt.core import checks

__all__ = ["refuse_random", "steady"]

CLOSE = 1e-9

FOREIGN = {*sys.stdlib_module_names, "sdeopt"}  # and installed packages: not looked into


def refuse_random(name: str, function: Any) -> None:
    """Raise a ``ValueError`` if ``function`` refers to a generator of random numbers, itself or through its helpers."""
    source = next((what for thing in _reach(function, {}) if (what := _generator(thing))), None)
    if source is not None:
        raise ValueError(
            f"{name} draws at random, by {source}, so that one seed would give several results: draw once outside and "
            "refer to the array, or leave the randomness to the noise"
        )


def steady(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)``, called on copies; a ``ValueError`` if a second call answers differently."""
    first, second = (function(*(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)) for _ in range(2))
    if not _same(first, second):
        raise ValueError(
            f"{name} gives another answer when it is called twice with the same arguments, so that one seed would give "
            "several results: it must not draw at random, keep state or read a clock"
        )
    return first


def _same(a: Any, b: Any) -> bool:
    try:  # round-off may depend on where in memory a copy lies
        size = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
        return np.allclose(a, b, rtol=CLOSE, atol=CLOSE * min(float(size), checks.LARGE), equal_nan=True)
    except Exception:
        return True  # no numbers, or of several shapes, or what an __array__ raises, which is refused elsewhere


def _generator(thing: Any) -> str | None:
    """What a generator of random numbers, a function or a module of such is called, or None."""
    if isinstance(thing, ModuleType):
        return thing.__name__ if thing.__name__ in ("numpy.random", "random", "secrets") else None
    owner = getattr(thing, "__self__", None)
    makers = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
    for one in (thing, owner):
        if isinstance(one, makers) and not isinstance(one, type):
            return f"{getattr(thing, '__name__', type(one).__name__)} of {type(one).__module__.split('.')[0]}"
    home = str(getattr(thing, "__module__", None))
    foreign = home.startswith(("numpy.random", "secrets")) and callable(thing)
    return f"{getattr(thing, '__name__', 'one')} of {home}" if foreign else None


def _reach(thing: Any, seen: dict[Any, Any]) -> Iterator[Any]:
    """What a function refers to, itself and through functions that are not of a library."""
    method = isinstance(thing, MethodType)
    key = (id(thing.__func__), id(thing.__self__)) if method else id(thing)
    if key in seen:
        return
    seen[key] = thing  # which keeps it, and its id, alive
    yield thing
    inside: Iterable[Any] = ()
    if isinstance(thing, functools.partial):
        inside = (thing.func, *thing.args, *thing.keywords.values())
    elif method and isinstance(thing.__func__, FunctionType):
        inside = _loads(thing.__func__, thing.__self__) if _own(thing.__func__) else ()
    elif type(thing).__module__.startswith("numba.") and hasattr(thing, "py_func"):
        inside = (thing.py_func,)
    elif isinstance(thing, FunctionType):
        inside = _loads(thing) if _own(thing) else ()
    elif not isinstance(thing, type) and _own(type(thing)) and callable(thing):
        inside = (thing.__call__,)
    for one in inside:
        yield from _reach(one, seen)


def _own(thing: Any) -> bool:
    """Whether a function or class is the user's, and not of an installed package."""
    module = getattr(thing, "__module__", None) or "builtins"
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return module.partition(".")[0] not in FOREIGN and not {"site-packages", "dist-packages"} & set(Path(file).parts)


def _loads(function: FunctionType, owner: Any = None) -> Iterator[Any]:
    """Values of the names that a function loads, with their attributes, and its defaults; ``owner`` is its ``self``."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    first = set() if owner is None else set(function.__code__.co_varnames[:1])
    known = function.__globals__ | {n: cell.cell_contents for n, cell in cells.items() if _has_value(cell)}
    known |= dict.fromkeys(first, owner)
    yield from (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    yield from _of_code(function.__code__, known, first)


def _of_code(code: CodeType, known: dict[str, Any], fast: set[str]) -> Iterator[Any]:
    value: Any = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF") or step.argval in fast:
            value = known.get(step.argval)
        elif step.opname == "IMPORT_NAME":
            value = sys.modules.get(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"):
            value = _attribute(value, step.argval)
        else:
            value = None
        if value is not None:
            yield value
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _of_code(inner, known, set())


def _attribute(value: Any, name: str) -> Any:
    """The attribute of a module, or of an object of the user's, whose properties are not run."""
    if isinstance(value, ModuleType):
        return getattr(value, name, None)
    if value is None or not _own(type(value)):
        return None
    found = inspect.getattr_static(value, name, None)
    return MethodType(found, value) if isinstance(found, FunctionType) else found


def _has_value(cell: Any) -> bool:
    """Whether a closure's variable has a value yet."""
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
