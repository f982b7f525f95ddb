"""Piecewise polynomials of one normal variable, and their means in closed form.

A function is kept as Σ_i P_i(ζ) 1[ζ > a_i], a_i = -∞ for the part that holds everywhere, with thresholds a_i that are
expressions. Sums and products stay of that form (1[ζ > a] 1[ζ > b] = 1[ζ > max(a, b)]), and so do sign, |.|, min, max
and selections of what is piecewise linear, so no order of the thresholds has to be known. The means follow from

    E[1; ζ > a] = (1 - S(a))/2,   E[ζ; ζ > a] = s² φ(a),   E[ζⁿ; ζ > a] = s² (aⁿ⁻¹ φ(a) + (n - 1) E[ζⁿ⁻²; ζ > a])

with S(a) = E sign(a + ζ) = erf(a/(√2 s)) and the density φ of ζ ~ N(0, s²), half the derivative of S: moments of the
truncated normal, Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 1, 2nd ed. 1994, section 13.10.1.
"""

from __future__ import annotations

import itertools
from typing import Any

import sympy as sp

from sdeopt.derivation.words import Word, sign_of, vector

__all__ = ["GaussDensity", "GaussSign", "NotPiecewise", "PiecewisePolynomial", "piecewise"]

EVERYWHERE = -sp.oo
MOST = 4  # thresholds in what a jump is taken of


class GaussSign(Word):
    """E sign(a + ζ) for ζ ~ N(0, s²), of a and s²; odd in a."""

    asks, code, home, tex = (
        False,
        "gaussian_sign",
        "sdeopt.noise.signs",
        r"\mathrm{erf}\left(\frac{@0}{\sqrt{2 @[1]}}\right)",
    )

    @classmethod
    def eval(cls, *args: Any) -> Any:
        a, variance = args
        return -cls(-a, variance) if a.could_extract_minus_sign() else None

    def rate(self, moved: Any) -> Any:
        return 2 * GaussDensity(*self.args) * moved[0]  # s² is taken constant


class GaussDensity(Word):
    """φ(a), the density of ζ at a; even in a."""

    asks, code, home, tex = False, "gaussian_response", "sdeopt.noise.signs", r"\varphi_{@1}(@0)"
    is_nonnegative = True

    @classmethod
    def eval(cls, *args: Any) -> Any:
        a, variance = args
        return cls(-a, variance) if a.could_extract_minus_sign() else None

    def rate(self, moved: Any) -> Any:
        a, variance = self.args
        return -a / variance * self * moved[0]


class NotPiecewise(Exception):
    """The function is not a piecewise polynomial with thresholds that can be written down."""


class PiecewisePolynomial:
    """Threshold -> coefficients of the polynomial that is added above it, lowest power first."""

    def __init__(self, parts: dict[Any, list[Any]]) -> None:
        self.parts = {a: c for a, c in parts.items() if any(x != 0 for x in c)} or {EVERYWHERE: [sp.S.Zero]}

    def __add__(self, other: PiecewisePolynomial) -> PiecewisePolynomial:
        parts = dict(self.parts)
        for a, c in other.parts.items():
            pairs = itertools.zip_longest(parts.get(a, []), c, fillvalue=sp.S.Zero)
            parts[a] = [sp.expand(x + y) for x, y in pairs]
        return PiecewisePolynomial(parts)

    def __mul__(self, other: PiecewisePolynomial) -> PiecewisePolynomial:
        out = PiecewisePolynomial({})
        for (a, p), (b, q) in itertools.product(self.parts.items(), other.parts.items()):
            product = [sp.S.Zero] * (len(p) + len(q) - 1)
            for (i, x), (j, y) in itertools.product(enumerate(p), enumerate(q)):
                product[i + j] += x * y
            out = out + PiecewisePolynomial({_larger(a, b): [sp.expand(x) for x in product]})
        return out

    def above_zero(self) -> PiecewisePolynomial:
        """The indicator of where it is positive, of what is piecewise linear."""
        jumps = [a for a in self.parts if a != EVERYWHERE]
        if len(jumps) > MOST:
            raise NotPiecewise
        out = PiecewisePolynomial({})
        for inside in itertools.product((False, True), repeat=len(jumps)):
            polynomial = PiecewisePolynomial({EVERYWHERE: self.parts.get(EVERYWHERE, [sp.S.Zero])})
            where = ONE
            for a, here in zip(jumps, inside, strict=True):
                step = PiecewisePolynomial({a: [sp.S.One]})
                where = where * (step if here else ONE + MINUS * step)
                if here:
                    polynomial = polynomial + PiecewisePolynomial({EVERYWHERE: self.parts[a]})
            out = out + where * _half_line(polynomial.parts[EVERYWHERE])
        return out

    def mean(self, variance: Any) -> Any:
        """E over ζ ~ N(0, variance)."""
        total = sp.S.Zero
        for a, coefficients in self.parts.items():
            moments = _moments(a, variance, len(coefficients))
            total += sp.Add(*(c * m for c, m in zip(coefficients, moments, strict=True)))
        return total


def _larger(a: Any, b: Any) -> Any:
    if EVERYWHERE in (a, b):
        return b if a == EVERYWHERE else a
    order = sign_of(sp.expand(a - b))
    return sp.Max(a, b) if order is None else (a if order >= 0 else b)


def _half_line(c: list[Any]) -> PiecewisePolynomial:
    """The indicator of c0 + c1 ζ > 0."""
    while len(c) > 1 and c[-1] == 0:
        c = c[:-1]
    if len(c) > 2:
        raise NotPiecewise
    order = sign_of(c[-1])
    if order is None or (len(c) == 2 and vector(c[1])):
        raise NotPiecewise
    if len(c) == 1:
        return ONE if order > 0 else PiecewisePolynomial({})
    above = PiecewisePolynomial({sp.expand(-c[0] / c[1]): [sp.S.One]})
    return above if order > 0 else ONE + MINUS * above


def _moments(a: Any, variance: Any, count: int) -> list[Any]:
    """E[ζⁿ; ζ > a] for n below ``count``."""
    if a == EVERYWHERE:
        found = [sp.S.One, sp.S.Zero]
        density = sp.S.Zero
    else:
        density = GaussDensity(a, variance)
        found = [(1 - GaussSign(a, variance)) / 2, variance * density]
    for n in range(2, count):
        edge = a ** (n - 1) * density if density != 0 else sp.S.Zero
        found.append(variance * (edge + (n - 1) * found[n - 2]))
    return found[:count]


def piecewise(e: Any, zeta: Any) -> PiecewisePolynomial:
    """``e`` as a function of ``zeta``; `NotPiecewise` if it is none of that kind."""
    if not e.has(zeta):
        return PiecewisePolynomial({EVERYWHERE: [e]})
    if e == zeta:
        return PiecewisePolynomial({EVERYWHERE: [sp.S.Zero, sp.S.One]})
    if e.is_Add or e.is_Mul:
        out = piecewise(e.args[0], zeta)
        for a in e.args[1:]:
            out = out + piecewise(a, zeta) if e.is_Add else out * piecewise(a, zeta)
        return out
    if e.is_Pow and e.exp.is_Integer and 0 < e.exp < 9:
        base = out = piecewise(e.base, zeta)
        for _ in range(int(e.exp) - 1):
            out = out * base
        return out
    if isinstance(e, sp.sign):
        return _sign(piecewise(e.args[0], zeta))
    if isinstance(e, sp.Abs):
        inner = piecewise(e.args[0], zeta)
        return _sign(inner) * inner
    if isinstance(e, (sp.Max, sp.Min)):
        out = piecewise(e.args[0], zeta)
        for a in e.args[1:]:
            rise = piecewise(a, zeta) + MINUS * out
            larger = rise.above_zero()
            out = out + rise * (larger if isinstance(e, sp.Max) else ONE + MINUS * larger)
        return out
    if isinstance(e, sp.Piecewise) and len(e.args) == 2 and isinstance(e.args[0][1], sp.core.relational.Relational):
        condition = e.args[0][1]
        inside = (piecewise(condition.gts, zeta) + MINUS * piecewise(condition.lts, zeta)).above_zero()
        one, other = (piecewise(branch, zeta) for branch, _ in e.args)
        return inside * one + (ONE + MINUS * inside) * other
    raise NotPiecewise


def _sign(inner: PiecewisePolynomial) -> PiecewisePolynomial:
    return PiecewisePolynomial({EVERYWHERE: [-sp.S.One]}) + PiecewisePolynomial({EVERYWHERE: [sp.Integer(2)]}) * (
        inner.above_zero()
    )


ONE = PiecewisePolynomial({EVERYWHERE: [sp.S.One]})
MINUS = PiecewisePolynomial({EVERYWHERE: [-sp.S.One]})
