"""SGD among the minimisers, in times 1/η²: the limit of the gradient flow, and the slow flow under label noise."""

from __future__ import annotations

import itertools
import time
import warnings
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.checks import Array

__all__ = ["flow_limit", "label_noise_flow"]

FLAT = 1e-6  # an eigenvalue below this share of the largest is one of a direction within the minimisers
STEP = 1e-4  # of the central differences of tr ∇²f, which are exact where ∇²f is quadratic
LONGEST, SETTLED = 1e6, 1e-10
SLOPES, SECONDS = 30_000, 20.0  # after which a flow is given up; a slope may take some milliseconds


def flow_limit(objective: Any, x: Any) -> Array:
    """Where the gradient flow x' = -∇f(x) from ``x`` ends, Φ(x); among many minimisers the start chooses.

    Parameters
    ----------
    objective : objective
        With ``grad`` and ``hvp``, in a few dimensions.
    x : array_like, shape (d,)
        The start.

    Returns
    -------
    ndarray, shape (d,)
        Where the largest entry of |∇f| is 1e-10 of what it was at the start, or of 1.

    Raises
    ------
    ValueError, TypeError
        If ``x`` does not fit, or the flow has not come to rest at time 10⁶.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.DiagonalLinearNetwork([[1.0]], [1.0])  # u² - v² = 1; the flow keeps u v
    >>> so.theory.flow_limit(f, [2.0, 1.0]).round(6).tolist()
    [1.600485, 1.249621]
    """
    start = expect_point(objective, x)
    small = SETTLED * max(1.0, float(np.abs(objective.grad(start)).max()))

    def rest(_: float, y: Array) -> float:
        return float(np.abs(objective.grad(y)).max()) - small

    rest.terminal = True  # type: ignore[attr-defined]
    if rest(0.0, start) <= 0.0:
        return start
    sentence = "x must be a point from which the gradient flow can be followed"
    found = follow(lambda y: -objective.grad(y), LONGEST, start, sentence, "Radau", events=rest, rtol=1e-10)
    if found.status != 1:
        raise ValueError(f"x must be a point from which the gradient flow comes to rest before time {LONGEST:g}")
    return np.asarray(found.y[:, -1])


def label_noise_flow(objective: Any, x: Any, scale: float, times: Any) -> tuple[Array, Array]:
    """The slow flow of SGD under `LabelNoise`: dY/dT = -(δ²/4n) P ∇tr ∇²f(Y), at times T = kη² after k steps.

    Y(0) is `flow_limit` of ``x``; f is 0 along Y, and P projects onto the kernel of ∇²f(Y), the directions within the
    minimisers. Derivation: about Y the noise (δ²/n) ∇²f keeps x at the covariance (ηδ²/2n) I across the minimisers,
    whose mean second-order force -½ ∇³f[·, ·], times η per step, has this component along them; the noise has none.
    Valid as η → 0 at fixed T.

    Parameters
    ----------
    objective : objective
        A regression f = (1/n) Σ ½(m_i - y_i)² that can be fitted, in a few dimensions: ∇²f is formed.
    x : array_like, shape (d,)
        The start.
    scale : float
        δ >= 0.
    times : array_like, shape (m,)
        Increasing times T >= 0.

    Returns
    -------
    positions : ndarray, shape (m, d)
    traces : ndarray, shape (m,)
        tr ∇²f there.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, the objective is no regression, or the data are not fitted at Y(0).

    References
    ----------
    Blanc et al. (2020), arXiv:1904.09080; Damian, Ma & Lee (2021), arXiv:2106.06530; Li, Wang & Arora (2022),
    arXiv:2110.06914, of which the abstract was read: that label noise leads to a flow that lowers tr ∇²f. The flow and
    its constant are derived here.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.DiagonalLinearNetwork([[1.0]], [1.0])  # u v decays as exp(-4δ²T), tr ∇²f = 4(u² + v²)
    >>> Y, traces = so.theory.label_noise_flow(f, [np.sqrt(2.0), 1.0], scale=0.5, times=[0.0, 1.0])
    >>> np.prod(Y, axis=1).round(6).tolist(), float(np.sqrt(2.0) * np.exp(-1.0)).__round__(6)
    ([1.414214, 0.52026], 0.52026)
    """
    scale, times = checks.number("scale", scale, low=0.0), checks.array("times", times)
    if times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise ValueError(f"times must increase from 0 or later, got {times.tolist()}")
    start = fitted(objective, x)
    rate = scale * scale / (4.0 * objective.examples())

    def drift(y: Array) -> Array:
        curved, axes = np.linalg.eigh(objective.hessian(y))
        within = axes[:, curved < FLAT * curved[-1]]
        return np.asarray(-rate * within @ (within.T @ trace_grad(objective, y)))

    sentence = "scale and times must be small enough for the flow to be followed"
    end = float(times[-1]) or 1.0  # an interval of length 0 cannot be integrated over
    found = follow(drift, end, start, sentence, t_eval=times)
    return found.y.T, np.array([np.trace(objective.hessian(y)) for y in found.y.T])


def follow(f: Any, end: float, y: Array, sentence: str, how: str = "DOP853", begin: float = 0.0, **words: Any) -> Any:
    """Integrate y' = f(y), as long as this takes a bearable time and numbers are finite; else say ``sentence``."""
    from scipy.integrate import solve_ivp

    asked, until = itertools.count(), time.process_time() + SECONDS

    def slope(_: float, z: Array) -> Array:
        if next(asked) == SLOPES or time.process_time() > until or not np.isfinite(z).all():
            raise ValueError(sentence)
        return np.asarray(f(z))

    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SciPy's, of steps that it gives up
            found = solve_ivp(slope, (begin, end), y, how, **{"rtol": 1e-9, "atol": 1e-12} | words)
    except (np.linalg.LinAlgError, ValueError):
        raise ValueError(sentence) from None
    if found.status < 0 or not np.isfinite(found.y if len(found.t) else y).all():
        raise ValueError(sentence)
    return found


def fitted(objective: Any, x: Any) -> Array:
    """Where the gradient flow from x ends, of a regression that is fitted there."""
    if not hasattr(objective, "label_grad"):
        raise ValueError(f"objective must be a least-squares regression, got {checks.short(objective)}")
    start = flow_limit(objective, x)
    with np.errstate(all="ignore"):
        left = float(objective.value(start))
    if not left <= SETTLED:
        raise ValueError(f"objective must be fitted where the flow from x ends, but f is {left:g} there")
    return start


def trace_grad(objective: Any, y: Array) -> Array:
    """∇tr ∇²f by central differences."""
    moves = STEP * np.eye(y.size)
    return np.array([np.trace(objective.hessian(y + e) - objective.hessian(y - e)) for e in moves]) / (2.0 * STEP)


def expect_point(objective: Any, x: Any) -> Array:
    """``x`` as a point of the objective, or an error in one sentence."""
    if not hasattr(objective, "hessian") or not hasattr(objective, "grad"):
        raise TypeError(f"objective must be one of sdeopt.objectives, got {checks.short(objective)}")
    if hasattr(objective, "players"):
        raise ValueError(f"objective must be a function to be minimised, {objective!r} is a game: it has no Hessian")
    point: Array = checks.array("x", x)
    if point.size != objective.dim:
        raise ValueError(f"x must have {objective.dim} entries, as {type(objective).__name__} does, got {point.size}")
    with np.errstate(all="ignore"):
        if not (np.isfinite(objective.grad(point)).all() and np.isfinite(objective.hessian(point)).all()):
            raise ValueError(f"x must be where gradient and Hessian are finite, got {checks.short(point)}")
    return point
