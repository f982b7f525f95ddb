"""Gradient descent at the edge of stability, on average: the central flow for one unstable direction."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import checks
from sdeopt.core.checks import Array
from sdeopt.theory.manifold import expect_point, follow

__all__ = ["CentralFlow", "central_flow"]

STEP = 1e-4  # of second differences of the gradient, which are exact where ∇²f is linear
SWITCHES = 100


class CentralFlow(NamedTuple):
    """What `central_flow` returns, at each of the times asked for.

    Attributes
    ----------
    positions : ndarray, shape (m, d)
        The path that gradient descent oscillates about.
    sharpness, variance : ndarray, shape (m,)
        S, and σ² of the oscillation along its eigenvector: 0 below the edge.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.DiagonalLinearNetwork([[1.0]], [1.0])
    >>> so.theory.central_flow(f, [1.0, 1.0], lr=0.1, times=[0.0]).variance.tolist()
    [0.0]
    """

    positions: Array
    sharpness: Array
    variance: Array


def central_flow(objective: Any, x: Any, lr: float, times: Any) -> CentralFlow:
    """The path that gradient descent with x' = x - η∇f(x) oscillates about, at times t = kη.

    With S the largest eigenvalue of ∇²f(x) and u its eigenvector, gradient descent is unstable along u where S > 2/η.
    As long as S < 2/η the flow is dX = -∇f dt. At S = 2/η oscillations x = X ± σu keep it from rising further:

        dX = -(∇f + ½σ²∇S) dt,   ∇S = ∇³f[u, u],   σ² = -2 ∇S·∇f/|∇S|²

    for which dS = 0: the gradient is projected onto the surface S = 2/η, until it points off it (σ² = 0). ½σ²∇S is what
    the mean of the gradients at X ± σu adds to ∇f(X), to second order in σ. Meant for one unstable direction: where the
    two largest eigenvalues meet at 2/η this flow is not defined.

    Parameters
    ----------
    objective : objective
        With ``grad`` and ``hvp``, in a few dimensions: ∇²f is formed.
    x : array_like, shape (d,)
        The start, where S <= 2/η.
    lr : float
        η > 0.
    times : array_like, shape (m,)
        Increasing times t >= 0.

    Returns
    -------
    CentralFlow
        ``positions`` (m, d), ``sharpness`` S and ``variance`` σ², (m,).

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, S > 2/η at the start, or the flow cannot be followed.

    References
    ----------
    Cohen et al. (2025), arXiv:2410.24206, recalled, whose flow has any number of unstable directions; the case of one
    is derived here. Marion (2026), arXiv:2606.18080, of which the abstract was read, gives σ and u equations of their
    own, so that S can overshoot; that flow is not built here.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.DiagonalLinearNetwork([[1.0]], [1.0])  # minima u² - v² = 1, of sharpness 4(u² + v²)
    >>> flow = so.theory.central_flow(f, [1.0, 1.0], lr=0.23, times=[0.0, 0.2, 5.0])
    >>> flow.sharpness.round(6).tolist()  # the gradient flow would end at 4√5; 2/η = 8.695652
    [8.472136, 8.503216, 8.695652]
    >>> flow.positions[-1].round(6).tolist()  # of the minima the one with S = 2/η
    [1.259745, 0.766131]
    """
    lr, times = checks.number("lr", lr, low=0.0, open_low=True), checks.array("times", times)
    if times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise ValueError(f"times must increase from 0 or later, got {times.tolist()}")
    y, edge, t, end = expect_point(objective, x), 2.0 / lr, 0.0, float(times[-1])
    if sharpest(objective, y)[0] > edge * (1.0 + 1e-9):
        raise ValueError(f"x must be where the sharpness is at most 2/lr = {edge:g}, got {sharpest(objective, y)[0]:g}")
    found = np.empty((len(times), y.size))
    found[times == 0.0] = y
    sentence = "lr and times must be such that the flow can be followed"
    on_edge = sharpest(objective, y)[0] >= edge * (1.0 - 1e-9) and push(objective, y)[1] > 0.0
    for _ in range(SWITCHES):
        if t >= end:
            variance = [max(0.0, push(objective, p)[1]) if at_edge(objective, p, edge) else 0.0 for p in found]
            return CentralFlow(found, np.array([sharpest(objective, p)[0] for p in found]), np.array(variance))
        event = release(objective) if on_edge else arrival(objective, edge)
        slope = (lambda z: push(objective, z)[0]) if on_edge else (lambda z: -objective.grad(z))
        later = [s for s in times if s > t]
        part = follow(slope, end, y, sentence, begin=t, events=event, t_eval=later)
        found[np.isin(times, part.t)] = np.reshape(part.y, (y.size, -1)).T  # none asked for in this part: no rows
        if part.status == 0:
            t = end
        else:
            t, y, on_edge = float(part.t_events[0][0]), part.y_events[0][0], not on_edge
    raise ValueError(f"{sentence}: it meets the edge more than {SWITCHES // 2} times")


def sharpest(objective: Any, y: Array) -> tuple[float, Array]:
    """The largest eigenvalue of ∇²f(y), and its eigenvector."""
    values, axes = np.linalg.eigh(objective.hessian(y))
    return float(values[-1]), np.asarray(axes[:, -1])


def push(objective: Any, y: Array) -> tuple[Array, float]:
    """The velocity at the edge, and σ²."""
    u = STEP * sharpest(objective, y)[1]
    slope = objective.grad(y)
    rise = (objective.grad(y + u) - 2.0 * slope + objective.grad(y - u)) / STEP**2  # ∇³f[u, u]
    variance = -2.0 * float(rise @ slope) / max(float(rise @ rise), 1e-300)
    return np.asarray(-slope - 0.5 * variance * rise), variance


def at_edge(objective: Any, y: Array, edge: float) -> bool:
    """Whether S = 2/η there, to the accuracy of the integration."""
    return bool(sharpest(objective, y)[0] >= edge * (1.0 - 1e-6))


def arrival(objective: Any, edge: float) -> Any:
    """The event S = 2/η from below."""

    def gap(_: float, y: Array) -> float:
        return sharpest(objective, y)[0] - edge

    gap.terminal, gap.direction = True, 1.0  # type: ignore[attr-defined]
    return gap


def release(objective: Any) -> Any:
    """The event σ² = 0 from above."""

    def variance(_: float, y: Array) -> float:
        return push(objective, y)[1]

    variance.terminal, variance.direction = True, -1.0  # type: ignore[attr-defined]
    return variance
