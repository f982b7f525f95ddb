"""What a function computes with while it is traced: an expression that answers to Python as a vector of NumPy does.

Arithmetic gives expressions. A comparison is 1 or 0 in every entry, so that (g > d) * g and where(g > d, g, 0) are the
same. Hyperparameters are known numbers, those of the method that is derived or their defaults, so that ``if self.beta >
0`` is decided, and noted; the learning rate counts as next to 0. What asks for an entry, for the number of steps or for
the truth of what chance decides is refused by its term.
"""

from __future__ import annotations

import functools
import operator
from typing import Any, Protocol

import numpy as np
import sympy as sp

from sdeopt.derivation.shown import show
from sdeopt.derivation.words import Decimal, HandOver, Vec, Word, rational

__all__ = ["ARRAY", "SMALL_LR", "Traced", "chosen", "plain", "traced"]

ARRAY = "calculates with an array of numbers, of which the symbol for any entry knows nothing"
SMALL_LR = 1e-12  # what the learning rate is compared by
SAID = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}
OPPOSITE = {">": "≤", "<": "≥", ">=": "<", "<=": ">", "==": "≠", "!=": "="}
RELATIONS = {">": sp.Gt, "<": sp.Lt, ">=": sp.Ge, "<=": sp.Le, "==": sp.Eq, "!=": sp.Ne}
METHODS = {"sum": "sum", "mean": "mean", "dot": "dot", "copy": "copy", "clip": "clip"}  # of NumPy's arrays
COMPARED = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}


@functools.cache
def _exact(number: float) -> Any:
    return rational(sp.Float(number))


class Known(Protocol):
    """What a trace knows: the numbers of hyperparameters, its words, and where to note a choice that numbers decide."""

    subject: str  # what is traced, in a sentence
    values: dict[Any, float]
    words: dict[str, Any]  # functions of operands

    def assume(self, what: str, relation: Any = None) -> None: ...

    def with_array(self, f: Any, a: Any, b: Any) -> Any: ...


class Traced:
    """An expression of a trace, of which ``known`` says what numbers its hyperparameters have."""

    __slots__ = ("e", "known")
    __array_ufunc__ = None  # NumPy's arrays leave operations to this class
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, e: Any, known: Known) -> None:
        self.e, self.known = e, known

    @property
    def number(self) -> float | None:
        """Its value, if hyperparameters and constants alone make it up."""
        values = self.known.values | {s: float(s.name) for s in self.e.atoms(Decimal)}
        if self.e.atoms(Word) or not self.e.free_symbols <= values.keys():
            return None
        value = self.e.xreplace({s: sp.Float(x) for s, x in values.items()})
        return float(value) if value.is_finite else None

    def __neg__(self) -> Any:
        return Traced(-self.e, self.known)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return Traced(sp.Abs(self.e), self.known)

    def __matmul__(self, other: Any) -> Any:
        return self.known.words["dot"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self.known.words["dot"](other, self)

    def __getattr__(self, name: str) -> Any:
        if name == "T":
            return self
        if name in ("shape", "size"):
            return (self.known.words["size"](self),) if name == "shape" else self.known.words["size"](self)
        if name.startswith("_") or name not in METHODS:
            raise AttributeError(
                f"the .{name} of {show(self.e)} is not known, of which one symbol stands for any entry"
            )
        return functools.partial(self.known.words[METHODS[name]], self)

    def __invert__(self) -> Any:
        return Traced(1 - self.e, self.known)

    def __and__(self, other: Any) -> Any:
        return Traced(self.e * traced(other, self.known).e, self.known)

    def __or__(self, other: Any) -> Any:
        return Traced(1 - (1 - self.e) * (1 - traced(other, self.known).e), self.known)

    def _compared(self, sign: str, other: Any) -> Any:
        other = traced(other, self.known)
        one, two = self.number, other.number
        if one is not None and two is not None:
            return self._decided(sign, other, COMPARED[sign](one, two))
        relation = RELATIONS[sign](self.e, other.e)
        if relation in (sp.true, sp.false):
            return Traced(sp.Integer(relation == sp.true), self.known)
        return Traced(sp.Piecewise((sp.S.One, relation), (sp.S.Zero, True)), self.known)

    def _decided(self, sign: str, other: Any, holds: bool) -> bool:
        if not (self.e.is_number and other.e.is_number):
            said = SAID.get(sign, sign) if holds else OPPOSITE[sign]
            relation = RELATIONS[sign](self.e, other.e)
            what = f"{show(self.e)} {said} {show(other.e)}, as with these hyperparameters"
            self.known.assume(what, relation if holds else sp.Not(relation))
        return holds

    def _refused(self, does: str) -> HandOver:
        return HandOver(f"{self.known.subject} {does}")

    def _by_what(self, e: Any) -> str:
        """Why a choice by ``e`` is none that can be traced."""
        names = {s.name for s in e.free_symbols}
        if e.atoms(Word) and all(type(w).__name__ == "Coordinates" for w in e.atoms(Word)) and not names:
            return "the number of entries, and one symbol stands for all of them"
        if not self.known.values or e.atoms(Word) or any(isinstance(s, Vec) for s in e.free_symbols):
            return "which differs from one point to the next: write where(condition, a, b) instead"
        if "k" in names:
            return "so that steps differ by their number: let lr be a schedule, or derive a page for each kind of step"
        return f"and {', '.join(sorted(names))} has no default: derive a method, as in derive(Mine(lr=0.1, ...))"

    def __gt__(self, other: Any) -> Any:
        return self._compared(">", other)

    def __lt__(self, other: Any) -> Any:
        return self._compared("<", other)

    def __ge__(self, other: Any) -> Any:
        return self._compared(">=", other)

    def __le__(self, other: Any) -> Any:
        return self._compared("<=", other)

    def __eq__(self, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return False
        other = traced(other, self.known)
        one, two = self.number, other.number
        if one is not None and two is not None:
            return self._decided("==", other, one == two)
        unlike = self._by_what(self.e - other.e)
        raise self._refused(f"asks whether {show(self.e)} equals {show(other.e)}, {unlike}")

    def __ne__(self, other: Any) -> Any:
        return not self == other

    def __bool__(self) -> bool:
        number = self.number
        if number is None:
            raise self._refused(f"branches on {show(_condition(self.e))}, {self._by_what(self.e)}")
        return bool(number) if self.e.is_number else self._decided("!=", traced(0, self.known), number != 0.0)

    def __index__(self) -> int:
        number = self.number
        if number is None or number != int(number):
            raise self._refused(f"counts up to {show(self.e)}, {self._by_what(self.e)}")
        self._decided("==", traced(int(number), self.known), True)
        return int(number)

    __int__ = __index__

    def __float__(self) -> float:
        raise self._refused(f"turns {show(self.e)} into a float, so that it is no symbol any more")

    def __getitem__(self, i: Any) -> Any:
        raise HandOver(
            f"{self.known.subject} takes single entries of {show(self.e)}, and one symbol stands for all of them"
        )

    def __setitem__(self, i: Any, value: Any) -> None:
        raise HandOver(
            f"{self.known.subject} writes into single entries of {show(self.e)}, and one symbol stands for all of them"
        )

    def __iter__(self) -> Any:
        raise HandOver(
            f"{self.known.subject} loops over the entries of {show(self.e)}, and one symbol stands for all of them"
        )


def _operator(f: Any, turned: bool) -> Any:
    def method(self: Traced, other: Any) -> Any:
        pair = (other, self) if turned else (self, other)
        if isinstance(other, np.ndarray) and other.ndim:
            return self.known.with_array(f, *pair)
        return Traced(f(*(traced(a, self.known).e for a in pair)), self.known)

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "mod"):
    _f = sp.Mod if _name == "mod" else getattr(operator, _name)
    setattr(Traced, f"__{_name}__", _operator(_f, False))
    setattr(Traced, f"__r{_name}__", _operator(_f, True))


def _condition(e: Any) -> Any:
    """What an indicator indicates."""
    return e.args[0][1] if isinstance(e, sp.Piecewise) else e


def traced(a: Any, known: Known) -> Traced:
    """``a`` as an operand."""
    if isinstance(a, np.ndarray) and a.ndim == 0:
        a = a.item()
    if isinstance(a, Traced):
        return a
    if isinstance(a, sp.Basic):
        return Traced(a, known)
    if getattr(a, "ndim", 0) or isinstance(a, (list, tuple)):
        raise HandOver(f"{known.subject} {ARRAY}")
    try:
        number = float(a)
    except (TypeError, ValueError):
        raise HandOver(f"{known.subject} calculates with {a!r}, which is no number") from None
    return Traced(sp.Integer(a) if isinstance(a, int) else _exact(number), known)


def plain(a: Any) -> Any:
    """The expressions of operands, also of those in a tuple."""
    if isinstance(a, (tuple, list)):
        return tuple(map(plain, a))
    return a.e if isinstance(a, Traced) else a


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the indicator ``condition`` is 1, elsewhere ``b``."""
    c = sp.sympify(condition)
    if c in (sp.true, sp.false, sp.S.One, sp.S.Zero):
        return a if c in (sp.true, sp.S.One) else b
    if isinstance(c, sp.Piecewise):
        return sp.Piecewise((a, c.args[0][1]), (b, True))
    return c * a + (1 - c) * b
