"""PCNSGD: per-class normalised SGD. Each class pulls with a gradient of length 1, however rare it is.

Discrete
    x' = x - η (u₋ + u₊),    u± = g±/|g±|,  g± the gradient of the examples of class ±1 that are seen, u = 0 where g = 0
    Of a network with more classes: x' = x - η Σ_c u_c.

SDE
    sampled      dX = -E[u₋ + u₊] dt - √η Cov(u₋ + u₊)^{1/2} dW, both moments sampled from steps
    directions   dX = -(E u₋ + E u₊) dt - √η Σ± [M± Σ^{1/2} dW± + R±^{1/2} dW'±]
                 u± = (∇f± + ξ±)/|∇f± + ξ±|,  M = E[(I - uuᵀ)/|∇f + ξ|],  R = Cov u - MΣM

    One step is η units of time. Under `Minibatch` g± is the mean over the examples of its class in one batch: a class
    that is absent does not pull, a rare one has the noisier direction. Additive noise disturbs the two full gradients
    ∇f± independently; networks, whose classes are the values of y, take batches alone.

Regime
    η → 0, t = kη fixed, the law of the gradients fixed (without noise the drift is not continuous where ∇f± = 0).
    directions: Gaussian additive noise.

Claim
    Weak order 1 in η. With Σ = σ²I and d entries, E u = (∇f/σ) Γ((d+1)/2)/(√2 Γ(d/2+1)) ₁F₁(½; d/2 + 1; -|∇f|²/(2σ²)):
    noise shortens the pull of a class, and that of the class with the smaller gradient most.

Heavy tails
    Runs for any law of ξ, with infinite variance or without a mean: directions are bounded.

Sources
    PCNSGD: Francazi, Baity-Jesi & Lucchi (2023), arXiv:2207.00391; `Rescaled` is its +R, `Oversampled` its +O.
    The SDEs are moment-matched by us; the moments of a direction are those of arXiv:2301.08203.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Oracle,
    Positive,
    Vector,
    direction_jacobian,
    direction_residual,
    expect_direction,
    method,
    noisy_class_grads,
    rival,
    root_cov,
)
from sdeopt.noise.directions import unit
from sdeopt.noise.law import class_grad

__all__ = ["PCNSGD", "PCNSGDDirections"]


def pull(grads: Any) -> Any:
    """Σ u over the classes."""
    s = unit(grads[0])
    for i in range(1, len(grads)):
        s = s + unit(grads[i])
    return s


@method(order=1, family="normalised", samples=2, bounded=True, objective="logistic:imbalanced")
class PCNSGD(NamedTuple):
    """Per-class normalised stochastic gradient descent, of two classes or, on a network, of any number.

    Discrete
        x' = x - η (g₋/|g₋| + g₊/|g₊|),  g± the gradient of the examples of class ±1 that are seen
    SDE
        dX = -E u dt - √η Cov(u)^{1/2} dW,  u = u₋ + u₊, default "sampled"; rival "directions", in closed form
    Regime
        η → 0, t = kη fixed
    Claim
        weak order 1
    Sources
        Francazi, Baity-Jesi & Lucchi, arXiv:2207.00391; SDE moment-matched by us

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the length of each class's pull; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.Logistic([[3.0, 4.0], [0.0, 1.0], [0.0, 1.0]], [1, 0, 0], l2=0.0)
    >>> z = (np.zeros(2),), (np.zeros(2),)
    >>> o = so.Problem(f, so.Gaussian(1.0)).oracle
    >>> so.PCNSGD(lr=0.1).step(0, np.zeros(2), o, z)  # pulled along (0.6, 0.8) and (0, -1)
    array([ 0.06, -0.02])
    """

    lr: Positive

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * pull(noisy_class_grads(o, x, z))


@rival(PCNSGD, "directions", order=1, brownian=("gradient", "direction", "gradient2", "direction"))
class PCNSGDDirections:
    """dX = -(E u₋ + E u₊) dt - √η Σ± [M± Σ^{1/2} dW± + R±^{1/2} dW'±], the moments of the step in closed form.

    Valid for Gaussian noise, the same law and independent in the two classes. MΣ = E[u ξᵀ] (Stein), so dW± carries what
    is linear in the noise of the discrete column and moves with it.

    Source: moment-matched by us; the moments of a direction: arXiv:2301.08203, `sdeopt.noise.directions`.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        return -expect_direction(o, x, class_grad(o, x, -1.0)) - expect_direction(o, x, class_grad(o, x, 1.0))

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        a, b = class_grad(o, x, -1.0), class_grad(o, x, 1.0)
        u = direction_jacobian(o, x, a, root_cov(o, x, dw[0])) + direction_residual(o, x, a, dw[1])
        v = direction_jacobian(o, x, b, root_cov(o, x, dw[2])) + direction_residual(o, x, b, dw[3])
        return -np.sqrt(self.lr) * (u + v)
