"""ZOSGD: SGD without gradients, by two values of the loss along a random direction.

Discrete
    D = [F(x + μu) - F(x - μu)]/(2μ),    x' = x - η D u,    u ~ N(0, I) fresh in every step
    F = f + ξ·x + s e: both values are of one sample, whose gradient is ∇f + ξ (E ξ = 0, Cov ξ = Σ(x)), and each has an
    error of its own besides, of deviation s. So D = [f(x + μu) - f(x - μu)]/(2μ) + ξ·u + s e/(√2 μ), e ~ N(0, 1).

SDE
    order1   dX = -g dt - √η {g dB + [|g|² + tr Σ + s²/(2μ²)]^{1/2} dW' + √2 Σ^{1/2} dW}                  g = ∇f(X)

    One step is η units of time. B is one Brownian motion, W and W' have one per coordinate. The covariance is that of
    D u on a quadratic, where D = (g + ξ)·u + s e/(√2 μ): g gᵀ + |g|² I + tr(Σ) I + 2Σ + s²/(2μ²) I.

Regime
    η → 0, t = kη fixed, μ/√η, s/μ and the law of ξ fixed. On a quadratic μ may be of any size.

Claim
    Weak order 1 in η. The mean of D u is the gradient of E f(x + μu), off ∇f by (μ²/2) ∇tr ∇²f + O(μ⁴). Noise counts
    d + 2 times: on f = h|x|²/2 with Σ = σ² I the mean square at rest is

        E|x|² = η d [(d + 2) σ² + s²/(2μ²)]/(2h - η(d + 2)h²),  of the SDE with d + 1 below,

    and the mean square is stable only for ηh < 2/(d + 2), where SGD has 2 whatever d is.

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    Nesterov & Spokoiny (2017), doi:10.1007/s10208-015-9296-2, Ghadimi & Lan (2013), arXiv:1309.5549, and, with one
    sample for both values, MeZO: Malladi et al. (2023), arXiv:2305.17333, all recalled. SPSA (Spall 1992,
    doi:10.1109/9.119632, recalled) has random signs for u. The SDE and the levels are derived here.
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
    dot,
    grad,
    method,
    noise,
    noise_var,
    root_cov,
    total,
    value,
)
from sdeopt.theory import stationary

__all__ = ["ZOSGD"]


def kick(self: Any, e: Any) -> Any:
    """What the errors of the two values leave in their difference quotient, s e/(√2 μ)."""
    return self.value_noise / (np.sqrt(2.0) * self.mu) * e


@method(order=1, brownian=("gradient", "own"), at={"lr": 0.02})  # at 0.05 the gap is 13 %, at 0.02 a third of that
class ZOSGD(NamedTuple):
    """Zeroth-order SGD: two values of the loss in the place of a gradient, as in random search and MeZO.

    Discrete
        x' = x - η D u,  D = [F(x + μu) - F(x - μu)]/(2μ),  u ~ N(0, I)
    SDE
        dX = -g dt - √η {g dB + [|g|² + tr Σ + s²/(2μ²)]^{1/2} dW' + √2 Σ^{1/2} dW}, default "order1"
    Regime
        η → 0, t = kη, μ/√η and s/μ fixed
    Claim
        weak order 1; noise counts d + 2 times
    Sources
        Nesterov & Spokoiny, doi:10.1007/s10208-015-9296-2; Malladi et al., arXiv:2305.17333; the SDE derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    mu : float
        μ > 0, by which the positions of the two values are moved along u; default 0.01.
    value_noise : float
        s >= 0, deviation of the error of each value beside the sample's; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> own = (np.array([1.0, 1.0]), np.array([0.0]))
    >>> so.ZOSGD(lr=0.1).step(0, np.array([1.0, -1.0]), o, ((), own)).round(12)  # along (1, 1) the slope is 1 - 2
    array([ 1.1, -0.9])
    """

    lr: Positive
    mu: Positive = 0.01
    value_noise: NonNegative = 0.0

    def scaled(self, lr: Any) -> Any:
        root = np.sqrt(lr / self.lr)
        return self._replace(lr=lr, mu=root * self.mu, value_noise=root * self.value_noise)

    def own(self, objective: Objective, noise: Law) -> Any:
        return ("normal", objective.dim), ("normal", 1)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (u, e) = z
        rise = (value(o, x + self.mu * u) - value(o, x - self.mu * u)) / (2.0 * self.mu)
        return x - self.lr * (rise + dot(u, noise(o, x, seen)) + kick(self, e[0])) * u

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        g, (w, along) = grad(o, x), dw[1]
        spread = np.sqrt(dot(g, g) + total(noise_var(o, x)) + kick(self, 1.0) * kick(self, 1.0))
        return -np.sqrt(self.lr) * (along[0] * g + spread * w + np.sqrt(2.0) * root_cov(o, x, dw[0]))

    def stationary(self, H: Any, Sigma: Any) -> Any:
        """Without the part of the gradient itself, which is of the next order."""
        alike = (np.trace(Sigma) + kick(self, 1.0) ** 2) * np.eye(len(H))
        return stationary(H, self.lr * (2.0 * Sigma + alike))
