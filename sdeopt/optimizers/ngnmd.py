"""NGN-MD: NGN with momentum and the preconditioner of RMSprop, its first version (NGN-MDv1).

Discrete
    v' = β₂ v + (1 - β₂) ĝ²,   D = √(v'/(1 - β₂^{k+1})) + ε,   γ = c / (1 + c Σ_j ĝ_j²/(2F D_j))
    x' = x - (1 - β₁) γ ĝ/D + β₁ (x - x₋),                       ĝ = ∇f(x) + ξ,  F >= 0 its loss;  c = η,  v₀ = 0

    kept as the average m = (x₋ - x)/c of the steps: m' = β₁ m + (1 - β₁) (γ/c) ĝ/D, x' = x - c m', m₀ = 0. Each step is
    preconditioned before it is averaged, where Adam divides the average.

SDE
    order1   dX = -M dt,   P = √(V/ι₂) + ε,   ι₂(t) = 1 - e^{-ρ₂t}                   κ = (1 - β₁)/η,  ρ₂ = (1 - β₂)/η
             dM = κ (P⁻¹g - M) dt + κ √η P⁻¹ Σ^{1/2} dW                              g = ∇f(X)
             dV = ρ₂ (g² + diag Σ - V) dt + √η ρ₂ (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')       Λ_ij = Cov(ξ_i², ξ_j²)

    One step is η = c units of time. W is the same in both equations. √V is read as the root of max(V, ι₂ diag Σ/10), as
    for `Adam`. t = 0 is singular: the equation starts after the first step, at t = η, from V = ι₂(g² + diag Σ).

Regime
    η → 0 with κ, ρ₂ and t = kη fixed, F bounded away from 0: γ = η + O(η²). ξ with third moments 0. The command line
    runs at η = 0.01 with κ = 2 and ρ₂ = 0.02: at η = 0.03 the gap is 13 to 18 %.

Claim
    Weak order 1 in η from a V of order one. From the cold start v₀ = 0 the first samples are divided by roots that know
    few others: η log(1/η). With D fixed, β₁ = 0 and without noise on a quadratic with minimum 0, Σ_j D_j x_j² falls in
    every step for every c: with q = Σ ĝ_j²/D_j a step changes it by γ(γq - 4F), and γq < 2F. So large c are no danger
    where a step of Adam is as long as its learning rate.

Heavy tails
    Refused where ξ has no variance: V tends to g² + diag Σ. The discrete column runs.

Sources
    NGN-MD: Islamov et al. (2025), arXiv:2508.15071, algorithm 2 and section 3.3, read, with the bias correction of step
    k at k + 1, for theirs is 0 at first. Of the second version, a step size for every coordinate as `NGND` has, no
    formula could be read; the paper finds the first the better one. Step size of Orvieto & Xiao, arXiv:2407.04358. The
    SDE is moment-matched by us; that of V is in arXiv:2509.21614.
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
    noise_var,
    noisy_grad,
    noisy_value,
    power,
    root_cov,
    total,
)
from sdeopt.optimizers.adam import iota
from sdeopt.optimizers.rmsprop import root, square_drift, square_noise

__all__ = ["NGNMD"]

TINY = 1e-300  # for 0/0 where loss and gradient vanish together


def denominator(self: Any, t: float, x: Vector, v: Vector, o: Oracle) -> Any:
    """P = √(V/ι₂) + ε, with the floor of V."""
    share = iota(self.beta2, self.lr, t)
    return root(o, x, v, share) / np.sqrt(share) + self.eps


@method(
    order=1, parts=("x", "m", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    objective="linear-regression:small", at={"lr": 0.01, "beta1": 0.98, "beta2": 0.9998},
)  # fmt: skip
class NGNMD(NamedTuple):
    """NGN with momentum and the preconditioner of RMSprop.

    Discrete
        v' = β₂ v + (1 - β₂) ĝ²,  D = √(v'/(1 - β₂^{k+1})) + ε,  γ = c/(1 + c Σ_j ĝ_j²/(2F D_j)),
        x' = x - (1 - β₁) γ ĝ/D + β₁ (x - x₋),  ĝ = ∇f(x) + ξ,  F the loss of the sample
    SDE
        dX = -M dt,  dM = κ (P⁻¹∇f - M) dt + κ √η P⁻¹ Σ^{1/2} dW,  P = √(V/ι₂) + ε,
        dV = ρ₂ (∇f² + diag Σ - V) dt + √η ρ₂ (2 ∇f Σ^{1/2} dW + Λ^{1/2} dW'),  default "order1"
    Regime
        η = c → 0, t = kη, κ = (1 - β₁)/η and ρ₂ = (1 - β₂)/η fixed, F bounded away from 0
    Claim
        weak order 1 from a V of order one
    Sources
        Islamov et al., arXiv:2508.15071; Orvieto & Xiao, arXiv:2407.04358; SDE moment-matched by us

    Parameters
    ----------
    lr : float
        c > 0, the largest step size; also the time of one step.
    beta1, beta2 : float
        Momentum and decay of the mean of squares, in [0, 1); defaults 0.9 and 0.999.
    eps : float
        ε >= 0, added outside the root after bias correction, in units of the gradient; default 1e-8.

    Examples
    --------
    In one dimension and with β₁ = 0 the first step is that of NGN with c/|ĝ|:

    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([2.0])).oracle
    >>> page = so.NGNMD(lr=6.0, beta1=0.0, eps=0.0)
    >>> x, m, v = page.step(0, page.init(np.array([1.0]), o), o, ())
    >>> x * 7.0  # c/|ĝ| = 3, as for NGN
    array([1.])
    """

    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8

    def scaled(self, lr: Any) -> Any:
        beta1, beta2 = (1.0 - (1.0 - beta) * lr / self.lr for beta in (self.beta1, self.beta2))
        return self._replace(lr=lr, beta1=beta1, beta2=beta2)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        v = g * g + noise_var(o, x)
        return x, g / (np.sqrt(v) + self.eps), v

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m, v = y
        g = noisy_grad(o, x, z)
        v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
        u = g / (np.sqrt(v1 / (1.0 - power(self.beta2, k + 1.0))) + self.eps)
        twice = 2.0 * np.maximum(noisy_value(o, x, z), 0.0)
        shrink = twice / (twice + self.lr * total(g * u) + TINY)
        m1 = self.beta1 * m + (1.0 - self.beta1) * shrink * u
        return x - self.lr * m1, m1, v1

    def domain(self, y: State) -> Any:
        x, m, v = y
        return x, m, np.maximum(v, 0.0)

    def start(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        v = g * g + noise_var(o, x)
        m = (1.0 - self.beta1) * g / (np.sqrt(v) + self.eps)
        return x - self.lr * m, m, iota(self.beta2, self.lr, self.lr) * v

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, m, v = y
        g = grad(o, x)
        kappa, rho = (1.0 - self.beta1) / self.lr, (1.0 - self.beta2) / self.lr
        return -m, kappa * (g / denominator(self, t, x, v, o) - m), rho * square_drift(o, x, g, v)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m, v = y
        kappa, rho = (1.0 - self.beta1) / self.lr, (1.0 - self.beta2) / self.lr
        w = root_cov(o, x, dw[0])
        kick = np.sqrt(self.lr) * rho * square_noise(o, x, grad(o, x), w, dw[1])
        return filled(0.0, x), np.sqrt(self.lr) * kappa * w / denominator(self, t, x, v, o), kick
