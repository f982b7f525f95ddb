"""DiLoCo: rounds of AdamW at every agent, of which Nesterov's momentum makes one step.

Discrete
    Every agent i = 1..N goes H steps of `AdamW` from x_i = x, with means m_i and v_i that it keeps from round to round,
        m_i ← β₁ m_i + (1 - β₁) γ_i,   v_i ← β₂ v_i + (1 - β₂) γ_i²               γ_i = ∇f_i(x_i) + ξ_i;  m_i = v_i = 0
        x_i ← (1 - ηθ) x_i - η m̂_i/(√v̂_i + ε)                  corrected by 1 - βⁿ, n counts the steps of all rounds
    Δ = x - (1/N) Σ_i x_i,   b' = μ b + Δ,   x' = x - α (Δ + μ b')                                               b₀ = 0
    One step of this page is a round: torch.optim.AdamW inside, torch.optim.SGD(α, momentum=μ, nesterov=True) outside.

SDE
    sampled   dY = E[Δ]/τ dt + (Cov Δ/τ)^{1/2} dW for Y = (X, B, M_i, V_i), Δ a round by fresh draws, τ = ηH its time

    With ρᵢ = (1 - βᵢ)/η, ιᵢ = 1 - e^{-ρᵢt} and Σ_i = Cov ξ_i its drift is, as η → 0,
        dX = -(α/ηH) B dt,   dB = [(1/N) Σ_i (√ι₂/ι₁) M_i/(√V_i + ε√ι₂) + θX - ((1 - μ)/ηH) B] dt
        dM_i = ρ₁ (∇f_i - M_i) dt,   dV_i = ρ₂ (∇f_i² + diag Σ_i - V_i) dt
    and its noise √η ρ₁ Σ_i^{1/2} dW_i in M_i, with that of the squares in V_i: all agents' Adams, and a momentum that
    sums them up. "sampled", for no law of `Agents` tells the variances of a single agent but through draws.

Regime
    α = α̂ ηH, 1 - μ = κ ηH and ρᵢ, θ, H, N fixed, η → 0, t = kηH fixed. DiLoCo's own numbers, α = 0.7, μ = 0.9 and
    hundreds of steps, are outside of it: a round is too long for a step of an SDE.

Claim
    Weak order 1 in η: the mean of a round is the drift above, to η²; no certificate was measured yet. On f = h x²/2
    with Var ξ_i = s² and V_i at s² the level at rest is

        Var X = α η s/(2hN(1 - μ)) / (1 - q),   q = α (ηH) h/(s (1 - μ)(1 - μ + H(1 - β₁)))

    in the limit of the regime, linear in s as Adam's where that of `FedAvgM` is quadratic. Two momenta in a row make
    the motion one of third order, which can be unstable as that of a single one cannot: rest is unstable from q = 1
    on, which is reached the sooner the less noise there is. As q → 0 what counts is η, N and α/(1 - μ), whatever H is.

Heavy tails
    Refused where one ξ_i has no variance: v_i gathers ξ_i², whose mean does not exist. The discrete column runs.

Sources
    Douillard et al. (2023), arXiv:2311.08105, recalled. The SDE is that of every method, see "sampled"; its drift, the
    level and the limit of stability are derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Count,
    Decay,
    Draws,
    NonNegative,
    Oracle,
    Positive,
    State,
    Vector,
    agent_grads,
    agent_means,
    average,
    each,
    local_grads,
    method,
    pieces,
)
from sdeopt.optimizers.adam import reachable, update
from sdeopt.optimizers.localsgd import round_time

__all__ = ["DiLoCo"]


def copied(g: Any, x: Any) -> Any:
    """x, once for every agent."""
    return x + 0.0 * g


def inner(self: Any, n: Any, y: State, g: Vector) -> Any:
    """AdamW of all agents, one after the other in one vector, at its step n."""
    x1, m1, v1 = update(self, n, y, g)
    return x1 - self.lr * self.weight_decay * y[0], m1, v1


@method(
    order=1,
    clock=round_time,
    parts=("x", "b", "m", "v"),
    samples="local_steps",
    family="distributed",
    limited=True,
    noise="agents:2,gaussian:0.5",
    at={"lr": 0.0025, "outer_lr": 0.02, "momentum": 0.96, "beta1": 0.98, "beta2": 0.99},  # q = 0.17: far from unstable
)
class DiLoCo(NamedTuple):
    """AdamW at the agents, Nesterov's momentum between the rounds.

    Discrete
        H steps of AdamW at every agent from x, with means of its own; Δ = x - (1/N) Σ_i x_i, b' = μ b + Δ,
        x' = x - α (Δ + μ b')
    SDE
        "sampled": the moments of a round of (x, b, m_i, v_i)
    Regime
        α = α̂ ηH, 1 - μ = κ ηH, 1 - βᵢ = ρᵢη, η → 0, t = kηH fixed: a step is a round
    Claim
        weak order 1; at rest linear in the noise, unstable from q = 1 on
    Sources
        Douillard et al., arXiv:2311.08105

    Parameters
    ----------
    lr : float
        Learning rate η > 0 of the agents.
    local_steps : float
        Steps H of a round, a whole number from 1 on, meant for at most about 32; default 4.
    outer_lr : float
        α > 0; default 0.7.
    momentum : float
        μ in [0, 1); default 0.9.
    beta1, beta2 : float
        Decays in [0, 1) of the agents' means of the gradient and of its square; defaults 0.9 and 0.999.
    eps : float
        ε >= 0, added outside the root after bias correction, in units of the gradient; default 1e-8.
    weight_decay : float
        θ >= 0, a rate: one step of an agent shrinks its x by ηθ; default 0.01.

    Examples
    --------
    Two steps of length 0.1 down a slope, then the momentum:

    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0]), so.Agents(so.NoNoise(), agents=2)).oracle
    >>> page = so.DiLoCo(lr=0.1, local_steps=2, outer_lr=1.0, momentum=0.5, beta1=0.0, beta2=0.0, weight_decay=0.0)
    >>> x, b, m, v = page.step(0, page.init(np.array([1.0]), o), o, ((), ()))
    >>> x.round(6), b.round(6), m.round(6)  # x - (0.2 + 0.5 · 0.2); the last gradient of each agent
    (array([0.7]), array([0.2]), array([0.9, 0.9]))
    """

    lr: Positive
    local_steps: Count = 4.0
    outer_lr: Positive = 0.7
    momentum: Decay = 0.9
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.01

    def scaled(self, lr: Any) -> Any:
        ratio = lr / self.lr
        momentum, beta1, beta2 = (1.0 - ratio * (1.0 - beta) for beta in (self.momentum, self.beta1, self.beta2))
        return self._replace(lr=lr, outer_lr=ratio * self.outer_lr, momentum=momentum, beta1=beta1, beta2=beta2)

    def init(self, x: Vector, o: Oracle) -> Any:
        every = 0.0 * np.concatenate(agent_means(o, x))
        return x, 0.0 * x, every, every

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, b, m, v = y
        grads, before = agent_grads(o, x, z[0]), k * self.local_steps
        there = inner(self, before, (np.concatenate(each(copied, grads, x)), m, v), np.concatenate(grads))
        for h in range(1, len(z)):
            seen = local_grads(o, pieces(there[0], grads), z[h])
            there = inner(self, before + h, there, np.concatenate(seen))
        at, m1, v1 = there
        move = x - average(pieces(at, grads))
        b1 = self.momentum * b + move
        return x - self.outer_lr * (move + self.momentum * b1), b1, m1, v1

    def domain(self, y: State) -> Any:
        x, b, m, v = y
        _, _, above = reachable(self, (x, m, v))
        return x, b, m, above
