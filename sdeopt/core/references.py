"""The walk over what a plain function refers to, which both the engine and ``sdeopt.derivation`` take.

A page is ordinary Python: it calls ``grad(o, x)``, ``erf(x)``, perhaps a helper of its own module, by global name or by
closure. `rebound` copies such a function with other things behind those names, the function itself left as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dis import get_instructions
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["ATTRIBUTES", "GLOBALS", "Module", "closure_values", "instructions", "names", "rebound"]

GLOBALS, ATTRIBUTES = ("LOAD_GLOBAL", "LOAD_NAME"), ("LOAD_ATTR", "LOAD_METHOD")


@functools.lru_cache(maxsize=4096)
def instructions(code: CodeType) -> tuple[tuple[str, Any], ...]:
    """The names of the instructions of a function and their arguments; taken apart once."""
    return tuple((i.opname, i.argval) for i in get_instructions(code))


@functools.lru_cache(maxsize=4096)
def names(code: CodeType, loaded_by: tuple[str, ...] = GLOBALS) -> frozenset[str]:
    """Names that a function loads by these instructions: of globals, or of attributes (LOAD_ATTR, LOAD_METHOD)."""
    nested = (c for c in code.co_consts if isinstance(c, CodeType))
    used = frozenset(name for kind, name in instructions(code) if kind in loaded_by)
    return used.union(*(names(c, loaded_by) for c in nested))


def closure_values(f: FunctionType) -> tuple[Any, ...]:
    """The values of a closure; one that has none yet stands for the function that is being defined."""
    return tuple(c.cell_contents if c != CellType() else f for c in f.__closure__ or ())


def rebound(f: FunctionType, bind: Callable[[Any], Any], code: CodeType | None = None) -> FunctionType:
    """A copy of ``f`` that refers to ``bind(thing)`` wherever ``f`` refers to ``thing``."""
    namespace = dict(f.__globals__)
    for name in names(f.__code__) & namespace.keys():
        namespace[name] = bind(namespace[name])
    closure = tuple(CellType(bind(value)) for value in closure_values(f))
    copy = FunctionType(code or f.__code__, namespace, f.__name__, f.__defaults__, closure)
    copy.__kwdefaults__ = f.__kwdefaults__
    return copy


class Module:
    """A module with ``bind(thing)`` behind the names of its things, as in ``core.grad``."""

    def __init__(self, module: ModuleType, bind: Callable[[Any], Any]) -> None:
        self._module, self._bind = module, bind

    def __getattr__(self, name: str) -> Any:
        return self._bind(getattr(self._module, name))
