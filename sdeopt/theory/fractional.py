"""Injected noise on a quadratic f = h x²/2, and on the widening valley: exact variances and the smoothed flow."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.fractional import autocovariance
from sdeopt.theory.linear import contraction

__all__ = ["antipgd_variance", "fpgd_variance", "fractional_ou_variance", "pgd_variance", "widening_flow"]

Array = NDArray[np.float64]
DIGITS = 40.0  # e^{-40} is below the rounding of 1
SLOPES = 300_000  # evaluations of a flow, some two seconds


def fractional_ou_variance(h: float, sigma: float, hurst: float, t: float = math.inf) -> float:
    """Variance of the fractional Ornstein-Uhlenbeck process dX = -h X dt + σ̂ dB^H from a fixed point.

        Var X_t = σ̂² H ∫₀ᵗ s^{2H-1} (e^{-hs} + e^{-2ht+hs}) ds
                = ½ σ̂² t^{2H} [₁F₁(2H; 2H + 1; -ht) + e^{-ht} ₁F₁(1; 2H + 1; -ht)]
        Var X_∞ = σ̂² H Γ(2H) h^{-2H}

    Parameters
    ----------
    h : float
        Curvature; > 0 for t = ∞.
    sigma : float
        σ̂ >= 0.
    hurst : float
        H in (0, 1).
    t : float
        Time >= 0; default ∞, the stationary law.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    Cheridito, Kawaguchi & Maejima (2003), Fractional Ornstein-Uhlenbeck processes, doi:10.1214/EJP.v8-125; the
    integral is ours, from E B^H_s B^H_t = ½ (s^{2H} + t^{2H} - |t - s|^{2H}), the second line its value.

    Examples
    --------
    >>> from sdeopt.theory import fractional_ou_variance
    >>> round(fractional_ou_variance(1.0, 1.0, hurst=0.75), 6), round(fractional_ou_variance(1.0, 1.0, 0.75, t=2.0), 6)
    (0.66467, 0.588494)
    """
    from scipy.special import hyp1f1

    h, sigma, p = checks.number("h", h), checks.number("sigma", sigma, low=0.0), 2.0 * _hurst(hurst)
    if checks.single(t) and t == math.inf:
        h = checks.positive("h", h)
        return float(0.5 * sigma * sigma * math.gamma(p + 1.0) * h**-p)
    t = checks.number("t", t, low=0.0)
    rise = hyp1f1(p, p + 1.0, -h * t) + math.exp(-h * t) * hyp1f1(1.0, p + 1.0, -h * t)
    return float(0.5 * sigma * sigma * t**p * rise)


def _hurst(hurst: float) -> float:
    return checks.number("hurst", hurst, low=0.0, high=1.0, open_low=True, open_high=True)


def fpgd_variance(h: float, lr: float, sigma: float, hurst: float, steps: int | None = None) -> float:
    """Variance of fPGD on f = h x²/2 without gradient noise, x' = a x + σ̂ η^H G_k with a = 1 - ηh.

    Var x_K = σ̂² η^{2H} Σ_{i,j<K} a^{i+j} γ(i - j), and σ̂² η^{2H}/(1 - a²) [1 + 2 Σ_{k>=1} a^k γ(k)] as K → ∞, with γ
    the covariance of fractional Gaussian noise (`sdeopt.core.fractional.autocovariance`).

    Parameters
    ----------
    h, lr, sigma, hurst : float
        Curvature, η > 0, σ̂ >= 0, H in (0, 1).
    steps : int, optional
        K >= 0; default the stationary law, for 0 < ηh < 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    The recursion: Lucchi et al. (2022), arXiv:2209.09162; its sum is ours.

    Examples
    --------
    >>> from sdeopt.theory import fpgd_variance
    >>> round(fpgd_variance(1.0, 0.1, 1.0, hurst=0.25), 6)
    0.475423
    """
    a, sigma = contraction(h, lr, stationary=steps is None), checks.number("sigma", sigma, low=0.0)
    step = sigma * sigma * lr ** (2.0 * _hurst(hurst))
    if steps is None:
        count = 1 if a == 0.0 else math.ceil(DIGITS / -math.log(abs(a))) + 1
        left = np.full(count, 1.0 / (1.0 - a * a))
    else:
        count = checks.integer("steps", steps)
        powers = (a * a) ** np.arange(count)
        left = np.cumsum(powers)[::-1]  # Σ a^{2i} over i < K - k
    k = np.arange(count)
    twice = np.where(k > 0, 2.0, 1.0)
    return float(step * np.sum(twice * a**k * autocovariance(k, hurst) * left))


def pgd_variance(h: float, lr: float, sigma: float) -> float:
    """Stationary variance σ̂²/(h (2 - ηh)) of PGD on f = h x²/2 without gradient noise; its SDE has σ̂²/(2h).

    Parameters
    ----------
    h, lr, sigma : float
        Curvature, η and σ̂ >= 0, with 0 < ηh < 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    Ours: the variance of x' = (1 - ηh) x + σ̂ √η w.

    Examples
    --------
    >>> from sdeopt.theory import pgd_variance
    >>> round(pgd_variance(2.0, 0.1, sigma=0.3 / 0.1**0.5), 12)  # every step adds noise of standard deviation 0.3
    0.25
    """
    contraction(h, lr)
    sigma = checks.number("sigma", sigma, low=0.0)
    return sigma * sigma / (h * (2.0 - lr * h))


def antipgd_variance(h: float, lr: float, sigma: float) -> tuple[float, float]:
    """Stationary variances (Var x, Var y) = (2, ηh) σ²/(2 - ηh) of Anti-PGD on f = h x²/2 without gradient noise.

    y = x - σ w is the state of `AntiPGD`, x the iterate that carries the current perturbation.

    Parameters
    ----------
    h, lr, sigma : float
        Curvature, η and σ >= 0, with 0 < ηh < 2.

    Returns
    -------
    tuple of float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    Ours: the variance of y' = (1 - ηh) y - ηh σ w, and x = y + σ w with w independent of y.

    Examples
    --------
    >>> from sdeopt.theory import antipgd_variance
    >>> [round(v, 12) for v in antipgd_variance(2.0, 0.1, sigma=0.3)]
    [0.1, 0.01]
    """
    contraction(h, lr)
    sigma = checks.number("sigma", sigma, low=0.0)
    y = lr * h * sigma * sigma / (2.0 - lr * h)
    return y + sigma * sigma, y


def widening_flow(radius: float, v: float, d: int, sigma: float, times: Any) -> tuple[Array, Array]:
    """The flow of the smoothed widening valley: |u|' = -(v² + σ²) |u|, v' = -(|u|² + d σ²) v.

    For f = v²|u|²/2 noise of variance σ² gives E f = ½ (v² + σ²)(|u|² + dσ²), whose gradient this is: what Anti-PGD
    follows as η → 0. With σ = 0 it is the plain gradient flow, which conserves v² - |u|².

    Parameters
    ----------
    radius, v : float
        |u| >= 0 and v at time 0.
    d : int
        Dimension of u.
    sigma : float
        σ >= 0.
    times : array_like, shape (n,)
        Increasing times >= 0.

    Returns
    -------
    radius, v : ndarray, shape (n,)
        Integrated with relative error 1e-10.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    Orvieto et al. (2022), arXiv:2202.02831; the smoothed flow is ours.

    Examples
    --------
    >>> from sdeopt.theory import widening_flow
    >>> radius, v = widening_flow(0.5, 1.5, d=100, sigma=0.05, times=[2.0, 5.0, 10.0, 20.0])
    >>> v.round(4).tolist()
    [0.85, 0.4009, 0.1148, 0.0094]
    """
    from scipy.integrate import solve_ivp

    start = [checks.number("radius", radius, low=0.0), checks.number("v", v)]
    d, sigma = checks.integer("d", d, low=1), checks.number("sigma", sigma, low=0.0)
    times = checks.array("times", times)
    if times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise ValueError(f"times must increase from 0 or later, got {times.tolist()}")
    noise = sigma * sigma

    asked = itertools.count()

    def slope(_: float, y: Array) -> Array:
        if next(asked) == SLOPES:
            raise ValueError(
                f"radius and v must be small enough for the flow to be followed to t = {times[-1]:g}, got radius = "
                f"{start[0]:g}, v = {start[1]:g}, d sigma² = {d * noise:g}: it falls too fast"
            )
        return np.array([-(y[1] ** 2 + noise) * y[0], -(y[0] ** 2 + d * noise) * y[1]])

    span = (0.0, float(times[-1]) or 1.0)  # an interval of length 0 cannot be integrated over
    found = solve_ivp(slope, span, start, "DOP853", t_eval=times, rtol=1e-11, atol=1e-14)
    return found.y[0], found.y[1]
