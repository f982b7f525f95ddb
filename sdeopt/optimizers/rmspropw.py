"""RMSpropW: RMSprop with decoupled weight decay, which shrinks x without passing through the preconditioner.

Discrete
    v' = β v + (1 - β) γ²,   x' = x - η γ/(√v' + ε) - ηθ x          γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  v₀ = 0
    γ is taken at x before it decays, as in torch.optim.AdamW.

SDE
    full         dX = -P⁻¹ (g dt + √η Σ^{1/2} dW) - θX dt,    P = diag(√V + ε)                      ρ = (1 - β)/η
                 dV = ρ (g² + diag Σ - V) dt + √η ρ (2 diag(g) Σ^{1/2} dW + Λ^{1/2} dW')     Λ_ij = Cov(ξ_i², ξ_j²)
    compagnoni   the same without noise in V
    malladi      the same without noise in V and without g² in dV

    One step is η units of time. The floor under √V and the start after the first step are those of RMSprop.

Regime
    η → 0 with ρ = (1 - β)/η and θ fixed, t = kη fixed; V of order one; ξ with third moments 0. malladi: σ ~ 1/η.

Claim
    Weak order 1 in η from a V of order one, 1/2 from the cold start, as for RMSprop. Stationary on a quadratic, to
    leading order (V = diag Σ): η/2 (H Σ^{-1/2} + θI)⁻¹ for diagonal H and Σ, below η/(2θ) however large the noise.

Heavy tails
    Refused where ξ has no variance: V tends to g² + diag Σ, which does not exist (the SDE full also asks for fourth
    moments). The discrete column runs.

Sources
    Decoupled decay: Loshchilov & Hutter (2019), arXiv:1711.05101. compagnoni and the stationary law: Monzio Compagnoni
    et al. (2025), arXiv:2411.15958. malladi: Malladi et al. (2022), arXiv:2205.10287. full: arXiv:2509.21614.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Decay, Draws, NonNegative, Oracle, Positive, State, Vector, grad, method, noise_var, rival
from sdeopt.optimizers.rmsprop import RMSprop, RMSpropCompagnoni, RMSpropMalladi
from sdeopt.theory import correlation, stationary

__all__ = ["RMSpropW", "RMSpropWCompagnoni", "RMSpropWMalladi"]

# RMSprop's own functions: everything but the decay
rmsprop_step: Any = RMSprop.step
rmsprop_start: Any = RMSprop.start
full_drift: Any = RMSprop.drift
full_diffusion: Any = RMSprop.diffusion
compagnoni_drift, compagnoni_diffusion = RMSpropCompagnoni.drift, RMSpropCompagnoni.diffusion
malladi_start, malladi_drift, malladi_diffusion = RMSpropMalladi.start, RMSpropMalladi.drift, RMSpropMalladi.diffusion


@method(
    order=1, sde="full", parts=("x", "v"), brownian=("gradient", "square"), family="adaptive", limited=True,
    at={"lr": 0.01, "beta": 0.998},  # at lr = 0.05 the gap is 25 %
)  # fmt: skip
class RMSpropW(NamedTuple):
    """RMSprop with decoupled weight decay.

    Discrete
        v' = β v + (1 - β) γ²,  x' = x - η γ/(√v' + ε) - ηθ x,  γ = ∇f(x) + ξ,  v₀ = 0
    SDE
        that of RMSprop with -θX dt added to dX, default "full"; rivals "compagnoni", "malladi"
    Regime
        η → 0, t = kη, ρ = (1 - β)/η and θ fixed
    Claim
        weak order 1 from a V of order one, 1/2 from the cold start; stationary variance (η/2)/(h/σ + θ)
    Sources
        arXiv:1711.05101; arXiv:2509.21614 (full), arXiv:2411.15958, arXiv:2205.10287

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta : float
        Decay β in [0, 1) of the running mean of squares; default 0.99.
    eps : float
        ε >= 0, added outside the root, in units of the gradient; default 1e-8.
    weight_decay : float
        θ >= 0, a rate: one step shrinks x by ηθ x; default 0.01.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> w = so.RMSpropW(lr=0.1, beta=0.75, eps=0.0, weight_decay=0.5)
    >>> x, v = w.step(0, (np.array([1.0, -1.0]), np.zeros(2)), o, ())
    >>> x, v  # RMSprop's (0.8, -0.8), less 0.05 x
    (array([ 0.75, -0.75]), array([0.25, 1.  ]))
    """

    lr: Positive
    beta: Decay = 0.99
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.01

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, beta=1.0 - (1.0 - self.beta) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return x, g * g + noise_var(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x1, v1 = rmsprop_step(self, k, y, o, z)
        return x1 - self.lr * self.weight_decay * y[0], v1

    def domain(self, y: State) -> Any:
        x, v = y
        return x, np.maximum(v, 0.0)

    def start(self, x: Vector, o: Oracle) -> Any:
        x1, v1 = rmsprop_start(self, x, o)
        return x1 - self.lr * self.weight_decay * x, v1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        dx, dv = full_drift(self, t, y, o)
        return dx - self.weight_decay * y[0], dv

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return full_diffusion(self, t, y, o, dw)

    def stationary(self, H: Any, Sigma: Any) -> Any:
        scale, R = correlation(Sigma)
        return stationary(H / scale[:, None] + self.weight_decay * np.eye(len(H)), self.lr * R)


@rival(RMSpropW, "compagnoni", order=1)
class RMSpropWCompagnoni:
    """dX = -(√V + ε)⁻¹ (∇f dt + √η Σ^{1/2} dW) - θX dt, dV = ρ (∇f² + diag Σ - V) dt: no noise in V.

    Valid for means, 1 - β = ρη; its covariance is right near a minimum, and wrong by a fixed factor where ∇f ≠ 0.

    Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        x1, v1 = rmsprop_start(self, x, o)
        return x1 - self.lr * self.weight_decay * x, v1

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        dx, dv = compagnoni_drift(self, t, y, o)
        return dx - self.weight_decay * y[0], dv

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return compagnoni_diffusion(self, t, y, o, dw)


@rival(RMSpropW, "malladi", order=1)
class RMSpropWMalladi:
    """dX = -(√V + ε)⁻¹ (∇f dt + √η Σ^{1/2} dW) - θX dt, dV = ρ (diag Σ - V) dt: the noise alone fills V.

    Valid where the noise dominates, see the rival of RMSprop; the decay then scales as θ ~ η. At fixed σ it does not
    converge.

    Source: Malladi, Lyu, Panigrahi & Arora (2022), arXiv:2205.10287; the decay is added here.
    """

    def start(self: Any, x: Vector, o: Oracle) -> Any:
        x1, v1 = malladi_start(self, x, o)
        return x1 - self.lr * self.weight_decay * x, v1

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        dx, dv = malladi_drift(self, t, y, o)
        return dx - self.weight_decay * y[0], dv

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return malladi_diffusion(self, t, y, o, dw)
