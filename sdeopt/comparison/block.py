"""One block of paths: both columns, the change when dt is halved, the flow, and the report of them."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import laws, recorded
from sdeopt.comparison.overlay import Theory, theory
from sdeopt.comparison.recorded import Recorded
from sdeopt.comparison.report import Report
from sdeopt.core.traits import SAMPLED
from sdeopt.engine import ahead
from sdeopt.engine.blocks import RECORD_LIMIT, Interrupted, Task, fold, records
from sdeopt.engine.draws import orders
from sdeopt.engine.planning import usual_saves
from sdeopt.engine.progress import Progress
from sdeopt.engine.run import Run
from sdeopt.results import paired, quantities
from sdeopt.results.bounds import Sizes
from sdeopt.results.columns import labels
from sdeopt.results.judging import CONFIDENCE
from sdeopt.results.pages import TRACE
from sdeopt.results.quantities import Quantity, Scales

__all__ = [
    "BYTES",
    "PATHS_CHANGE",
    "PATHS_FLOW",
    "alike",
    "REDUCE",
    "assemble",
    "columns",
    "few",
    "flows",
    "halved",
    "leftover",
    "measure",
    "ran",
    "seen",
    "straight",
]

SAVES = 40
SMALL_CHUNK = 16  # paths that a chunk should hold at least, for covariances within it
PATHS_FLOW = 32  # paths whose mean stands for the flow of a sampled SDE
SETTLED = 3.0  # order of the moments beyond which the standard error of a gap is known: at 2.5 intervals cover 88 %
BYTES = 16  # that stay of every number of the position of a path
PATHS_CHANGE = 16  # paths on which dt is halved, at least
REDUCE = functools.partial(paired.reduce, keep=laws.PATHS)

Array = NDArray[np.float64]


def few(problem: Any, projected: bool = False) -> int:
    """40 saves, of networks 20, or as many as keep a chunk of paths from becoming too small in large dimension.

    With ``projected`` records hold projections, which are few.
    """
    width = 3 if projected else getattr(problem, "dim", 1) + 3
    return min(usual_saves(problem, SAVES), max(1, RECORD_LIMIT // (SMALL_CHUNK * 2 * 8 * width) - 1))


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
    runs: tuple[Run, ...], paths: int, vectors: bool, change: paired.Paired | None, executor: Any, progress: Any,
    store: Any, log: Recorded | None = None,
) -> tuple[Any, Any, Any, bool]:  # fmt: skip
    """Halve dt on some of the paths, run the flow, then both columns on all; whether Ctrl-C stopped the last.

    Where dt has been halved already, ``change`` is what that changed; the column of a ``log`` is not run.
    """
    discrete, sde, fine, flow = runs
    some = halved(paths) if change is None else 0
    traced = {"traced": True} if discrete.projections else {}

    def folded(runs: tuple[Run, ...], count: int, before: int, label: str, name: str, reduce: Any = REDUCE) -> Any:
        task = Task(runs, functools.partial(reduce, d=discrete.kept, vectors=vectors, **traced), BYTES * discrete.kept)
        told = (lambda done, _: progress(before + done, some + paths)) if callable(progress) else progress
        return fold(task, count, paired.merge, executor, told, label, 0, store and store.part(name))

    try:
        if change is None:
            with Progress(1, not callable(progress) and progress, f"{discrete.method}"):
                ahead.compile_both((discrete, sde) if log is None else (sde,))
            change = folded((sde, fine), some, 0, "halving dt", "halved")
        line = straight(flow, executor, not callable(progress) and progress, store)
    except Interrupted:
        raise KeyboardInterrupt from None
    both: tuple[Any, ...] = ((discrete, sde), REDUCE) if log is None else ((sde,), recorded.reduce)
    try:
        return change, line, folded(both[0], paths, some, f"{discrete.method}", "paths", both[1]), False
    except Interrupted as stop:
        return change, line, stop.result, True


def halved(paths: int) -> int:
    """Paths on which dt is halved, of so many."""
    return min(paths, max(PATHS_CHANGE, paths // 4))


def flows(run: Run) -> int:
    """Paths of the flow."""
    return 1 if run.model.drift is not None else PATHS_FLOW


def seen(run: Run) -> tuple[str, ...]:
    """Names of what is observed of single paths."""
    return tuple(name for name in run.observables if name != TRACE)


def straight(run: Run, executor: Any, progress: Any, store: Any) -> Array:
    """Records of the flow, (n, width): a single path without spread, or the mean of some where the drift is sampled."""
    count = flows(run)
    kept = store and store.part("flow")
    mean: Array = records(run, count, executor=executor, progress=progress, label="flow", store=kept).mean(axis=0)
    return mean[:, : run.width - bool(run.projections)]  # without the trace, of which a flow has none


def alike(run: Run) -> bool:
    """Whether the SDE follows one path at dt and at dt/2.

    A sampled one shares the sums of normals and every second uniform, but steps that jump with them part its paths.
    """
    return run.sde != SAMPLED.name


def leftover(run: Run) -> float:
    """Factor from the change when dt is halved to the error at dt: 2 at order 1 of the integrator, 4/3 at order 2."""
    return 2.0 if run.scheme == "euler" or run.sde == SAMPLED.name else 4.0 / 3.0


def _whole(flow: Array, main: paired.Paired) -> Array:
    """The columns of a report, of the flow, which has no covariances and is never counted as lost."""
    none = np.zeros((len(flow), main.first_influence.mean.shape[1]))
    return np.hstack([flow, none, np.full((len(flow), 1), np.nan)])


class Measured(NamedTuple):
    """What a block of paths says: estimates, labels, and the relative errors of what is judged."""

    both: paired.Estimates
    halved: paired.Estimates
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    times: Array
    quantities: tuple[Quantity, ...]
    scales: Scales
    sizes: Sizes
    flow_sizes: Sizes
    unsettled: list[int]


def lost(main: paired.Paired) -> list[int]:
    """Numbers of paths that diverged, of the optimizer and of the SDE."""
    return [round(float(share) * float(main.lost.count[-1])) for share in main.lost.mean[-1, :2]]


def measure(
    runs: tuple[Run, ...], main: paired.Paired, change: paired.Paired, flow: Array, judge: str, heavy: bool,
    log: Recorded | None = None, fresh: bool = True,
) -> Measured:  # fmt: skip
    """Relative errors of what is judged, at the saves after t = 0; ``flow`` are the records of the drift alone.

    ``fresh`` is that of `quantities.Change`.
    """
    discrete, sde, *_ = runs
    d, watched, traced = discrete.kept, seen(discrete), bool(discrete.projections)
    both, half = (paired.estimates(pair, d, traced) for pair in (main, change))
    extra = len(watched)
    both = both if log is None else log.beside(both, d)
    kinds, names = labels(d, watched)
    line = _whole(flow, main)
    times = np.array(discrete.saves) * discrete.method.clock
    judged = quantities.choose_judged(kinds, names, any(lost(main)), judge, heavy)
    if log is not None:
        judged = tuple(q for q in judged if q.kind in ("observable", "diverged"))
    scales = quantities.scales(both if log is None else log.alone(both), kinds, times, line)
    refined = quantities.Change(half, change.groups, leftover(sde), alike(sde), fresh)
    found = quantities.apart(both, main.groups, scales, judged, extra, refined)
    apart = quantities.flow_apart(line, both, scales, judged, extra)
    if log is not None:
        of = [q.columns[0] for q in judged]
        found, apart = (s._replace(degrees=log.degrees(e, of)) for s, e in ((found, both), (apart, log.still(both))))
    begun = times > 0.0  # at t = 0 both are at the start
    ends, known_of = zip(*(orders(run) for run in (discrete, sde)), strict=True)
    known = judged, d, min(ends), np.array([min(of[name] for of in known_of) for name in watched])
    least = quantities.moments(kinds, min(ends), known[3])
    sizes, flow_sizes = (quantities.without_errors(Sizes(*(a[begun] for a in s)), *known) for s in (found, apart))
    unsettled = np.flatnonzero(least <= SETTLED).tolist()
    return Measured(both, half, kinds, names, times, judged, scales, sizes, flow_sizes, unsettled)


def assemble(
    runs: tuple[Run, ...], main: paired.Paired, change: paired.Paired, flow: Array, meta: dict[str, Any],
    log: Recorded | None = None,
) -> Report:  # fmt: skip
    """The report of what `ran` found."""
    discrete, sde, *_ = runs
    m = measure(runs, main, change, flow, meta["judge"], meta["heavy"], log)
    both, kinds = m.both, m.kinds
    blank = np.full_like(both.second, np.nan)
    closed = Theory(blank, blank[0]) if sde.projections else theory(sde, both.second[:, kinds.index("trace")])
    meta |= {
        "paths": int(main.lost.count[-1]),
        "paths_change": int(m.halved.paths.min()),
        "diverged": lost(main),
        "left": leftover(sde),
        "theory_omitted": closed.omitted,
        "unsettled": m.unsettled,
        "comparisons": m.sizes.size.size,
        "confidence": CONFIDENCE,
    }
    first, second = (np.concatenate(main.finals[side::2]) for side in (0, 1))
    return Report(
        meta=meta,
        kinds=kinds,
        names=m.names,
        times=m.times,
        counts=both.paths,
        discrete=both.first,
        discrete_stderr=both.first_stderr,
        discrete_sd=both.first_sd,
        sde=both.second,
        sde_stderr=both.second_stderr,
        sde_sd=both.second_sd,
        gap=both.gap,
        gap_stderr=both.gap_stderr,
        margin=meta["tolerance"] * m.scales.scale + m.scales.rounding,
        change=m.halved.gap,
        change_stderr=m.halved.gap_stderr,
        flow=_whole(flow, main),
        theory=closed.values,
        stationary=closed.stationary,
        laws=laws.distances(first, second, np.random.default_rng(discrete.entropy)),
        quantities=m.quantities,
        sizes=m.sizes,
        flow_sizes=m.flow_sizes,
    )
