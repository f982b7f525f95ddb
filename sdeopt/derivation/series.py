"""Lazy Laurent series in q of expressions with words: a coefficient is computed when it is asked for.

The limit η → 0 is taken by η → q² η and q → 0. Differentiating an expanded step grows without bound (Adam); the
recurrences below, J.C.P. Miller's for powers and those that follow from h' = j' h for exponentials and logarithms,
stay linear in the coefficients. Knuth, The Art of Computer Programming 2, 3rd ed. 1997, section 4.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from sdeopt.derivation.shown import show
from sdeopt.derivation.words import HandOver, TooCoarse, Word, rate_at_zero, vanishes

__all__ = ["Series", "q", "series"]

q = sp.Symbol("q", positive=True)
T = sp.Symbol("t", positive=True)
FAR = 9  # coefficients in which a divisor is looked for


class Series:
    """Coefficients of q^low, q^(low+1), ..., given by a function of the power."""

    def __init__(self, low: int, coefficient: Callable[[int], Any]) -> None:
        self.low, self.coefficient = low, coefficient
        self.seen: dict[int, Any] = {}

    def __getitem__(self, power: int) -> Any:
        if power < self.low:
            return sp.S.Zero
        if power not in self.seen:
            self.seen[power] = sp.sympify(self.coefficient(power))
        return self.seen[power]

    def trimmed(self, of: Any) -> Series:
        """The same with a leading coefficient that is not 0."""
        for power in range(self.low, self.low + FAR):
            if not vanishes(self[power]):
                return Series(power, self.coefficient)
        raise HandOver(f"{show(of)}, by which the step divides, vanishes as η → 0")

    def bounded(self) -> bool:
        """Whether it has a limit as q → 0."""
        return all(vanishes(self[power]) for power in range(self.low, 0))


def series(e: Any) -> Series:
    """The series of ``e``, which holds q itself."""
    if not e.has(q):
        return _constant(e)
    if e == q:
        return Series(1, lambda i: int(i == 1))
    if e.is_Add:
        terms = [series(a) for a in e.args]
        return Series(min(j.low for j in terms), lambda i: sp.Add(*(j[i] for j in terms)))
    if e.is_Mul:
        out = _constant(sp.S.One)
        for a in e.args:
            out = _times(out, series(a))
        return out
    if e.is_Pow and not e.exp.has(q):
        return _power(series(e.base).trimmed(e.base), e.exp)
    if e.is_Pow:  # β^k with β → 1 and k → ∞
        return _exponential(_times(series(e.exp), _logarithm(series(e.base).trimmed(e.base))))
    if isinstance(e, sp.exp):
        return _exponential(series(e.args[0]))
    if isinstance(e, sp.log):
        return _logarithm(series(e.args[0]).trimmed(e.args[0]))
    return _compose(e)


def _constant(e: Any) -> Series:
    return Series(0, lambda i: e if i == 0 else 0)


def _times(a: Series, b: Series) -> Series:
    return Series(a.low + b.low, lambda n: sp.Add(*(a[i] * b[n - i] for i in range(a.low, n - b.low + 1))))


def _power(j: Series, p: Any) -> Series:
    """Miller's recurrence; the lowest power of q comes out of the root."""
    shift = j.low * p
    if not shift.is_Integer:
        raise TooCoarse(f"the step holds η^({shift / 2}), which is no power of √η")
    low = int(shift)

    def coefficient(power: int) -> Any:
        n = power - low
        if n == 0:
            return j[j.low] ** p
        terms = ((i * p - (n - i)) * j[j.low + i] * result[low + n - i] for i in range(1, n + 1))
        return sp.Add(*terms) / (n * j[j.low])

    result = Series(low, coefficient)
    return result


def _exponential(j: Series) -> Series:
    if not j.bounded():
        raise HandOver("an exponential of the step has no limit as η → 0")

    def coefficient(n: int) -> Any:
        if n == 0:
            return sp.exp(sp.simplify(j[0]))
        return sp.Add(*(i * j[i] * result[n - i] for i in range(1, n + 1))) / n

    result = Series(0, coefficient)
    return result


def _logarithm(j: Series) -> Series:
    if j.low != 0:
        raise HandOver("a logarithm of the step has no limit as η → 0")

    def coefficient(n: int) -> Any:
        if n == 0:
            return sp.log(j[0])
        return (j[n] - sp.Add(*(i * result[i] * j[n - i] for i in range(1, n))) / n) / j[0]

    result = Series(0, coefficient)
    return result


def _compose(e: Any) -> Series:
    """A word or a function per coordinate: SymPy differentiates, words know how."""
    if isinstance(e, sp.Piecewise):
        raise HandOver(f"{show(e)} chooses by a condition that moves with η: SDE 'sampled'")
    inner = [series(a) for a in e.args]
    if not all(j.bounded() for j in inner):
        if isinstance(e, Word) and e.linear and not any(a.has(q) for a in e.args[:-1]):
            return Series(inner[-1].low, lambda i: e.func(*e.args[:-1], inner[-1][i]))
        counts = "; it counts steps, of which there are more and more: count time, η k, or let lr be a schedule"
        raise HandOver(f"the argument of {show(e)} grows without bound as η → 0{counts if e.has(T) else ''}")

    def coefficient(n: int) -> Any:
        if n and all(vanishes(j[i]) for j in inner for i in range(1, n + 1)):
            return sp.S.Zero  # no derivative is asked for where nothing moves
        there = e.func(*(sp.Add(*(j[i] * q**i for i in range(n + 1))) for j in inner))
        return rate_at_zero(there, q, n) / sp.factorial(n)

    return Series(0, coefficient)
