"""From pages to machine code: plain functions are compiled with their vocabulary bound to one problem.

A page is ordinary Python. It calls ``grad(o, x)``, ``erf(x)``, perhaps a helper of its own module. The linker takes
such a function, walks the plain functions that it refers to (by global name or by closure), and compiles a copy whose
references are replaced:

- a sum or selection of ``sdeopt.core`` by its compiled twin (``twins``);
- a question of ``sdeopt.core.oracle`` by the answer of the problem at hand, found by the class of the objective or of
  the noise, so that everything can inline;
- any other plain function by its own compiled copy, and a module, as in ``core.grad``, by one that holds such copies.

Values never enter the code: methods, objectives and laws are lowered to named tuples of arrays and numbers and passed
as arguments, so that new values never recompile.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import namedtuple
from opcode import opmap
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher
from numba.extending import overload

import sdeopt.engine.compiler.lane_numpy  # noqa: F401  (importing it gives lanes NumPy's functions)
import sdeopt.engine.compiler.roots  # noqa: F401  (and these their roots)
from sdeopt.core.entrywise import ENTRYWISE
from sdeopt.core.references import ATTRIBUTES, names, rebound
from sdeopt.core.sides import who_answers
from sdeopt.engine.compiler.chosen import handed
from sdeopt.engine.compiler.lanes import Block, Flat
from sdeopt.engine.compiler.pipeline import LOOP, OPTIONS, THROUGH
from sdeopt.engine.compiler.twins import TWINS, elementwise
from sdeopt.engine.questions import QUESTIONS
from sdeopt.engine.values import Unknown, attributes, describe, is_installed, ours

__all__ = ["Linker"]

SMALL = 512  # numbers of an array that lanes keep in registers


@functools.cache
def _lower_class(cls: Any, fields: tuple[str, ...]) -> Any:
    return type(f"Lowered{cls.__name__}", (namedtuple("Lowered", fields),), {"lowered": cls, "__slots__": ()})


def _without_lists(code: CodeType) -> CodeType:
    """The code with tuples for lists of entries, ``np.array([x[1], -x[0]])``: lanes know tuples."""
    ops = bytearray(code.co_code)
    for i in range(0, len(ops), 2):
        if ops[i] == opmap["BUILD_LIST"] and ops[i + 1]:
            ops[i] = opmap["BUILD_TUPLE"]
    return code.replace(co_code=bytes(ops))


class Linker:
    """Compiles the functions of pages for one pair of objective and noise classes, on vectors or on SIMD lanes.

    A law that wraps others asks its questions of oracles that hold them. Its functions are compiled by a linker of
    their own, ``wrapped``, in which the law that a question is put to is known by the type of its oracle only.
    """

    def __init__(self, objective: type, noise: Any, lanes: bool, wrapped: bool = False) -> None:
        self._lanes, self._wrapped = lanes, wrapped
        self._options = OPTIONS | {"forceinline": lanes}
        self._owners = {"objective": objective, "noise": noise}
        self._done: dict[tuple[FunctionType, str], Any] = {}

    def compiled(self, f: Any) -> Any:
        """The compiled copy of the plain function ``f``, with the values of now."""
        if f in TWINS:
            return TWINS[f]
        known = f, describe(f)
        if known not in self._done:
            if f in ENTRYWISE:  # inlined where it is looped over, so that the loop vectorises
                inlined = self._copy(f, OPTIONS | {"forceinline": True})
                self._done[known] = elementwise(self._copy(f), inlined, f.__code__.co_argcount)
            else:
                self._done[known] = self._answer(f) if f in QUESTIONS else self._copy(f)
        return self._done[known]

    def entry(self, f: Any, **flags: bool) -> Any:
        """The compiled copy of a loop, callable from Python unless ``flags`` of Numba say otherwise."""
        return self._copy(f, LOOP | flags)

    def _answer(self, question: FunctionType) -> Any:
        side, name = who_answers(question)
        if side == "noise" and self._wrapped:
            return self._by_type(question)
        owner = self._owners[side]
        inside = Linker(self._owners["objective"], owner, self._lanes, True) if getattr(owner, "wraps", False) else self
        return handed(side, inside.compiled(getattr(owner, name)))

    def _by_type(self, question: FunctionType) -> Any:
        """The answer of the law that the oracle at hand holds; linkers of their own, for Numba takes no recursion."""

        def asked(o: Any, *rest: Any) -> Any: ...

        def choose(o: Any, *rest: Any) -> Any:
            law = o.types[o.fields.index("noise")].instance_class.lowered
            answer = Linker(self._owners["objective"], law, self._lanes).compiled(question)
            return lambda o, *rest: answer(o, *rest)

        overload(asked, strict=False, jit_options=self._options)(choose)
        return njit(lambda o, *rest: asked(o, *rest), **THROUGH)

    def _copy(self, f: FunctionType, options: dict[str, Any] | None = None) -> Any:
        foreign = not ours(f)
        wanted = names(f.__code__, ATTRIBUTES) if foreign else frozenset()
        code = _without_lists(f.__code__) if foreign and self._lanes else f.__code__
        copy = rebound(f, lambda thing: self._bound(thing, foreign, wanted), code)
        copy.__module__ = __name__  # which a process that reads the loop from disk imports; the user's may be no file
        copy.foreign = foreign  # type: ignore[attr-defined]  # which `exact` asks
        return njit(copy, **(options or self._options | {"boundscheck": foreign}))

    def _bound(self, thing: Any, foreign: bool, wanted: frozenset[str]) -> Any:
        """What a function refers to, as its copy needs it; on lanes also the arrays of the user's functions."""
        if isinstance(thing, FunctionType):
            return thing if is_installed(thing.__module__) else self.compiled(thing)
        if isinstance(thing, Dispatcher):
            return self.compiled(thing.py_func) if foreign and _plain(thing) else thing
        if isinstance(thing, ModuleType) and foreign and not is_installed(thing.__name__):
            return self._module(thing, wanted)
        small = isinstance(thing, np.ndarray) and thing.dtype == np.float64 and 0 < thing.size <= SMALL
        return self.lower(thing) if self._lanes and foreign and small and thing.ndim in (1, 2) else thing

    def _module(self, module: ModuleType, wanted: frozenset[str]) -> ModuleType:
        """A module that holds what a function with these names of attributes needs of another."""
        copy = ModuleType(module.__name__)
        for name, value in attributes(module, wanted):
            setattr(copy, name, self._bound(value, True, wanted - {name}))
        return copy

    def lower(self, thing: Any) -> Any:
        """The named tuple of a frozen dataclass: arrays, numbers, and its functions compiled."""
        if dataclasses.is_dataclass(thing):
            fields = [(f.name, getattr(thing, f.name)) for f in dataclasses.fields(thing)]
            kept = [(name, self.lower(value)) for name, value in fields if not isinstance(value, (str, type(None)))]
            owner: Any = type(thing)
            return _lower_class(owner, tuple(name for name, _ in kept))(*(value for _, value in kept))
        if isinstance(thing, FunctionType):
            return self.compiled(thing)
        if isinstance(thing, Dispatcher) and _plain(thing):
            return self.compiled(thing.py_func)
        if isinstance(thing, tuple):
            return tuple(self.lower(member) for member in thing)
        if isinstance(thing, np.ndarray):
            if self._lanes:
                return Flat(thing) if thing.ndim == 1 else Block(thing)
            return thing if thing.flags.writeable else thing.copy(order="K")
        if callable(thing):
            raise Unknown(f"{thing!r} is no plain function; write a def around it")
        return thing


def _plain(jitted: Dispatcher) -> bool:
    """Whether a function that the user has compiled means what its Python text does, to the last bit."""
    return set(jitted.targetoptions) <= {"nopython", "nogil", "cache", "boundscheck", "forceinline"}
