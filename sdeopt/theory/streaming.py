"""Least squares with a new example at every step: the risk of SGD in any dimension, and the limits of many dimensions.

An example is a ~ N(0, H) with the label a·x* + ε, ε ~ N(0, σ²). Its loss is ½(a·(x - x*) - ε)², the excess risk is
f(x) = ½ (x - x*)ᵀ H (x - x*), and the gradient that SGD sees has the mean ∇f and the covariance

    Σ(x) = (2f + σ²) H + ∇f ∇fᵀ

All functions work in the eigenbasis of H, where the risk is the sum of e_i = ½ h_i E(x - x*)_i².
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from sdeopt.core import checks
from sdeopt.core.checks import Array
from sdeopt.theory.manifold import follow

__all__ = ["homogenized_sgd", "homogenized_signsgd", "streaming_sgd"]

FOLLOWED = "H, lr and times must be such that the risk can be followed to the last of the times"


def streaming_sgd(H: ArrayLike, lr: float, start: ArrayLike, scale: float, steps: int) -> Array:
    """The excess risk E f of SGD after 0, 1, ..., k steps of batch size 1, exactly, in any dimension.

    The second moments of x - x* obey a closed recursion, since E[a aᵀ M a aᵀ] = 2HMH + tr(HM) H:

        e_i' = (1 - 2ηh_i + 2η²h_i²) e_i + η² h_i² R,    R = Σ_j e_j + σ²/2

    It stays bounded if Σ_i ηh_i/(1 - ηh_i) < 2 and all ηh_i < 1.

    Parameters
    ----------
    H : array_like, shape (d,)
        Eigenvalues h_i >= 0 of the covariance of the examples.
    lr : float
        η > 0.
    start : array_like, shape (d,)
        x₀ - x* in the eigenbasis.
    scale : float
        σ >= 0, deviation of the label's noise.
    steps : int
        k >= 0.

    Returns
    -------
    ndarray, shape (k + 1,)
        E f; the population risk is σ²/2 more.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, or the risk overflows.

    References
    ----------
    The fourth moments are those of Isserlis (1918), doi:10.1093/biomet/12.1-2.134; the recursion is derived here.

    Examples
    --------
    One step from x - x* = 1 along h = 1: 1 - η a² squared has the mean 1 - 2η + 3η².

    >>> import sdeopt as so
    >>> so.theory.streaming_sgd([1.0], lr=0.1, start=[1.0], scale=0.0, steps=1).round(12).tolist()
    [0.5, 0.415]
    """
    h, lr, e, floor = problem(H, lr, start, scale)
    return followed(h, itertools.repeat(lr), e, floor, checks.integer("steps", steps, high=10**7))


def followed(h: Array, rates: Iterable[float], e: Array, floor: float, count: int) -> Array:
    """The recursion of `streaming_sgd` over ``count`` steps, of which each has its own rate."""
    risk = np.empty(count + 1)
    with np.errstate(all="ignore"):
        for k, rate in zip(range(count + 1), rates, strict=False):
            risk[k], step = e.sum(), rate * h
            e = (1.0 - 2.0 * step + 2.0 * step**2) * e + step**2 * (risk[k] + floor)
        checks.finite("H, lr, start, scale, steps", float(risk.sum()))
    return risk


def homogenized_sgd(H: ArrayLike, lr: float, start: ArrayLike, scale: float, times: ArrayLike) -> Array:
    """The excess risk in many dimensions, at times t = kη: that of homogenized SGD, by its Volterra equation.

    As d → ∞ with tr H bounded by 1/η, the risk of one run tends to a curve without chance, R(t) = E f + σ²/2 with

        R(t) = σ²/2 + Σ_i e_i(0) e^{-2h_i t} + ∫₀ᵗ K(t - s) R(s) ds,    K(t) = η Σ_i h_i² e^{-2h_i t}

    which is the risk of dX = -∇f dt + √(η (2f + σ²)) H^{1/2} dB, SGD's order1 without the part ∇f ∇fᵀ of Σ. It is
    solved as e_i' = -2h_i e_i + ηh_i² R. It comes to rest if η tr H < 2, where R = (σ²/2)/(1 - η tr(H)/2).

    Parameters
    ----------
    H : array_like, shape (d,)
        Eigenvalues h_i >= 0 of the covariance of the examples, d up to 10⁴ or so.
    lr : float
        η > 0.
    start : array_like, shape (d,)
        x₀ - x* in the eigenbasis.
    scale : float
        σ >= 0, deviation of the label's noise.
    times : array_like, shape (m,)
        Increasing times t >= 0.

    Returns
    -------
    ndarray, shape (m,)
        E f; the population risk R is σ²/2 more.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, or the curve cannot be followed (t h_i of more than some thousands).

    References
    ----------
    C. Paquette, E. Paquette, Adlam & Pennington (2022), arXiv:2205.07069, recalled; Collins-Woodfin & E. Paquette
    (2023), arXiv:2304.06847, of which the abstract was read. The equation is derived here from `streaming_sgd`.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> h, start = np.ones(1000), np.full(1000, 1000**-0.5)
    >>> limit = so.theory.homogenized_sgd(h, lr=0.001, start=start, scale=0.0, times=[0.0, 1.0])
    >>> limit.round(6).tolist()  # e^{-2t + η d t}/2
    [0.5, 0.18394]
    >>> so.theory.streaming_sgd(h, lr=0.001, start=start, scale=0.0, steps=1000)[[0, -1]].round(6).tolist()
    [0.5, 0.184216]
    """
    h, lr, e, floor = problem(H, lr, start, scale)
    return risks(lambda e: -2.0 * h * e + lr * h * h * (e.sum() + floor), e, times)


def homogenized_signsgd(H: ArrayLike, lr: float, start: ArrayLike, scale: float, times: ArrayLike) -> Array:
    """The excess risk of SignSGD in many dimensions, at times t = kη, for examples of independent coordinates.

    a_i and the residual a·(x - x*) - ε are jointly normal, of the correlation ρ_i = √h_i (x - x*)_i/√(2R), so that the
    sign of the gradient has the mean (2/π) arcsin ρ_i, about (2/π) ρ_i in many dimensions, and the square 1:

        e_i' = -(4/π) √h_i e_i/√(2R) + ½ ηh_i,    R = Σ_j e_j + σ²/2

    The rate of direction i goes with √h_i, not with h_i, and slows down where the risk is large. At rest
    √(2R) = c + √(c² + σ²) with c = (π/8) η Σ √h_i.

    Parameters
    ----------
    H : array_like, shape (d,)
        Variances h_i >= 0 of the coordinates of an example.
    lr : float
        η > 0, the length of a step in each coordinate.
    start : array_like, shape (d,)
        x₀ - x*.
    scale : float
        σ >= 0, deviation of the label's noise; 0 needs a start off x*.
    times : array_like, shape (m,)
        Increasing times t >= 0.

    Returns
    -------
    ndarray, shape (m,)
        E f; the population risk R is σ²/2 more.

    Raises
    ------
    ValueError, TypeError
        As `homogenized_sgd`.

    References
    ----------
    Xiao, Marshall, Agarwala & E. Paquette (2024), arXiv:2411.12135, of which the abstract was read; theirs has any
    covariance and any label noise. This case is derived here.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> late = so.theory.homogenized_signsgd(np.ones(100), 0.01, np.ones(100), 1.0, times=[0.0, 400.0])
    >>> c = np.pi / 8  # at rest ½((c + √(c² + 1))² - 1)
    >>> late.round(6).tolist(), round(0.5 * ((c + (c**2 + 1) ** 0.5) ** 2 - 1), 6)
    ([50.0, 0.576106], 0.576106)
    """
    h, lr, e, floor = problem(H, lr, start, scale)
    if not (e.sum() + floor) > 0.0:
        raise ValueError("scale must be positive where start is at the minimum, got 0")
    rate = 4.0 / np.pi * np.sqrt(h)
    return risks(lambda e: 0.5 * lr * h - rate * e / np.sqrt(2.0 * (e.sum() + floor)), e, times)


def problem(H: ArrayLike, lr: float, start: ArrayLike, scale: float) -> tuple[Array, float, Array, float]:
    """h, η, e(0) and σ²/2 of arguments that are right."""
    h = checks.array("H", H)
    if (h < 0.0).any():
        raise ValueError(f"H must be at least 0 in every direction, got {h.min():g}")
    lr, scale = checks.positive("lr", lr), checks.number("scale", scale, low=0.0)
    x = checks.array("start", start, shape=h.shape)
    with np.errstate(all="ignore"):
        e, floor = 0.5 * h * x * x, 0.5 * scale * scale
        checks.finite("H, start, scale", float(e.sum()) + floor)
    return h, lr, e, floor


def risks(slope: Callable[[Array], Array], e: Array, times: ArrayLike) -> Array:
    """Σ e_i at the times, along e' = slope(e)."""
    t = checks.array("times", times)
    if t[0] < 0.0 or (np.diff(t) <= 0.0).any():
        raise ValueError(f"times must increase from 0 or later, got {checks.short(t)}")
    if t[-1] == 0.0:
        return np.array([e.sum()])
    small = 1e-12 * max(float(e.sum()), 1e-300)
    return np.asarray(follow(slope, float(t[-1]), e, FOLLOWED, t_eval=t, atol=small).y.sum(axis=0))
