"""USAM: unnormalised sharpness-aware minimisation. Climb ρ times the gradient, descend with the gradient found there.

Discrete
    x' = x - η γ(x + ρ γ(x)),    γ(y) = ∇f(y) + ξ: the same sample ξ, Cov ξ = Σ, at both points

SDE
    order1    dX = -(I + ρH) g dt - √η (I + ρH) Σ^{1/2} dW                             g = ∇f(X), H = ∇²f(X)
    moments   dX = -E G dt - √η Cov(G)^{1/2} dW,    G = ∇f(X + ρ(g + ξ)) + ξ,  ξ ~ N(0, Σ)

    One step is η units of time.

Regime
    η → 0, t = kη fixed. order1: ρ = O(√η), or any fixed ρ if f is quadratic; with ρ fixed its error on other f stays at
    O(ρ²). moments: any fixed ρ. With ρ = O(η) the SDE of SGD is already of order 1.
    Both want additive noise: a minibatch also has a noisy Hessian ∇γ, which adds -ρ E[∇γ ξ] to the drift.

Claim
    Weak order 1 in η. On a quadratic USAM is SGD preconditioned by P = I + ρH, and the two SDEs coincide; stationary
    for diagonal H and Σ: η s² (1 + ρh)/(2h), and a direction h < 0 attracts if and only if ρ > 1/|h|.

Heavy tails
    Refused where ξ has no variance: Σ does not exist. The discrete column runs.

Sources
    USAM: Andriushchenko & Flammarion (2022), arXiv:2206.06232. order1: Monzio Compagnoni et al. (2023),
    arXiv:2301.08203. moments: derived here.
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
    basis,
    grad,
    hvp,
    method,
    noisy_grad,
    rival,
    root_additive_cov,
)

__all__ = ["USAM", "USAMMoments"]


@method(order=1, family="sharpness")
class USAM(NamedTuple):
    """Unnormalised SAM.

    Discrete
        x' = x - η γ(x + ρ γ(x)),  γ(y) = ∇f(y) + ξ, one sample ξ
    SDE
        dX = -(I + ρH) ∇f dt - √η (I + ρH) Σ^{1/2} dW, default "order1"; rival "moments", for fixed ρ
    Regime
        η → 0, t = kη fixed, ρ = O(√η), additive noise
    Claim
        weak order 1
    Sources
        Andriushchenko & Flammarion, arXiv:2206.06232; Monzio Compagnoni et al., arXiv:2301.08203

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    rho : float
        Ascent step ρ >= 0, in units of length per gradient; default 0.05.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> so.USAM(lr=0.1, rho=0.5).step(0, np.array([1.0, -1.0]), o, ())  # climbs to (1.5, -2), gradient (1.5, -4)
    array([ 0.85, -0.6 ])
    """

    lr: Positive
    rho: NonNegative = 0.05

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, rho=self.rho * np.sqrt(lr / self.lr))

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * noisy_grad(o, x + self.rho * noisy_grad(o, x, z), z)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -g - self.rho * hvp(o, x, g)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        w = root_additive_cov(o, x, dw)
        return -np.sqrt(self.lr) * (w + self.rho * hvp(o, x, w))

    def linear(self, H: Any, Sigma: Any) -> Any:
        response = np.eye(len(H)) + self.rho * H
        return response @ H, self.lr * response @ Sigma @ response


def column(o: Oracle, x: Vector, i: Any) -> Any:
    """√d times the column i of Σ^{1/2}: with both signs, the 2d points of the symmetric cubature of degree 3."""
    return root_additive_cov(o, x, np.sqrt(float(x.size)) * basis(x, i))


def third(o: Oracle, x: Vector, a: Any, b: Any) -> Any:
    """D³f(x)[a, b], a vector: the central difference of Hessians, exact up to degree 4."""
    return 0.5 * (hvp(o, x + b, a) - hvp(o, x - b, a))


def fourth(o: Oracle, x: Vector, a: Any, b: Any, c: Any) -> Any:
    """D⁴f(x)[a, b, c], a vector: the central difference of third derivatives, exact up to degree 4."""
    return 0.5 * (third(o, x + c, a, b) - third(o, x - c, a, b))


@rival(USAM, "moments", order=1, brownian=("gradient", "state", "state"))
class USAMMoments:
    """dX = -E G dt - √η Cov(G)^{1/2} dW with G = ∇f(X + ρ(g + ξ)) + ξ: the exact mean and covariance of the step.

    Valid for any ρ, Gaussian additive noise whose Brownian increment has one entry per coordinate. With Y = X + ρg and
    three independent draws a, b, c of N(0, Σ), Cov G is the covariance of the Hermite expansion

        a + ρ E[∇²f(Y + ρξ)] a  +  ρ²/√2 D³f(Y)[a, b]  +  ρ³/√6 D⁴f(Y)[a, b, c]

    whose terms are uncorrelated because each is odd in a draw of its own; they have no third moments either. E is a
    symmetric cubature of degree 3 (2d points Y ± ρ√d s_i, s_i the columns of Σ^{1/2}) and the derivatives are central
    differences of Hessian-vector products: both exact if f is a polynomial of degree at most 4, else of the accuracy
    of the Taylor expansion of ∇f over a length ρ√d |Σ^{1/2}|. The drift costs 2d + 1 gradients, the diffusion 2d + 6
    Hessian-vector products.

    Source: derived here.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        d = x.size
        y = x + self.rho * grad(o, x)
        mean = 0.0 * x
        for i in range(d):
            s = self.rho * column(o, x, i)
            mean = mean + grad(o, y + s) + grad(o, y - s)
        return -mean / (2.0 * d)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        d = x.size
        y = x + self.rho * grad(o, x)
        a = root_additive_cov(o, x, dw[0])
        b = self.rho * root_additive_cov(o, x, dw[1])
        c = self.rho * root_additive_cov(o, x, dw[2])
        mean = 0.0 * x
        for i in range(d):
            s = self.rho * column(o, x, i)
            mean = mean + hvp(o, y + s, a) + hvp(o, y - s, a)
        chaos = mean / (2.0 * d) + third(o, y, a, b) / np.sqrt(2.0) + fourth(o, y, a, b, c) / np.sqrt(6.0)
        return -np.sqrt(self.lr) * (a + self.rho * chaos)

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        response = np.eye(len(H)) + self.rho * H
        return response @ H, self.lr * response @ Sigma @ response
