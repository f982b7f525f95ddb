"""ByzClip21SGD2M: Clip21SGD2M whose server trims what the agents say, since some of them lie.

Discrete
    x' = x - η T(s_1 + b_1, ..., s_N + b_N)
    v_i' = (1 - β₁) v_i + β₁ (∇f_i(x') + ξ_i),   c_i = clip(v_i' - g_i)            clip(u) = u min(1, τ/|u|)
    g_i' = g_i + β₂ c_i,   s_i' = s_i + β₂ (c_i + ω_i)            ω_i ~ N(0, σ_ω² I)

    T is the mean of each entry without its t smallest and t largest, t = ⌊Nα⌋ but so that one or two are left: α = 0 is
    the mean and α = ½ the median. s_i is what the server has added up of agent i. The first L agents lie: by
    their doing the server has b_i = b in every entry besides, and for the others b_i = 0. v_i, g_i and s_i are 0 at the
    start.

SDE
    order1   dX = -T(S_1 + b_1, ..., S_N + b_N) dt
             dV_i = κ₁ (∇f_i(X) - V_i) dt + κ₁ √η Σ_i^{1/2} dW_i                          κ₁ = β₁/η, κ₂ = β₂/η
             dG_i = κ₂ clip(V_i - G_i) dt
             dS_i = κ₂ clip(V_i - G_i) dt + κ₂ √η σ_ω dB_i

    One step is η units of time.

Regime
    β₁ = κ₁ η and β₂ = κ₂ η with κ₁, κ₂, τ, σ_ω, N, α, L and b fixed, η → 0, t = kη fixed.

Claim
    Weak order 1 in η, measured with a liar (docs/certificates.md). With α = 0 and no liars it is Clip21SGD2M. At rest
    on f = h x²/2 the mean (α = 0) is -(L/N) b/h, as far off as the liars like. With L <= t, T lies between two of the
    honest s_i, whatever b is: equal honest agents without noise rest at 0, and noise moves them by no more than s_i
    differ. With L >= N - t the liars alone decide. Unequal honest agents rest where T of the ∇f_i is 0, which is not
    where their mean is.

Heavy tails
    Refused where one ξ_i has no variance: v_i is an average of gradients before any clipping, and the SDE needs its
    covariance. The discrete column runs.

Sources
    Byz-Clip21-SGD2M: Islamov, Malinovsky, Gaponov, Lucchi, Richtárik & Gorbunov (2026), arXiv:2603.23472, of which the
    abstract was seen: robust aggregation, double momentum and clipping. Where the server trims is our reading; the
    attack, the SDE and what is claimed are ours. Without liars: arXiv:2502.11682. Trimmed means and medians against
    liars: Yin, Chen, Ramchandran & Bartlett (2018), arXiv:1803.01498.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Bounds,
    Decay,
    Draws,
    Law,
    NonNegative,
    Objective,
    Oracle,
    Positive,
    Real,
    State,
    Vector,
    agent_grads,
    agent_means,
    agent_roots,
    each,
    filled,
    method,
    pieces,
    where,
)
from sdeopt.noise.directions import clipped

__all__ = ["ByzClip21SGD2M"]


def heard(self: Any, sums: Any, i: Any) -> Any:
    """s_i + b_i."""
    return sums[i] + self.lie * (1.0 * (i < self.liars))


def trimmed(self: Any, sums: Any) -> Any:
    """T: of equal entries any."""
    n = len(sums)
    kept, count = 0.0 * sums[0], 0.0 * sums[0]
    for i in range(n):
        own, rank = heard(self, sums, i), 0.0 * sums[0]
        for j in range(n):
            other = heard(self, sums, j)
            rank = rank + where(other < own, 1.0, where(other == own, 1.0 * (j < i), 0.0))
        inside = np.abs(rank - 0.5 * (n - 1.0)) < np.maximum(0.5 * (n + 1.0) - self.trim * n, 0.75)
        kept, count = kept + where(inside, own, 0.0), count + where(inside, 1.0, 0.0)
    return kept / count


@method(
    order=1,
    parts=("x", "v", "g", "s"),
    brownian=("gradient", "own"),
    family="distributed",
    limited=True,
    noise="agents:3,gaussian:0.5",
    at={"lr": 0.0125, "beta1": 0.025, "beta2": 0.025},  # as of Clip21SGD2M
)
class ByzClip21SGD2M(NamedTuple):
    """Clip21 with two momenta and a trimmed mean, against agents that lie.

    Discrete
        x' = x - η T(s_1 + b_1, ..., s_N + b_N),  v_i' = (1 - β₁) v_i + β₁ (∇f_i(x') + ξ_i),  c_i = clip(v_i' - g_i),
        g_i' = g_i + β₂ c_i,  s_i' = s_i + β₂ (c_i + ω_i)
    SDE
        dX = -T dt,  dV_i = κ₁ (∇f_i - V_i) dt + κ₁ √η Σ_i^{1/2} dW_i,  dG_i = κ₂ clip(V_i - G_i) dt,
        dS_i = κ₂ clip(V_i - G_i) dt + κ₂ √η σ_ω dB_i, default "order1"
    Regime
        β₁ = κ₁ η, β₂ = κ₂ η, η → 0, t = kη fixed
    Claim
        weak order 1; no lie of at most t agents moves T past the honest ones
    Sources
        Islamov et al., arXiv:2603.23472 (the abstract); Yin et al., arXiv:1803.01498

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1 : float
        Weight β₁ in [0, 1) of the newest gradient in v_i; default 0.1.
    beta2 : float
        Weight β₂ in [0, 1) of the newest change in g_i and s_i; default 0.1.
    clip : float
        Radius τ > 0; default 1.
    sigma_omega : float
        Standard deviation σ_ω >= 0 of the private noise of one agent; default 0.
    trim : float
        Share α in [0, ½] of the agents that is left out at either end; default ½, the median.
    liars : float
        L, a whole number, at most N: the first L agents lie; default 0.
    lie : float
        b, by which they lie in every entry; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0]), so.Agents(so.NoNoise(), agents=3)).oracle
    >>> y = np.zeros(1), np.zeros(3), np.zeros(3), np.array([1.0, 2.0, 4.0])
    >>> draws = (), (np.zeros(3),)
    >>> [so.ByzClip21SGD2M(lr=0.1, trim=a, liars=1, lie=30.0).step(0, y, o, draws)[0].round(12) for a in (0.0, 0.5)]
    [array([-1.23333333]), array([-0.4])]
    """

    lr: Positive
    beta1: Decay = 0.1
    beta2: Decay = 0.1
    clip: Positive = 1.0
    sigma_omega: NonNegative = 0.0
    trim: Annotated[float, Bounds(low=0.0, high=0.5)] = 0.5
    liars: Annotated[float, Bounds(low=0.0, whole=True)] = 0.0
    lie: Real = 0.0

    def scaled(self, lr: Any) -> Any:
        ratio = lr / self.lr
        return self._replace(lr=lr, beta1=ratio * self.beta1, beta2=ratio * self.beta2)

    def own(self, objective: Objective, noise: Law) -> Any:
        """The private noise of every agent, in units of its standard deviation."""
        if self.liars > noise.agents:
            raise ValueError(f"liars must be at most the number of agents, {noise.agents}, got {self.liars:g}")
        return (("normal", noise.agents * objective.dim),)

    def init(self, x: Vector, o: Oracle) -> Any:
        every = 0.0 * np.concatenate(agent_means(o, x))
        return x, every, every, every

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, v, g, s = y
        seen, (w,) = z
        x1 = x - self.lr * trimmed(self, pieces(s, agent_means(o, x)))
        grads = agent_grads(o, x1, seen)
        v1 = (1.0 - self.beta1) * v + self.beta1 * np.concatenate(grads)
        c = np.concatenate(each(clipped, pieces(v1 - g, grads), self.clip))
        return x1, v1, g + self.beta2 * c, s + self.beta2 * (c + self.sigma_omega * w)

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, v, g, s = y
        means = agent_means(o, x)
        c = np.concatenate(each(clipped, pieces(v - g, means), self.clip))
        k1, k2 = self.beta1 / self.lr, self.beta2 / self.lr
        return -trimmed(self, pieces(s, means)), k1 * (np.concatenate(means) - v), k2 * c, k2 * c

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, v, g, s = y
        dw_gradient, dw_own = dw
        h = np.sqrt(self.lr)
        noise = self.beta1 / h * np.concatenate(agent_roots(o, x, dw_gradient))
        return filled(0.0, x), noise, filled(0.0, g), self.beta2 / h * self.sigma_omega * dw_own
