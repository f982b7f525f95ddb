"""What shapes compiled code, as text: functions with all that they use, and the values that are compiled into them.

Numba makes constants of what a function refers to: numbers, arrays and tuples in its closure, among its defaults and
its globals, and attributes of modules, ``config.K``. So the text of a function holds all of these by value, NumPy's
numbers with their type and arrays by content, and so do the texts of the functions that it calls. A loop is known by
its text, in memory as on the disk: where a value has changed between two runs, the second compiles a loop of its own.
What has no value that a text could hold, an instance of a class say, is `Unknown`; a function that refers to it is not
compiled. Functions of Python, NumPy and other large libraries (``LIBRARIES``) are known by their names.
"""

from __future__ import annotations

import enum
import hashlib
import sys
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from sdeopt.core.references import ATTRIBUTES, closure_values, names

__all__ = [
    "ATOMS",
    "Unknown",
    "attributes",
    "code_text",
    "describe",
    "is_installed",
    "is_jitted",
    "ours",
]

COMPILED = ("py_func", "pyfunc", "_pyfunc", "_defn")  # where objects of Numba keep what they were made from
ATOMS = (bool, int, float, complex, str, bytes, type(None))
LIBRARIES = sys.stdlib_module_names - {"__main__"} | {
    "jax", "jaxlib", "llvmlite", "matplotlib", "numba", "numpy", "pandas", "scipy", "sklearn", "sympy", "tensorflow",
    "torch",
}  # fmt: skip


class Unknown(TypeError):
    """What a function refers to has no value that a key could hold."""


def ours(thing: Any) -> bool:
    """Whether a function or class is of this package; what ``exec`` makes may know no module."""
    return (thing.__module__ or "").startswith("sdeopt.")


def is_installed(module: str | None) -> bool:
    """Whether a module is of Python or of a library whose functions Numba either knows itself or will never know."""
    return (module or "").partition(".")[0] in LIBRARIES


def is_jitted(thing: Any) -> bool:
    """Whether a thing is what Numba's ``njit`` makes of a function, told without loading Numba."""
    return isinstance(getattr(thing, "py_func", None), FunctionType) and hasattr(thing, "targetoptions")


def attributes(module: ModuleType, wanted: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Those of the attributes of a module that a function with these names of attributes may mean."""
    for name in sorted(wanted):
        try:
            yield name, getattr(module, name)
        except AttributeError:
            continue


def ordinary(thing: Any, seen: frozenset[int]) -> str | None:
    """Nothing has a text of its own."""
    return None


def describe(thing: Any, seen: frozenset[int] = frozenset(), special: Callable[..., str | None] = ordinary) -> str:
    """Text that changes whenever code compiled from ``thing`` would: classes, functions with all they use, values.

    ``special(thing, seen)`` may give a thing another text, where it is not None; ``seen`` are the things around it.
    Raises `Unknown` where something inside has no value.
    """
    if id(thing) in seen:
        return "again"
    inside = seen | {id(thing)}
    said = special(thing, inside)
    if said is not None:
        return said
    if isinstance(thing, (tuple, list)):
        return _field_names(type(thing)) + "(" + ",".join(describe(t, inside, special) for t in thing) + ")"
    if isinstance(thing, (frozenset, set)):
        return "{" + ",".join(sorted(describe(t, inside, special) for t in thing)) + "}"
    if isinstance(thing, dict):
        return "dict" + describe(tuple(thing.items()), inside, special)
    if isinstance(thing, type):
        known = ours(thing) or is_installed(thing.__module__)
        own = "" if known else _field_names(thing) + describe(_functions(thing), inside, special)
        if isinstance(thing, enum.EnumType) and not known:
            own += describe(tuple(thing.__members__.items()), inside, special)
        return f"{thing.__module__}.{thing.__qualname__}{own}"
    if isinstance(thing, FunctionType):
        return _describe_function(thing, inside, special)
    if is_jitted(thing):
        return f"jit{describe((thing.py_func, thing.targetoptions), inside, special)}"
    if type(thing).__module__.partition(".")[0] == "numba":  # what else it compiles of functions of the user's
        held = getattr(thing, "_dispatcher", thing)
        made_of = [f for f in (getattr(held, name, None) for name in COMPILED) if isinstance(f, FunctionType)]
        if made_of and not ours(made_of[0]):
            return f"{type(thing).__qualname__}{describe(made_of, inside, special)}"
    return _describe_value(thing)


def _field_names(cls: type) -> str:
    """Those of a named tuple or of a dataclass, in order."""
    names: Any = getattr(cls, "_fields", getattr(cls, "__dataclass_fields__", ()))
    return ",".join(map(str, names))


def _describe_value(thing: Any) -> str:
    """The text of a number, an array, or what is known by its name."""
    if isinstance(thing, np.ndarray) and not thing.dtype.hasobject:
        digest = hashlib.sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()
        return f"array{thing.dtype!r}{thing.shape}{digest}"
    if isinstance(thing, np.generic) and not thing.dtype.hasobject:
        return f"{thing.dtype.str}{thing.tobytes().hex()}"
    if isinstance(thing, enum.Enum):
        return f"{type(thing).__qualname__}{thing!r}"
    if isinstance(thing, ATOMS):
        return repr(thing)
    if isinstance(thing, (ModuleType, np.ufunc)):
        return f"{type(thing).__name__} {thing.__name__}"
    if isinstance(thing, BuiltinFunctionType) and isinstance(thing.__self__, (ModuleType, type(None))):
        return f"{thing.__module__}.{thing.__qualname__}"
    if isinstance(thing, (np.dtype, range, slice)):
        return repr(thing)
    if type(thing).__module__.partition(".")[0] in ("numba", "numpy", "typing"):
        return f"{type(thing).__module__}.{type(thing).__qualname__} {getattr(thing, '__name__', '')}"
    raise Unknown(f"{thing!r} has no value that a key could hold")


def _functions(cls: type) -> tuple[FunctionType, ...]:
    """The functions of a class of the user's, also inherited ones; what begins with _ is Python's, and not compiled."""
    mine = [c for c in cls.__mro__ if not ours(c) and not is_installed(c.__module__)]
    held = [v for c in mine for name, v in vars(c).items() if not name.startswith("_")]
    return tuple(f for f in held if isinstance(f, FunctionType))


def _describe_function(f: FunctionType, seen: frozenset[int], special: Callable[..., str | None]) -> str:
    cells = closure_values(f)
    used: tuple[Any, ...] = ()
    if not ours(f) and not is_installed(f.__module__):
        used = tuple(f.__globals__[n] for n in sorted(names(f.__code__)) if n in f.__globals__)
        wanted = names(f.__code__, ATTRIBUTES)
        used += tuple(_of_module(m, wanted) for m in (*used, *cells) if isinstance(m, ModuleType))
    held = (cells, used, f.__defaults__, tuple((f.__kwdefaults__ or {}).items()))
    return f"{f.__module__}.{f.__qualname__}{code_text(f.__code__)}{describe(held, seen, special)}"


def _of_module(module: ModuleType, wanted: frozenset[str]) -> tuple[Any, ...]:
    """What a function with these names of attributes may take from a module, and from modules in it."""
    if is_installed(module.__name__):
        return tuple((n, v) for n, v in attributes(module, wanted) if isinstance(v, ATOMS))
    found = tuple(attributes(module, wanted))
    return (*found, *(_of_module(v, wanted - {n}) for n, v in found if isinstance(v, ModuleType)))


def code_text(code: CodeType) -> str:
    """Hash of the instructions of a function, its names and its constants."""
    constants = "".join(code_text(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts)
    return hashlib.sha256(code.co_code + repr(code.co_names).encode() + constants.encode()).hexdigest()
