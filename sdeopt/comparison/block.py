"""One block of paths: both columns, the change when dt is halved, the flow, and the report of them."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import laws
from sdeopt.comparison.overlay import theory
from sdeopt.comparison.report import Report
from sdeopt.core.method import SAMPLED
from sdeopt.engine.blocks import RECORD_LIMIT, Interrupted, Task, fold
from sdeopt.engine.draws import orders
from sdeopt.engine.kernels import Run
from sdeopt.results import paired, quantities
from sdeopt.results.columns import labels
from sdeopt.results.judging import CONFIDENCE

__all__ = ["PATHS_CHANGE", "PATHS_FLOW", "assembled", "columns", "few", "leftover", "ran"]

SAVES = 40
SMALL_CHUNK = 16  # paths that a chunk should hold at least, for covariances within it
PATHS_FLOW = 32  # paths whose mean stands for the flow of a sampled SDE
PATHS_CHANGE = 16  # paths on which dt is halved, at least

Array = NDArray[np.float64]


def few(problem: Any) -> int:
    """40 saves, or as many as keep a chunk of paths from becoming too small in large dimension."""
    width = getattr(problem, "dim", 1) + 3
    return min(SAVES, max(1, RECORD_LIMIT // (SMALL_CHUNK * 2 * 8 * width) - 1))


def columns(run: Run) -> tuple[Run, Run, Run, Run]:
    """Discrete, SDE, SDE with dt/2, flow; the first three share the increments of dt/2."""
    sde = replace(run, resolution=2 * run.substeps)
    return (
        replace(sde, kind="discrete"),
        sde,
        replace(sde, substeps=2 * run.substeps),
        replace(sde, noise_factor=0.0),
    )


def ran(
    runs: tuple[Run, ...], paths: int, vectors: bool, executor: Any, progress: Any, store: Any
) -> tuple[Any, Any, Any, bool]:
    """Halve dt on some of the paths, run the flow, then both columns on all; whether Ctrl-C stopped the last."""
    discrete, sde, fine, flow = runs
    some, d = min(paths, max(PATHS_CHANGE, paths // 4)), discrete.problem.dim

    def folded(runs: tuple[Run, ...], count: int, before: int, label: str, name: str) -> Any:
        task = Task(runs, functools.partial(paired.reduce, d=d, keep=laws.PATHS, vectors=vectors), 16 * d)
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


def leftover(run: Run) -> float:
    """Factor from the change when dt is halved to the error at dt: 2 at order 1 of the integrator, 4/3 at order 2."""
    return 2.0 if run.scheme == "euler" or run.sde == SAMPLED.name else 4.0 / 3.0


def assembled(
    runs: tuple[Run, ...], main: paired.Paired, change: paired.Paired, flow: Array, meta: dict[str, Any]
) -> Report:
    """The report of what `ran` found."""
    discrete, sde, *_ = runs
    d, extra = discrete.problem.dim, len(discrete.observables)
    blank = main.first_influence.mean.shape[1]  # the flow has no covariances
    both, halved = paired.estimates(main, d), paired.estimates(change, d)
    kinds, names = labels(d, tuple(discrete.observables))
    lost = [round(share * n) for share, n in zip(main.lost.mean[-1, :2], main.lost.count[-1:].repeat(2), strict=True)]
    times = np.array(discrete.saves) * discrete.method.clock
    judged = quantities.judged(kinds, names, any(lost), meta["judge"], meta["heavy"])
    flow = np.hstack([flow, np.zeros((len(flow), blank)), np.full((len(flow), 1), np.nan)])
    scales, factor = quantities.scales(both, kinds, times, flow), leftover(sde)
    sizes = quantities.apart(both, main.groups, scales, judged, extra, (halved, change.groups, factor))
    flow_sizes = quantities.flow_apart(flow, both, scales, judged, extra)
    begun = times > 0.0  # at t = 0 both are at the start
    ends, seen = zip(*(orders(run) for run in (discrete, sde)), strict=True)
    known = judged, d, min(ends), np.array([min(seen[0][name], seen[1][name]) for name in discrete.observables])
    sizes, flow_sizes = (
        quantities.without_errors(type(s)(*(a[begun] for a in s)), *known) for s in (sizes, flow_sizes)
    )
    closed = theory(sde, both.second[:, kinds.index("trace")])
    meta |= {
        "paths": int(main.lost.count[-1]),
        "paths_change": int(halved.paths.min()),
        "diverged": lost,
        "left": factor,
        "comparisons": len(judged) * int(begun.sum()),
        "confidence": CONFIDENCE,
    }
    first, second = (np.concatenate(main.finals[side::2]) for side in (0, 1))
    return Report(
        meta=meta,
        kinds=kinds,
        names=names,
        times=times,
        counts=both.paths,
        discrete=both.first,
        discrete_stderr=both.first_stderr,
        discrete_sd=both.first_sd,
        sde=both.second,
        sde_stderr=both.second_stderr,
        sde_sd=both.second_sd,
        gap=both.gap,
        gap_stderr=both.gap_stderr,
        margin=meta["tolerance"] * scales.scale + scales.rounding,
        change=halved.gap,
        change_stderr=halved.gap_stderr,
        flow=flow,
        theory=closed.values,
        stationary=closed.stationary,
        laws=laws.distances(first, second, np.random.default_rng(discrete.entropy)),
        quantities=judged,
        sizes=sizes,
        flow_sizes=flow_sizes,
    )
