"""SAM: sharpness-aware minimisation. Climb a length ρ along the gradient, descend with the gradient found there.

Discrete
    x' = x - η γ(x + ρ γ(x)/|γ(x)|),    γ(y) = ∇f(y) + ξ: the same sample ξ, Cov ξ = Σ, at both points

SDE
    order1    dX = -(g + ρH E u) dt - √η [(I + ρHM) Σ^{1/2} dW + ρH R^{1/2} dW']
              g = ∇f(X),  H = ∇²f(X),  u = (g + ξ)/|g + ξ|,  M = E[(I - uuᵀ)/|g + ξ|],  R = Cov u - MΣM
    moments   dX = -E G dt - √η Cov(G)^{1/2} dW,    G = ∇f(X + ρu) + ξ,  both to O(ρ³)

    One step is η units of time. MΣ = E[u ξᵀ] (Stein), so dW carries the part of u that is linear in ξ, W' the rest.

Regime
    η → 0, t = kη fixed, ρ = O(√η), or any fixed ρ if f is quadratic; with ρ fixed the error of order1 on other f stays
    at O(ρ²), that of moments at O(ρ³). Additive Gaussian noise; without noise u = g/|g| and the SDE is the flow
    dx/dt = -∇(f + ρ|∇f|). A gradient that vanishes is not normalised: u = 0.

Claim
    Weak order 1 in η. Near a minimum with Σ = σ²I and |g| « σ, E u = m g/σ with m = Γ((d+1)/2)/(√2 Γ(d/2+1)): SAM is
    USAM of radius ρm/σ plus the noise of the direction, stationary for diagonal H
    Var = η [σ²(1 + ρhm/σ)² + ρ²h²(1/d - m²)] / [2h (1 + ρhm/σ)];
    a saddle direction h < 0 attracts if and only if ρm|h| > σ. (Without noise it attracts from |x| < ρ, whatever h.)

Heavy tails
    Refused where ξ has no variance: only the direction of the climb is bounded, the descent is not, and Σ does not
    exist. The discrete column runs.

Sources
    SAM: Foret et al. (2021), arXiv:2010.01412. Drift of order1: Monzio Compagnoni et al. (2023), arXiv:2301.08203; its
    diffusion (the paper keeps the first order in ρ, which need not be a covariance) and moments are derived here.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    NonNegative,
    Oracle,
    Positive,
    Vector,
    basis,
    direction_cov,
    direction_jacobian,
    direction_residual,
    expect_direction,
    grad,
    hvp,
    method,
    noisy_grad,
    norm,
    rival,
    root_additive_cov,
    where,
)
from sdeopt.optimizers.usam import third
from sdeopt.theory import stationary

__all__ = ["SAM", "SAMMoments"]


@method(order=1, brownian=("gradient", "direction"), family="sharpness")
class SAM(NamedTuple):
    """Sharpness-aware minimisation.

    Discrete
        x' = x - η γ(x + ρ γ(x)/|γ(x)|),  γ(y) = ∇f(y) + ξ, one sample ξ
    SDE
        dX = -(∇f + ρH E u) dt - √η [(I + ρHM) Σ^{1/2} dW + ρH R^{1/2} dW'], default "order1"; rival "moments"
    Regime
        η → 0, t = kη fixed, ρ = O(√η), additive Gaussian noise
    Claim
        weak order 1
    Sources
        Foret et al., arXiv:2010.01412; Monzio Compagnoni et al., arXiv:2301.08203

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    rho : float
        Length ρ >= 0 of the ascent step; default 0.05.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> so.SAM(lr=0.1, rho=0.5).step(0, np.array([1.0, 1.0]), o, ())  # gradient (3, 4); climbs by (0.3, 0.4)
    array([0.61, 0.44])
    """

    lr: Positive
    rho: NonNegative = 0.05

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, rho=self.rho * np.sqrt(lr / self.lr))

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        g = noisy_grad(o, x, z)
        length = norm(g)
        u = g / where(length > 0.0, length, 1.0)
        return x - self.lr * noisy_grad(o, x + self.rho * u, z)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -g - self.rho * hvp(o, x, expect_direction(o, x, g))

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        g = grad(o, x)
        w = root_additive_cov(o, x, dw[0])
        u = direction_jacobian(o, x, g, w) + direction_residual(o, x, g, dw[1])
        return -np.sqrt(self.lr) * (w + self.rho * hvp(o, x, u))

    def stationary(self, H: Any, Sigma: Any) -> Any:
        d, variance = len(H), Sigma[0, 0]
        if variance == 0.0 or np.abs(Sigma - variance * np.eye(d)).max() > 1e-12 * variance:
            raise ValueError(f"SAM has a stationary covariance in closed form for Sigma = s²I only, got {Sigma}")
        m = math.exp(math.lgamma((d + 1) / 2) - math.lgamma(d / 2 + 1)) / math.sqrt(2.0)
        response = np.eye(d) + self.rho * m / np.sqrt(variance) * H
        direction = self.rho**2 * (1.0 / d - m * m) * H @ H
        return stationary(response @ H, self.lr * (variance * response @ response + direction))


def ascended(o: Oracle, x: Vector, g: Vector, rho: Any) -> Any:
    """E ∇f(x + ρu) to O(ρ³), u = (g + ξ)/|g + ξ|: ∇f(y) + ρ²/2 Σ_i D³f(y)[e_i, Cov(u) e_i] at y = x + ρ E u."""
    y = x + rho * expect_direction(o, x, g)
    mean = grad(o, y)
    for i in range(x.size):
        e = basis(x, i)
        mean = mean + 0.5 * rho * third(o, y, e, rho * direction_cov(o, x, g, e))
    return mean


@rival(SAM, "moments", order=1, brownian=("gradient", "direction"))
class SAMMoments:
    """dX = -F dt - √η [(I + ∂F/∂g) Σ^{1/2} dW + ρ ∇²f(X + ρ E u) R^{1/2} dW'],  F(X, g) = E ∇f(X + ρu).

    The mean and covariance of the step up to O(ρ³), for additive Gaussian noise; on quadratics this is order1. F is
    expanded to second order around E u (third derivatives by central differences, exact up to degree 4).
    E[∇f(X + ρu) ξᵀ] = (∂F/∂g) Σ (Stein): the part linear in ξ is the central difference of F in g, which varies on the
    scale of ξ. The rest is taken to first order, ρHu. On the embedded saddle with σ = 0.6 at ρ = 0.3 the error of the
    drift is 0.0003 to 0.003 (order1: 0.002 to 0.12), and falls by 8 when ρ is halved.

    Source: derived here.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        return -ascended(o, x, grad(o, x), self.rho)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        g = grad(o, x)
        w = root_additive_cov(o, x, dw[0])
        h = 1e-3
        response = (ascended(o, x, g + h * w, self.rho) - ascended(o, x, g - h * w, self.rho)) / (2.0 * h)
        y = x + self.rho * expect_direction(o, x, g)
        rest = hvp(o, y, direction_residual(o, x, g, dw[1]))
        return -np.sqrt(self.lr) * (w + response + self.rho * rest)
