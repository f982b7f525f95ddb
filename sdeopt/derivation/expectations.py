"""Means of functions per coordinate over normal noise: closed forms, or quadrature split at kinks."""

from __future__ import annotations

from typing import Any

import sympy as sp

from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.piecewise import NotPiecewise, piecewise
from sdeopt.derivation.shown import show
from sdeopt.derivation.words import OWN, XI, HandOver, Vec, Word, part_factors

__all__ = ["ZETA", "Quad", "mean"]

ZETA = Vec("zeta", real=True)  # the variable of integration, N(0, variance)


class Quad(Word):
    """E e(ζ) per coordinate, ζ ~ N(0, variance), by quadrature between the kinks; of e and the variance."""

    tex = r"\mathbb{E}_{\zeta\sim\mathcal{N}(0,@1)}\left[@0\right]"

    def rate(self, moved: Any) -> Any:
        return Quad(moved[0], self.args[1])


def mean(e: Any, moments: Any) -> Any:
    """E e for one term with a function per coordinate of normal noise."""
    factors = sp.Mul.make_args(e)
    outside = sp.Mul(*(f for f in factors if not moments.random(f)))
    inner = moments.whole(e / outside)
    across = sorted((w for w in inner.atoms(Word) if w.has(*moments.randoms)), key=sp.count_ops)
    if across:
        holds = f"the length {show(across[0])} of a noisy vector stands elsewhere than in v/|v|"
        if not isinstance(across[0], v.Norm):
            holds = f"it holds {show(across[0])}, which depends on the noise in all coordinates"
        raise HandOver(
            f"the mean of {show(outside * inner)} has no rule, for {holds}: the SDE 'sampled' takes its moments"
        )
    inner, variance = _one_variable(inner, moments)
    moments.trace.assume("normal ξ")
    try:
        return outside * sp.factor_terms(piecewise(inner, ZETA).mean(variance))
    except NotPiecewise:
        return outside * Quad(inner, variance)


def _one_variable(e: Any, moments: Any) -> tuple[Any, Any]:
    """``e`` as a function of one normal variable ζ, and its variance."""
    variance = v.NoiseVar(moments.x)
    if not e.has(OWN):
        table = {XI: ZETA}
    elif not e.has(XI):
        table, variance = {OWN: ZETA}, sp.S.One
    else:
        ratio = next((_ratio(f.args[0]) for f in e.atoms(sp.Function) if f.has(XI) and f.has(OWN)), None)
        if ratio is None:
            raise HandOver(f"the mean of {show(e)} over two independent vectors has no rule: SDE 'sampled'")
        e = e.replace(lambda a: a.is_Add and a.has(OWN), lambda a: sp.expand(a.xreplace({OWN: (ZETA - XI) / ratio})))
        table, variance = {}, variance + ratio**2
    e = e.xreplace(table)
    if e.has(XI, OWN) or any(e.has(r) for r in moments.randoms):
        raise HandOver(f"the mean of {show(e)} over independent vectors has no rule: SDE 'sampled'")
    return e, variance


def _ratio(a: Any) -> Any:
    """r where ξ and the page's own noise w enter as ξ + r w."""
    a = sp.expand(a)
    first, second = a.coeff(XI, 1), a.coeff(OWN, 1)
    return (
        sp.simplify(second / first)
        if first != 0 and second != 0 and not part_factors(second / first)[1].has(Vec)
        else None
    )
