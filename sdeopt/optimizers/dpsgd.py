"""DP-SGD: clip the gradient of every example, add normal noise, step.

Discrete
    G = (1/B) Σ_j clip(g_j) + (C z/B) w,   x' = x - η G         clip(g) = g min(1, C/|g|),  w ~ N(0, I),  g_j = g + ξ_j
    g = ∇f(x); Σ = Cov ξ_j is the covariance of one example of the B. The noise multiplier z = sigma_dp is that of the
    sum Σ_j clip(g_j), whose sensitivity to one example is C: noise of standard deviation C z goes to the sum, which is
    divided by B afterwards, by the expected batch size where the batch is random.

SDE
    sampled     dX = -E G dt - √η Cov(G)^{1/2} dW, the moments of G by fresh draws of it
    unclipped   dX = -g dt - √(η/B) Σ^{1/2} dW - √η (C z/B) dW'
    clipped     dX = -C E u dt - C √(η/B) Cov(u)^{1/2} dW - √η (C z/B) dW'            u = (g + ξ)/|g + ξ|, one example

    One step is η units of time. With R = Cov u - M Σ M, M = E[(I - u uᵀ)/|g + ξ|], the middle term of "clipped" is
    taken as C √(η/B) [M Σ^{1/2} dW + R^{1/2} dW''], so that it shares the noise of the gradient.

Regime
    η → 0, t = kη fixed, with C, z, B and the law of ξ fixed: sampled. unclipped: no example reaches the length C
    (phase 2, late in training). clipped: all do (phase 1, C far below |g_j|), Gaussian noise.

Claim
    Weak order 1 in η, for means and covariances; the rivals up to the error of their phase. For Σ = s²I the drift of
    "clipped" is C g/s Γ((d+1)/2)/(√2 Γ(d/2+1)) ₁F₁(½; d/2+1; -|g|²/(2s²)). Its linear form C g/(s√d) holds only for
    |g| much less than s√d: in two dimensions it is 13 % too large at g = 0 and 3 times too large at |g| = 3s√d.
    Stationary on f = h x²/2, unclipped: η (Σ/B + C²z²/B²)/(2h), of order 1/ε² where the private noise dominates.

Heavy tails
    Runs: a clipped example is no longer than C, so that G has a variance whatever ξ has. "unclipped" wants Σ.

Sources
    Abadi et al. (2016), arXiv:1607.00133. SDE and its two phases: Monzio Compagnoni et al. (2026), arXiv:2603.03226;
    the exact moments of phase 1 are derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Law,
    NonNegative,
    Objective,
    Oracle,
    Positive,
    Vector,
    batch_size,
    clipped_grad,
    direction_jacobian,
    direction_residual,
    expect_direction,
    grad,
    method,
    rival,
    root_cov,
)

__all__ = ["DPSGD", "DPSGDClipped", "DPSGDUnclipped", "private_grad"]


def private_grad(self: Any, o: Oracle, x: Vector, z: Draws) -> Any:
    """G, the gradient that a private method sees; ``self`` has ``clip`` and ``sigma_dp``."""
    seen, (w,) = z
    return clipped_grad(o, x, seen, self.clip) + self.clip * self.sigma_dp / batch_size(o) * w


@method(order=1, family="private", bounded=True, objective="quadratic:1,2", noise="gaussian:0.6,batch=4")
class DPSGD(NamedTuple):
    """Differentially private stochastic gradient descent.

    Discrete
        x' = x - η G,  G = (1/B) Σ_j clip(g_j) + (C z/B) N(0, I),  clip(g) = g min(1, C/|g|)
    SDE
        dX = -E G dt - √η Cov(G)^{1/2} dW, default "sampled"; rivals "unclipped" and "clipped", its two phases
    Regime
        η → 0, t = kη fixed, with C, z, B and the law of the noise fixed
    Claim
        weak order 1
    Sources
        Abadi et al., arXiv:1607.00133; Monzio Compagnoni et al., arXiv:2603.03226

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    clip : float
        C > 0, the length to which the gradient of an example is clipped; default 1.
    sigma_dp : float
        Noise multiplier z >= 0 of the sum of clipped gradients, see `sdeopt.privacy.sigma`; default 1.

    Notes
    -----
    The law of the noise says what an example is: `Batch` (B independent gradients), `Minibatch` and `PoissonBatch` (B
    examples of a finite sum). Of any other law the gradient that is seen is that of one example, B = 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> page = so.DPSGD(lr=0.1, clip=1.0, sigma_dp=0.5)
    >>> page.step(0, np.ones(2), o, ((), (np.array([2.0, 0.0]),)))  # (3, 4) is clipped to (0.6, 0.8); noise (1, 0)
    array([0.84, 0.92])
    """

    lr: Positive
    clip: Positive = 1.0
    sigma_dp: NonNegative = 1.0

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("normal", objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * private_grad(self, o, x, z)


@rival(DPSGD, "unclipped", order=1, brownian=("gradient", "own"))
class DPSGDUnclipped:
    """dX = -∇f dt - √η [(Σ/B)^{1/2} dW + (C z/B) dW']: phase 2.

    Valid where no example is clipped, P(|g_j| > C) = 0 along the path.

    Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        private = self.clip * self.sigma_dp / batch_size(o) * dw[1]
        return -np.sqrt(self.lr) * (root_cov(o, x, dw[0]) + private)


@rival(DPSGD, "clipped", order=1, brownian=("gradient", "direction", "own"))
class DPSGDClipped:
    """dX = -C E u dt - √η C [(Cov(u)/B)^{1/2} dW + (z/B) dW'], u the direction of one example's gradient: phase 1.

    Valid where every example is clipped, P(|g_j| < C) = 0 along the path, for Gaussian noise: the mean of B normal ξ_j
    is ζ/√B with ζ like one of them, so that the questions about the mean at g/√B are those about one example at g.

    Sources: Monzio Compagnoni et al. (2026), arXiv:2603.03226, to first order in ∇f; exact here, see the head.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        return -self.clip * expect_direction(o, x, grad(o, x) / np.sqrt(batch_size(o)))

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        B = batch_size(o)
        g = grad(o, x) / np.sqrt(B)
        u = direction_jacobian(o, x, g, root_cov(o, x, dw[0])) + direction_residual(o, x, g, dw[1])
        return -np.sqrt(self.lr) * self.clip * (u / np.sqrt(B) + self.sigma_dp / B * dw[2])
