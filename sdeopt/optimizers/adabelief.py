"""AdaBelief: Adam whose running mean of squares is that of γ - m', how far the gradient is from its running mean.

Discrete
    m' = β₁ m + (1 - β₁) γ,   v' = β₂ v + (1 - β₂)(γ - m')² + ε       γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  m₀ = v₀ = 0
    x' = x - η m̂/(√v̂ + ε),   m̂ = m'/(1 - β₁^{k+1}),   v̂ = v'/(1 - β₂^{k+1})
    ε enters twice, as in the paper's algorithm: v gains ε in every step, and the root another.

SDE
    full   dX = -(√ι₂/ι₁) P⁻¹ M dt,   P = diag(√V + ε√ι₂)                         ρᵢ = (1 - βᵢ)/η,  ιᵢ(t) = 1 - e^{-ρᵢt}
           dM = ρ₁ (g - M) dt + √η ρ₁ Σ^{1/2} dW
           dV = [ρ₂ (β₁²((g - M)² + diag Σ) - V) + ε/η] dt + √η ρ₂ β₁² (2 diag(g - M) Σ^{1/2} dW + Λ^{1/2} dW')

    One step is η units of time. γ - m' = β₁ (γ - m): β₁² is 1 to leading order and kept, so that V is right at once.
    Λ_ij = Cov(ξ_i², ξ_j²); V is floored under the root as in Adam. t = 0 is singular: the equation starts after the
    first step, at t = η, from X = x - ηg/(√v̂ + ε), M = ι₁g, V = ι₂ v̂, v̂ = β₁²(g² + diag Σ) + ε/ι₂.

Regime
    η → 0 with ρᵢ and ε/η fixed, t = kη fixed; ξ with third moments 0 (else W and W' are correlated).

Claim
    Weak order 1 in η. Unlike in Adam the mean gradient leaves V once M has found it: V tends to diag Σ + ε/(ηρ₂), so
    that noise alone divides the step. Stationary on a quadratic as Adam, to leading order and for ε → 0.

Heavy tails
    Refused where ξ has no variance: V tends to diag Σ, which does not exist. The discrete column runs.

Sources
    Zhuang et al. (2020), arXiv:2010.07468, recalled, its text was not read here; the step is that of their package
    adabelief-pytorch 0.2.1, to round-off. The SDE is derived here, with the noise of V as in arXiv:2509.21614.
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
    power,
    root_cov,
)
from sdeopt.optimizers.adam import frozen, iota
from sdeopt.optimizers.rmsprop import root, square_drift, square_noise

__all__ = ["AdaBelief"]


@method(
    order=1, sde="full", parts=("x", "m", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.025, "beta1": 0.95, "beta2": 0.9995},
)  # fmt: skip
class AdaBelief(NamedTuple):
    """AdaBelief without weight decay and rectification.

    Discrete
        m' = β₁ m + (1 - β₁) γ,  v' = β₂ v + (1 - β₂)(γ - m')² + ε,  x' = x - η m̂/(√v̂ + ε),  γ = ∇f(x) + ξ
    SDE
        dX = -(√ι₂/ι₁) M/(√V + ε√ι₂) dt,  dM = ρ₁ (∇f - M) dt + √η ρ₁ Σ^{1/2} dW,
        dV = [ρ₂ (β₁²((∇f - M)² + diag Σ) - V) + ε/η] dt + √η ρ₂ β₁² (2 (∇f - M) Σ^{1/2} dW + Λ^{1/2} dW'),
        ιᵢ = 1 - e^{-ρᵢt}, default "full"
    Regime
        η → 0, t = kη, ρᵢ = (1 - βᵢ)/η and ε/η fixed
    Claim
        weak order 1
    Sources
        Zhuang et al., arXiv:2010.07468; the SDE is derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1, beta2 : float
        Decays in [0, 1) of the running means of the gradient and of (γ - m')²; defaults 0.9 and 0.999.
    eps : float
        ε >= 0, added to v in every step and outside the root; default 1e-16.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page = so.AdaBelief(lr=0.1, beta1=0.5, beta2=0.75, eps=0.0)
    >>> page.step(0, page.init(np.array([1.0, -1.0]), o), o, ())  # γ - m' = (0.5, -1): twice Adam's first step
    (array([ 0.8, -0.8]), array([ 0.5, -1. ]), array([0.0625, 0.25  ]))
    """

    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-16

    def scaled(self, lr: Any) -> Any:
        beta1, beta2 = (1.0 - (1.0 - beta) * lr / self.lr for beta in (self.beta1, self.beta2))
        return self._replace(lr=lr, beta1=beta1, beta2=beta2, eps=self.eps * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        return x, grad(o, x), noise_var(o, x) + self.eps / (1.0 - self.beta2)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m, v = y
        g = noisy_grad(o, x, z)
        m1 = self.beta1 * m + (1.0 - self.beta1) * g
        v1 = self.beta2 * v + (1.0 - self.beta2) * (g - m1) * (g - m1) + self.eps
        rate, share = self.lr / (1.0 - power(self.beta1, k + 1.0)), 1.0 / (1.0 - power(self.beta2, k + 1.0))
        return x - rate * m1 / (np.sqrt(share * v1) + self.eps), m1, v1

    def domain(self, y: State) -> Any:
        x, m, v = y
        return x, m, np.maximum(v, 0.0)

    def start(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        i1, i2 = iota(self.beta1, self.lr, self.lr), iota(self.beta2, self.lr, self.lr)
        square = self.beta1 * self.beta1 * (g * g + noise_var(o, x)) + self.eps / i2
        return x - self.lr * g / (np.sqrt(square) + self.eps), i1 * g, i2 * square

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, m, v = y
        g, rho2, kept = grad(o, x), (1.0 - self.beta2) / self.lr, self.beta1 * self.beta1
        i1, i2 = iota(self.beta1, self.lr, t), iota(self.beta2, self.lr, t)
        p = 1.0 / np.sqrt(i2) * root(o, x, v, i2) + self.eps
        dv = rho2 * square_drift(o, x, g - m, v / kept) * kept + self.eps / self.lr
        return -m / (i1 * p), (1.0 - self.beta1) / self.lr * (g - m), dv

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m, v = y
        w, h = root_cov(o, x, dw[0]), np.sqrt(self.lr)
        rho1, rho2 = (1.0 - self.beta1) / self.lr, (1.0 - self.beta2) / self.lr * self.beta1 * self.beta1
        return filled(0.0, x), h * rho1 * w, h * rho2 * square_noise(o, x, grad(o, x) - m, w, dw[1])

    def stationary(self, H: Any, Sigma: Any) -> Any:
        return frozen(self.lr, self.beta1, 0.0, H, Sigma)
