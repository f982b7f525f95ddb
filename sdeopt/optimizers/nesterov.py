"""Nesterov: heavy ball whose step looks ahead, by adding the newest gradient once more.

Discrete
    v' = μ v + γ,   x' = x - η (γ + μ v')               γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  v is PyTorch's, v₀ = 0
    The original form takes γ at x̃ + μṽ, ṽ' = μ ṽ - η γ, x̃' = x̃ + ṽ'. With ṽ = -ηv it is the same recursion, seen from
    x = x̃ + μṽ: PyTorch's parameters are the points where the gradient is taken.

SDE
    order1   dX = -√η V dt
             dV = [g - (1 - μ) V]/√η dt + η^{-1/4} Σ^{1/2} dW
    order2   dX = -√η [(1 - 3δ/2) V + 3g/2] dt                                                          δ = 1 - μ
             dV = [(1 + δ/2) g - (δ + δ²/2) V + (η/2) H V]/√η dt + η^{-1/4} Σ^{1/2} dW                 H = ∇²f(X)

    One step is √η units of time. order1 is the equation of the heavy ball; order2 differs from it by -√η (g - δV) dt
    in dX. In the coordinates X̃ = X + μηV of the original form it is the heavy ball's with the sign of H V turned.

Regime
    δ = μ̂ √η with μ̂ fixed, t = k√η. The famous schedule μ_k = 1 - 3/k is the friction 3/t, singular at t = 0, and not
    of this regime.

Claim
    Weak order 1 and 2 in √η, that is 1/2 and 1 in η: what tells Nesterov from the heavy ball is the second order. As
    for SGD the order of the mean does not judge the covariance: that of order2 is the further off. Stationary on
    f = h x²/2 with noise variance s²: Var X = η s²/(2h(1 - μ)); the discrete x̃ is an AR(2) process with
    Var x̃ = η² s² (1 - p)/((1 + p) [(1 - p)² - q²]), q = (1 + μ)(1 - ηh), p = -μ(1 - ηh).

Heavy tails
    Refused where ξ has no variance: Σ does not exist, and momentum averages noise without making its variance finite.
    The discrete column runs.

Sources
    Nesterov (1983), Soviet Mathematics Doklady 27; the form with a buffer: Sutskever et al. (2013), ICML. The SDEs are
    those of Li, Tai & E (2019), arXiv:1811.01558, order2 re-derived here at PyTorch's point. μ_k = 1 - 3/k: Su, Boyd &
    Candès (2016), arXiv:1503.01243.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Decay, Draws, Oracle, Positive, State, Vector, grad, method, noisy_grad, rival
from sdeopt.optimizers.heavyball import HeavyBall, HeavyBallOrder2, root_lr

__all__ = ["Nesterov", "NesterovOrder2"]

# the heavy ball's own functions
ball_drift: Any = HeavyBall.drift
ball_diffusion: Any = HeavyBall.diffusion
ball_drift2: Any = HeavyBallOrder2.drift


@method(order=0.5, clock=root_lr, parts=("x", "v"), at={"lr": 0.0002, "momentum": 0.994})  # as HeavyBall, gap 9 %
class Nesterov(NamedTuple):
    """SGD with Nesterov's momentum, as torch.optim.SGD(momentum=μ, nesterov=True).

    Discrete
        v' = μ v + γ,  x' = x - η (γ + μ v'),  γ = ∇f(x) + ξ
    SDE
        dX = -√η V dt,  dV = [∇f - (1 - μ) V]/√η dt + η^{-1/4} Σ^{1/2} dW, default "order1"; rival "order2"
    Regime
        1 - μ ~ √η → 0, t = k√η fixed: one step is √η units of time
    Claim
        weak order 1 in √η, 1/2 in η
    Sources
        Nesterov (1983); Sutskever et al. (2013); Li, Tai & E, arXiv:1811.01558

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
    >>> x, v = so.Nesterov(lr=0.1, momentum=0.5).step(0, (np.array([1.0, -1.0]), np.array([2.0, 0.0])), o, ())
    >>> x, v  # v = 0.5 (2, 0) + (1, -2), and x moves by -0.1 ((1, -2) + 0.5 v)
    (array([ 0.8, -0.7]), array([ 2., -2.]))
    """

    lr: Positive
    momentum: Decay = 0.9

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, momentum=1.0 - (1.0 - self.momentum) * np.sqrt(lr / self.lr))

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v = y
        g = noisy_grad(o, x, z)
        v1 = self.momentum * v + g
        return x - self.lr * (g + self.momentum * v1), v1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        return ball_drift(self, t, y, o)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return ball_diffusion(self, t, y, o, dw)

    def linear(self, H: Any, Sigma: Any) -> Any:
        return HeavyBall.linear(self, H, Sigma)  # type: ignore[arg-type]


@rival(Nesterov, "order2", order=1)
class NesterovOrder2:
    """dX = -√η [(1 - 3δ/2) V + 3∇f/2] dt and dV as at the head of this file: weak order 2 in √η, 1 in η.

    Valid for 1 - μ ~ √η and smooth f.

    Source: Li, Tai & E, arXiv:1811.01558; re-derived here.
    """

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        dx, dv = ball_drift2(self, t, y, o)
        return dx - np.sqrt(self.lr) * (grad(o, x) - (1.0 - self.momentum) * v), dv

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return ball_diffusion(self, t, y, o, dw)

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        A, D = HeavyBallOrder2.linear(self, H, Sigma)
        h, one = np.sqrt(self.lr), np.eye(len(H))
        ahead = h * np.block([[H, (self.momentum - 1.0) * one], [0.0 * one, 0.0 * one]])
        return A + ahead, D
