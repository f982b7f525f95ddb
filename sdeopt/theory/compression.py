"""Compressed gradients in closed form: constants ω, covariances, stationary variances, bounds and scaling rules.

Everywhere N agents see gradients with noise of variance σ² per coordinate (a batch of B divides it by B), f is μ-PL and
L-smooth, and ω is the constant of an unbiased compressor, E|C(g) - g|² <= ω|g|².
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks

__all__ = [
    "NATURAL_OMEGA",
    "dcsgd_bound",
    "dcsgd_rule",
    "dithering_covariance",
    "dithering_omega",
    "dsignsgd_rule",
    "natural_covariance",
    "rand_k_covariance",
    "rand_k_omega",
    "rand_k_stationary",
]

Array = NDArray[np.float64]

NATURAL_OMEGA = 0.125
"""ω of natural compression: (2^{m+1} - a)(a - 2^m)/a² is largest at a = (4/3) 2^m. Source: arXiv:1905.10988."""


def rand_k_omega(d: int, k: int) -> float:
    """ω = d/k - 1 of rand-k, an equality: E|C(g) - g|² = ω|g|².

    Source: Monzio Compagnoni et al., arXiv:2502.17009.

    Examples
    --------
    >>> from sdeopt.theory import rand_k_omega
    >>> rand_k_omega(10, 2)
    4.0
    """
    d = checks.integer("d", d, low=1)
    return max(d / checks.integer("k", k, low=1) - 1.0, 0.0)


def dithering_omega(d: int, levels: int) -> float:
    """ω = min(d/s², √d/s) of random dithering with s ``levels``.

    Source: Alistarh et al., arXiv:1610.02132, lemma 3.1.

    Examples
    --------
    >>> from sdeopt.theory import dithering_omega
    >>> dithering_omega(16, 1), dithering_omega(16, 8)
    (4.0, 0.25)
    """
    d, s = checks.integer("d", d, low=1), checks.integer("levels", levels, low=1)
    return min(d / s**2, math.sqrt(d) / s)


def rand_k_covariance(g: Any, k: int, Sigma: Any = None) -> Array:
    """Cov C(g + ξ) of rand-k: W∘(g gᵀ + Σ) - g gᵀ with W = d/k on the diagonal, d(k - 1)/(k(d - 1)) off it.

    Parameters
    ----------
    g : array_like, shape (d,)
        Mean gradient.
    k : int
        Entries that are sent; all if k >= d.
    Sigma : array_like, shape (d, d), optional
        Cov ξ; default 0.

    Returns
    -------
    ndarray, shape (d, d)

    Source: derived here; compared in the tests with all sets of k entries.

    Examples
    --------
    >>> from sdeopt.theory import rand_k_covariance
    >>> rand_k_covariance([1.0, 2.0], k=1).tolist()
    [[1.0, -2.0], [-2.0, 4.0]]
    """
    g = checks.array("g", g)
    d, k = len(g), min(checks.integer("k", k, low=1), len(g))
    second = np.outer(g, g) + (0.0 if Sigma is None else checks.covariance("Sigma", Sigma, shape=(d, d)))
    W = np.full((d, d), d * (k - 1) / (k * max(d - 1, 1)))
    np.fill_diagonal(W, d / k)
    return np.asarray(W * second - np.outer(g, g))


def dithering_covariance(g: Any, levels: int) -> Array:
    """Variances of random dithering given g, |g|²/s² {r_j}(1 - {r_j}) with r_j = s|g_j|/|g|, shape (d,).

    Entries are independent given g. Source: from the definition in arXiv:1610.02132.

    Examples
    --------
    >>> from sdeopt.theory import dithering_covariance
    >>> dithering_covariance([3.0, -4.0], levels=2).round(12).tolist()  # r = (1.2, 1.6)
    [1.0, 1.5]
    """
    g = checks.array("g", g)
    s = checks.integer("levels", levels, low=1)
    size = float(np.linalg.norm(g))
    rest = np.modf(s * np.abs(g) / (size or 1.0))[0]
    return np.asarray((size / s) ** 2 * rest * (1.0 - rest))


def natural_covariance(g: Any) -> Array:
    """Variances of natural compression given g, (2^{m+1} - |g_j|)(|g_j| - 2^m) with 2^m <= |g_j| < 2^{m+1}, shape (d,).

    Entries are independent given g. Source: from the definition in arXiv:1905.10988.

    Examples
    --------
    >>> from sdeopt.theory import natural_covariance
    >>> natural_covariance([3.0, -5.0, 0.0]).tolist()
    [1.0, 3.0, 0.0]
    """
    a = np.abs(checks.array("g", g))
    low = np.ldexp(0.5, np.frexp(a)[1])
    return np.where(a > 0.0, (2.0 * low - a) * (a - low), 0.0)


def rand_k_stationary(
    lr: float, curvature: float, variance: float, agents: float, omega: float, *, discrete: bool = False
) -> float:
    """Stationary variance per coordinate of DCSGD with rand-k on f = λ|x|²/2, equal agents.

    η(1 + ω)(σ²/N)/(2λ - ηλ²ω/N) for the SDE, η(1 + ω)(σ²/N)/(2λ - ηλ²(1 + ω/N)) for the optimizer: both exact. ω = 0 is
    DSGD.

    Parameters
    ----------
    lr, curvature, variance : float
        η > 0, λ > 0, and σ² >= 0 of one agent's gradient.
    agents, omega : float
        N >= 1 and ω >= 0.
    discrete : bool
        Whether the optimizer is meant, not its SDE.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or the second moment grows without limit.

    Source: derived here, from the second moments of a step; arXiv:2502.17009 has the bound.

    Examples
    --------
    >>> from sdeopt.theory import rand_k_stationary
    >>> rand_k_stationary(lr=0.1, curvature=1.0, variance=1.0, agents=1, omega=0.0), rand_k_stationary(
    ...     lr=0.1, curvature=1.0, variance=1.0, agents=1, omega=1.0, discrete=True
    ... )
    (0.05, 0.11111111111111112)
    """
    lr = checks.positive("lr", lr)
    curvature = checks.positive("curvature", curvature)
    variance = checks.number("variance", variance, low=0.0)
    agents, omega = checks.number("agents", agents, low=1.0), checks.number("omega", omega, low=0.0)
    growth = curvature * (omega / agents + float(checks.flag("discrete", discrete)))
    rate = curvature * (2.0 - lr * growth)
    if rate <= 0.0:
        raise ValueError(f"lr must be below {2.0 / growth:g} for the variance to stay finite, got {lr:g}")
    return lr * (1.0 + omega) * variance / agents / rate


def dcsgd_bound(
    t: float, lr: float, mu: float, L: float, dim: int, variance: float, agents: float, omega: float, gap: float
) -> float:
    """Upper bound of E f(X_t) - f* for the SDE of DCSGD with equal agents; ω = 0 is DSGD.

    gap e^{-rt} + (1 - e^{-rt}) ηLd(1 + ω)σ²/(2Nr) with r = μ(2 - ηLω/N): for S = f - f*, Itô's formula gives
    d E S/dt <= -E|∇f|² + (η/2) L tr A with tr A <= [ω|∇f|² + (1 + ω)dσ²]/N, and |∇f|² >= 2μ S.

    Parameters
    ----------
    t, lr, mu, L : float
        Time, η, PL constant and smoothness.
    dim, variance, agents, omega : float
        d, σ² per coordinate of one agent, N, ω.
    gap : float
        f(x₀) - f*.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or r <= 0: then nothing is bounded.

    Source: the form of arXiv:2502.17009; the constants are derived here.

    Examples
    --------
    >>> from sdeopt.theory import dcsgd_bound
    >>> round(dcsgd_bound(0.0, 0.1, 1.0, 2.0, 2, 1.0, 4, 1.0, gap=3.0), 12)
    3.0
    """
    t, gap = checks.number("t", t, low=0.0), checks.number("gap", gap, low=0.0)
    lr = checks.positive("lr", lr)
    mu = checks.positive("mu", mu)
    L = checks.number("L", L, low=mu)
    dim, variance = checks.integer("dim", dim, low=1), checks.number("variance", variance, low=0.0)
    agents, omega = checks.number("agents", agents, low=1.0), checks.number("omega", omega, low=0.0)
    rate = mu * (2.0 - lr * L * omega / agents)
    if rate <= 0.0:
        raise ValueError(f"lr must be below 2N/(Lω) = {2.0 * agents / (L * omega):g}, got {lr:g}")
    level = lr * L * dim * (1.0 + omega) * variance / (2.0 * agents * rate)
    return gap * math.exp(-rate * t) - level * math.expm1(-rate * t)


def dcsgd_rule(omega: float, *, agents: float = 1.0, batch: float = 1.0) -> float:
    """κ = αδ/(1 + ω): times what to take the learning rate of DSGD so that DCSGD ends at the same level.

    α and δ are the factors by which the number of agents and the batch are multiplied; to leading order in η. κ also
    rescales time. More agents or more batch work instead: κ = 1 if αδ = 1 + ω.

    Source: Monzio Compagnoni et al., arXiv:2502.17009 (scaling rules); re-derived from `rand_k_stationary`.

    Examples
    --------
    >>> from sdeopt.theory import dcsgd_rule
    >>> dcsgd_rule(omega=4.0), dcsgd_rule(omega=4.0, agents=5.0)
    (0.2, 1.0)
    """
    omega = checks.number("omega", omega, low=0.0)
    agents = checks.positive("agents", agents)
    return agents * checks.positive("batch", batch) / (1.0 + omega)


def dsignsgd_rule(*, agents: float = 1.0, batch: float = 1.0) -> float:
    """κ = α√δ: times what to take the learning rate of DSignSGD so that its level stays, which is ∝ ησ/(N√B).

    α and δ are the factors by which the number of agents and the batch are multiplied.

    Source: derived from the SDE of arXiv:2502.17009 where gradients are small against the noise.

    Examples
    --------
    >>> from sdeopt.theory import dsignsgd_rule
    >>> dsignsgd_rule(agents=2.0, batch=9.0)
    6.0
    """
    agents = checks.positive("agents", agents)
    return agents * math.sqrt(checks.positive("batch", batch))
