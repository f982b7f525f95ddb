"""The direction u = (g + Z)/|g + Z| of a noisy gradient, Z ~ N(0, Σ): exact moments for any Σ in any dimension.

1/|y| = (2/√π) ∫_0^∞ exp(-s²|y|²) ds turns every moment of u into one integral of Gaussian moments. In the eigenbasis
of Σ (eigenvalues w_i, μ = Qᵀg), with D_i = 1 + 2s²w_i and m_i = μ_i/D_i,

    P(s)       = Π_i D_i^{-1/2} exp(-s² Σ_i μ_i²/D_i)
    E u        = (2/√π) ∫ P m ds
    E[u uᵀ] v  = ∫ 2s P [m (m·v) + w D^{-1} v] ds
    M v        = (2/√π) ∫ P [D^{-1} v - 2s² m (m·v)] ds,      M = E[(I - u uᵀ)/|g + Z|] = ∂ E u/∂g

(M in this form has no cancellation, and in one dimension it is the derivative of erf, though 1/|g + Z| has no mean
there.) The integrals are taken by `NODES` Gauss-Legendre points in r, s = `STRETCH` r/((1 - r) √(trΣ + |g|²)).
Measured for 300 random problems with d <= 6 and |g_i| from 1e-3 to 100, largest errors of E u, of Cov u and of
M Σ^{1/2}: 3e-11 while the eigenvalues of Σ spread over less than a factor 100, 8e-11 for 10⁴. The same holds for
|g| >> σ and for d = 1000. A nearly singular Σ with a small g in its quiet directions costs digits: 2e-5 for a spread
of 10⁶, and 3e-4 for the singular Σ = diag(1, 0) with g = (0.3, 0.001).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sdeopt.core import dot, exp, norm, product, total, where
from sdeopt.core.checks import Array
from sdeopt.core.contracts import State, Vector

__all__ = ["clipped", "direction_moments", "direction_spread", "length", "rule", "unit"]

NODES = 32
STRETCH = 3.0


def rule() -> tuple[Array, Array]:
    """Nodes s√(trΣ + |g|²) of the quadrature above, and its weights times 2/√π."""
    points, weights = np.polynomial.legendre.leggauss(NODES)
    r = 0.5 * (points + 1.0)
    return STRETCH * r / (1.0 - r), STRETCH * weights / (1.0 - r) ** 2 / math.sqrt(math.pi)


def unit_of_s(mu: Any, w: Any) -> Any:
    """1/√(trΣ + |g|²), the unit of the nodes; 1 where both vanish."""
    size = total(w) + dot(mu, mu)
    return 1.0 / np.sqrt(where(size > 0.0, size, 1.0))


def tilt(mu: Any, w: Any, s: Any) -> tuple[Any, Any, Any]:
    """1/D, m and P at s."""
    shrink = 1.0 / (1.0 + (2.0 * s * s) * w)
    m = mu * shrink
    return shrink, m, np.sqrt(product(shrink)) * exp(-s * s * dot(mu, m))  # where it underflows, nothing is lost


def direction_moments(mu: Any, v: Vector, w: Any, nodes: Any, weights: Any) -> tuple[Any, Any]:
    """E u and M v in the eigenbasis of Σ with eigenvalues ``w``; both 0 where g and Σ vanish together."""
    unit_s = unit_of_s(mu, w)
    mean = 0.0 * mu
    slope = 0.0 * mu
    for k in range(len(nodes)):
        s = unit_s * nodes[k]
        shrink, m, density = tilt(mu, w, s)
        p = unit_s * weights[k] * density
        mean = mean + p * m
        slope = slope + p * (shrink * v - (2.0 * s * s * dot(m, v)) * m)
    return mean, where(total(w) + dot(mu, mu) > 0.0, 1.0, 0.0) * slope


def direction_spread(mu: Any, v: Vector, w: Any, nodes: Any, weights: Any) -> Any:
    """Cov(u) v in the eigenbasis, from E u and E[u uᵀ] v."""
    unit_s = unit_of_s(mu, w)
    mean = 0.0 * mu
    square = 0.0 * mu
    for k in range(len(nodes)):
        s = unit_s * nodes[k]
        shrink, m, density = tilt(mu, w, s)
        p = unit_s * weights[k] * density
        mean = mean + p * m
        square = square + (np.sqrt(np.pi) * s * p) * (dot(m, v) * m + w * shrink * v)
    return square - dot(mean, v) * mean


def length(y: State) -> Any:
    """|y|, or 1 where y = 0: a divisor that leaves 0/|0| = 0."""
    size = norm(y)
    return where(size > 0.0, size, 1.0)


def unit(y: State) -> Any:
    """y/|y|, 0 at y = 0."""
    return y / length(y)


def clipped(g: Vector, limit: Any) -> Any:
    """g min(1, C/|g|): g itself up to the length C = ``limit``, else the vector of that length along g."""
    return np.minimum(1.0, limit / length(g)) * g
