"""DCSGDNatural: distributed SGD whose agents round the entries of their gradients to powers of two.

Discrete
    x' = x - (η/N) Σ_i C_i(∇f_i(x) + ξ_i)
    C(g)_j = sign(g_j) 2^m or sign(g_j) 2^{m+1} with mean g_j, where 2^m <= |g_j| < 2^{m+1};   E C(g) = g

SDE
    sampled   dX = -∇f dt - √η A^{1/2} dW,    A = (1/N²) Σ_i Cov C_i(∇f_i + ξ_i), sampled by the method's own steps

    One step is η units of time. Given g the entries are independent with the variances (2^{m+1} - |g_j|)(|g_j| - 2^m);
    averaged over the noise in g they have no closed form.

Regime
    η → 0, t = kη fixed; N and the laws of the ξ_i fixed.

Claim
    Weak order 1 in η. C is unbiased with ω = 1/8: an entry 4/3 of a power of two is the worst. Entries are rounded one
    by one, so that ω does not grow with d.

Heavy tails
    Refused where one ξ_i has no variance: what is sent of it has none either. The discrete column runs.

Sources
    SDE: Monzio Compagnoni, Islamov, Proske & Lucchi (2025), arXiv:2502.17009; sampled instead of a formula here.
    Natural compression: Horváth et al. (2019), arXiv:1905.10988.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sdeopt.core import Draws, Law, Objective, Oracle, Positive, Vector, agent_grads, average, each, method, pieces
from sdeopt.core.compressors import natural

__all__ = ["DCSGDNatural"]


@method(order=1, family="distributed", noise="agents:2,gaussian:0.5", at={"lr": 0.02})
class DCSGDNatural(NamedTuple):
    """Distributed SGD, compressed to powers of two.

    Discrete
        x' = x - (η/N) Σ_i C_i(∇f_i(x) + ξ_i),  C rounds |g_j| at random to a power of two next to it
    SDE
        dX = -∇f dt - √η A^{1/2} dW,  A = (1/N²) Σ_i Cov C_i(∇f_i + ξ_i), "sampled"
    Regime
        η → 0, t = kη and N fixed
    Claim
        weak order 1; C is unbiased with ω = 1/8
    Sources
        Monzio Compagnoni et al., arXiv:2502.17009; Horváth et al., arXiv:1905.10988

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 5.0])).oracle
    >>> u = np.array([0.3, 0.3])  # the gradient is (3, -5): 3 = 2 (1 + 0.5) goes up, 5 = 4 (1 + 0.25) down
    >>> so.DCSGDNatural(lr=0.1).step(0, np.array([1.0, -1.0]), o, ((), (u,)))
    array([ 0.6, -0.6])
    """

    lr: Positive

    def own(self, objective: Objective, noise: Law) -> Any:
        """Uniforms that round up or down."""
        return (("uniform", noise.agents * objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (u,) = z
        g = agent_grads(o, x, seen)
        return x - self.lr * average(each(natural, g, pieces(u, g)))
