"""Adagrad: divide each coordinate of the gradient by the root of the sum of all its squares so far.

Discrete
    v' = v + γ²,   x' = x - α γ/(√v' + ε)                      γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  v₀ = ``initial``
    as torch.optim.Adagrad without lr_decay: ε outside the root.

SDE
    order1   dX = -P⁻¹ (g/α dt + Σ^{1/2} dW),    P = diag(√V + ε)
             dV = (g² + diag Σ)/α² dt + (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')/α                 Λ_ij = Cov(ξ_i², ξ_j²)

    One step is α² units of time. In U = α²V, which is of order one, and η = α² it reads
    dX = -(√U + αε)⁻¹ (g dt + √η Σ^{1/2} dW), dU = (g² + diag Σ) dt + √η (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW'). W is the
    same in both equations: a large sample enters numerator and denominator together. The noise of V is additive and can
    make it fall, so √V is read as the root of max(V, v₀ + t/α² diag Σ/10): v₀ and a tenth of what the noise has added
    to the mean of V. V = 0 is singular: the equation starts after the first step, at t = α², from
    V = v₀ + g² + diag Σ.

Regime
    α → 0 with t = kα² and α²v₀ fixed: steps have length α/√k for k gradients of like size, so α² is to Adagrad what the
    learning rate is to SGD. ξ with third moments 0 (else W and W' are correlated). The command line runs at α = 0.2
    with α²v₀ = 1: from the cold start at α = 0.05 the gap is 11 to 37 %, all of it in the first steps.

Claim
    Weak order 2 in α, that is 1 in the time of a step, from α²v₀ of order one (squares that an earlier run has summed),
    for the covariance of x too. From the cold start v₀ = 0 it is 1 in α: the first steps have length α, whatever the
    gradient, and no SDE resolves them (f = x²/2, x₀ = 1, σ = 1/2, t = 1: the error of E x is 0.10 α at α = 0.11 and
    0.12 α at 0.056). No stationary law: the steps shrink for ever.

Heavy tails
    Refused where ξ has no variance or no fourth moment: V gathers ξ², whose mean is Σ and whose noise is Λ. The
    discrete column runs: its steps are never longer than α.

Sources
    Duchi, Hazan & Singer (2011), JMLR 12. The SDE is the mean and covariance of a step, derived here; noise in the sum
    of squares as in arXiv:2509.21614 for RMSprop; the floor is chosen here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    NonNegative,
    Oracle,
    Positive,
    State,
    Vector,
    grad,
    method,
    noise_var,
    noisy_grad,
    root_cov,
)
from sdeopt.optimizers.rmsprop import square_noise

__all__ = ["Adagrad"]


def squared_lr(self: Any) -> Any:
    """Time of one step, α²."""
    return self.lr * self.lr


def denominator(self: Any, t: float, x: Vector, v: Vector, o: Oracle) -> Any:
    """√V + ε, V floored at v₀ and a tenth of what the noise has added to it by time t."""
    seen = t / (self.lr * self.lr) * noise_var(o, x)
    return np.sqrt(np.maximum(v, self.initial + 0.1 * seen)) + self.eps


@method(
    order=2, clock=squared_lr, parts=("x", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.2, "initial": 25.0},
)  # fmt: skip
class Adagrad(NamedTuple):
    """Adagrad, as torch.optim.Adagrad without decay of the learning rate and of the weights.

    Discrete
        v' = v + γ²,  x' = x - α γ/(√v' + ε),  γ = ∇f(x) + ξ
    SDE
        dX = -(√V + ε)⁻¹ (∇f/α dt + Σ^{1/2} dW),  dV = (∇f² + diag Σ)/α² dt + (2 ∇f Σ^{1/2} dW + Λ^{1/2} dW')/α,
        default "order1"
    Regime
        α → 0, t = kα² and α²v₀ fixed: one step is α² units of time
    Claim
        weak order 2 in α (1 in the time of a step) from α²v₀ of order one, 1 from the cold start
    Sources
        Duchi, Hazan & Singer (2011); derived here as in arXiv:2509.21614

    Parameters
    ----------
    lr : float
        Learning rate α > 0, the length of the first step in each coordinate; its square is the time of one step.
    eps : float
        ε >= 0, added outside the root, in units of the gradient; default 1e-10.
    initial : float
        v₀ >= 0, where the sum of squares starts (``initial_accumulator_value`` in PyTorch); default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> x, v = so.Adagrad(lr=0.1, eps=0.0).step(0, (np.array([1.0, -1.0]), np.array([3.0, 0.0])), o, ())
    >>> x, v  # γ = (1, -2), √v = (2, 2)
    (array([ 0.95, -0.9 ]), array([4., 4.]))
    """

    lr: Positive
    eps: NonNegative = 1e-10
    initial: NonNegative = 0.0

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, initial=self.initial * (self.lr / lr) * (self.lr / lr))

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x + self.initial

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v = y
        g = noisy_grad(o, x, z)
        v1 = v + g * g
        return x - self.lr * g / (np.sqrt(v1) + self.eps), v1

    def domain(self, y: State) -> Any:
        x, v = y
        return x, np.maximum(v, 0.0)

    def start(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        v = self.initial + g * g + noise_var(o, x)
        return x - self.lr * g / (np.sqrt(v) + self.eps), v

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        g = grad(o, x)
        p = self.lr * denominator(self, t, x, v, o)
        return -g / p, (g * g + noise_var(o, x)) / (self.lr * self.lr)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        w = root_cov(o, x, dw[0])
        return -w / denominator(self, t, x, v, o), square_noise(o, x, grad(o, x), w, dw[1]) / self.lr
