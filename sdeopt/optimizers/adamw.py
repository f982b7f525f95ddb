"""AdamW: Adam with decoupled weight decay, which shrinks x without passing through the preconditioner.

Discrete
    m' = β₁ m + (1 - β₁) γ,   v' = β₂ v + (1 - β₂) γ²         γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  m₀ = v₀ = 0
    x' = x - ηθ x - η m̂/(√v̂ + ε),   m̂ = m'/(1 - β₁^{k+1}),   v̂ = v'/(1 - β₂^{k+1})
    as torch.optim.AdamW: x decays first, by ηθ x, but γ was taken at the undecayed x.

SDE
    full         dX = -(√ι₂/ι₁) P⁻¹ M dt - θX dt,   P = diag(√V + ε√ι₂)     ρᵢ = (1 - βᵢ)/η,  ιᵢ(t) = 1 - e^{-ρᵢt}
                 dM = ρ₁ (g - M) dt + √η ρ₁ Σ^{1/2} dW
                 dV = ρ₂ (g² + diag Σ - V) dt + √η ρ₂ (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')   Λ_ij = Cov(ξ_i², ξ_j²)
    compagnoni   the same without noise in V, and with M + ηρ₁ (g - M) for M in dX
    malladi      the same without noise in V and without g² in dV

    One step is η units of time. The floor under √V, the start after the first step and the meaning of the term
    ηρ₁ (g - M) are those of Adam.

Regime
    η → 0 with ρᵢ = (1 - βᵢ)/η and θ fixed, t = kη fixed; ξ with third moments 0. malladi: σ ~ 1/η.
    The command line runs at η = 0.025 with ρ₁ = 2 and ρ₂ = 0.02: at η = 0.05 and β₁ = 0.9 the gap is 10 %.

Claim
    Weak order 1 in η from the cold start. Stationary on a quadratic, to leading order (V = diag Σ), for diagonal H, Σ:
    Var = (η/2) ρ₁/(ρ₁ + θ) / (h/σ + θ), below η/(2θ) however large the noise. The factor ρ₁/(ρ₁ + θ) is missing in
    lemma C.57 of arXiv:2411.15958, which is the limit ρ₁ » θ; at 1 - β₁ = 0.1, η = 10⁻³, θ = 0.1 it is 0.999.

Heavy tails
    Refused where ξ has no variance: V tends to g² + diag Σ, which does not exist (the SDE full also asks for fourth
    moments). The discrete column runs.

Sources
    Loshchilov & Hutter (2019), arXiv:1711.05101. full: arXiv:2509.21614; floor and start are chosen here. compagnoni:
    Monzio Compagnoni et al. (2025), arXiv:2411.15958. malladi: Malladi et al. (2022), arXiv:2205.10287. The stationary
    law with momentum is derived here, from the linear system (X, M) with V frozen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sdeopt.core import Decay, Draws, NonNegative, Oracle, Positive, State, Vector, grad, method, noise_var, rival
from sdeopt.optimizers.adam import Adam, AdamCompagnoni, AdamMalladi, frozen, reachable

__all__ = ["AdamW", "AdamWCompagnoni", "AdamWMalladi"]

# Adam's own functions: everything but the decay
adam_step: Any = Adam.step
adam_start: Any = Adam.start
full_drift: Any = Adam.drift
full_diffusion: Any = Adam.diffusion
compagnoni_drift, compagnoni_diffusion = AdamCompagnoni.drift, AdamCompagnoni.diffusion
malladi_start, malladi_drift, malladi_diffusion = AdamMalladi.start, AdamMalladi.drift, AdamMalladi.diffusion


@method(
    order=1, sde="full", parts=("x", "m", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.025, "beta1": 0.95, "beta2": 0.9995},
)  # fmt: skip
class AdamW(NamedTuple):
    """Adam with decoupled weight decay, as torch.optim.AdamW.

    Discrete
        x' = x - ηθ x - η m̂/(√v̂ + ε), with m̂ and v̂ of Adam, m₀ = v₀ = 0
    SDE
        that of Adam with -θX dt added to dX, default "full"; rivals "compagnoni", "malladi"
    Regime
        η → 0, t = kη, ρᵢ = (1 - βᵢ)/η and θ fixed
    Claim
        weak order 1 from the cold start; stationary variance (η/2) ρ₁/(ρ₁ + θ) / (h/σ + θ)
    Sources
        Loshchilov & Hutter, arXiv:1711.05101; arXiv:2509.21614 (full), arXiv:2411.15958, arXiv:2205.10287

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1, beta2 : float
        Decays in [0, 1) of the running means of the gradient and of its square; defaults 0.9 and 0.999.
    eps : float
        ε >= 0, added outside the root after bias correction, in units of the gradient; default 1e-8.
    weight_decay : float
        θ >= 0, a rate: one step shrinks x by ηθ x; default 0.01.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> adamw = so.AdamW(lr=0.1, beta1=0.5, beta2=0.75, eps=0.0, weight_decay=0.5)
    >>> x, m, v = adamw.step(0, adamw.init(np.array([1.0, -1.0]), o), o, ())
    >>> x, m, v  # Adam's (0.9, -0.9), less 0.05 x
    (array([ 0.85, -0.85]), array([ 0.5, -1. ]), array([0.25, 1.  ]))
    """

    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.01

    def scaled(self, lr: Any) -> Any:
        beta1, beta2 = (1.0 - (1.0 - beta) * lr / self.lr for beta in (self.beta1, self.beta2))
        return self._replace(lr=lr, beta1=beta1, beta2=beta2)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return x, g, g * g + noise_var(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x1, m1, v1 = adam_step(self, k, y, o, z)
        return x1 - self.lr * self.weight_decay * y[0], m1, v1

    def domain(self, y: State) -> Any:
        return reachable(self, y)

    def start(self, x: Vector, o: Oracle) -> Any:
        x1, m1, v1 = adam_start(self, x, o)
        return x1 - self.lr * self.weight_decay * x, m1, v1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        dx, dm, dv = full_drift(self, t, y, o)
        return dx - self.weight_decay * y[0], dm, dv

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return full_diffusion(self, t, y, o, dw)

    def stationary(self, H: Any, Sigma: Any) -> Any:
        return frozen(self.lr, self.beta1, self.weight_decay, H, Sigma)


@rival(AdamW, "compagnoni", order=1)
class AdamWCompagnoni:
    """dX = -(√ι₂/ι₁) P⁻¹ (M + ηρ₁ (∇f - M)) dt - θX dt, dV = ρ₂ (∇f² + diag Σ - V) dt: no noise in V.

    Valid for means, 1 - βᵢ = ρᵢη, up to η log(1/η) from the cold start; its covariance is right near a minimum, and
    wrong by a fixed factor where ∇f ≠ 0.

    Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        x1, m1, v1 = adam_start(self, x, o)
        return x1 - self.lr * self.weight_decay * x, m1, v1

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        dx, dm, dv = compagnoni_drift(self, t, y, o)
        return dx - self.weight_decay * y[0], dm, dv

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return compagnoni_diffusion(self, t, y, o, dw)


@rival(AdamW, "malladi", order=1)
class AdamWMalladi:
    """dX = -(√ι₂/ι₁) P⁻¹ M dt - θX dt, dV = ρ₂ (diag Σ - V) dt: the noise alone fills V.

    Valid where the noise dominates, see the rival of Adam; the decay then scales as θ ~ η. At fixed σ it does not
    converge.

    Source: Malladi, Lyu, Panigrahi & Arora (2022), arXiv:2205.10287; the decay is added here.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        x1, m1, v1 = malladi_start(self, x, o)
        return x1 - self.lr * self.weight_decay * x, m1, v1

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        dx, dm, dv = malladi_drift(self, t, y, o)
        return dx - self.weight_decay * y[0], dm, dv

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return malladi_diffusion(self, t, y, o, dw)
