"""Epochs without replacement on f = h x²/2 with additive noise: exact variances at their ends."""

from __future__ import annotations

import math

import numpy as np

from sdeopt.core import checks

__all__ = ["reshuffled_variance"]

SMALLEST = 1e-300  # of ηh, below which its quotients are those at 0


def reshuffled_variance(lr: float, h: float, scale: float, epoch: int, *, discrete: bool = False) -> float:
    """Var x at rest, at the end of an epoch of N steps, of SGD on reshuffled batches or of its SDE "epoched".

    The noise of a step has the variance s², that of two steps of one epoch the covariance -s²/(N - 1), and the sum over
    an epoch is 0. With T = ηN and ρ = 1 - ηh:

        SDE       η s²/(2h) N/(N - 1) [1 - (2/hT) tanh(hT/2)]
        discrete  η² s² N/(N - 1) [(1 - ρ^{2N})/(1 - ρ²) - (1 - ρ^N)²/(N (1 - ρ)²)]/(1 - ρ^{2N})

    for short epochs about (hT)²/12 of η s²/(2h), that of independent batches; for long ones all of it.

    Parameters
    ----------
    lr, h, scale : float
        η > 0, curvature h > 0, standard deviation s of the gradient of one batch.
    epoch : int
        N >= 2, steps of an epoch.
    discrete : bool
        Whether of the optimizer, for which ηh < 2, rather than of the SDE; default False.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is no number in its range, or lr h >= 2 for the optimizer.

    References
    ----------
    Derived here; the noise is that of Mishchenko, Khaled & Richtárik (2020), arXiv:2006.05988, lemma 1, recalled.

    Examples
    --------
    >>> import sdeopt as so
    >>> round(so.theory.reshuffled_variance(0.1, 1.0, 1.0, 2), 9)  # nearly 0.05 x 2 x 0.04/12
    0.000332005
    >>> round(so.theory.reshuffled_variance(0.1, 1.0, 1.0, 2, discrete=True), 9)  # η² s² (1 - ρ)²/(1 - ρ⁴)
    0.000290782
    """
    lr, h, scale = checks.positive("lr", lr), checks.positive("h", h), checks.number("scale", scale, low=0.0)
    n = checks.integer("epoch", epoch, low=2, high=10**7)
    v, s2 = lr * h, scale * scale * n / (n - 1.0)
    if checks.flag("discrete", discrete):
        if not v < 2.0:
            raise ValueError(f"lr must be below 2/h, where SGD converges, got lr = {lr:g} at h = {h:g}")
        return float(checks.finite("lr, h, scale", lr * lr * s2 * discrete_share(v, n)))
    return float(checks.finite("lr, h, scale", lr * s2 / (2.0 * h) * bridge_share(v * n)))


def bridge_share(T: float) -> float:
    """1 - (2/T) tanh(T/2), of which no digit is lost at small T."""
    if T < 0.02:
        return T * T / 12.0 * (1.0 - T * T / 10.0)
    return 1.0 - math.tanh(0.5 * T) * 2.0 / T


def discrete_share(v: float, n: int) -> float:
    """The bracket over 1 - ρ^{2N}: N times the mean square of ρ^j about its mean, over it."""
    j, rho = np.arange(float(n)), 1.0 - v  # at small v from logarithms, which lose no digit
    if v >= 0.5:
        return float(n * (rho**j).var() / (1.0 - rho ** (2 * n)))
    if v < SMALLEST:
        return v * (n * n - 1.0) / 24.0
    fallen, end = np.expm1(j * math.log1p(-v)) / v, -math.expm1(2.0 * n * math.log1p(-v)) / v
    return float(v * n * fallen.var() / end)
