"""``compare``: both columns on common random numbers, and what may be said about their gap."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import laws, paired, verdict
from sdeopt.comparison.overlay import theory
from sdeopt.comparison.report import Report, labels
from sdeopt.core import checks
from sdeopt.core.problem import Problem
from sdeopt.engine import checkpoint as checkpoints
from sdeopt.engine.blocks import RECORD_LIMIT, Interrupted, Task, fold
from sdeopt.engine.draws import heavy
from sdeopt.engine.kernels import Run, refuse
from sdeopt.engine.simulate import describe, plan

__all__ = ["compare"]

SAVES = 40
SMALL_CHUNK = 16  # paths that a chunk should hold at least, for covariances within it
PATHS_FLOW = 32  # paths whose mean stands for the flow of a sampled SDE
PATHS_CHANGE = 16  # paths on which dt is halved, at least

Array = NDArray[np.float64]


def compare(
    method: Any,
    problem: Problem,
    *,
    horizon: float | None = None,
    steps: int | None = None,
    paths: int = 4000,
    dt: float | None = None,
    substeps: int | None = None,
    scheme: str = "heun",
    sde: str | None = None,
    save_at: Any = None,
    observables: Any = None,
    tolerance: float = 0.1,
    judge: str | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Report:
    """Compare an optimizer with its SDE: gaps of means and covariances in time, with intervals and verdicts.

    Where the noise is made of normals both columns run on common random numbers (a minibatch is drawn independently,
    and the report says so), so that the interval of a gap is narrower than those of the means. Beside the gap stand
    the change when dt is halved (on the first quarter of the paths, and at least 16), the drift-only flow, and closed
    forms where the SDE has them. A quantity *agrees* if its gap is known to stay within ``tolerance`` of its scale at
    every save, *differs* if it is known to leave it at some save, and is *inconclusive* otherwise; `Report` says how
    scales, intervals and the false-alarm rate of 0.1 % are defined.

    Parameters
    ----------
    method : method
        An instance from ``sdeopt.methods()``, such as ``SGD(lr=0.1)``, or a page of your own.
    problem : Problem
        Objective, noise and start. Up to d = 8 all entries of the covariance are compared, above only variances.
    horizon, steps : float, int
        How long: continuous time or number of optimizer steps; give exactly one.
    paths : int
        Independent paths; default 4000.
    dt, substeps : float, int
        Step of the SDE integrator, or how many of them make one optimizer step; default clock/8. One per step is
        refused: Euler–Maruyama at dt = lr has the optimizer's own one-step moments, and agrees with it whatever the
        SDE is worth.
    scheme : str
        "heun" (default) or "euler", see `simulate`.
    sde : str
        Name of the SDE; default the method's own. ``method.sdes`` lists them.
    save_at : int or array_like
        Number of saves, or times, rounded to optimizer steps; default 40, fewer in large dimension.
    observables : sequence of str, or mapping
        Names ("loss", "norm2", "grad_norm2") or name -> function of x; default all that exist. For an SDE whose noise
        has no variance (SGD's "levy") functions must be given, bounded ones: nothing else is judged then.
    tolerance : float
        Margin of the verdicts as a fraction of each quantity's scale; default 0.1.
    judge : str
        "all", or "observables": means and variances of coordinates are then shown, not judged, and with them the trace
        of the covariance. Default "all" up to d = 64, above it, as for networks, "observables" if there are any.
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7); an integer gives bitwise the same report for any number of threads and any executor.
    executor : concurrent.futures.Executor
        Where chunks of paths run; default one thread per core.
    progress, checkpoint
        As in `simulate`.

    Returns
    -------
    Report
        On Ctrl-C, of the paths that are finished, with ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, for one substep per step, for a problem that cannot answer what the method asks, or
        for noise without a variance and no observables of your own.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    >>> report = so.compare(so.SGD(lr=0.05), problem, steps=40, paths=400, rng=0)
    >>> report
    Report(SGD(lr=0.05), SDE order1: agree)
    >>> report.rows[0].quantity, abs(report.rows[0].gap) < 0.01
    ('f(x)', True)
    """
    paths = checks.integer("paths", paths, low=2)
    tolerance = checks.number("tolerance", tolerance, low=0.0, high=1.0, open_low=True)
    given = rng
    if rng is None:
        rng = np.random.SeedSequence().entropy  # fresh, and in the report
    run = plan(
        method, problem, "sde", horizon=horizon, steps=steps, dt=dt, substeps=substeps, scheme=scheme, sde=sde,
        save_at=_few(problem) if save_at is None else save_at, observables=observables, rng=rng,
    )  # fmt: skip
    problem.alone("compare")
    if run.substeps == 1:
        raise ValueError(
            "substeps=1 (dt = lr) is refused: with one Euler–Maruyama step per iteration the SDE has the optimizer's "
            "own one-step moments and agrees with it whatever it is worth; use substeps=8 (default) or more"
        )
    if run.saves[-1] == 0:
        raise ValueError("save_at must contain a time after 0")
    columns = _columns(run)
    for column in columns[:2]:
        refuse(column)
    if heavy(run) and not isinstance(observables, Mapping):
        raise ValueError(
            f"{problem.noise!r} has no variance, so means of f(x) or |x|² and covariances never settle: give bounded "
            "functions to compare, such as observables={'cos x1': lambda x: cos(x)[0]} with cos from sdeopt.core"
        )
    what = "observables" if heavy(run) else judge or verdict.default(problem.dim, len(run.observables))
    if checks.choice("judge", what, verdict.JUDGED) == "observables" and not run.observables:
        raise ValueError("judge='observables' needs some: observables must not be empty")
    words = describe(columns[1])
    store = checkpoints.opened(checkpoint, given, columns, words)
    change, flow, main, partial = _run(columns, paths, executor, progress, store)
    meta = words | {"rng": repr(rng), "tolerance": tolerance, "partial": partial, "heavy": heavy(run), "judge": what}
    return _report(columns, main, change, flow, meta)


def _few(problem: Any) -> int:
    """40 saves, or as many as keep a chunk of paths from becoming too small in large dimension."""
    width = getattr(problem, "dim", 1) + 3
    return min(SAVES, max(1, RECORD_LIMIT // (SMALL_CHUNK * 2 * 8 * width) - 1))


def _columns(run: Run) -> tuple[Run, Run, Run, Run]:
    """Discrete, SDE, SDE with dt/2, flow; the first three share the increments of dt/2."""
    sde = replace(run, resolution=2 * run.substeps)
    return (
        replace(sde, kind="discrete"),
        sde,
        replace(sde, substeps=2 * run.substeps),
        replace(sde, noise_factor=0.0),
    )


def _run(columns: tuple[Run, ...], paths: int, executor: Any, progress: Any, store: Any) -> tuple[Any, Any, Any, bool]:
    """Halve dt on some of the paths, run the flow, then both columns on all; whether Ctrl-C stopped the last."""
    discrete, sde, fine, flow = columns
    some, d = min(paths, max(PATHS_CHANGE, paths // 4)), discrete.problem.dim

    def folded(runs: tuple[Run, ...], count: int, before: int, label: str, name: str) -> Any:
        task = Task(runs, functools.partial(paired.reduce, d=d, keep=laws.PATHS), 16 * d)
        told = (lambda done, _: progress(before + done, some + paths)) if callable(progress) else progress
        return fold(task, count, paired.merge, executor, told, label, 0, store and store.part(name))

    try:
        change = folded((sde, fine), some, 0, "halving dt", "halved")
        straight = _flow(flow, executor, not callable(progress) and progress, store)
    except Interrupted:
        raise KeyboardInterrupt from None
    try:
        return change, straight, folded((discrete, sde), paths, some, f"{discrete.method}", "paths"), False
    except Interrupted as stop:
        return change, straight, stop.result, True


def _flow(run: Run, executor: Any, progress: Any, store: Any) -> Array:
    """Records of the flow, (n, width): a single path without spread, or the mean of some where the drift is sampled."""
    count = 1 if run.model.drift is not None else PATHS_FLOW
    kept = store and store.part("flow")
    records: list[Array] = fold(Task((run,), _listed), count, list.__add__, executor, progress, "flow", 0, kept)
    mean: Array = np.concatenate(records).mean(axis=0)
    return mean


def _listed(first: int, records: Array) -> list[Array]:
    return [records]


def _report(
    columns: tuple[Run, ...], main: paired.Paired, change: paired.Paired, flow: Array, meta: dict[str, Any]
) -> Report:
    discrete, sde, *_ = columns
    d, blank = discrete.problem.dim, main.first_influence.mean.shape[1]  # the flow has no covariances
    both, halved = paired.estimates(main, d), paired.estimates(change, d)
    kinds, names = labels(d, tuple(discrete.observables))
    lost = [round(share * n) for share, n in zip(main.lost.mean[-1, :2], main.lost.count[-1:].repeat(2), strict=True)]
    traces = meta["judge"] != "all" and not meta["heavy"]  # the flow is told by it
    comparisons = len(verdict.judged(kinds, any(lost), meta["judge"])) + traces
    comparisons *= sum(k > 0 for k in discrete.saves)
    closed = theory(sde, both.second[:, kinds.index("trace")])
    meta |= {
        "paths": int(main.lost.count[-1]),
        "paths_change": int(halved.paths.min()),
        "diverged": lost,
        "comparisons": comparisons,
        "quantile": verdict.quantile(both.paths, verdict.FALSE_ALARM / comparisons),
        "quantile_change": verdict.quantile(halved.paths, verdict.FALSE_ALARM / comparisons),
        "confidence": verdict.CONFIDENCE,
        "false_alarm": verdict.FALSE_ALARM,
    }
    first, second = (np.concatenate(main.finals[side::2]) for side in (0, 1))
    return Report(
        meta=meta,
        kinds=kinds,
        names=names,
        times=np.array(discrete.saves) * discrete.method.clock,
        counts=both.paths,
        discrete=both.first,
        discrete_stderr=both.first_stderr,
        discrete_sd=both.first_sd,
        sde=both.second,
        sde_stderr=both.second_stderr,
        sde_sd=both.second_sd,
        gap=both.gap,
        gap_stderr=both.gap_stderr,
        margin=verdict.margins(both.first, both.first_sd, kinds, meta["tolerance"]),
        change=halved.gap,
        change_stderr=halved.gap_stderr,
        flow=np.hstack([flow, np.zeros((len(flow), blank)), np.full((len(flow), 1), np.nan)]),
        theory=closed.values,
        stationary=closed.stationary,
        laws=laws.distances(first, second, np.random.default_rng(discrete.entropy)),
    )
