"""From pages to tensors: plain functions copied with other things behind their names, as the compiler's linker does.

``np`` becomes `words.Names`, a sum or selection of ``sdeopt.core`` its twin, a question of the oracle a call of the
objective or the law, and any other plain function its own copy. A law is copied too: its class with linked functions,
its vectors as tensors.
"""

from __future__ import annotations

import dataclasses
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from sdeopt.core.references import Module, rebound
from sdeopt.engine.questions import QUESTIONS
from sdeopt.engine.tensors.words import Names, twins

__all__ = ["Linker"]


class Linker:
    """Copies of plain functions that work on tensors of one type on one device."""

    def __init__(self, dtype: Any, device: Any) -> None:
        self.names = Names(dtype, device)
        self._done: dict[Any, Any] = twins(self.names)
        self._classes: dict[type, type] = {}

    def __call__(self, f: Any) -> Any:
        """The copy of a plain function."""
        if f not in self._done:
            self._done[f] = question(f) if f in QUESTIONS else self._copy(f)
        return self._done[f]

    def _copy(self, f: FunctionType) -> Any:
        self._done[f] = lambda *arguments: self._done[f](*arguments)  # while it is made, for what refers to itself
        return rebound(f, self._bound)

    def _bound(self, thing: Any) -> Any:
        if thing is np:
            return self.names
        if isinstance(thing, FunctionType):
            return self(thing)
        if isinstance(thing, ModuleType) and thing.__name__.startswith("sdeopt."):
            return Module(thing, self._bound)
        if isinstance(thing, type) and hasattr(thing, "sdes"):  # a page that a function makes
            return self._linked(thing)
        if isinstance(thing, np.ndarray) and thing.dtype == np.float64:
            return self.names.tensor(thing)
        return thing

    def lower(self, thing: Any) -> Any:
        """A law, its vectors as tensors and its functions linked; a law inside it likewise."""
        if isinstance(thing, np.ndarray):
            return self.names.tensor(thing)
        if isinstance(thing, tuple) and not hasattr(thing, "_fields"):
            return tuple(map(self.lower, thing))
        if isinstance(thing, FunctionType):
            return self(thing)
        if not dataclasses.is_dataclass(thing):
            return thing
        copy: Any = object.__new__(self._linked(type(thing)))
        for field in dataclasses.fields(thing):
            object.__setattr__(copy, field.name, self.lower(getattr(thing, field.name)))
        return copy

    def page(self, page: Any) -> Any:
        """The page itself, whose functions call others of its own on tensors too."""
        return tuple.__new__(self._linked(type(page)), page)

    def _later(self, f: FunctionType) -> Any:
        """The copy, made when it is called: classes hold formulas that no step calls."""
        return lambda *arguments: self(f)(*arguments)

    def _linked(self, cls: type) -> type:
        if cls not in self._classes:
            inherited = [vars(kind) for kind in reversed(cls.__mro__) if kind.__module__ != "builtins"]
            functions = {n: f for held in inherited for n, f in held.items() if isinstance(f, FunctionType)}
            plain = {n: self._later(f) for n, f in functions.items() if not n.startswith("_") and not is_machinery(f)}
            self._classes[cls] = type(cls.__name__, (cls,), plain)
        return self._classes[cls]


def is_machinery(f: FunctionType) -> bool:
    """Whether a function belongs to the machinery of pages, such as ``constant``, and not to the page."""
    return f.__module__ in ("sdeopt.core.method", "sdeopt.core.traits")


def question(f: FunctionType) -> Any:
    """A question as it is put to an objective or a law that live on tensors: every one reads o.<side>.<name>(...)."""
    side, name = f.__code__.co_names[:2]
    if side == "objective":
        return lambda o, *rest: getattr(o.objective, name)(*rest)
    return lambda o, *rest: getattr(o.noise, name)(o, *rest)
