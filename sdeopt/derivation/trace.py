"""A page run on symbols: the walk of the linker with a third set of twins, in which every question is a word.

``self`` is a tuple of symbols, so ``_replace`` and ``scaled`` work; the state is one symbol for every part. What a word
asks of the reader (a generic point, additive noise, a phase of clipping) is noted in ``assumed``.
"""

from __future__ import annotations

import dis
import itertools
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import sympy as sp

from sdeopt.core import checks
from sdeopt.core.references import Module, rebound
from sdeopt.derivation import twins
from sdeopt.derivation.words import OWN, UNIFORM, XI, XI2, Field, HandOver, Vec, rational

__all__ = ["Trace", "k", "t"]

k, t = sp.Symbol("k", positive=True), sp.Symbol("t", positive=True)


def hyperparameter(cls: Any, name: str) -> Any:
    """The symbol of a field: in (0, 1), positive or real, as its bounds say."""
    bounds = cls.bounds[name]
    if bounds.high == 1.0:
        return Field(name, positive=True)
    return sp.Symbol(name, positive=True) if bounds.low >= 0.0 else sp.Symbol(name, real=True)


def symbolic(cls: Any) -> Any:
    """The method with ``_replace`` for symbols, which takes them as they are."""

    def replaced(self: Any, **changes: Any) -> Any:
        return tuple.__new__(type(self), [changes.get(name, old) for name, old in zip(cls._fields, self, strict=True)])

    return type(cls.__name__, (cls,), {"__slots__": (), "_replace": replaced})


def _refuse_equality(f: FunctionType) -> None:
    """Symbols are equal if they are the same, so a branch on equality would be taken without a word."""
    code = list(dis.get_instructions(f))
    for at, follows in itertools.pairwise(code):
        asks = next((sign for sign in ("==", "!=") if sign in at.argrepr), None)
        if at.opname == "COMPARE_OP" and asks and "JUMP" in follows.opname:
            raise HandOver(
                f"{f.__name__} branches on {asks}, which symbols cannot decide: derive a page for each branch"
            )


class Trace:
    """The symbols of a page, and what running its functions on them has met."""

    def __init__(self, cls: Any, assume: dict[str, str]) -> None:
        for name, phase in assume.items():
            checks.choice("phase", phase, twins.PHASES[checks.choice("assumption", name, twins.PHASES)])
        self.cls, self.phases = cls, assume
        self.me = tuple.__new__(symbolic(cls), [hyperparameter(cls, name) for name in cls._fields])
        self.parts = [Vec(part, real=True) for part in cls.parts]
        self.x = self.parts[0]
        self.additive = False
        self.assumed: list[str] = []
        self._done: dict[Any, Any] = dict(twins.of(self))

    def assume(self, what: str) -> None:
        """Note what the formulas rest on, once, and not beside what says more."""
        if not any(known.startswith(what) for known in self.assumed):
            self.assumed.append(what)

    def run(self, f: Any, *args: Any) -> Any:
        """``f(self, *args)`` on symbols; what cannot be traced is said."""
        try:
            out = self._bound(f)(self.me, *args)
        except (TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
            raise HandOver(
                f"{self.cls.__name__}.{f.__name__} cannot be traced, it branches on the state, takes entries or loops "
                f"over them ({error})"
            ) from error
        return out

    def vectors(self, f: Any, *args: Any) -> list[Any]:
        """The parts of the state that ``f`` returns."""
        out = self.run(f, *args)
        return [rational(part) for part in (out if isinstance(out, tuple) else (out,))]

    def step(self) -> list[Any]:
        """The state after one step, its draws random symbols."""
        samples = (XI, XI2) if self.cls.samples == 2 else XI
        z = (samples, self.own()) if hasattr(self.cls, "own") else samples
        return self.vectors(self.cls.step, k, self.state, "o", z)

    def clock(self) -> Any:
        """Units of time of one step."""
        return rational(self._bound(self.cls.clock_of)(self.me))

    @property
    def state(self) -> Any:
        """The state as the page's functions take it."""
        return self.x if len(self.parts) == 1 else tuple(self.parts)

    def own(self) -> tuple[Any, ...]:
        """The page's own draws."""
        listed = self.run(self.cls.own, SimpleNamespace(dim=2), SimpleNamespace(agents=1))
        kinds = [entry[0] for entry in listed]
        if "fractional" in kinds:
            raise HandOver("the page's own noise has memory, so that no moments of one step give the law of several")
        if kinds not in (["normal"], ["uniform"]):
            raise HandOver(f"the page's own draws are {', '.join(kinds)}; the rules know one vector of them")
        return (OWN if kinds == ["normal"] else UNIFORM,)

    def _bound(self, thing: Any) -> Any:
        if isinstance(thing, ModuleType) and thing.__name__ == "numpy":
            return twins.Numpy(self)
        if isinstance(thing, ModuleType):
            return Module(thing, self._bound)
        if not isinstance(thing, FunctionType):
            return thing
        if thing not in self._done:
            _refuse_equality(thing)
            copy = rebound(thing, self._bound)
            copy.__globals__["len"] = twins.length
            self._done[thing] = copy
        return self._done[thing]
