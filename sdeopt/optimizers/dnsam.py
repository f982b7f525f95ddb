"""DNSAM: SAM whose ascent step is divided by the length of the full gradient, a deterministic normalisation.

Discrete
    x' = x - η γ(x + ρ γ(x)/(|g| + ε)),    g = ∇f(x),  γ(y) = ∇f(y) + ξ: the same sample ξ, Cov ξ = Σ, at both points

SDE
    order1   dX = -(I + rH) g dt - √η (I + rH) Σ^{1/2} dW,    r = ρ/(|g| + ε),  H = ∇²f(X)

    One step is η units of time. Without noise it is the flow of SAM, dx/dt = -∇(f + ρ|∇f|).

Regime
    η → 0, t = kη fixed, ρ = O(√η) (any fixed ρ on a quadratic), additive noise, and |g| bounded below along the path.
    Near a critical point the step has moments that the SDE does not: in one dimension the kick ηρHξ/|x| has infinite
    variance, and the two part. ε = 1e-12 only keeps the quotient finite.

Claim
    Weak order 1 in η away from critical points. DNSAM is not a model of SAM: the two differ at order √η because
    E[(g + ξ)/|g + ξ|] is not g/|g|. The command line's own small problem is so flat that x does not come to rest, for
    at a critical point single paths make up the whole error.

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    Monzio Compagnoni et al. (2023), arXiv:2301.08203.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    NonNegative,
    Oracle,
    Positive,
    Vector,
    grad,
    hvp,
    method,
    noisy_grad,
    norm,
    root_additive_cov,
)

__all__ = ["DNSAM"]


@method(
    order=1, family="sharpness",
    at={"lr": 0.05, "objective": "quadratic:0.1,0.2", "noise": "gaussian:0.1"},  # ∇f is not lost in the noise by t = 10
)  # fmt: skip
class DNSAM(NamedTuple):
    """Deterministically normalised SAM.

    Discrete
        x' = x - η γ(x + ρ γ(x)/(|∇f(x)| + 1e-12)),  γ(y) = ∇f(y) + ξ, one sample ξ
    SDE
        dX = -(I + rH) ∇f dt - √η (I + rH) Σ^{1/2} dW,  r = ρ/(|∇f| + 1e-12), default "order1"
    Regime
        η → 0, t = kη fixed, ρ = O(√η), additive noise, |∇f| bounded below
    Claim
        weak order 1 away from critical points
    Sources
        Monzio Compagnoni et al., arXiv:2301.08203

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    rho : float
        Length ρ >= 0 of the mean ascent step; default 0.05.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> so.DNSAM(lr=0.1, rho=0.5).step(0, np.array([1.0, 1.0]), o, ())  # |∇f| = 5; climbs by (0.3, 0.4)
    array([0.61, 0.44])
    """

    lr: Positive
    rho: NonNegative = 0.05

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, rho=self.rho * np.sqrt(lr / self.lr))

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        r = self.rho / (norm(grad(o, x)) + 1e-12)
        return x - self.lr * noisy_grad(o, x + r * noisy_grad(o, x, z), z)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -g - self.rho / (norm(g) + 1e-12) * hvp(o, x, g)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        r = self.rho / (norm(grad(o, x)) + 1e-12)
        w = root_additive_cov(o, x, dw)
        return -np.sqrt(self.lr) * (w + r * hvp(o, x, w))
