"""AdaGrad-Norm: divide the gradient by the root of the sum of all its squared lengths so far, one number for all of x.

Discrete
    v' = v + |γ|²,   x' = x - α γ/√v'                          γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  v₀ = ``initial``
    v is b² in the paper. It is one number, kept in every coordinate.

SDE
    order1   dX = -(g/α dt + Σ^{1/2} dW)/√V
             dV = (|g|² + tr Σ)/α² dt + (2 g·Σ^{1/2} dW + 1·Λ^{1/2} dW')/α                       Λ_ij = Cov(ξ_i², ξ_j²)

    One step is α² units of time. In U = α²V, which is of order one, and η = α² it reads
    dX = -(g dt + √η Σ^{1/2} dW)/√U, dU = (|g|² + tr Σ) dt + √η (2 g·Σ^{1/2} dW + 1·Λ^{1/2} dW'). W is the same in both
    equations, 1·Λ^{1/2} dW' the sum over the coordinates. √V is read as the root of max(V, v₀ + t/α² tr Σ/10), as for
    `Adagrad`. A small V is nearly singular: the equation starts after the first step, at t = α², from
    V = v₀ + |g|² + tr Σ.

Regime
    α → 0 with t = kα² and α²v₀ fixed. ξ with third moments 0 (else W and W' are correlated). The command line runs at
    α = 0.2 with α²v₀ = 1.

Claim
    Weak order 2 in α, that is 1 in the time of a step, from α²v₀ of order one, for the covariance of x too; 1 in α from
    the cold start, a small v₀ that stays, as for `Adagrad`: the first step has length α. No stationary law: near a
    minimum with curvature h and Σ = σ²I in d dimensions √v is σ√(dk), and Var x_i follows ασ/(2h√(dk)), which goes on
    falling.
    Without noise √v has a limit, whatever α and v₀, and x converges as gradient descent with the step α/√v does: while
    ⟨g, x - x*⟩ >= a(f - f*), |g|² <= 2L(f - f*) and |x - x*| <= D, the sum S of all f - f* obeys
    aS <= √(v₀ + 2LS) (D²/(2α) + α).

Heavy tails
    Refused where ξ has no variance or no fourth moment: V gathers |ξ|². The discrete column runs: its steps are never
    longer than α.

Sources
    Ward, Wu & Bottou (2020), arXiv:1806.01811, whose b is √v here, recalled. The SDE is the mean and covariance of a
    step, derived here as that of `Adagrad`; the bound on S too. Islamov et al. (2024), arXiv:2410.12455, read: their
    theorem 7 is about a variant that adds the largest |γ|² so far in every step, AdaGrad-norm-max.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Oracle,
    Positive,
    State,
    Vector,
    dot,
    filled,
    grad,
    method,
    noise_var,
    noisy_grad,
    root_cov,
    total,
)
from sdeopt.optimizers.adagrad import squared_lr
from sdeopt.optimizers.rmsprop import square_noise

__all__ = ["AdaGradNorm"]


def denominator(self: Any, t: float, x: Vector, v: Vector, o: Oracle) -> Any:
    """√V, V floored at v₀ and a tenth of what the noise has added to it by time t."""
    seen = t / (self.lr * self.lr) * total(0.0 * x + noise_var(o, x))
    return np.sqrt(np.maximum(v, self.initial + 0.1 * seen))


@method(
    order=2, clock=squared_lr, parts=("x", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.2, "initial": 25.0},
)  # fmt: skip
class AdaGradNorm(NamedTuple):
    """AdaGrad with one step size for all coordinates.

    Discrete
        v' = v + |γ|²,  x' = x - α γ/√v',  γ = ∇f(x) + ξ
    SDE
        dX = -(∇f/α dt + Σ^{1/2} dW)/√V,  dV = (|∇f|² + tr Σ)/α² dt + (2 ∇f·Σ^{1/2} dW + 1·Λ^{1/2} dW')/α,
        default "order1"
    Regime
        α → 0, t = kα² and α²v₀ fixed: one step is α² units of time
    Claim
        weak order 2 in α (1 in the time of a step) from α²v₀ of order one, 1 from the cold start
    Sources
        Ward, Wu & Bottou, arXiv:1806.01811, recalled; SDE derived here

    Parameters
    ----------
    lr : float
        Learning rate α > 0, the length of the longest step; its square is the time of one step.
    initial : float
        v₀ > 0, where the sum of squared lengths starts, b₀² in the paper; default 0.01.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> page = so.AdaGradNorm(lr=1.0, initial=75.0)
    >>> x, v = page.step(0, page.init(np.array([1.0, -1.0]), o), o, ())
    >>> x, v  # γ = (3, -4), √v = 10
    (array([ 0.7, -0.6]), array([100., 100.]))
    """

    lr: Positive
    initial: Positive = 0.01

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, initial=self.initial * (self.lr / lr) * (self.lr / lr))

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x + self.initial

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v = y
        g = noisy_grad(o, x, z)
        v1 = v + dot(g, g)
        return x - self.lr * g / np.sqrt(v1), v1

    def domain(self, y: State) -> Any:
        x, v = y
        return x, np.maximum(v, 0.0)

    def start(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        v = filled(self.initial + total(g * g + noise_var(o, x)), x)
        return x - self.lr * g / np.sqrt(v), v

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        g = grad(o, x)
        seen = total(g * g + noise_var(o, x))
        return -g / (self.lr * denominator(self, t, x, v, o)), filled(seen / (self.lr * self.lr), x)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        w = root_cov(o, x, dw[0])
        kick = total(square_noise(o, x, grad(o, x), w, dw[1])) / self.lr
        return -w / denominator(self, t, x, v, o), filled(kick, x)
