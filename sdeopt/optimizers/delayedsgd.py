"""DelayedSGD: steps against gradients of τ steps ago, as asynchronous workers and pipelines see them.

Discrete
    x_{k+1} = x_k - η (∇f(x_{k-τ}) + ξ),    E ξ = 0,  Cov ξ = Σ(x_{k-τ});    x_{-τ} = ... = x_0
    P = (x_{k-1}, ..., x_{k-τ}) is the rest of the state.

SDE
    chain    dX = -∇f(P_τ) dt - √η Σ^{1/2}(P_τ) dW,   dP_j = (P_{j-1} - P_j)/η dt,   P_0 = X
    order1   dX = -∇f dt - √η Σ^{1/2} dW, that of SGD
    order2   dX = -[I + η(τ + ½) ∇²f] ∇f dt - √η Σ^{1/2} dW

    One step is η units of time. chain has the moments of a step from every state: the delay τη becomes a sum of τ
    exponential ones. The others do not look at P, which follows X as in chain.

Regime
    η → 0, t = kη and τ fixed: the delay in time, τη, vanishes.

Claim
    Weak order 1, 1 and 2, the last for additive noise. On f = h x²/2 the rate of the mean is h + η(τ + ½)h² + O(η²):
    a delay speeds SGD up, as momentum does, until it oscillates. The mean is stable if and only if
    ηh < 2 sin(π/(2(2τ + 1))), at which it turns by π/(2τ + 1) in a step; π/2 over the delay if τ is large. At τ = 1 the
    variance at rest is η s²(1 + ηh)/(h (1 - ηh)(2 + ηh)).

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    Agarwal & Duchi (2011), arXiv:1104.5525, and Giladi et al. (2019), arXiv:1909.12340, whose subject is the stability,
    of both of which the abstracts were read. The SDEs, the bound and the variance are derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Count,
    Draws,
    Oracle,
    Positive,
    State,
    Vector,
    grad,
    hvp,
    method,
    noisy_grad,
    rival,
    root_additive_cov,
    root_cov,
)

__all__ = ["DelayedSGD", "DelayedSGDOrder1", "DelayedSGDOrder2"]


def oldest(x: Vector, past: Vector) -> Any:
    """x_{k-τ}, the last of the past."""
    return past[len(past) - len(x) :]


def shifted(x: Vector, past: Vector) -> Any:
    """The past one step later."""
    return np.concatenate((x, past[: len(past) - len(x)]))


def chained(self: Any, A: Any, D: Any) -> Any:
    """(A, D) of X and P where P follows as a chain; ``A`` is what X takes of X and of P_τ."""
    d, m = len(D), len(D) * (int(self.delay) + 1)
    whole, noise = np.zeros((m, m)), np.zeros((m, m))
    for place in range(d, m):
        whole[place, place], whole[place, place - d] = 1.0 / self.lr, -1.0 / self.lr
    whole[:d, :d] += A[0]
    whole[:d, m - d :] += A[1]
    noise[:d, :d] = D
    return whole, noise


@method(order=1, sde="chain", parts=("x", "past"), lanes=False)
class DelayedSGD(NamedTuple):
    """SGD whose gradients are late by a fixed number of steps.

    Discrete
        x' = x - η (∇f(x_{k-τ}) + ξ)
    SDE
        dX = -∇f(P_τ) dt - √η Σ^{1/2}(P_τ) dW,  dP_j = (P_{j-1} - P_j)/η dt, default "chain"; rivals "order1", "order2"
    Regime
        η → 0, t = kη and τ fixed
    Claim
        weak order 1; stable if ηh < 2 sin(π/(2(2τ + 1)))
    Sources
        Agarwal & Duchi, arXiv:1104.5525; Giladi et al., arXiv:1909.12340; the SDEs derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    delay : float
        τ, a whole number from 1 on; default 1. Without delay it is `SGD`.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0])).oracle
    >>> so.DelayedSGD(lr=0.1, delay=2).step(0, (np.array([1.0]), np.array([2.0, 3.0])), o, ())
    (array([0.7]), array([1., 2.]))
    """

    lr: Positive
    delay: Count = 1.0

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, np.tile(x, int(self.delay))

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, past = y
        return x - self.lr * noisy_grad(o, oldest(x, past), z), shifted(x, past)

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, past = y
        return -grad(o, oldest(x, past)), (shifted(x, past) - past) / self.lr

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, past = y
        return -np.sqrt(self.lr) * root_cov(o, oldest(x, past), dw), 0.0 * past

    def linear(self, H: Any, Sigma: Any) -> Any:
        return chained(self, (0.0 * H, H), self.lr * Sigma)


@rival(DelayedSGD, "order1", order=1)
class DelayedSGDOrder1:
    """dX = -∇f dt - √η Σ^{1/2} dW: to first order a delay of τ steps is not seen.

    Source: derived here, see the head of this file.
    """

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, past = y
        return -grad(o, x), (shifted(x, past) - past) / self.lr

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, past = y
        return -np.sqrt(self.lr) * root_cov(o, x, dw), 0.0 * past

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        return chained(self, (H, 0.0 * H), self.lr * Sigma)


@rival(DelayedSGD, "order2", order=2)
class DelayedSGDOrder2:
    """dX = -[I + η(τ + ½) ∇²f] ∇f dt - √η Σ^{1/2} dW: weak order 2 for additive noise.

    η/2 is that of SGD; the rest is f where X was τη ago, which is X + τη ∇f to first order. The start at rest,
    x_{-τ} = x_0, moves x by O(η²) only.

    Source: derived here, see the head of this file.
    """

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        x, past = y
        g = grad(o, x)
        return -g - self.lr * (self.delay + 0.5) * hvp(o, x, g), (shifted(x, past) - past) / self.lr

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, past = y
        return -np.sqrt(self.lr) * root_additive_cov(o, x, dw), 0.0 * past

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        return chained(self, (H + self.lr * (self.delay + 0.5) * H @ H, 0.0 * H), self.lr * Sigma)
