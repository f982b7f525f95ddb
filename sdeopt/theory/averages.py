"""Means of the positions of SGD on f = h x²/2 with additive noise of variance s²: exact moments."""

from __future__ import annotations

import math

import numpy as np

from sdeopt.core import checks

__all__ = ["averaged_ou", "averaged_sgd"]

SMALLEST = 1e-300  # of ηh, below which its quotients are those at 0


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

    Raises
    ------
    ValueError, TypeError
        If an argument is no number in its range, or lr h >= 2.

    References
    ----------
    Polyak & Juditsky (1992), doi:10.1137/0330046, have the limit; the sum is computed here.

    Examples
    --------
    >>> import sdeopt as so
    >>> [round(v, 12) for v in so.theory.averaged_sgd(0.5, 1.0, 1.0, 2, start=1.0)]  # of 1/2 and 1/4; (1/4 + 9/16)/4
    [0.375, 0.203125]
    """
    lr, h, scale, start = _checked(lr, h, scale, start)
    k = checks.integer("steps", steps, low=1, high=10**7)
    if not lr * h < 2.0:
        raise ValueError(f"lr must be below 2/h, where SGD converges, got lr = {lr:g} at h = {h:g}")
    v, i = lr * h, np.arange(1.0, k + 1.0)
    if v < SMALLEST:
        sums = i
    elif v < 1.0:  # of which no digit is lost where v is small
        sums = -np.expm1(i * math.log1p(-v)) / v
    else:
        sums = (1.0 - (1.0 - v) ** i) / v
    mean, square = float((1.0 - v * sums).mean()), float((sums**2).mean())
    mean, variance = checks.finite("lr, scale, start", start * mean, (lr * scale) * (lr * scale) * square / k)
    return mean, variance


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

    Raises
    ------
    ValueError, TypeError
        If an argument is no number in its range.

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
    lr, h, scale, start = _checked(lr, h, scale, start)
    v = h * checks.positive("time", time)
    share = -math.expm1(-v) / v if v > SMALLEST else 1.0
    if v < 0.01:  # where the sum below is a small difference of large numbers
        square = 1.0 / 3.0 - v * (1.0 / 4.0 - v * (7.0 / 60.0 - v / 24.0))
    else:
        square = (v + 2.0 * math.expm1(-v) - 0.5 * math.expm1(-2.0 * v)) / v / v / v
    variance = lr * time * scale * scale * square
    mean, variance = checks.finite("lr, h, scale, time, start", start * share, variance)
    return mean, variance


def _checked(lr: float, h: float, scale: float, start: float) -> tuple[float, float, float, float]:
    return (
        checks.positive("lr", lr), checks.positive("h", h), checks.number("scale", scale, low=0.0),
        checks.number("start", start),
    )  # fmt: skip
