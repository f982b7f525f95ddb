"""Lion: the sign of a mean of gradients in which the newest counts for more than in the momentum.

Discrete
    c = β₁ m + (1 - β₁) γ,   x' = x - η (sign c + θx),   m' = β₂ m + (1 - β₂) γ                  γ = g + ξ,  m₀ = 0

SDE
    order1   dX = -(s + θX) dt - √η (J Σ^{1/2} dW + R^{1/2} dW')                                  κ = (1 - β₂)/η
             dM = κ (g - M) dt + √η κ Σ^{1/2} dW

    One step is η units of time. sign c is the sign of G + ξ with G = β₁/(1 - β₁) M + g, that of SignSGD at a shifted
    gradient: s = E sign(G + ξ), C its covariance. X and M see the same ξ, so their noises are correlated:
    J = Cov(sign(G + ξ), ξ) Σ⁻¹ is the regression of the sign on ξ, and R = C - J Σ Jᵀ what it leaves. For normal ξ with
    standard deviations σ: s = erf(a/√2) with a = G/σ, J = diag(2φ(a)/σ), d⟨X, M⟩ = -2ηκ σφ(a) dt in each coordinate.

Regime
    η → 0 with κ fixed, that is 1 - β₂ = κη, and β₁ fixed; t = kη and the law of ξ fixed. The SDE has the mean and
    covariance of a step at any β₁ and β₂, but with β₂ fixed M forgets in a few steps, and it is no longer of order 1.

Claim
    Weak order 1 in η, for the covariance too. Stationary on a quadratic, to leading order in η, with b = β₁/(1 - β₁):
    the signs are linear, s = √(2/π) Σ_d^{-1/2} (bM + HX), Σ_d = diag Σ, and (X, M) is an Ornstein-Uhlenbeck process.

Heavy tails
    Refused where ξ has no variance: the signs have moments, but M is a mean of gradients, and its noise is Σ. The
    discrete column runs.

Sources
    Chen et al. (2023), arXiv:2302.06675. The SDE is the mean and covariance of a step, matched here; the moments of
    signs as in SignSGD's: Monzio Compagnoni et al. (2025), arXiv:2411.15958.
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
    grad,
    mean_sign,
    method,
    noisy_grad,
    root_cov,
    root_sign_residual,
    sign_response,
)
from sdeopt.theory import correlation, stationary

__all__ = ["Lion"]


def shifted(o: Oracle, x: Vector, m: Any, beta: Any) -> Any:
    """G = β/(1 - β) m + ∇f(x): βm + (1 - β)(∇f + ξ) has the sign of G + ξ."""
    return beta / (1.0 - beta) * m + grad(o, x)


def sign_noise(o: Oracle, x: Vector, G: Any, w: Any, dw: Vector) -> Any:
    """The noise of sign(G + ξ): its response to ξ, for which ``w`` = Σ^{1/2} dW stands, and an independent rest."""
    return sign_response(o, x, G, w) + root_sign_residual(o, x, G, dw)


@method(
    order=1, parts=("x", "m"), brownian=("gradient", "sign"), family="sign", limited=True,
    at={"lr": 0.02, "beta2": 0.996},  # at lr = 0.05 the gap is 10 to 13 %
)  # fmt: skip
class Lion(NamedTuple):
    """Lion, evolved sign momentum, with decoupled weight decay.

    Discrete
        x' = x - η (sign(β₁ m + (1 - β₁) γ) + θx),  m' = β₂ m + (1 - β₂) γ,  γ = ∇f(x) + ξ,  m₀ = 0
    SDE
        dX = -(s + θX) dt - √η (J Σ^{1/2} dW + R^{1/2} dW'),  dM = κ (∇f - M) dt + √η κ Σ^{1/2} dW,  s the mean,
        J the regression on ξ and R the residual covariance of sign(β₁/(1 - β₁) M + ∇f + ξ), default "order1"
    Regime
        η → 0, t = kη, κ = (1 - β₂)/η and β₁ fixed
    Claim
        weak order 1
    Sources
        Chen et al., arXiv:2302.06675; moment-matched by us

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the length of a step in each coordinate; also the time of one step.
    beta1, beta2 : float
        Weights in [0, 1) of the momentum in the sign and in its own update; defaults 0.9 and 0.99.
    weight_decay : float
        θ >= 0, a rate: one step shrinks x by ηθ x; default 0. Without noise x ends in the box |x_i| <= 1/θ.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> lion = so.Lion(lr=0.1, beta1=0.5, beta2=0.75, weight_decay=1.0)
    >>> x, m = lion.step(0, (np.array([1.0, -1.0]), np.array([-2.0, 0.0])), o, ())
    >>> x, m  # γ = (1, -2), c = (-0.5, -1)
    (array([ 1. , -0.8]), array([-1.25, -0.5 ]))
    """

    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.99
    weight_decay: NonNegative = 0.0

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, beta2=1.0 - (1.0 - self.beta2) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        return x, grad(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m = y
        g = noisy_grad(o, x, z)
        c = self.beta1 * m + (1.0 - self.beta1) * g
        return x - self.lr * (np.sign(c) + self.weight_decay * x), self.beta2 * m + (1.0 - self.beta2) * g

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, m = y
        s = mean_sign(o, x, shifted(o, x, m, self.beta1))
        return -s - self.weight_decay * x, (1.0 - self.beta2) / self.lr * (grad(o, x) - m)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m = y
        w = root_cov(o, x, dw[0])
        kick = sign_noise(o, x, shifted(o, x, m, self.beta1), w, dw[1])
        return -np.sqrt(self.lr) * kick, (1.0 - self.beta2) / np.sqrt(self.lr) * w

    def stationary(self, H: Any, Sigma: Any) -> Any:
        scale, R = correlation(Sigma)
        one, kappa, slope = np.eye(len(H)), (1.0 - self.beta2) / self.lr, np.sqrt(2.0 / np.pi) / scale[:, None]
        pull = self.beta1 / (1.0 - self.beta1) * slope * one
        A = np.block([[slope * H + self.weight_decay * one, pull], [-kappa * H, kappa * one]])
        shared = -kappa * slope * Sigma
        D = np.block([[2.0 / np.pi * np.arcsin(R), shared], [shared.T, kappa**2 * Sigma]])
        return stationary(A, self.lr * D)[: len(H), : len(H)]
