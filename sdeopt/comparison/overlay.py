"""Number beside theory: the exact moments of the SDE, where its page has them and the problem allows.

A page whose SDE is linear on quadratics (``linear(self, H, Sigma)``) has the mean and covariance of an
Ornstein-Uhlenbeck process at every time, and with them E f, E |x|² and E |∇f|², which are second moments. A page with
``stationary`` has the covariance as t → ∞, to leading order in the learning rate. For methods of the family "minimax"
quadratic games are quadratics too, with a Jacobian J in the place of the Hessian.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import diagonal
from sdeopt.core.observables import NAMED
from sdeopt.engine.beginnings import initial_states
from sdeopt.engine.run import Run
from sdeopt.results.paired import entries

__all__ = ["Theory", "noise_covariance", "theory"]

Array = NDArray[np.float64]
DENSE = 512  # dimensions above which there is no theory where coordinates mix: it would cost more than the simulation
LEVELLED = 0.05  # relative distance of the covariance from its limit at which that limit is worth showing


class Affine(NamedTuple):
    """A gradient, or a game's field, J (x - c), and 1 in the coordinates that minimise, 0 in those that maximise."""

    J: Array
    center: Array
    minimising: Array

    @property
    def bend(self) -> Array:
        """Hessian of the value: f is (x - c)ᵀ ∇²f (x - c)/2."""
        hessian: Array = (2.0 * self.minimising - 1.0)[:, None] * self.J
        return hessian


class Theory(NamedTuple):
    """Values (n, Q) of the SDE in time and levels (Q,) as t → ∞; NaN where there is none, or it was too much work."""

    values: Array
    stationary: Array
    omitted: bool = False


def noise_covariance(problem: Any) -> Array:
    """Σ of additive noise: its root applied to unit vectors, times its transpose."""
    (size,) = problem.noise.brownian("gradient", problem.objective)
    o, x0 = problem.oracle, np.array(problem.x0)
    root = np.array([problem.noise.root_cov(o, x0, unit) for unit in np.eye(size)])
    covariance: Array = root.T @ root
    return covariance


def _quadratic(run: Run) -> bool:
    """Whether the gradient, or the game's field, is affine."""
    from sdeopt.objectives import Quadratic
    from sdeopt.objectives.quadratic_game import AffineGame

    kinds: Any = (Quadratic, AffineGame) if run.method.family == "minimax" else Quadratic
    return isinstance(run.problem.objective, kinds)


def _affine(run: Run) -> Affine | None:
    """The problem as closed forms see it, or None if it is no quadratic."""
    f: Any = run.problem.objective
    if not _quadratic(run):
        return None
    if run.method.family == "minimax" and hasattr(f, "J"):
        return Affine(f.J, f.center, f.minimising)
    return Affine(f.H if f.H.ndim == 2 else np.diag(f.H), f.center, np.ones(f.dim))


def _given(run: Run, field: Affine, Sigma: Array) -> tuple[Array, ...]:
    """Arguments of the page's ``linear`` and ``stationary``."""
    return (field.J, Sigma, field.minimising) if run.method.family == "minimax" else (field.J, Sigma)


def _second_moments(run: Run, mean: Array, cov: Array, field: Affine) -> Array:
    """E of the named observables under laws with these means (n, d) and covariances (n, d, d); NaN for others."""
    r, J = mean - field.center, field.J
    forms = {"loss": (0.5 * field.bend, r), "norm2": (np.eye(len(J)), mean), "grad_norm2": (J.T @ J, r)}
    out = np.full((len(mean), len(run.observables)), np.nan)
    for k, (name, f) in enumerate(run.observables.items()):
        if f is NAMED.get(name):
            matrix, point = forms[name]
            out[:, k] = np.einsum("ni,ij,nj->n", point, matrix, point) + np.einsum("ij,nji->n", matrix, cov)
    return out


def _row(mean: Array, seconds: Array, cov: Array) -> Array:
    """Values in the order of the report's columns; theory knows no divergence."""
    i, j = entries(mean.shape[1])
    trace = np.trace(cov, axis1=1, axis2=2)[:, None]
    return np.hstack([mean, seconds, cov[:, i, j], trace, np.full_like(trace, np.nan)])


def _propagate(A: Array, D: Array, mean: Array, steps: Array) -> Iterator[tuple[Array, Array]]:
    """Mean and covariance of dY = -A Y dt + D^{1/2} dW after each of the time steps, few of which are different."""
    from sdeopt.theory import transition

    solved = functools.cache(lambda dt: transition(A, D, dt))
    cov = np.zeros_like(A)
    for dt in steps.tolist():
        phi, added = solved(dt)
        mean, cov = phi @ mean, phi @ cov @ phi.T + added
        yield mean, cov


def _stack(y: Any) -> Array:
    """The parts of a state, one after the other."""
    return np.concatenate(y) if isinstance(y, tuple) else np.array(y)


def _linear(run: Run, field: Affine, Sigma: Array) -> tuple[Array, Array] | None:
    """Mean (n, d) and covariance (n, d, d) of x at the saves, or None."""
    form = None if run.model.linear is None else run.model.linear(run.method, *_given(run, field, Sigma))
    if form is None:
        return None
    A, D = (np.asarray(a, dtype=float) for a in form)
    _, y1, first = initial_states(run)
    critical, _, _ = initial_states(replace(run, problem=replace(run.problem, x0=field.center)))
    start = _stack(y1) - _stack(critical)
    d, clock = run.problem.dim, run.method.clock
    later = [k for k in run.saves if k >= first]
    states = list(_propagate(A, (D + D.T) / 2.0, start, np.diff([first, *later]) * clock))
    mean = np.array([m[:d] for m, _ in states]) + field.center
    cov = np.array([c[:d, :d] for _, c in states])
    if len(later) < len(run.saves):  # t = 0, before an SDE that starts after the first step
        mean = np.vstack([run.problem.x0, mean])
        cov = np.concatenate([np.zeros((1, d, d)), cov])
    return mean, cov


def _limit(run: Run, field: Affine, Sigma: Array) -> Array | None:
    """Covariance of x as t → ∞, or None."""
    from sdeopt.theory import stationary

    page, d, given = run.model, run.problem.dim, _given(run, field, Sigma)
    try:
        if page.stationary is not None:
            level = page.stationary(run.method, *given)
        else:
            level = None if page.linear is None else stationary(*page.linear(run.method, *given))
    except ValueError:  # no stationary law, or none in closed form for this Σ
        return None
    return None if level is None else np.asarray(level)[:d, :d]


def _apart(run: Run, a: diagonal.Apart) -> tuple[Array | None, Array | None]:
    """Rows of the moments in time and of the limit, where coordinates go their own ways."""
    page, d, columns = run.model, run.problem.dim, len(run.observables)
    systems = None if page.linear is None else diagonal.each(lambda H, S: page.linear(run.method, H, S), a)
    rows = level = None
    if systems is not None:
        _, y1, first = initial_states(run)
        critical, _, _ = initial_states(replace(run, problem=replace(run.problem, x0=a.center)))
        later = [k for k in run.saves if k >= first]
        start = (_stack(y1) - _stack(critical)).reshape(-1, d)
        mean, var = diagonal.moments(systems, start, np.diff([first, *later]) * run.method.clock, a.center)
        mean, var = mean[1:], var[1:]
        if len(later) < len(run.saves):  # t = 0, before an SDE that starts after the first step
            mean, var = np.vstack([run.problem.x0, mean]), np.vstack([np.zeros(d), var])
        known = diagonal.second(a, mean, var)
        blank = np.full(len(mean), np.nan)
        seconds = [known[n] if f is NAMED.get(n) else blank for n, f in run.observables.items()]
        rows = np.column_stack([mean, *seconds, var, var.sum(axis=1), blank])
    try:
        if page.stationary is not None:
            found = diagonal.each(lambda H, S: page.stationary(run.method, H, S), a)
            level = None if found is None else np.array([C[0, 0] for (C,) in found])
        elif systems is not None:
            level = diagonal.level(systems)
    except ValueError:  # no stationary law
        level = None
    if level is not None:
        level = np.concatenate([np.full(d + columns, np.nan), level, [level.sum(), np.nan]])
    return rows, level


def theory(run: Run, trace: Array) -> Theory:
    """Closed forms for the SDE of ``run``; ``trace`` is its simulated covariance trace, which says if it has levelled.

    A limit is given only if the covariance has come within 5 % of it or, where only the limit is known, if its trace
    has moved by less than 5 % over the last quarter of the time.
    """
    problem, d, extra = run.problem, run.problem.dim, len(run.observables)
    blank = np.full((len(run.saves), d + extra + len(entries(d)[0]) + 2), np.nan)
    nothing = Theory(blank, blank[0])
    if problem.lacks("root_additive_cov") is not None or run.method.schedules:
        return nothing
    a = diagonal.apart(problem) if run.method.family != "minimax" else None
    field = _affine(run) if a is None and d <= DENSE else None
    if a is not None:
        rows, level = _apart(run, a)
    elif field is not None:
        rows, level = _mix(run, field)
    else:
        closed = run.model.linear is not None or run.model.stationary is not None
        return nothing._replace(omitted=closed and _quadratic(run))
    if rows is not None:
        trace = rows[:, -2]
    if level is None:
        return Theory(blank if rows is None else rows, nothing.stationary)
    earlier = trace[np.searchsorted(run.saves, 0.75 * run.saves[-1])]
    reference = level[-2] if rows is not None else earlier
    levelled = abs(trace[-1] - reference) <= LEVELLED * trace[-1]
    return Theory(blank if rows is None else rows, level if levelled else nothing.stationary)


def _mix(run: Run, field: Affine) -> tuple[Array | None, Array | None]:
    """Rows of the moments in time and of the limit, by dense matrices."""
    Sigma, d, extra = noise_covariance(run.problem), run.problem.dim, len(run.observables)
    exact, level = _linear(run, field, Sigma), _limit(run, field, Sigma)
    rows = None
    if exact is not None:
        mean, cov = exact
        rows = _row(mean, _second_moments(run, mean, cov, field), cov)
    missing = np.full((1, d), np.nan), np.full((1, extra), np.nan)
    return rows, None if level is None else _row(*missing, level[None])[0]
