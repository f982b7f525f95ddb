"""Streaming least squares under a learning-rate schedule: the risk of SGD as a convolution in intrinsic time.

Examples are those of `sdeopt.theory.streaming`, and step k takes η_k = ηψ(t_k), t_k = kη. In the time τ = ∫ψ dt that
counts by learning rate, homogenized SGD has de_i/dτ = -2h_i e_i + ηψ h_i² R, so that a schedule enters twice: by the
horizon that τ reaches, and as the weight of the noise that is remembered,

    R(τ) = σ²/2 + Σ_i e_i(0) e^{-2h_i τ} + η ∫₀^τ K(τ - s) ψ(s) R(s) ds,    K(τ) = Σ_i h_i² e^{-2h_i τ}

For a power law, h_i = i^{-β} and e_i(0) ~ i^{-1-sβ}, the second part falls like τ^{-s} and K like τ^{-(2 - 1/β)}.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sdeopt.core import checks
from sdeopt.core.checks import Array
from sdeopt.core.schedule import units
from sdeopt.theory.manifold import follow
from sdeopt.theory.streaming import FOLLOWED, followed, problem

__all__ = ["power_law", "scheduled_limit", "scheduled_sgd"]


def power_law(d: int, beta: float, source: float) -> tuple[Array, Array]:
    """Eigenvalues h_i = i^{-β} and a start x₀ - x* with ½h_i (x₀ - x*)_i² = ½ i^{-1-sβ}: kernel regression's power law.

    Parameters
    ----------
    d : int
        Dimension; tails beyond it are cut, which shows at τ ~ d^β.
    beta : float
        The capacity exponent β > 1: tr H stays bounded.
    source : float
        The source exponent s > 0; a task is the harder, the smaller it is.

    Returns
    -------
    h, start : ndarray, shape (d,)
        What `scheduled_sgd`, `streaming_sgd` and their limits take.

    Raises
    ------
    ValueError, TypeError
        If an exponent is out of its range.

    References
    ----------
    B. Li et al. (2025), arXiv:2509.19189, of which the abstract was read.

    Examples
    --------
    >>> import sdeopt as so
    >>> h, start = so.theory.power_law(3, beta=2.0, source=0.5)
    >>> h.round(4).tolist(), (0.5 * h * start**2).round(4).tolist()
    ([1.0, 0.25, 0.1111], [0.5, 0.125, 0.0556])
    """
    i = np.arange(1.0, checks.integer("d", d, low=1, high=10**7) + 1.0)
    beta = checks.number("beta", beta, low=1.0, high=100.0)
    source = checks.number("source", source, low=0.0, high=100.0)
    if beta == 1.0 or source == 0.0:
        raise ValueError(f"beta must be above 1 and source above 0, got {beta:g} and {source:g}")
    return i**-beta, i ** (0.5 * (beta - 1.0 - source * beta))


def scheduled_sgd(H: ArrayLike, lr: Any, start: ArrayLike, scale: float, steps: int) -> Array:
    """The excess risk E f of SGD under a schedule after 0, 1, ..., k steps of batch size 1, exactly, in any dimension.

    The recursion of `streaming_sgd` with the rate η_k of each step.

    Parameters
    ----------
    H : array_like, shape (d,)
        Eigenvalues h_i >= 0 of the covariance of the examples.
    lr : Schedule, Piecewise, Cosine or Power
        Its peak is η; a fraction of the run is one of ``steps``.
    start : array_like, shape (d,)
        x₀ - x* in the eigenbasis.
    scale : float
        σ >= 0, deviation of the label's noise.
    steps : int
        k >= 1.

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
    Derived here; see `streaming_sgd`.

    Examples
    --------
    Two steps along h = 1, of which the second has half the rate:

    >>> import sdeopt as so
    >>> halved = so.Piecewise(0.1, [so.hold(1), so.hold(1, 0.5)], unit="steps")
    >>> so.theory.scheduled_sgd([1.0], halved, start=[1.0], scale=0.0, steps=2).round(12).tolist()
    [0.5, 0.415, 0.3766125]
    """
    peak, count = peaked(lr), checks.integer("steps", steps, low=1, high=10**7)
    h, _, e, floor = problem(H, peak, start, scale)
    if hasattr(lr, "check"):
        lr.check(peak, count)
    rate, whole = units(lr, peak, count)[0]
    rates = (peak * float(lr.factor(k * rate / whole)) for k in range(count + 1))
    return followed(h, rates, e, floor, count)


def scheduled_limit(H: ArrayLike, lr: Any, start: ArrayLike, scale: float, times: ArrayLike) -> Array:
    """The excess risk in many dimensions under a schedule, at times t = kη: the convolution, solved.

    With ψ = 1 that of `homogenized_sgd`. It is solved as e_i' = -2ψh_i e_i + ηψ²h_i² R, the risk of dX = -ψ∇f dt +
    ψ√(η (2f + σ²)) H^{1/2} dB.

    Parameters
    ----------
    H, start, scale
        As `scheduled_sgd`.
    lr : Schedule, Piecewise, Cosine or Power
        Its peak is η; a fraction of the run is one of the last of the times.
    times : array_like, shape (m,)
        Increasing times t >= 0, the last of them positive.

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
    B. Li et al. (2025), arXiv:2509.19189, of which the abstract was read: the schedule enters by a convolution. The
    equation is derived here, from `homogenized_sgd` and the moments of a step; their law bounds its solution up to
    constants, and could not be seen.

    Examples
    --------
    >>> import sdeopt as so
    >>> h, start = so.theory.power_law(100, beta=1.5, source=0.5)
    >>> wsd = so.Piecewise(0.01, [so.hold(0.8), so.ramp(0.2, 1.0, 0.0)], unit="run")
    >>> so.theory.scheduled_limit(h, wsd, start, 0.5, times=[0.0, 10.0]).round(4).tolist()
    [0.9602, 0.1203]
    >>> so.theory.scheduled_sgd(h, wsd, start, 0.5, steps=1000)[[0, -1]].round(4).tolist()
    [0.9602, 0.1203]
    """
    peak, t = peaked(lr), checks.array("times", times)
    if t[0] < 0.0 or (np.diff(t) <= 0.0).any() or t[-1] == 0.0:
        raise ValueError(f"times must increase from 0 or later to a positive one, got {checks.short(t)}")
    h, _, e, floor = problem(H, peak, start, scale)
    end = float(t[-1])
    if hasattr(lr, "check"):
        lr.check(peak, max(1, round(end / peak)))
    unit = getattr(lr, "unit", "time")
    share = {"time": 1.0, "steps": 1.0 / peak, "run": 1.0 / end}[unit]

    def slope(y: Array) -> Array:
        psi, e = float(lr.factor(min(float(y[0]), end) * share)), y[1:]
        return np.concatenate([[1.0], -2.0 * psi * h * e + peak * psi * psi * h * h * (e.sum() + floor)])

    small = 1e-12 * max(float(e.sum()), 1e-300)
    y = follow(slope, end, np.concatenate([[0.0], e]), FOLLOWED, t_eval=t, atol=small, max_step=end / 200.0).y
    return np.asarray(y[1:].sum(axis=0))


def peaked(lr: Any) -> float:
    """η of a schedule."""
    if not hasattr(lr, "factor"):
        raise TypeError(f"lr must be a schedule, such as so.Cosine(0.1, horizon=2.0), got {checks.short(lr)}")
    return float(lr.peak)
