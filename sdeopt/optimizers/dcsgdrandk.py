"""DCSGDRandK: distributed SGD whose agents send k random entries of their gradients.

Discrete
    x' = x - (η/N) Σ_i C_i(∇f_i(x) + ξ_i),    C_i(g) = d/k times k random entries of g, else 0;  E C_i(g) = g

SDE
    order1      dX = -∇f dt - √η A^{1/2} dW,    A = (1/N²) Σ_i {c [diag(m_i²) - m_i m_iᵀ/d] + a Σ_i + c diag Σ_i}
    curvature   dX = -(I - η/2 H) ∇f dt - √η A^{1/2} dW                                                 H = ∇²f(X)

    with m_i = ∇f_i(X), a = d(k - 1)/(k(d - 1)) and c = d/k - a. One step is η units of time. The diffusion acts as

        √a/N Σ_i Σ_i^{1/2} dW_i + √c/N Σ_i m_i∘(dW'_i - mean dW'_i) + √c (diag Σ_i Σ_i)^{1/2}/N dW''

    A entry by entry is W∘(m mᵀ + Σ) - m mᵀ, W = d/k on the diagonal and a off it: not a multiple of the identity. For
    k = 1 its off-diagonal is -m mᵀ. ω = d/k - 1 gives its trace, ω |m|² + (1 + ω) tr Σ.

Regime
    η → 0, t = kη fixed; N, k and the laws of the ξ_i fixed. k = d sends everything: DSGD; k > d is refused. The command
    line runs at η = 0.02, where the gap is 4 to 6 %: at 0.05 it is 10 to 14 %.

Claim
    Weak order 1 in η. Unequal gradients, ∇f_i = ∇f + b_i, which DSGD does not feel, add noise also at the optimum.
    Stationary on f = λ|x|²/2, equal agents with Σ_i = s² I: Var X = η(1 + ω)(s²/N)/(2λ - ηλ²ω/N), while the discrete x
    has η(1 + ω)(s²/N)/(2λ - ηλ²(1 + ω/N)). curvature has exactly this, and its limit ηλ(1 + ω/N) < 2 of stability in
    mean square, which order1 puts at ηλω/N < 2: compression costs step size.

Heavy tails
    Refused where one ξ_i has no variance: what is sent of it has none either. The discrete column runs.

Sources
    SDE: Monzio Compagnoni, Islamov, Proske & Lucchi (2025), arXiv:2502.17009; its covariance in closed form is derived
    here. rand-k, there without the factor d/k that makes it unbiased: Stich, Cordonnier & Jaggi (2018),
    arXiv:1809.07599. curvature: derived here, see `SGD`; the idea is that of arXiv:2506.00181.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Count,
    Draws,
    Law,
    Objective,
    Oracle,
    Positive,
    Vector,
    agent_grads,
    agent_means,
    average,
    each,
    grad,
    hvp,
    method,
    noise_var,
    pieces,
    rival,
    root_cov,
    total,
)
from sdeopt.core.compressors import check_sent, rand_k, rand_k_weights

__all__ = ["DCSGDRandK", "DCSGDRandKCurvature", "mask_noise", "sent_noise"]


def mask_noise(m: Any, w: Any) -> Any:
    """m∘(w - mean w): covariance diag(m²) - m mᵀ/d."""
    return m * (w - total(w) / len(w))


def sent_noise(o: Oracle, x: Vector, k: Any, dw: Vector) -> Any:
    """A^{1/2} dW of what the agents send."""
    dw_gradient, dw_own, dw_state = dw
    m = agent_means(o, x)
    a, c = rand_k_weights(len(x), k)
    masks = average(each(mask_noise, m, pieces(dw_own, m)))
    return np.sqrt(a) * root_cov(o, x, dw_gradient) + np.sqrt(c) * (masks + np.sqrt(noise_var(o, x)) * dw_state)


@method(
    order=1, brownian=("gradient", "own", "state"), family="distributed", noise="agents:2,gaussian:0.5", at={"lr": 0.02}
)
class DCSGDRandK(NamedTuple):
    """Distributed SGD, compressed by rand-k.

    Discrete
        x' = x - (η/N) Σ_i C_i(∇f_i(x) + ξ_i),  C_i(g) = d/k times k random entries of g
    SDE
        dX = -∇f dt - √η A^{1/2} dW,  A = (1/N²) Σ_i Cov C_i(∇f_i + ξ_i), default "order1"; rival "curvature"
    Regime
        η → 0, t = kη, N and k fixed
    Claim
        weak order 1; tr A = (1/N²) Σ_i [ω |∇f_i|² + (1 + ω) tr Σ_i], ω = d/k - 1
    Sources
        Monzio Compagnoni et al., arXiv:2502.17009; Stich et al., arXiv:1809.07599

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    k : float
        Entries that an agent sends, a whole number from 1 to d; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.Agents(so.NoNoise(), agents=2)).oracle
    >>> own = np.array([0.3, -1.0, 0.1, 0.5])  # the first agent sends its first entry, the second its second
    >>> so.DCSGDRandK(lr=0.1).step(0, np.array([1.0, -1.0]), o, ((), (own,)))  # (2, 0) and (0, -4)
    array([ 0.9, -0.8])
    """

    lr: Positive
    k: Count = 1.0

    def check(self, objective: Objective) -> None:
        check_sent(self.k, objective.dim)

    def own(self, objective: Objective, noise: Law) -> Any:
        """Normals whose order chooses the entries."""
        return (("normal", noise.agents * objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (w,) = z
        g = agent_grads(o, x, seen)
        return x - self.lr * average(each(rand_k, g, pieces(w, g), self.k))

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * sent_noise(o, x, self.k, dw)


@rival(DCSGDRandK, "curvature", order=1, brownian=("gradient", "own", "state"))
class DCSGDRandKCurvature:
    """dX = -(I - η/2 H) ∇f dt - √η A^{1/2} dW: E f changes as in the step where f is quadratic.

    The mean of a step is that of SGD and its covariance is A, so that SGD's drift serves here too.

    Source: derived here, see `SGD`; the idea is that of arXiv:2506.00181.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -g + 0.5 * self.lr * hvp(o, x, g)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * sent_noise(o, x, self.k, dw)
