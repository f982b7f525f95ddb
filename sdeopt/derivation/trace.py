"""A page run on symbols: the walk of the linker with a third set of twins, in which every question is a word.

``self`` is a tuple of symbols, so ``_replace`` and ``scaled`` work; the state is one symbol for every part. What a word
asks of the reader (a generic point, additive noise, a phase of clipping) is noted in ``assumed``.
"""

from __future__ import annotations

from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import sympy as sp

from sdeopt.core import checks
from sdeopt.core.references import Module, rebound
from sdeopt.derivation import twins
from sdeopt.derivation.namespace import numpy
from sdeopt.derivation.operand import ARRAY, SMALL_LR, plain, traced
from sdeopt.derivation.words import OWN, UNIFORM, XI, Field, HandOver, Vec, rational, sample

__all__ = ["ORACLE", "Trace", "k", "t"]

MOST = 8  # samples of the gradient in one step
k, t = sp.Symbol("k", positive=True), sp.Symbol("t", positive=True)


ORACLE = SimpleNamespace(objective=None, noise=None)  # what words are asked of; wrappers look through it
ERRORS = ArithmeticError, AttributeError, LookupError, NameError, RecursionError, TypeError, ValueError


def hyperparameter(cls: Any, name: str) -> Any:
    """The symbol of a field: in (0, 1), positive or real, as its bounds say."""
    bounds = cls.bounds[name]
    if bounds.high == 1.0:
        return Field(name, positive=True)
    return sp.Symbol(name, positive=True) if bounds.low >= 0.0 else sp.Symbol(name, real=True)


def symbolic(cls: Any, clock: Any) -> Any:
    """The method with ``_replace`` and ``clock`` for symbols."""

    def replaced(self: Any, **changes: Any) -> Any:
        return tuple.__new__(type(self), [changes.get(name, old) for name, old in zip(cls._fields, self, strict=True)])

    return type(cls.__name__, (cls,), {"__slots__": (), "_replace": replaced, "clock": property(clock)})


def numbers(cls: Any, given: Any) -> dict[str, float]:
    """What hyperparameters are compared by: those of the method ``given``, of a schedule its peak, or the defaults."""
    known = dict(cls._field_defaults) if given is None else given._asdict()
    plain = {name: getattr(value, "peak", value) for name, value in known.items()}
    return {**{name: float(value) for name, value in plain.items() if isinstance(value, (int, float))}, "lr": SMALL_LR}


class Trace:
    """The symbols of a page, and what running its functions on them has met."""

    subject = "the step"

    def __init__(self, cls: Any, assume: dict[str, str], given: Any = None) -> None:
        for name, phase in assume.items():
            checks.choice("phase", phase, twins.PHASES[checks.choice("assumption", name, twins.PHASES)])
        self.cls, self.phases = cls, assume
        self.me = tuple.__new__(
            symbolic(cls, lambda me: self._bound(cls.clock_of)(me)), [hyperparameter(cls, name) for name in cls._fields]
        )
        self.parts = [Vec(part, real=True) for part in cls.parts]
        self.x = self.parts[0]
        self.elsewhere: list[Any] = []  # how far from x the points are at which the step asks for other gradients
        self.additive = False  # whether the noise must be the same there
        self.assumed: list[str] = []
        self.decided: dict[str, Any] = {}  # what of it hyperparameters decide -> a relation of their symbols
        known = numbers(cls, given)
        self.values = {symbol: known[symbol.name] for symbol in self.me if symbol.name in known}
        self.counted: dict[Any, Any] = {}  # the hyperparameter that counts samples -> its number
        self.samples: tuple[Any, ...] = (XI,)
        self.words = {name: self._spoken(f) for name, f in twins.words(self).items()}
        self._numpy = numpy(self.words, twins.LACKING)
        self._done: dict[Any, Any] = {f: self._spoken(twin) for f, twin in twins.of(self).items()}

    def assume(self, what: str, relation: Any = None) -> None:
        """Note what the formulas rest on, once, and not beside what says more; a ``relation`` is of hyperparameters."""
        if relation is not None:
            self.decided[what] = relation
        if not any(known.startswith(what) for known in self.assumed):
            self.assumed.append(what)

    def run(self, f: Any, *args: Any) -> Any:
        """``f(self, *args)`` on symbols; what cannot be traced is said."""
        try:
            me = tuple.__new__(type(self.me), [self._operand(self.counted.get(a, a)) for a in self.me])
            return plain(self._bound(f)(me, *map(self._operand, args)))
        except ERRORS as error:
            raise HandOver(f"{self.cls.__name__}.{f.__name__} cannot be run on symbols: {error}") from error

    def vectors(self, f: Any, *args: Any) -> list[Any]:
        """The parts of the state that ``f`` returns."""
        out = self.run(f, *args)
        parts = out if isinstance(out, tuple) else (out,)
        wrong = next((part for part in parts if isinstance(part, (str, type(None))) or not _formula(part)), self)
        if wrong is not self:
            got = checks.short(wrong) if isinstance(wrong, (str, type(None))) else f"a {type(wrong).__name__}"
            raise HandOver(f"{f.__name__} returns {got} where a part of the state is expected")
        return [rational(part) for part in parts]

    def step(self) -> list[Any]:
        """The state after one step, its draws random symbols."""
        self.samples = tuple(map(sample, range(1, self._count() + 1)))
        seen = XI if self.cls.traits.samples == 1 else self.samples
        z = (seen, self.own()) if hasattr(self.cls, "own") else seen
        return self.vectors(self.cls.step, k, self.state, ORACLE, z)

    def _count(self) -> int:
        """How many samples of the gradient a step sees; where a hyperparameter counts them it stands for its number."""
        counts = self.cls.traits.samples
        if not isinstance(counts, str):
            return int(counts)
        symbol = self.me[self.cls._fields.index(counts)]
        if symbol not in self.values:
            raise HandOver(
                f"the step sees as many samples of the gradient as {counts} says, which has no default: derive a "
                f"method, as in derive({self.cls.__name__}(lr=0.1, {counts}=4))"
            )
        number = int(self.values[symbol])
        if number > MOST:
            raise HandOver(
                f"the step sees {number} samples of the gradient, as {counts} says, and their formulas are written out "
                f"one in the other, up to {MOST}: derive it with fewer"
            )
        self.counted[symbol] = sp.Integer(number)
        self.assume(f"{counts} = {number}, as with these hyperparameters", sp.Eq(symbol, number))
        return number

    def clock(self) -> Any:
        """Units of time of one step."""
        return rational(self.run(self.cls.clock_of))

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

    def _operand(self, thing: Any) -> Any:
        """Symbols and numbers, also in a tuple, as what the traced function calculates with."""
        if isinstance(thing, tuple) and not hasattr(thing, "_fields"):
            return tuple(map(self._operand, thing))
        if isinstance(thing, np.ndarray) and thing.ndim:
            raise HandOver(f"{self.subject} {ARRAY}")
        return traced(thing, self) if isinstance(thing, (sp.Basic, int, float)) else thing

    def with_array(self, f: Any, a: Any, b: Any) -> Any:
        """What an operand and an array of numbers give."""
        raise HandOver(f"{self.subject} {ARRAY}")

    def _spoken(self, twin: Any) -> Any:
        """A twin as the traced function calls it."""
        return lambda *args, **more: self._operand(twin(*(plain(self._operand(a)) for a in args), **more))

    def _bound(self, thing: Any) -> Any:
        if isinstance(thing, ModuleType) and thing.__name__ in ("numpy", "math"):
            return self._numpy
        if isinstance(thing, ModuleType):
            return Module(thing, self._bound)
        if not isinstance(thing, FunctionType):
            return thing
        if thing not in self._done:
            copy = rebound(thing, self._bound)
            copy.__globals__["len"] = self._done[len]
            self._done[thing] = copy
        return self._done[thing]


def _formula(part: Any) -> bool:
    return isinstance(part, (sp.Expr, int, float))
