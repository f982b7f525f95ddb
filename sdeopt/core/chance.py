"""Functions that draw at random, or answer twice differently: with them one seed would give several results.

All randomness of a run has an address in its seed. What a function draws for itself has none, is drawn in another order
by each number of threads, and once for all paths where the function is compiled for many. So it is refused: by what the
code refers to, names with their attributes (``np.random.normal``), closures, defaults, helpers; and by calling twice.
"""

from __future__ import annotations

import dis
import functools
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

__all__ = ["refuse_random", "steady"]

FOREIGN = {*sys.stdlib_module_names, "sdeopt"}  # and installed packages: not looked into


def refuse_random(name: str, function: Any) -> None:
    """Raise a ``ValueError`` if ``function`` refers to a generator of random numbers, itself or through its helpers."""
    source = next((what for thing in _reached(function, set()) if (what := _generator(thing))), None)
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
    try:
        return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc")
    except (TypeError, ValueError):
        return True  # no numbers, which is refused elsewhere


def _generator(thing: Any) -> str | None:
    """What a generator of random numbers, a function or a module of such is called, or None."""
    if isinstance(thing, ModuleType):
        return thing.__name__ if thing.__name__ in ("numpy.random", "random", "secrets") else None
    owner = getattr(thing, "__self__", None)
    makers = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
    for one in (thing, owner):
        if isinstance(one, makers) and not isinstance(one, type):
            return f"{getattr(thing, '__name__', type(one).__name__)} of {type(one).__module__.split('.')[0]}"
    home = getattr(thing, "__module__", None) or ""
    return f"{thing.__name__} of {home}" if home.startswith(("numpy.random", "secrets")) and callable(thing) else None


def _reached(function: Any, seen: set[int]) -> Iterator[Any]:
    """What a function refers to, itself and through functions that are not of a library."""
    if id(function) in seen:
        return
    seen.add(id(function))
    yield function
    inside: tuple[Any, ...] = ()
    if isinstance(function, functools.partial):
        inside = (function.func, *function.args, *function.keywords.values())
    elif isinstance(function, MethodType):
        inside = (function.__self__, function.__func__)
    elif callable(getattr(function, "py_func", None)):  # compiled by Numba
        inside = (function.py_func,)
    elif isinstance(function, FunctionType):
        inside = tuple(_loaded(function)) if _own(function) else ()
    elif _own(type(function)) and not isinstance(function, type):
        inside = (*getattr(function, "__dict__", {}).values(), vars(type(function)).get("__call__"))
    for thing in inside:
        yield from _reached(thing, seen)


def _own(thing: Any) -> bool:
    """Whether a function or class is the user's, and not of an installed package."""
    module = getattr(thing, "__module__", None) or "builtins"
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return module.partition(".")[0] not in FOREIGN and not {"site-packages", "dist-packages"} & set(Path(file).parts)


def _loaded(function: FunctionType) -> Iterator[Any]:
    """Values of the names that a function loads, and of the attributes of modules among them; and its defaults."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    known = {n: cell.cell_contents for n, cell in cells.items() if _filled(cell)}
    yield from (*known.values(), *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    yield from _of_code(function.__code__, function.__globals__ | known)


def _of_code(code: CodeType, known: dict[str, Any]) -> Iterator[Any]:
    value: Any = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"):
            value = known.get(step.argval)
        elif step.opname == "IMPORT_NAME":
            value = sys.modules.get(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"):
            value = getattr(value, step.argval, None) if isinstance(value, ModuleType) else None
        else:
            value = None
        if value is not None:
            yield value
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _of_code(inner, known)


def _filled(cell: Any) -> bool:
    """Whether a closure's variable has a value yet."""
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
