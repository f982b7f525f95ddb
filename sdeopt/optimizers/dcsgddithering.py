"""DCSGDDithering: distributed SGD whose agents round the entries of their gradients to a few levels (QSGD).

Discrete
    x' = x - (η/N) Σ_i C_i(∇f_i(x) + ξ_i)
    C(g)_j = |g| sign(g_j) ζ_j/s,   ζ_j = ⌊r_j⌋ or ⌊r_j⌋ + 1 with mean r_j = s |g_j|/|g|;   E C(g) = g

SDE
    sampled   dX = -∇f dt - √η A^{1/2} dW,    A = (1/N²) Σ_i Cov C_i(∇f_i + ξ_i), sampled by the method's own steps

    One step is η units of time. Given g the entries are independent with the variances |g|²/s² {r_j}(1 - {r_j}), {r}
    the part of r after the point; averaged over the noise in g they have no closed form.

Regime
    η → 0, t = kη fixed; N, s and the laws of the ξ_i fixed.

Claim
    Weak order 1 in η. C is unbiased with ω = min(d/s², √d/s): tr A <= (1/N²) Σ_i [ω |∇f_i|² + (1 + ω) tr Σ_i]. For
    s = 1 an entry is 0 or ±|g|.

Heavy tails
    Refused where one ξ_i has no variance: what is sent of it has none either. The discrete column runs.

Sources
    SDE: Monzio Compagnoni, Islamov, Proske & Lucchi (2025), arXiv:2502.17009; sampled instead of a formula here.
    Random dithering: QSGD, Alistarh et al. (2017), arXiv:1610.02132.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sdeopt.core import (
    Count,
    Draws,
    Law,
    Objective,
    Oracle,
    Positive,
    Vector,
    agent_grads,
    average,
    each,
    method,
    pieces,
)
from sdeopt.core.compressors import dither

__all__ = ["DCSGDDithering"]


@method(order=1, family="distributed", noise="agents:2,gaussian:0.5")
class DCSGDDithering(NamedTuple):
    """Distributed SGD, compressed by random dithering (QSGD).

    Discrete
        x' = x - (η/N) Σ_i C_i(∇f_i(x) + ξ_i),  C rounds |g_j|/|g| at random to a multiple of 1/s
    SDE
        dX = -∇f dt - √η A^{1/2} dW,  A = (1/N²) Σ_i Cov C_i(∇f_i + ξ_i), "sampled"
    Regime
        η → 0, t = kη, s and N fixed
    Claim
        weak order 1; C is unbiased with ω = min(d/s², √d/s)
    Sources
        Monzio Compagnoni et al., arXiv:2502.17009; QSGD: Alistarh et al., arXiv:1610.02132

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    levels : float
        s, a whole number >= 1; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> u = np.array([0.3, 0.7])  # the gradient (3, -4) has length 5: 1.2 and 1.6 of two levels of 2.5
    >>> so.DCSGDDithering(lr=0.1, levels=2).step(0, np.array([1.0, -1.0]), o, ((), (u,)))
    array([ 0.75, -0.5 ])
    """

    lr: Positive
    levels: Count = 1.0

    def own(self, objective: Objective, noise: Law) -> Any:
        """Uniforms that round up or down."""
        return (("uniform", noise.agents * objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (u,) = z
        g = agent_grads(o, x, seen)
        return x - self.lr * average(each(dither, g, pieces(u, g), self.levels))
