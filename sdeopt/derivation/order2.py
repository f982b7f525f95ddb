"""The next order of the drift.

A path of dY = b dt + ... has after a time τ the mean y + τ b + (τ²/2)(∂_t b + ∇b b + ½ σσᵀ:∇²b) + O(τ³). So the step is
matched to O(τ³) by

    b₂ = E step/τ - (τ/2)(∂_t b₁ + ∇b₁ b₁),

with b₁ the drift of order 1; for SGD that is -∇(f + (η/4)|∇f|²). What the noise adds to the mean is of a higher order
in η where the noise vanishes with it, and the noise of order 1 is kept.

Sources: Li, Tai & E (2019), arXiv:1811.01558, theorem 9; for an SDE that depends on time, ∂_t b belongs to it: without
it the drift of Adam is wrong.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sdeopt.derivation import vocabulary as v
from sdeopt.derivation.matching import Matched
from sdeopt.derivation.moments import flat, tidy
from sdeopt.derivation.trace import Trace, t
from sdeopt.derivation.words import rate_at_zero, vector

__all__ = ["correct", "modified_loss"]


def correct(trace: Trace, base: Matched, longer: Matched) -> Matched:
    """``longer``, whose drift is the mean of a step to the next order, with what ``base`` makes of it taken off."""
    trace.assume("Σ is taken constant, and the noise is that of order 1")
    along = [_along(b, base.parts, base.drift) for b in base.drift]
    drift = [tidy(flat(e - base.limit.tau / 2 * a)) for e, a in zip(longer.drift, along, strict=True)]
    longer.drift = [_of_one_hessian(trace, e) for e in drift]
    return longer


def _of_one_hessian(trace: Trace, e: Any) -> Any:
    """What agents' Hessians do to their own gradients has no word: as if all of them were that of f."""
    own = {w: w.args[0] for w in e.atoms(v.Average) if isinstance(w.args[0], v.AgentHvp)}
    if own:
        trace.assume("the ∇²f_i of all agents are equal")
    return tidy(flat(e.xreplace({w: v.Hvp(h.args[0], v.Average(h.args[1])) for w, h in own.items()})))


def _along(e: Any, parts: list[Any], directions: list[Any]) -> Any:
    """The derivative of ``e`` in time and along the drift."""
    h = sp.Dummy(real=True)
    moved = e.xreplace({t: t + h, **{p: p + h * d for p, d in zip(parts, directions, strict=True)}})
    return rate_at_zero(moved, h)


def modified_loss(drift: Any, x: Any) -> Any:
    """c where the drift is -∇(f + c|∇f|²), else None."""
    rest = sp.expand(drift + v.Grad(x))
    c = -rest.coeff(v.Hvp(x, v.Grad(x)), 1) / 2
    if c == 0 or vector(c) or sp.expand(rest + 2 * c * v.Hvp(x, v.Grad(x))) != 0:
        return None
    return c
