"""Heavy ball: SGD whose gradients are summed with geometrically fading weights.

Discrete
    v' = μ v + g + ξ,   x' = x - η v'          g = ∇f(x),  Cov ξ = Σ(x);  v is the momentum buffer of PyTorch, v₀ = 0

SDE
    order1   dX = -√η V dt
             dV = [g - (1 - μ) V]/√η dt + η^{-1/4} Σ^{1/2} dW
    order2   dX = -√η [(1 - δ/2) V + g/2] dt                                                            δ = 1 - μ
             dV = [(1 + δ/2) g - (δ + δ²/2) V + (η/2) H V]/√η dt + η^{-1/4} Σ^{1/2} dW                 H = ∇²f(X)

    One step is √η units of time. With V̂ = -√η V and the friction μ̂ = δ/√η, order1 is Newton's equation
    dX = V̂ dt, dV̂ = -(μ̂ V̂ + g) dt - η^{1/4} Σ^{1/2} dW.

Regime
    A, claimed here: δ = μ̂ √η with μ̂ fixed, t = k√η; position and velocity move on the same time scale.
    B: μ fixed. x alone follows the SDE of SGD with the learning rate η/(1 - μ), which is also the time of a step; the
    constant is large: at μ = 0.9 order 1 shows only below η/(1 - μ) = 0.0125.
    C: averaged gradients, v' = βv + (1 - β)(g + ξ), with 1 - β = κη and t = kη. The same process as A: there η is κη².

Claim
    Weak order 1 and 2 in √η, that is 1/2 and 1 in η. Stationary on f = h x²/2 with noise variance s²:
    Var X = η s²/(2h(1 - μ)), while the discrete x has η s² (1 + μ)/(h (1 - μ) [2(1 + μ) - ηh]).

Heavy tails
    Refused where ξ has no variance: Σ does not exist, and momentum averages noise without making its variance finite.
    The discrete column runs.

Sources
    Polyak (1964), doi:10.1016/0041-5553(64)90137-5. Li, Tai & E, arXiv:1511.06251, and arXiv:1811.01558;
    order2 re-derived here: b - (h/2)(∇b) b + h b₁ for a step of h = √η whose drift is b + h b₁.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Decay,
    Draws,
    Oracle,
    Positive,
    State,
    Vector,
    filled,
    grad,
    hvp,
    method,
    noisy_grad,
    rival,
    root_cov,
)

__all__ = ["HeavyBall", "HeavyBallOrder2"]


def root_lr(self: Any) -> Any:
    """Time of one step, √η."""
    return np.sqrt(self.lr)


@method(order=0.5, clock=root_lr, parts=("x", "v"), at={"lr": 0.005, "momentum": 0.97})  # (1 - μ)/√η = 0.4: gap 7 %
class HeavyBall(NamedTuple):
    """SGD with momentum, as torch.optim.SGD(momentum=μ): no dampening, no Nesterov.

    Discrete
        v' = μ v + ∇f(x) + ξ,  x' = x - η v'
    SDE
        dX = -√η V dt,  dV = [∇f - (1 - μ) V]/√η dt + η^{-1/4} Σ^{1/2} dW, default "order1"; rival "order2"
    Regime
        1 - μ ~ √η → 0, t = k√η fixed: one step is √η units of time
    Claim
        weak order 1 in √η, 1/2 in η
    Sources
        Li, Tai & E, arXiv:1511.06251, arXiv:1811.01558

    Parameters
    ----------
    lr : float
        Learning rate η > 0.
    momentum : float
        μ in [0, 1); default 0.9.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> x, v = so.HeavyBall(lr=0.1, momentum=0.5).step(0, (np.array([1.0, -1.0]), np.array([2.0, 0.0])), o, ())
    >>> x, v  # v = 0.5 (2, 0) + (1, -2)
    (array([ 0.8, -0.8]), array([ 2., -2.]))
    """

    lr: Positive
    momentum: Decay = 0.9

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, momentum=1.0 - (1.0 - self.momentum) * np.sqrt(lr / self.lr))

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v = y
        v1 = self.momentum * v + noisy_grad(o, x, z)
        return x - self.lr * v1, v1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        h = np.sqrt(self.lr)
        return -h * v, (grad(o, x) - (1.0 - self.momentum) * v) / h

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        return filled(0.0, x), root_cov(o, x, dw) / np.sqrt(np.sqrt(self.lr))

    def linear(self, H: Any, Sigma: Any) -> Any:
        h, one = np.sqrt(self.lr), np.eye(len(H))
        A = np.block([[0.0 * one, h * one], [-H / h, (1.0 - self.momentum) / h * one]])
        return A, np.block([[0.0 * one, 0.0 * one], [0.0 * one, Sigma / h]])


@rival(HeavyBall, "order2", order=1)
class HeavyBallOrder2:
    """dX = -√η [(1 - δ/2) V + ∇f/2] dt and dV as at the head of this file: weak order 2 in √η, 1 in η.

    Valid in regime A, 1 - μ ~ √η, for smooth f.

    Source: Li, Tai & E, arXiv:1811.01558; re-derived here.
    """

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        g = grad(o, x)
        h = np.sqrt(self.lr)
        delta = 1.0 - self.momentum
        force = (1.0 + 0.5 * delta) * g - (delta + 0.5 * delta * delta) * v + 0.5 * self.lr * hvp(o, x, v)
        return -h * ((1.0 - 0.5 * delta) * v + 0.5 * g), force / h

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        return filled(0.0, x), root_cov(o, x, dw) / np.sqrt(np.sqrt(self.lr))

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        h, one, delta = np.sqrt(self.lr), np.eye(len(H)), 1.0 - self.momentum
        friction = (delta + 0.5 * delta * delta) * one - 0.5 * self.lr * H
        A = np.block([[0.5 * h * H, h * (1.0 - 0.5 * delta) * one], [-(1.0 + 0.5 * delta) * H / h, friction / h]])
        return A, np.block([[0.0 * one, 0.0 * one], [0.0 * one, Sigma / h]])
