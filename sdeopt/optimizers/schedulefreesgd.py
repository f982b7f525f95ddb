"""Schedule-Free SGD: SGD on z, with its gradients taken between z and the mean x of all z.

Discrete
    γ at y = (1 - β) z + β x,   z' = z - η (γ + λy),   x' = (1 - c) x + c z',   c = 1/(k + 1)     x₀ = z₀, k = 0, 1, ...
    γ = g + ξ,  g = ∇f(y),  Cov ξ = Σ(y). x is the point to evaluate, z the base, y where the network is in training.

SDE
    order1   dX = (Z - X)/max(t, η) dt,   dZ = -(g + λY) dt - √η Σ(Y)^{1/2} dW,   Y = (1 - β) Z + βX

    One step is η units of time; c/η = 1/(t + η) is 1/t to leading order. The noise of z enters x in the same step too,
    by c times as much, which is of a higher order.

Regime
    η → 0 with β, λ and the law of ξ fixed, t = kη fixed.

Claim
    Weak order 1 in η. β = 0 is SGD and the mean of its positions (`Averaged`), whose variance on f = h x²/2 tends to
    s²/(h²k) whatever η is; β → 1 is primal averaging, gradients at the mean. On f = h x²/2 and to leading order m = E X
    obeys t m'' + (2 + (1 - β) h t) m' + h m = 0, m(0) = x₀.

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    Defazio et al. (2024), arXiv:2405.15682, read in others' statements and in the published code, whose step this is,
    without warm-up and with equal weights: with a schedule that code weights z by the square of the largest learning
    rate so far, this page by 1. The SDE is derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Decay,
    Draws,
    NonNegative,
    Oracle,
    Positive,
    State,
    Vector,
    filled,
    grad,
    method,
    noisy_grad,
    root_cov,
)

__all__ = ["ScheduleFreeSGD", "between"]


def between(x: Vector, z: Vector, beta: Any) -> Any:
    """y, where gradients are taken."""
    return (1.0 - beta) * z + beta * x


@method(order=1, parts=("x", "z"), at={"lr": 0.03})  # at lr = 0.05 the gap is 12 to 14 %
class ScheduleFreeSGD(NamedTuple):
    """Schedule-Free SGD, as ``SGDScheduleFree`` of the package schedulefree without warm-up.

    Discrete
        z' = z - η (γ + λy),  γ = ∇f(y) + ξ,  y = (1 - β) z + βx,  x' = x + (z' - x)/(k + 1)
    SDE
        dX = (Z - X)/max(t, η) dt,  dZ = -(∇f(Y) + λY) dt - √η Σ(Y)^{1/2} dW,  Y = (1 - β) Z + βX, default "order1"
    Regime
        η → 0, t = kη, β and λ fixed
    Claim
        weak order 1
    Sources
        Defazio et al., arXiv:2405.15682; the SDE is derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    momentum : float
        β in [0, 1), how far towards the mean gradients are taken; default 0.9.
    weight_decay : float
        λ >= 0, at y, a rate: one step moves z by -ηλy; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page = so.ScheduleFreeSGD(lr=0.1, momentum=0.5)
    >>> page.step(1, (np.array([1.0, -1.0]), np.array([0.0, 0.0])), o, ())  # y is half-way, z' = z - 0.1 (0.5, -1)
    (array([ 0.475, -0.45 ]), array([-0.05,  0.1 ]))
    """

    lr: Positive
    momentum: Decay = 0.9
    weight_decay: NonNegative = 0.0

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, x

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        mean, base = y
        at = between(mean, base, self.momentum)
        base1 = base - self.lr * (noisy_grad(o, at, z) + self.weight_decay * at)
        return mean + (base1 - mean) / (k + 1.0), base1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        mean, base = y
        at = between(mean, base, self.momentum)
        return (base - mean) / max(t, self.lr), -grad(o, at) - self.weight_decay * at

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        mean, base = y
        at = between(mean, base, self.momentum)
        return filled(0.0, mean), -np.sqrt(self.lr) * root_cov(o, at, dw)
