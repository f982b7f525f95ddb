"""What a function of a page asks the oracle: found in its code, and in that of its helpers."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from sdeopt.core import oracle
from sdeopt.core.references import ATTRIBUTES, GLOBALS, closure_values, instructions, names

__all__ = ["QUESTIONS", "questions_of", "references"]

QUESTIONS = {getattr(oracle, name) for name in oracle.__all__ if name != "Oracle"}


def references(f: FunctionType) -> Iterator[FunctionType]:
    """Plain functions that ``f`` may call: by global name, by closure, or as attributes of modules, ``core.grad``."""
    for value in (*(f.__globals__.get(n) for n in names(f.__code__)), *closure_values(f), *_of_modules(f, f.__code__)):
        if isinstance(value, FunctionType):
            yield value


def _of_modules(f: FunctionType, code: CodeType) -> Iterator[Any]:
    """What ``f`` reads as ``module.name``, or ``module.module.name``."""
    held = dict(zip(f.__code__.co_freevars, closure_values(f), strict=True))
    place: Any = None
    for kind, name in instructions(code):
        if kind in ATTRIBUTES and isinstance(place, ModuleType):
            place = getattr(place, name, None)
            yield place
        elif kind in (*GLOBALS, "LOAD_DEREF"):
            place = held.get(name) if kind == "LOAD_DEREF" else f.__globals__.get(name)
        else:
            place = None
    for nested in code.co_consts:
        if isinstance(nested, CodeType):
            yield from _of_modules(f, nested)


def questions_of(f: FunctionType, seen: set[FunctionType] | None = None) -> set[str]:
    """Names of the oracle's questions that ``f`` asks, itself or through its helpers."""
    seen = set() if seen is None else seen
    found: set[str] = set()
    for g in references(f):
        if g in QUESTIONS:
            found.add(g.__name__)
        elif g not in seen:
            seen.add(g)
            found |= questions_of(g, seen)
    return found
