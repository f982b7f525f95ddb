"""Clip21SGD2M: clipping with error feedback and two momenta, for agents that hide their gradients in noise.

Discrete
    x' = x - η G
    v_i' = (1 - β₁) v_i + β₁ (∇f_i(x') + ξ_i),   c_i = clip(v_i' - g_i)            clip(u) = u min(1, τ/|u|)
    g_i' = g_i + β₂ c_i,   G' = G + (β₂/N) Σ_i (c_i + ω_i)            ω_i ~ N(0, σ_ω² I)

    What is clipped is a change, so that the clipping does not bias the limit; v_i, g_i and G are 0 at the start.

SDE
    order1   dX = -G dt
             dV_i = κ₁ (∇f_i(X) - V_i) dt + κ₁ √η Σ_i^{1/2} dW_i                          κ₁ = β₁/η, κ₂ = β₂/η
             dG_i = κ₂ clip(V_i - G_i) dt
             dG = (κ₂/N) Σ_i clip(V_i - G_i) dt + κ₂ √(η/N) σ_ω dB

    One step is η units of time.

Regime
    β₁ = κ₁ η and β₂ = κ₂ η with κ₁, κ₂, τ, σ_ω and N fixed, η → 0, t = kη fixed.

Claim
    Weak order 1 in η; moment-matched by us. The kink of the clip makes the constant large: order 1 shows for
    η <= 0.0125 on a quadratic with κ = (3, 2), τ = 0.5. On the command line's own small problem, κ = (2, 2), the gap
    is 7 % at its η = 0.0125, 30 % at 0.05. The private noise is never damped: G - (1/N) Σ_i g_i is a
    random walk, of variance k β₂² σ_ω²/N per coordinate after k steps, exactly and in both columns.

Heavy tails
    Refused where one ξ_i has no variance: v_i is an average of gradients before any clipping, and the SDE needs its
    covariance. The discrete column runs.

Sources
    Islamov, Horváth, Lucchi, Richtárik & Gorbunov (2025), arXiv:2502.11682. The SDE is derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Decay,
    Draws,
    Law,
    NonNegative,
    Objective,
    Oracle,
    Positive,
    State,
    Vector,
    agent_grads,
    agent_means,
    agent_roots,
    average,
    each,
    filled,
    method,
    pieces,
)
from sdeopt.noise.directions import clipped

__all__ = ["Clip21SGD2M"]


@method(
    order=1,
    parts=("x", "v", "g", "G"),
    brownian=("gradient", "own"),
    family="distributed",
    limited=True,
    noise="agents:2,gaussian:0.5",
    at={"lr": 0.0125, "beta1": 0.025, "beta2": 0.025},  # at lr = 0.05, β = 0.1 the gap is 30 %
)
class Clip21SGD2M(NamedTuple):
    """Clip21 with two momenta.

    Discrete
        x' = x - η G,  v_i' = (1 - β₁) v_i + β₁ (∇f_i(x') + ξ_i),  c_i = clip(v_i' - g_i),
        g_i' = g_i + β₂ c_i,  G' = G + (β₂/N) Σ_i (c_i + ω_i)
    SDE
        dX = -G dt,  dV_i = κ₁ (∇f_i - V_i) dt + κ₁ √η Σ_i^{1/2} dW_i,  dG_i = κ₂ clip(V_i - G_i) dt,
        dG = (κ₂/N) Σ_i clip(V_i - G_i) dt + κ₂ √(η/N) σ_ω dB, default "order1"
    Regime
        β₁ = κ₁ η, β₂ = κ₂ η, η → 0, t = kη fixed
    Claim
        weak order 1; G - (1/N) Σ_i g_i is a random walk
    Sources
        Islamov et al., arXiv:2502.11682

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1 : float
        Weight β₁ in [0, 1) of the newest gradient in v_i; default 0.1.
    beta2 : float
        Weight β₂ in [0, 1) of the newest change in g_i and G; default 0.1.
    clip : float
        Radius τ > 0; default 1.
    sigma_omega : float
        Standard deviation σ_ω >= 0 of the private noise of one agent; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> page = so.Clip21SGD2M(lr=0.1, beta1=0.5, beta2=0.5, clip=1.0)
    >>> y = page.step(0, page.init(np.array([1.0, -1.0]), o), o, ((), (np.zeros(2),)))
    >>> y[1], y[3]  # half of the gradient (3, -4); half of its change clipped to the length 1
    (array([ 1.5, -2. ]), array([ 0.3, -0.4]))
    """

    lr: Positive
    beta1: Decay = 0.1
    beta2: Decay = 0.1
    clip: Positive = 1.0
    sigma_omega: NonNegative = 0.0

    def scaled(self, lr: Any) -> Any:
        ratio = lr / self.lr
        return self._replace(lr=lr, beta1=ratio * self.beta1, beta2=ratio * self.beta2)

    def own(self, objective: Objective, noise: Law) -> Any:
        """The mean of the private noises, in units of its standard deviation."""
        return (("normal", objective.dim),)

    def init(self, x: Vector, o: Oracle) -> Any:
        every = 0.0 * np.concatenate(agent_means(o, x))
        return x, every, every, 0.0 * x

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v, g, G = y
        seen, (w,) = z
        x1 = x - self.lr * G
        grads = agent_grads(o, x1, seen)
        v1 = (1.0 - self.beta1) * v + self.beta1 * np.concatenate(grads)
        c = each(clipped, pieces(v1 - g, grads), self.clip)
        private = self.sigma_omega / np.sqrt(1.0 * len(c)) * w
        return x1, v1, g + self.beta2 * np.concatenate(c), G + self.beta2 * (average(c) + private)

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, v, g, G = y
        means = agent_means(o, x)
        c = each(clipped, pieces(v - g, means), self.clip)
        k1, k2 = self.beta1 / self.lr, self.beta2 / self.lr
        return -G, k1 * (np.concatenate(means) - v), k2 * np.concatenate(c), k2 * average(c)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v, g, G = y
        dw_gradient, dw_own = dw
        roots = agent_roots(o, x, dw_gradient)
        h = np.sqrt(self.lr)
        private = self.beta2 / h * self.sigma_omega / np.sqrt(1.0 * len(roots)) * dw_own
        return filled(0.0, x), self.beta1 / h * np.concatenate(roots), filled(0.0, g), private
