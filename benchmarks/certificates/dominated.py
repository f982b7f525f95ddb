"""Adam where the noise dominates: the scaling in which the SDE of Malladi et al. (2022), arXiv:2205.10287, is derived.

The noise of the gradient grows as σ = σ₀/η, the decays are 1 - βᵢ = cᵢη², and a step takes η² units of time. With
u = η²v, of order one,

    m' = β₁ m + (1 - β₁) γ,   u' = β₂ u + (1 - β₂) (ηγ)²,   x' = x - η² m̂/√û        γ = ∇f(x) + ξ/η,  Cov ξ = σ₀²

and the SDE, which is of order 1 in η² and whose noise does not fade:

    dX = -(√γ₂/γ₁) M/√U dt,   dM = c₁ (∇f - M) dt + c₁ σ₀ dW,   dU = c₂ (σ₀² - U) dt             γᵢ = 1 - e^{-cᵢt}

It starts warm, from M = ∇f and U = σ₀², long after the bias corrections are done (γᵢ = 1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import sdeopt as so
from sdeopt.core import grad, noise_var, noisy_grad, root_cov

__all__ = ["DominatedAdam"]


def squared(self: Any) -> Any:
    """Time of one step, η²."""
    return self.lr * self.lr


class DominatedAdam(so.Adam):
    """Adam without bias corrections and ε, in the scaling of Malladi et al. (2022)."""

    clock_of, clock = staticmethod(squared), property(squared)
    order, lasting = 2, True
    default_sde = "malladi"

    def scaled(self, lr: Any) -> Any:
        ratio = (lr / self.lr) * (lr / self.lr)
        return self._replace(lr=lr, beta1=1.0 - (1.0 - self.beta1) * ratio, beta2=1.0 - (1.0 - self.beta2) * ratio)

    def init(self, x: Any, o: Any) -> Any:
        return x, grad(o, x), 0.0 * x + noise_var(o, x)

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        x, m, u = y
        g = grad(o, x)
        seen = g + (noisy_grad(o, x, z) - g) / self.lr
        m1 = self.beta1 * m + (1.0 - self.beta1) * seen
        u1 = self.beta2 * u + (1.0 - self.beta2) * self.lr * self.lr * seen * seen
        return x - self.lr * self.lr * m1 / np.sqrt(u1), m1, u1

    def drift(self, t: Any, y: Any, o: Any) -> Any:
        x, m, u = y
        c1, c2 = (1.0 - self.beta1) / (self.lr * self.lr), (1.0 - self.beta2) / (self.lr * self.lr)
        return -m / np.sqrt(u), c1 * (grad(o, x) - m), c2 * (noise_var(o, x) - u)

    def diffusion(self, t: Any, y: Any, o: Any, dw: Any) -> Any:
        x, m, u = y
        return 0.0 * x, (1.0 - self.beta1) / (self.lr * self.lr) * root_cov(o, x, dw), 0.0 * u

    sdes = {"malladi": replace(so.Adam.sdes["malladi"], order=2, start=None, drift=drift, diffusion=diffusion)}
