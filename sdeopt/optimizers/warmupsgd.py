"""Warm-up SGD: the larger the loss, the larger the curvature may be, the smaller the step.

Discrete
    x' = x - η ψ(x) (g + ξ),    ψ(x) = 1/(H₀ + H₁ max(f(x) - f*, 0))                     g = ∇f(x),  Cov ξ = Σ(x)

SDE
    order1   dX = -ψ(X) g dt - √η ψ(X) Σ^{1/2} dW

    One step is η units of time. A schedule in time gives the same with ψ(t): write lr=so.Schedule(...) and SGD.

Regime
    η → 0 on a fixed horizon t = kη, H₀ and H₁ fixed; the loss f(x) is seen without noise.

Claim
    Weak order 1 in η. Without noise on f = h x²/2 the flow is H₀ log(x₀/x) + H₁ h (x₀² - x²)/4 = h t: x falls like a
    square root where the loss is large, at the rate h/H₀ once it is small. Near a minimum it is SGD with learning rate
    η/H₀ in the time t/H₀: stationary variance η s²/(2 h H₀), to leading order.

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    (H₀, H₁)-smoothness |∇²f| <= H₀ + H₁ (f - f*) and the step sizes proportional to ψ that it suggests: Alimisis,
    Islamov & Lucchi (2025), arXiv:2510.03164. Their step 1/(10 H₀ + 20 H₁ (f - f*)) is lr = 1/10 with h1 = 2 H₁ here.
    The SDE is moment-matched by us.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, NonNegative, Oracle, Positive, Real, Vector, grad, method, noisy_grad, root_cov, value

__all__ = ["WarmupSGD"]


def caution(self: Any, x: Vector, o: Oracle) -> Any:
    """ψ(x)."""
    return 1.0 / (self.h0 + self.h1 * np.maximum(value(o, x) - self.minimum, 0.0))


@method(order=1, family="normalised")
class WarmupSGD(NamedTuple):
    """SGD whose step size grows as the loss falls: the warm-up of (H₀, H₁)-smooth functions.

    Discrete
        x' = x - η ψ(x) (∇f(x) + ξ),  ψ(x) = 1/(H₀ + H₁ max(f(x) - f*, 0))
    SDE
        dX = -ψ(X) ∇f dt - √η ψ(X) Σ^{1/2} dW, default "order1"
    Regime
        η → 0, t = kη fixed
    Claim
        weak order 1
    Sources
        Alimisis, Islamov & Lucchi, arXiv:2510.03164; SDE moment-matched by us

    Parameters
    ----------
    lr : float
        Learning rate η > 0, in units of H₀ per gradient; also the time of one step.
    h0 : float
        H₀ > 0, the curvature at the minimum; default 1.
    h1 : float
        H₁ >= 0, curvature gained with each unit of loss; default 1.
    minimum : float
        f*, the smallest loss; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([2.0])).oracle
    >>> so.WarmupSGD(lr=0.5).step(0, np.array([2.0]), o, ())  # f = 4, ψ = 1/5, gradient 4
    array([1.6])
    >>> so.WarmupSGD(lr=0.1, h1=2.0).step(0, np.array([2.0]), o, ())  # 2 - 4/(10 + 20 f)
    array([1.95555556])
    """

    lr: Positive
    h0: Positive = 1.0
    h1: NonNegative = 1.0
    minimum: Real = 0.0

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * caution(self, x, o) * noisy_grad(o, x, z)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -caution(self, x, o) * grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * caution(self, x, o) * root_cov(o, x, dw)
