"""RMSprop: divide each coordinate of the gradient by the root of a running mean of its squares.

Discrete
    v' = β v + (1 - β) γ²,   x' = x - η γ/(√v' + ε)          γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  v₀ = 0
    as torch.optim.RMSprop: not centred, no momentum, no bias correction, ε outside the root.

SDE
    full         dX = -P⁻¹ (g dt + √η Σ^{1/2} dW),    P = diag(√V + ε)                              ρ = (1 - β)/η
                 dV = ρ (g² + diag Σ - V) dt + √η ρ (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')     Λ_ij = Cov(ξ_i², ξ_j²)
    compagnoni   the same without noise in V
    malladi      the same without noise in V and without g² in dV

    One step is η units of time. W is the same in both equations: a large sample enters numerator and denominator
    together. The noise of V is additive and can push V below zero, so "full" reads √V as the root of
    max(V, (1 - e^{-ρt}) diag Σ/10), a tenth of a bound that the mean of V never crosses (constant Σ).
    V = 0 is singular: the equation starts after the first step, at t = η, from V = (1 - β)(g² + diag Σ).

Regime
    η → 0 with ρ fixed, that is 1 - β = ρη, and t = kη fixed; V of order one; ξ with third moments 0 (else W and W'
    are correlated). malladi: the noise dominates, σ ~ 1/η. The command line runs at η = 0.01 with ρ = 0.2: at β = 0.99
    the gap is 20 to 29 % at η = 0.05 and hardly less at 0.02, since ρ must be fixed for it to fall.

Claim
    Weak order 1 in η from a V of order one. From the cold start v₀ = 0 the order is 1/2: the first steps have length
    √(η/ρ), whatever the gradient, and no SDE resolves them (f = x²/2, σ = 1/2, ρ = 3/2, t = 1: the error of E x is
    about 0.1 √η). compagnoni has the right means, but a wrong covariance wherever g ≠ 0 (in the same setting Var x is
    1/3 too large from a warm V); malladi does not converge at fixed σ.
    Without noise it ends on a quadratic at ηh/√v = 2, its edge of stability, with |x| = η/2 (claim rmsprop_edge);
    its path on average is `theory.rmsprop_central_flow`.
    Stationary on a quadratic, to leading order (V = diag Σ): η/2 Σ^{1/2} H⁻¹ for diagonal H and Σ.

Heavy tails
    Refused where ξ has no variance: V tends to g² + diag Σ, which does not exist (the SDE full also asks for fourth
    moments). The discrete column runs: its steps are bounded by η/√(1 - β).

Sources
    Tieleman & Hinton (2012), Coursera lecture 6.5. compagnoni: Monzio Compagnoni et al. (2025), arXiv:2411.15958.
    malladi: Malladi et al. (2022), arXiv:2205.10287. full: arXiv:2509.21614; the floor is chosen here.
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
    exp,
    filled,
    grad,
    method,
    noise_var,
    noisy_grad,
    rival,
    root_cov,
    root_square_cov,
)
from sdeopt.theory import correlation, stationary

__all__ = ["RMSprop", "RMSpropCompagnoni", "RMSpropMalladi"]


def root(o: Oracle, x: Vector, v: Vector, share: Any) -> Any:
    """√V where V is noisy: floored at a tenth of ``share`` diag Σ, ``share`` = 1 - e^{-ρt} being what V has seen."""
    return np.sqrt(np.maximum(v, 0.1 * share * noise_var(o, x)))


def square_drift(o: Oracle, x: Vector, g: Vector, v: Vector) -> Any:
    """g² + diag Σ - V: the mean of γ² - V."""
    return g * g + noise_var(o, x) - v


def square_noise(o: Oracle, x: Vector, g: Vector, w: Any, dw: Vector) -> Any:
    """2 g ξ + (ξ² - E ξ²), the noise of γ²: ``w`` = Σ^{1/2} dW stands for ξ, ``dw`` drives the independent rest."""
    return 2.0 * g * w + root_square_cov(o, x, dw)


@method(
    order=1, sde="full", parts=("x", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.01, "beta": 0.998},
)  # fmt: skip
class RMSprop(NamedTuple):
    """RMSprop, as torch.optim.RMSprop without momentum and centring; `L2` adds its weight decay.

    Discrete
        v' = β v + (1 - β) γ²,  x' = x - η γ/(√v' + ε),  γ = ∇f(x) + ξ,  v₀ = 0
    SDE
        dX = -(√V + ε)⁻¹ (∇f dt + √η Σ^{1/2} dW),  dV = ρ (∇f² + diag Σ - V) dt + √η ρ (2 ∇f Σ^{1/2} dW + Λ^{1/2} dW'),
        default "full"; rivals "compagnoni" (no noise in V), "malladi" (nor ∇f²)
    Regime
        η → 0, t = kη and ρ = (1 - β)/η fixed
    Claim
        weak order 1 from a V of order one, 1/2 from the cold start; stationary variance (η/2) σ/h
    Sources
        Tieleman & Hinton 2012; arXiv:2509.21614 (full), arXiv:2411.15958, arXiv:2205.10287

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta : float
        Decay β in [0, 1) of the running mean (``alpha`` in PyTorch); default 0.99.
    eps : float
        ε >= 0, added outside the root, in units of the gradient; default 1e-8.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> x, v = so.RMSprop(lr=0.1, beta=0.75, eps=0.0).step(0, (np.array([1.0, -1.0]), np.zeros(2)), o, ())
    >>> x, v  # γ = (1, -2), √v = (1/2, 1)
    (array([ 0.8, -0.8]), array([0.25, 1.  ]))
    """

    lr: Positive
    beta: Decay = 0.99
    eps: NonNegative = 1e-8

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, beta=1.0 - (1.0 - self.beta) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return x, g * g + noise_var(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v = y
        g = noisy_grad(o, x, z)
        v1 = self.beta * v + (1.0 - self.beta) * g * g
        return x - self.lr * g / (np.sqrt(v1) + self.eps), v1

    def domain(self, y: State) -> Any:
        x, v = y
        return x, np.maximum(v, 0.0)

    def start(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        v = (1.0 - self.beta) * (g * g + noise_var(o, x))
        return x - self.lr * g / (np.sqrt(v) + self.eps), v

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        g = grad(o, x)
        rho = (1.0 - self.beta) / self.lr
        p = root(o, x, v, 1.0 - exp(-rho * t)) + self.eps
        return -g / p, rho * square_drift(o, x, g, v)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        rho = (1.0 - self.beta) / self.lr
        w = root_cov(o, x, dw[0])
        p = root(o, x, v, 1.0 - exp(-rho * t)) + self.eps
        return -np.sqrt(self.lr) * w / p, np.sqrt(self.lr) * rho * square_noise(o, x, grad(o, x), w, dw[1])

    def stationary(self, H: Any, Sigma: Any) -> Any:
        scale, R = correlation(Sigma)
        return stationary(H / scale[:, None], self.lr * R)


@rival(RMSprop, "compagnoni", order=1)
class RMSpropCompagnoni:
    """dX = -(√V + ε)⁻¹ (∇f dt + √η Σ^{1/2} dW), dV = ρ (∇f² + diag Σ - V) dt: no noise in V.

    Valid for means, 1 - β = ρη; its covariance is right near a minimum, and wrong by a fixed factor where ∇f ≠ 0.

    Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        v = (1.0 - self.beta) * (g * g + noise_var(o, x))
        return x - self.lr * g / (np.sqrt(v) + self.eps), v

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        g = grad(o, x)
        rho = (1.0 - self.beta) / self.lr
        return -g / (np.sqrt(v) + self.eps), rho * square_drift(o, x, g, v)

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        return -np.sqrt(self.lr) * root_cov(o, x, dw) / (np.sqrt(v) + self.eps), filled(0.0, v)


@rival(RMSprop, "malladi", order=1)
class RMSpropMalladi:
    """dX = -(√V + ε)⁻¹ (∇f dt + √η Σ^{1/2} dW), dV = ρ (diag Σ - V) dt: the noise alone fills V.

    Valid where the noise dominates: σ = σ₀/η, 1 - β = cη² and t' = kη² = ηt, where its weak order is 1 in η²; there
    u = V/σ² obeys du = c (diag Σ - u) dt', the paper's form. At fixed σ it does not converge.

    Source: Malladi, Lyu, Panigrahi & Arora (2022), arXiv:2205.10287.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        share = 1.0 - self.beta
        p = np.sqrt(share * (g * g + noise_var(o, x))) + self.eps
        return x - self.lr * g / p, share * noise_var(o, x)

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, v = y
        rho = (1.0 - self.beta) / self.lr
        return -grad(o, x) / (np.sqrt(v) + self.eps), rho * (noise_var(o, x) - v)

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v = y
        return -np.sqrt(self.lr) * root_cov(o, x, dw) / (np.sqrt(v) + self.eps), filled(0.0, v)
