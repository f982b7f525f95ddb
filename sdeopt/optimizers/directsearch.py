"""DirectSearch: three values of the loss along a random line, and the least of them wins; stochastic three points.

Discrete
    x' = argmin {F(x), F(x + ηu), F(x - ηu)},    u ~ N(0, I) fresh in every step
    F = f + ξ·x: the three values are of one sample, whose gradient is ∇f + ξ. With u/√d in the place of u η
    is √d times as large; so it is about, in many dimensions, with u of length 1.

SDE
    order1   dX = -√(2/π) e dt + √η [I - (2/π) e eᵀ]^{1/2} dB        e = E (g + ξ)/|g + ξ|,  g = ∇f(X)

    One step is η units of time. Where F is linear, x is never the least and the step is -η sign(γ·u) u, γ = g + ξ: its
    mean and covariance are those of the SDE exactly, for E[sign(γ·u) u] = √(2/π) γ/|γ| and its square is u uᵀ whatever
    its sign. Only the direction of γ counts, as only its signs count in `SignSGD`.

Regime
    η → 0, t = kη fixed, the law of ξ fixed. Without noise e jumps at a critical point, and the claim is lost where
    |∇f| is of the size of ηhd, h the curvature.

    The three values have one sample in common. Errors of their own, with a deviation s each, are another method, which
    is not offered: ηg·u is small against them, so that the winner is nearly a toss, with E step = -3/(2√π) η² g/s and
    covariance ⅔ η² I to leading order. That is a flow in the time kη² and not kη, and on any quadratic the loss at rest
    is (√π/9) ds above its minimum, however small η is. `ZOSGD` has such errors (``value_noise``).

Claim
    Weak order 1 in η: with curvature x itself wins with a probability of the order of η, which shortens the covariance
    of a step by a factor 1 - O(η) and its mean by less. On a line, f = x², σ = 1, t = 0.8, the gaps are exactly known:
    from η = 0.05 to 0.025 that of a mean falls with the slope 0.97, that of a variance with 1.98. At rest on
    f = h|x|²/2 with Σ = σ²I, to leading order,

        Var x_i = (η/2)(σ/h) √(π/2) d/E χ_d,    E χ_d = √2 Γ((d + 1)/2)/Γ(d/2),

    linear in σ and about √d times the level of signs. Without noise no step climbs, and on f = h|x|²/2 the optimizer
    ends as pure random search does: |x|^d is exponential in law, with the mean η^d 2^{d/2-1} Γ(d/2 + 1)/k. The SDE does
    not know that: it stays at a distance of Gamma's law with shape (d - 1)/(1 - 2/π) + 1 and mean η (d - 2/π) √(π/8). A
    step leaves a saddle point with the probability that uᵀHu < 0, which falls exponentially with d, whatever η is.

Heavy tails
    Refused where ξ is not normal: e is known of normal noise. The discrete column and the SDE "sampled" run for any
    law of ξ, for only the direction of g + ξ counts.

Sources
    Bergou, Gorbunov & Richtárik (2020), arXiv:1902.03591, and, for saddle points, Lucchi, Orvieto & Solomou (2021),
    arXiv:2110.13265, of both of which the abstract was read; the latter's exponential number of steps is by the
    dimension. The SDE, the levels and the law of the end are derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Law,
    Objective,
    Oracle,
    Positive,
    Vector,
    dot,
    expect_direction,
    grad,
    method,
    noise,
    value,
    where,
)
from sdeopt.noise.directions import direction_moments, rule
from sdeopt.theory import stationary

__all__ = ["DirectSearch"]

SHARE = 2.0 / np.pi  # (E |z|)² of a standard normal


@method(order=1, brownian="own", bounded=True, at={"lr": 0.02})  # at 0.05 the gap is near 10 %
class DirectSearch(NamedTuple):
    """Direct search along random lines: the best of three points, as STP.

    Discrete
        x' = argmin {F(x), F(x + ηu), F(x - ηu)},  u ~ N(0, I),  F = f + ξ·x
    SDE
        dX = -√(2/π) e dt + √η [I - (2/π) e eᵀ]^{1/2} dB,  e = E (∇f + ξ)/|∇f + ξ|, default "order1"
    Regime
        η → 0, t = kη fixed, the law of ξ fixed
    Claim
        weak order 1 away from critical points that no noise blurs
    Sources
        Bergou, Gorbunov & Richtárik, arXiv:1902.03591; Lucchi, Orvieto & Solomou, arXiv:2110.13265; SDE derived here

    Parameters
    ----------
    lr : float
        Step size η > 0: the other two points lie η√d away on average; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page, x = so.DirectSearch(lr=0.5), np.array([1.0, -1.0])
    >>> page.step(0, x, o, ((), (np.array([1.0, -1.0]),)))  # away from 0 it is worse, towards it better
    array([ 0.5, -0.5])
    >>> page.step(0, x, o, ((), (np.array([4.0, 0.0]),)))  # too far: it stays
    array([ 1., -1.])
    """

    lr: Positive

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("normal", objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (u,) = z
        move, here = self.lr * u, value(o, x)
        tilt = dot(move, noise(o, x, seen))
        up, down = value(o, x + move) - here + tilt, value(o, x - move) - here - tilt
        way = where(up < down, 1.0, -1.0)
        return x + where(np.minimum(up, down) < 0.0, way, 0.0) * move

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -np.sqrt(SHARE) * expect_direction(o, x, grad(o, x))

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        e = expect_direction(o, x, grad(o, x))
        shrink = SHARE / (1.0 + np.sqrt(1.0 - SHARE * dot(e, e)))  # the root of I - (2/π) e eᵀ is I - shrink e eᵀ
        return np.sqrt(self.lr) * (dw - shrink * dot(e, dw) * e)

    def stationary(self, H: Any, Sigma: Any) -> Any:
        """At g = 0 the response of e to g is E[(I - uuᵀ)/|ξ|], u = ξ/|ξ|, in the axes of Σ a diagonal matrix."""
        spectrum, axes = np.linalg.eigh(Sigma)
        response = direction_moments(0.0 * spectrum, np.ones(len(spectrum)), spectrum, *rule())[1]
        return stationary(np.sqrt(SHARE) * (axes * response) @ axes.T @ H, self.lr * np.eye(len(H)))
