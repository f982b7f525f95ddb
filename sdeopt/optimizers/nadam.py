"""NAdam: Adam with Nesterov's look-ahead, whose momentum is warmed up from β₁/2 to β₁.

Discrete
    m' = β₁ m + (1 - β₁) γ,   v' = β₂ v + (1 - β₂) γ²         γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  m₀ = v₀ = 0
    x' = x - η [(1 - μₖ)/(1 - p') γ + μₖ₊₁/(1 - p'μₖ₊₁) m']/(√v̂ + ε),   v̂ = v'/(1 - β₂^{k+1})
    μₖ = β₁ (1 - ½ 0.96^{ψ(k+1)}),   p' = μₖ p,  p₀ = 1: the product of all μ.
    as torch.optim.NAdam without weight decay, which `L2` adds: ε outside the root and after the bias correction.

SDE
    full   dX = -P⁻¹ [(1 - μ) (g dt + √η Σ^{1/2} dW) + μ M dt],   P = diag(√(V/ι₂) + ε)             ρᵢ = (1 - βᵢ)/η
           dM = ρ₁ (g - M) dt + √η ρ₁ Σ^{1/2} dW
           dV = ρ₂ (g² + diag Σ - V) dt + √η ρ₂ (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')         Λ_ij = Cov(ξ_i², ξ_j²)
           μ(t) = 1 - ½ 0.96^{ψt/η},   ι₂(t) = 1 - e^{-ρ₂t},   p = 0

    One step is η units of time. The gradient that is seen enters X itself, so that W drives X as it does M and V. While
    μ is small p is too: it is forgotten within some steps, unlike β₁ᵏ in Adam, so that M has no bias correction. V is
    floored under the root as in Adam. t = 0 is singular: the equation starts after the first step, at t = η, as Adam's.

Regime
    η → 0 with ρᵢ and ψ/η fixed, t = kη fixed; ξ with third moments 0 (else W and W' are correlated). With PyTorch's
    ψ = 0.004 half of the warm-up takes 4200 steps; with ψ = 0 the momentum stays β₁/2.

Claim
    Weak order 1 in η. Stationary on a quadratic, to leading order (V = diag Σ, μ = 1): η/2 Σ^{1/2} H⁻¹ for diagonal H
    and Σ, as for Adam: what a momentum looks ahead is forgotten at rest.

Heavy tails
    Refused where ξ has no variance: V tends to g² + diag Σ, which does not exist. The discrete column runs.

Sources
    Dozat (2016), Incorporating Nesterov Momentum into Adam, recalled, not read here; the step is that of PyTorch's
    NAdam, to round-off. Adam: arXiv:1412.6980. The SDE is derived here, with the noise of V as in arXiv:2509.21614.
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
from sdeopt.optimizers.adam import first, iota, reachable
from sdeopt.optimizers.rmsprop import root, square_drift, square_noise
from sdeopt.theory import correlation, stationary

__all__ = ["NAdam"]


def ahead(psi: Any, k: Any) -> Any:
    """1 - ½ 0.96^{ψk}: what the schedule makes of β₁."""
    return 1.0 - 0.5 * power(0.96, psi * k)


@method(
    order=1, sde="full", parts=("x", "m", "v", "p"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.025, "beta1": 0.95, "beta2": 0.9995, "psi": 0.05},
)  # fmt: skip
class NAdam(NamedTuple):
    """NAdam, as torch.optim.NAdam without weight decay, which `L2` adds.

    Discrete
        m' = β₁ m + (1 - β₁) γ,  v' = β₂ v + (1 - β₂) γ²,  γ = ∇f(x) + ξ,
        x' = x - η [(1 - μₖ)/(1 - p') γ + μₖ₊₁/(1 - p'μₖ₊₁) m']/(√v̂ + ε),  μₖ = β₁ (1 - ½ 0.96^{ψ(k+1)}),  p' = μₖ p
    SDE
        dX = -(√(V/ι₂) + ε)⁻¹ [(1 - μ) (∇f dt + √η Σ^{1/2} dW) + μ M dt],  dM = ρ₁ (∇f - M) dt + √η ρ₁ Σ^{1/2} dW,
        dV = ρ₂ (∇f² + diag Σ - V) dt + √η ρ₂ (2 ∇f Σ^{1/2} dW + Λ^{1/2} dW'),  μ = 1 - ½ 0.96^{ψt/η}, default "full"
    Regime
        η → 0, t = kη, ρᵢ = (1 - βᵢ)/η and ψ/η fixed
    Claim
        weak order 1; stationary variance (η/2) σ/h
    Sources
        Dozat (2016), recalled; torch.optim.NAdam; the SDE is derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1, beta2 : float
        Decays in [0, 1) of the running means of the gradient and of its square; defaults 0.9 and 0.999.
    psi : float
        ψ >= 0, how fast the momentum is warmed up (``momentum_decay`` in PyTorch); default 0.004.
    eps : float
        ε >= 0, added outside the root after bias correction, in units of the gradient; default 1e-8.

    Examples
    --------
    With ψ = 0 and β₁ = 1/2 the momentum is 1/4:

    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page = so.NAdam(lr=0.15, beta1=0.5, beta2=0.75, psi=0.0, eps=0.0)
    >>> x, m, v, p = page.step(0, page.init(np.array([1.0, -1.0]), o), o, ())  # η (1 + (1/4)/(1 - 1/16) 1/2) = 0.17
    >>> x.round(12), m, v, p
    (array([ 0.83, -0.83]), array([ 0.5, -1. ]), array([0.25, 1.  ]), array([0.25, 0.25]))
    """

    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    psi: NonNegative = 0.004
    eps: NonNegative = 1e-8

    def scaled(self, lr: Any) -> Any:
        beta1, beta2 = (1.0 - (1.0 - beta) * lr / self.lr for beta in (self.beta1, self.beta2))
        return self._replace(lr=lr, beta1=beta1, beta2=beta2, psi=self.psi * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x, 0.0 * x, 0.0 * x + 1.0

    def warm(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return x, g, g * g + noise_var(o, x), 0.0 * x

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m, v, p = y
        g = noisy_grad(o, x, z)
        m1 = self.beta1 * m + (1.0 - self.beta1) * g
        v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
        now, coming = self.beta1 * ahead(self.psi, k + 1.0), self.beta1 * ahead(self.psi, k + 2.0)
        p1 = now * p
        move = (1.0 - now) / (1.0 - p1) * g + coming / (1.0 - p1 * coming) * m1
        return x - self.lr * move / (np.sqrt(v1 / (1.0 - power(self.beta2, k + 1.0))) + self.eps), m1, v1, p1

    def domain(self, y: State) -> Any:
        x, m, v, p = y
        _, _, above = reachable(self, (x, m, v))
        return x, m, above, p

    def start(self, x: Vector, o: Oracle) -> Any:
        x1, m, v = first(self, x, o)
        return x1, m, v, 0.0 * x

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, m, v, p = y
        g, share, mu = grad(o, x), iota(self.beta2, self.lr, t), ahead(self.psi, t / self.lr)
        scale = 1.0 / np.sqrt(share) * root(o, x, v, share) + self.eps
        dm, dv = (1.0 - self.beta1) / self.lr * (g - m), (1.0 - self.beta2) / self.lr * square_drift(o, x, g, v)
        return -((1.0 - mu) * g + mu * m) / scale, dm, dv, 0.0 * p

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m, v, p = y
        w, h, share = root_cov(o, x, dw[0]), np.sqrt(self.lr), iota(self.beta2, self.lr, t)
        scale = 1.0 / np.sqrt(share) * root(o, x, v, share) + self.eps
        rho1, rho2 = (1.0 - self.beta1) / self.lr, (1.0 - self.beta2) / self.lr
        dv = h * rho2 * square_noise(o, x, grad(o, x), w, dw[1])
        return -h * (1.0 - ahead(self.psi, t / self.lr)) * w / scale, h * rho1 * w, dv, filled(0.0, p)

    def stationary(self, H: Any, Sigma: Any) -> Any:
        scale, R = correlation(Sigma)
        mu, rho, d = 1.0 if self.psi > 0.0 else 0.5, (1.0 - self.beta1) / self.lr, len(H)
        one, pull = np.eye(d), H / scale[:, None]  # in units of the noise
        A = np.block([[(1.0 - mu) * pull, mu * one], [-rho * pull, rho * one]])
        hit = np.vstack([-(1.0 - mu) * one, rho * one])
        return stationary(A, self.lr * hit @ R @ hit.T)[:d, :d]
