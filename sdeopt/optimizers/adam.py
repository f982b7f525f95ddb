"""Adam: the running mean of the gradient, divided by the root of the running mean of its squares.

Discrete
    m' = β₁ m + (1 - β₁) γ,   v' = β₂ v + (1 - β₂) γ²         γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  m₀ = v₀ = 0
    x' = x - η m̂/(√v̂ + ε),   m̂ = m'/(1 - β₁^{k+1}),   v̂ = v'/(1 - β₂^{k+1})
    as torch.optim.Adam: ε outside the root and after the bias correction.

SDE
    full         dX = -(√ι₂/ι₁) P⁻¹ M dt,   P = diag(√V + ε√ι₂)         ρᵢ = (1 - βᵢ)/η,  ιᵢ(t) = 1 - e^{-ρᵢt}
                 dM = ρ₁ (g - M) dt + √η ρ₁ Σ^{1/2} dW
                 dV = ρ₂ (g² + diag Σ - V) dt + √η ρ₂ (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')   Λ_ij = Cov(ξ_i², ξ_j²)
    compagnoni   the same without noise in V, and with M + ηρ₁ (g - M) for M in dX
    malladi      the same without noise in V and without g² in dV

    One step is η units of time. W is the same in dM and dV: a large sample enters numerator and denominator together.
    The term ηρ₁ (g - M) is free at order 1. With the coefficient 1 it makes M the mean of m', which is right for Euler
    steps of length η; the modified equation has 1/2; at 0, as in "full", M/ι₁ is the unbiased mean of g from the first
    step on, while with any other coefficient the bias correction over-corrects by η/t, a relative error that adds up
    to η log(1/η). The noise of V can push it below zero: "full" reads √V as the root of max(V, ι₂ diag Σ/10), a tenth
    of a bound that the mean of V never crosses (constant Σ). t = 0 is singular: the equation starts after the first
    step, at t = η, from X = x - ηg/(√(g² + diag Σ) + ε), M = ι₁g, V = ι₂(g² + diag Σ).

Regime
    η → 0 with ρᵢ fixed, that is 1 - βᵢ = ρᵢη, and t = kη fixed; ξ with third moments 0 (else W and W' are correlated).
    malladi: the noise dominates, σ ~ 1/η. No equation holds for a weight whose gradient is 0 in most steps (a rare
    feature): its first samples are far apart on the scale of v, and Var x of the SDE can be twice too large.
    The command line runs at η = 0.025 with ρ₁ = 2 and ρ₂ = 0.02: at η = 0.05 and β₁ = 0.9 the gap is 10 %.

Claim
    Weak order 1 in η from the cold start, for the covariance of x too (f = x²/2, x₀ = 1, σ = 1/2, ρ = (2, 3/2), t = 1:
    the error of E x is below 0.04 η for η in [1/80, 1/10], that of Var x/η falls from 6 % to 1 %). compagnoni:
    η log(1/η) from the cold start, and a wrong covariance wherever g ≠ 0; malladi does not converge at fixed σ.
    Stationary on a quadratic, to leading order (V = diag Σ): η/2 Σ^{1/2} H⁻¹ for diagonal H and Σ, for every ρ₁.

Heavy tails
    Refused where ξ has no variance: V tends to g² + diag Σ, which does not exist (the SDE full also asks for fourth
    moments). The discrete column runs.

Sources
    Kingma & Ba (2015), arXiv:1412.6980. full: arXiv:2509.21614; floor and start are chosen here. compagnoni: Monzio
    Compagnoni et al. (2025), arXiv:2411.15958. malladi: Malladi et al. (2022), arXiv:2205.10287.
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
    power,
    rival,
    root_cov,
)
from sdeopt.optimizers.rmsprop import root, square_drift, square_noise
from sdeopt.theory import correlation, stationary

__all__ = ["Adam", "AdamCompagnoni", "AdamMalladi"]


def iota(beta: Any, lr: Any, t: float) -> Any:
    """ι(t) = 1 - e^{-ρt}, ρ = (1 - β)/η: the weight of the samples that a running mean has seen by time t."""
    return 1.0 - exp((beta - 1.0) / lr * t)


def update(self: Any, k: int, y: State, g: Vector) -> Any:
    """The state after the gradient ``g`` was seen at step k."""
    x, m, v = y
    m1 = self.beta1 * m + (1.0 - self.beta1) * g
    v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
    rate, share = self.lr / (1.0 - power(self.beta1, k + 1.0)), 1.0 / (1.0 - power(self.beta2, k + 1.0))
    return x - rate * m1 / (np.sqrt(share * v1) + self.eps), m1, v1


def reachable(self: Any, y: State) -> Any:
    """The state with v raised to what m demands: of the same gradients, v >= m² (1 - β₂)(β₂ - β₁²)/((1 - β₁)² β₂).

    That is the Cauchy-Schwarz inequality for the two running means. A sampled SDE can leave it, and x would take a
    rare huge step from a v near 0 with m away from it.
    """
    x, m, v = y
    slack = (1.0 - self.beta2) * np.maximum(self.beta2 - self.beta1 * self.beta1, 0.0)
    scale = (1.0 - self.beta1) * (1.0 - self.beta1) * np.maximum(self.beta2, 1e-300)
    return x, m, np.maximum(v, slack / scale * m * m)


def first(self: Any, x: Vector, o: Oracle) -> Any:
    """First step of Adam without decay, then ι₁g and ι₂(g² + diag Σ): the state at t = η without its noise."""
    g = grad(o, x)
    square = g * g + noise_var(o, x)
    i1, i2 = iota(self.beta1, self.lr, self.lr), iota(self.beta2, self.lr, self.lr)
    return x - self.lr * g / (np.sqrt(square) + self.eps), i1 * g, i2 * square


@method(
    order=1, sde="full", parts=("x", "m", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.025, "beta1": 0.95, "beta2": 0.9995},
)  # fmt: skip
class Adam(NamedTuple):
    """Adam, as torch.optim.Adam without weight decay, which `L2` adds.

    Discrete
        m' = β₁ m + (1 - β₁) γ,  v' = β₂ v + (1 - β₂) γ²,  x' = x - η m̂/(√v̂ + ε),  γ = ∇f(x) + ξ,  m₀ = v₀ = 0
    SDE
        dX = -(√ι₂/ι₁) M/(√V + ε√ι₂) dt,  dM = ρ₁ (∇f - M) dt + √η ρ₁ Σ^{1/2} dW,
        dV = ρ₂ (∇f² + diag Σ - V) dt + √η ρ₂ (2 ∇f Σ^{1/2} dW + Λ^{1/2} dW'),  ιᵢ = 1 - e^{-ρᵢt},
        default "full"; rivals "compagnoni" (no noise in V), "malladi" (nor ∇f²)
    Regime
        η → 0, t = kη and ρᵢ = (1 - βᵢ)/η fixed
    Claim
        weak order 1 from the cold start; stationary variance (η/2) σ/h
    Sources
        Kingma & Ba, arXiv:1412.6980; arXiv:2509.21614 (full), arXiv:2411.15958, arXiv:2205.10287

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1, beta2 : float
        Decays in [0, 1) of the running means of the gradient and of its square; defaults 0.9 and 0.999.
    eps : float
        ε >= 0, added outside the root after bias correction, in units of the gradient; default 1e-8.

    Examples
    --------
    The first step has length η in each coordinate:

    >>> import numpy as np
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]))
    >>> adam = so.Adam(lr=0.1, beta1=0.5, beta2=0.75, eps=0.0)
    >>> x, m, v = adam.step(0, adam.init(np.array([1.0, -1.0]), problem.oracle), problem.oracle, ())
    >>> x, m, v
    (array([ 0.9, -0.9]), array([ 0.5, -1. ]), array([0.25, 1.  ]))
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
        return x, g, g * g + noise_var(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        return update(self, k, y, noisy_grad(o, y[0], z))

    def domain(self, y: State) -> Any:
        return reachable(self, y)

    def start(self, x: Vector, o: Oracle) -> Any:
        return first(self, x, o)

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, m, v = y
        g = grad(o, x)
        i1, i2 = iota(self.beta1, self.lr, t), iota(self.beta2, self.lr, t)
        p = 1.0 / np.sqrt(i2) * root(o, x, v, i2) + self.eps
        dm = (1.0 - self.beta1) / self.lr * (g - m)
        return -m / (i1 * p), dm, (1.0 - self.beta2) / self.lr * square_drift(o, x, g, v)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m, v = y
        w = root_cov(o, x, dw[0])
        rho1, rho2 = (1.0 - self.beta1) / self.lr, (1.0 - self.beta2) / self.lr
        h = np.sqrt(self.lr)
        return filled(0.0, x), h * rho1 * w, h * rho2 * square_noise(o, x, grad(o, x), w, dw[1])

    def stationary(self, H: Any, Sigma: Any) -> Any:
        return frozen(self.lr, self.beta1, 0.0, H, Sigma)


def frozen(lr: float, beta1: float, weight_decay: float, H: Any, Sigma: Any) -> Any:
    """Cov X of dX = -(s⁻¹ M + θX) dt, dM = ρ₁ (HX - M) dt + √η ρ₁ Σ^{1/2} dW at stationarity, s = √diag Σ."""
    scale, R = correlation(Sigma)
    d, rho = len(H), (1.0 - beta1) / lr
    one = np.eye(d)
    # in units of the noise, M = diag(s) M̃
    A = np.block([[weight_decay * one, one], [-rho * H / scale[:, None], rho * one]])
    D = np.block([[0.0 * R, 0.0 * R], [0.0 * R, lr * rho**2 * R]])
    return stationary(A, D)[:d, :d]


@rival(Adam, "compagnoni", order=1)
class AdamCompagnoni:
    """dX = -(√ι₂/ι₁) P⁻¹ (M + ηρ₁ (∇f - M)) dt, dM as in "full", dV = ρ₂ (∇f² + diag Σ - V) dt: no noise in V.

    Valid for means, 1 - βᵢ = ρᵢη, up to η log(1/η) from the cold start; its covariance is right near a minimum, and
    wrong by a fixed factor where ∇f ≠ 0.

    Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        return first(self, x, o)

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, m, v = y
        g = grad(o, x)
        i1, i2 = iota(self.beta1, self.lr, t), iota(self.beta2, self.lr, t)
        p = np.sqrt(1.0 / i2 * v) + self.eps
        dm = (1.0 - self.beta1) / self.lr * (g - m)
        return -(m + self.lr * dm) / (i1 * p), dm, (1.0 - self.beta2) / self.lr * square_drift(o, x, g, v)

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m, v = y
        return filled(0.0, x), (1.0 - self.beta1) / np.sqrt(self.lr) * root_cov(o, x, dw), filled(0.0, v)


@rival(Adam, "malladi", order=1)
class AdamMalladi:
    """dX = -(√ι₂/ι₁) P⁻¹ M dt, dM as in "full", dV = ρ₂ (diag Σ - V) dt: the noise alone fills V.

    Valid where the noise dominates: σ = σ₀/η, 1 - βᵢ = cᵢη² and t' = kη² = ηt, where its weak order is 1 in η². At
    fixed σ it does not converge.

    Source: Malladi, Lyu, Panigrahi & Arora (2022), arXiv:2205.10287.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        x1, m, v = first(self, x, o)
        return x1, m, iota(self.beta2, self.lr, self.lr) * noise_var(o, x)

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, m, v = y
        i1, i2 = iota(self.beta1, self.lr, t), iota(self.beta2, self.lr, t)
        p = np.sqrt(1.0 / i2 * v) + self.eps
        rho1, rho2 = (1.0 - self.beta1) / self.lr, (1.0 - self.beta2) / self.lr
        return -m / (i1 * p), rho1 * (grad(o, x) - m), rho2 * (noise_var(o, x) - v)

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m, v = y
        return filled(0.0, x), (1.0 - self.beta1) / np.sqrt(self.lr) * root_cov(o, x, dw), filled(0.0, v)
