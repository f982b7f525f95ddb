"""Means of the positions of SGD on f = h x²/2 with additive noise of variance s²: exact moments."""

from __future__ import annotations

import math

__all__ = ["averaged_ou", "averaged_sgd"]


def averaged_sgd(lr: float, h: float, scale: float, steps: int, start: float = 0.0) -> tuple[float, float]:
    """Mean and variance of the mean of x₁, ..., x_k of SGD on f = h x²/2, x₀ = ``start``, noise of deviation s.

    With ρ = 1 - ηh: the mean is x₀ ρ (1 - ρ^k)/(k (1 - ρ)), the variance s²/(hk)² Σ_{i=1}^k (1 - ρ^i)², which tends to
    s²/(h²k). x_j = ρ x_{j-1} - η ξ, so that ξ_i enters the sum by η Σ_{j≥i} ρ^{j-i}.

    Parameters
    ----------
    lr, h, scale : float
        η > 0, curvature h > 0, standard deviation s of the noise.
    steps : int
        k >= 1.
    start : float
        x₀; default 0.

    Returns
    -------
    mean, variance : float

    References
    ----------
    Polyak & Juditsky (1992), doi:10.1137/0330046, have the limit; the sum is computed here.

    Examples
    --------
    >>> import sdeopt as so
    >>> [round(v, 12) for v in so.theory.averaged_sgd(0.5, 1.0, 1.0, 2, start=1.0)]  # of 1/2 and 1/4; (1/4 + 9/16)/4
    [0.375, 0.203125]
    """
    rho, k = 1.0 - lr * h, float(steps)
    mean = start * math.fsum(rho**j for j in range(1, steps + 1)) / k
    return mean, scale**2 / (h * k) ** 2 * math.fsum((1.0 - rho**i) ** 2 for i in range(1, steps + 1))


def averaged_ou(lr: float, h: float, scale: float, time: float, start: float = 0.0) -> tuple[float, float]:
    """Mean and variance of (1/t) ∫₀ᵗ X ds for dX = -hX dt - √η s dW, X₀ = ``start``.

    x₀ (1 - e^{-ht})/(ht) and η s²/(ht)² ∫₀ᵗ (1 - e^{-hu})² du, which tends to η s²/(h²t), that of SGD at t = kη.

    Parameters
    ----------
    lr, h, scale : float
        η > 0, curvature h > 0, standard deviation s of the noise.
    time : float
        t > 0.
    start : float
        X₀; default 0.

    Returns
    -------
    mean, variance : float

    References
    ----------
    Computed here, as `averaged_sgd`.

    Examples
    --------
    >>> import sdeopt as so
    >>> mean, variance = so.theory.averaged_ou(0.1, 2.0, 1.0, 1000.0, start=1.0)
    >>> round(mean, 12), round(1000.0 * variance / (0.1 / 4.0), 2)
    (0.0005, 1.0)
    """
    gone = -math.expm1(-h * time)
    twice = -math.expm1(-2.0 * h * time)
    integral = time - 2.0 * gone / h + twice / (2.0 * h)
    return start * gone / (h * time), lr * scale**2 / (h * time) ** 2 * integral
