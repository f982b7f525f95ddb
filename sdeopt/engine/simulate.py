"""``simulate``: the one door to the engine."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks, notices
from sdeopt.core.contracts import Method
from sdeopt.core.moments import ESCAPE, Moments, Shaped, valid_paths
from sdeopt.core.problem import Problem
from sdeopt.engine import blocks
from sdeopt.engine import checkpoint as checkpoints
from sdeopt.engine.blocks import Interrupted, Task, fold
from sdeopt.engine.draws import in_common, orders
from sdeopt.engine.planning import DEFAULT_SUBSTEPS, paths_of, plan, saves
from sdeopt.engine.run import Run, guard
from sdeopt.engine.streams import name_seed
from sdeopt.engine.tensors import streamed
from sdeopt.results.crossing import Crossing
from sdeopt.results.ensemble import FULL_COVARIANCE_LIMIT, Diverged, Ensemble, Trajectory

__all__ = [
    "DEFAULT_SUBSTEPS",
    "collect",
    "describe",
    "save_end",
    "ensemble",
    "plan",
    "room",
    "saves",
    "simulate",
    "covariance",
    "summarize",
    "summary",
]

DEFAULT_PATHS = 1000
SHOWN = 1_000_000  # numbers of x0 that a result repeats
PATHS_LIMIT = 4 * 2**30  # bytes that keep_paths may take


def simulate(
    method: Method,
    problem: Problem,
    kind: str = "discrete",
    *,
    horizon: float | None = None,
    steps: int | None = None,
    paths: int | None = None,
    dt: float | None = None,
    substeps: int | None = None,
    scheme: str = "heun",
    sde: str | None = None,
    save_at: Any = None,
    observables: Any = None,
    crossings: Mapping[str, float] | None = None,
    keep_paths: bool = False,
    rng: Any = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Ensemble:
    """Simulate an optimizer (``kind="discrete"``) or its SDE (``kind="sde"``) on many independent paths.

    Both columns live on the continuous time t = k clock, with clock = η = ``lr`` for most methods (see ``clock`` on the
    method). With the same ``rng`` and the same explicit ``substeps`` both columns follow the same Brownian path: the
    Gaussian draw of step k is the sum of the SDE's increments over that step. `compare` does this by itself.

    Parameters
    ----------
    method : method
        An instance from ``sdeopt.methods()``, such as ``SGD(lr=0.1)``, or a page of your own.
    problem : Problem
        Objective, noise and start.
    kind : str
        "discrete" or "sde".
    horizon, steps : float, int
        How long: continuous time, a whole number of optimizer steps, or their number; give exactly one.
    paths : int
        Independent paths, default 1000, or as many as the problem has starts; path i is the same for any number of
        paths.
    dt, substeps : float, int
        Step of the SDE integrator, or how many of them make one optimizer step; default clock/8. For the discrete
        column they only say with which SDE run it shares its Brownian path; default with none.
    scheme : str
        "heun" (default): trapezoidal drift, noise at mid-step, weak error O(dt²) + O(η² dt), for "sampled" O(η dt) in
        the place of the latter; "euler": Euler–Maruyama, weak error O(dt).
    sde : str
        Name of the SDE; ``method.sdes`` lists them, and all but `FPGD` have "sampled" (`sdeopt.engine.sampled`);
        default the method's own or, where the problem has no closed form for what that asks, "sampled"; so too for
        networks of which a step draws at most a sixteenth of the examples.
    save_at : int or array_like
        Number of saves, or times, rounded to optimizer steps, which must differ; default up to 100 equally spaced (of
        networks 20), and t = 0.
    observables : sequence of str, or mapping
        Names ("loss", "norm2", "grad_norm2", "sharpness", and "class_losses" for the loss of every class of a
        classification) or name -> function of x; default all of the first three that exist, of networks the loss.
    crossings : mapping
        Name of an observable -> level: the first time at which each path crosses it, from the side on which it begins,
        looked for at every step (`Crossing`; the SDE at every step of the integrator).
    keep_paths : bool
        Keep every saved position, shape (paths, n, d).
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7). An integer gives bitwise the same result for any number of threads and any executor.
    executor : concurrent.futures.Executor
        Where chunks of paths run; default one thread per core.
    progress : bool or callable
        None: a bar on a terminal or in a notebook for runs over 2 s; True/False; or a function of (done, total).
    checkpoint : str or path
        Folder that keeps what is finished, so that the same call goes on after a crash or with more paths: chunks of
        paths, and of networks, which run in Python, states at a save, at most every 30 s (`sdeopt.engine.checkpoint`).

    Returns
    -------
    Ensemble
        Of pages on tensors above 10,000 parameters one of projections, see `Ensemble`. On Ctrl-C, the paths that are
        finished, with ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, for a schedule that leaves [0, 1], for a grid that contradicts itself, for a problem
        that cannot answer what the method asks, for ``keep_paths`` that would take over 4 GiB, for a run that would
        take over half of the memory, or for a ``checkpoint`` of another run or without ``rng``.

    Warns
    -----
    DivergedWarning
        If paths diverged.
    PartialWarning
        If Ctrl-C ended the run early.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    >>> so.simulate(so.SGD(lr=0.1), problem, kind="sde", horizon=1.0, paths=64, rng=0)
    Ensemble(SGD(lr=0.1), sde, paths=64, horizon=1, d=2)
    """
    seed = np.random.SeedSequence().entropy if rng is None else rng  # fresh, and in the ensemble
    grid: dict[str, Any] = {"horizon": horizon, "steps": steps, "dt": dt, "substeps": substeps, "save_at": save_at}
    how: dict[str, Any] = {"scheme": scheme, "sde": sde, "observables": observables, "crossings": crossings}
    run = plan(method, problem, kind, **grid, **how, rng=seed)
    said, count = {"rng": name_seed(seed)}, paths_of(problem, paths, DEFAULT_PATHS)
    if streamed.large(run):
        run = save_end(streamed.project(run, count, keep_paths, checkpoint))
        words = describe(run) | said | {"projections": run.projections}
        return warn_if_cut(ensemble(run, *streamed.collect(run, count, summarize(run, False), _join, progress), words))
    keep, words = room(run, count, keep_paths), describe(run)
    size = 8 * problem.dim * (1 + keep * len(run.saves))
    task = Task((save_end(run),), summarize(run, keep), size)
    with checkpoints.open_checkpoint(checkpoint, rng, task, words) as store:
        found = collect(task, count, executor, progress, f"{run.method} {kind}", 0, store)
    return warn_if_cut(ensemble(run, *found, words | said), guard(run))


def warn_if_cut(result: Ensemble, hint: str = "") -> Ensemble:
    """``result``, after a warning where it is not of all paths up to the end."""
    count = result.diverged.count
    notices.tell(bool(result.meta["partial"]), str(count) if count else "", len(result.final), hint)
    return result


def room(run: Run, count: int, keep_paths: bool) -> bool:
    """``keep_paths``, refused where there is no room for them."""
    size = 8 * count * len(run.saves) * run.problem.dim
    if checks.flag("keep_paths", keep_paths) and size > PATHS_LIMIT:
        raise ValueError(f"keep_paths would take {size / 2**30:.1f} GiB (limit 4); save fewer times or fewer paths")
    return bool(keep_paths)


def save_end(run: Run) -> Run:
    """The run with a save at its end, which nobody may have asked for."""
    return run if run.saves[-1] == run.steps else replace(run, saves=(*run.saves, run.steps))


def summarize(run: Run, keep: bool) -> Callable[..., dict[str, Any]]:
    """`summary` for the records of the run, which has `save_end`."""
    return functools.partial(summary, d=run.kept, keep=keep, saves=len(run.saves), crossings=len(run.crossings))


def summary(
    first: int, records: NDArray[np.float64], d: int, keep: bool, saves: int, crossings: int = 0
) -> dict[str, Any]:
    """What is kept of a chunk of paths: statistics of the first ``saves``, and the end."""
    seen, crossed = np.split(records, [records.shape[2] - crossings], axis=2)
    valid = valid_paths(seen, ESCAPE)
    final = np.where(valid[:, -1, None], seen[:, -1, :d], np.nan)
    crossed = crossed[:, -1]
    return {
        "moments": Shaped.of(seen[:, :saves], valid[:, :saves], d if d <= FULL_COVARIANCE_LIMIT else 0),
        "final": [final],
        "diverged": [first + np.flatnonzero(~valid[:, -1])],
        "paths": [np.where(valid[:, :saves, None], seen[:, :saves, :d], np.nan)] if keep else [],
        "crossed": [np.where(np.isinf(crossed) & ~valid[:, -1:], np.nan, crossed)],
    }


def _join(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Summaries of two chunks: moments are merged, lists paired, for `_listed`: adding them would copy the first."""
    return {name: a[name].merge(b[name]) if isinstance(a[name], Moments) else (a[name], b[name]) for name in a}


def _listed(pairs: Any) -> list[Any]:
    """The list of all that `_join` has paired."""
    lists = []
    while isinstance(pairs, tuple):
        pairs, last = pairs
        lists.append(last)
    return [one for some in (pairs, *reversed(lists)) for one in some]


def collect(task: Task, count: int, *where: Any) -> tuple[dict[str, Any], bool]:
    """The summary of ``count`` paths, and whether Ctrl-C left it partial; ``where`` is the rest of `fold`."""
    try:
        return fold(task, count, _join, *where), False
    except Interrupted as stop:
        return stop.result, True


def covariance(moments: Moments, d: int) -> NDArray[np.float64]:
    """Covariance of the position, or its variances where d is large."""
    return moments.covariance if d <= FULL_COVARIANCE_LIMIT else moments.variance[:, :d]


def ensemble(run: Run, found: dict[str, Any], partial: bool, meta: dict[str, Any]) -> Ensemble:
    """An `Ensemble` from the summary of all chunks."""
    moments, d = found["moments"], run.kept
    lost, kept = np.concatenate(_listed(found["diverged"])), _listed(found["paths"])
    end, ends = orders(run)
    order = np.array([end] * d + list(ends.values()))
    exact = moments.square == 0.0  # as at the start
    mean = np.where((moments.count[:, None] > 0) & (exact | (order > 1.0)), moments.mean, np.nan)
    stderr = np.where(exact | (order > 2.0), moments.stderr, np.nan)
    cov = covariance(moments, d)
    cov[~exact[:, :d].all(axis=1)] *= 1.0 if end > 2.0 else np.nan
    return Ensemble(
        kind=run.kind,
        times=np.array(run.saves) * run.method.clock,
        mean=mean[:, :d],
        cov=cov,
        observables={name: (mean[:, d + i], stderr[:, d + i]) for i, name in enumerate(run.observables)},
        final=np.concatenate(_listed(found["final"])),
        counts=moments.count,
        diverged=Diverged(len(lost), lost),
        stderr=stderr[:, :d],
        skewness=moments.skewness,
        share=moments.share,
        meta=meta | {"partial": partial, "moments": {"x": end, "observables": ends}},
        crossings=_crossings(run, np.concatenate(_listed(found["crossed"]))),
        paths=np.concatenate(kept) if kept else None,
        _replay=functools.partial(_replay, run),
    )


def _crossings(run: Run, crossed: NDArray[np.float64]) -> dict[str, Crossing]:
    """The crossings of all paths, (paths, crossings), from numbers of steps."""
    dt = run.method.clock / (run.substeps if run.kind == "sde" else 1)
    horizon = run.steps * run.method.clock
    return {name: Crossing(level, crossed[:, i] * dt, horizon, dt) for i, (name, level) in enumerate(run.crossings)}


def describe(run: Run) -> dict[str, Any]:
    """What a run is, as JSON-able text and numbers."""
    sde = {"sde": run.sde, "scheme": run.scheme, "dt": run.method.clock / run.substeps} if run.kind == "sde" else {}
    return {
        "method": repr(run.method),
        "objective": repr(run.problem.objective),
        "noise": repr(run.problem.noise),
        "x0": run.problem.x0.tolist() if run.problem.x0.size <= SHOWN else [],
        "clock": run.method.clock,
        "steps": run.steps,
        "substeps": run.substeps,
        "draws": in_common(run),
        "entropy": list(run.entropy),
        **sde,
    }


def _replay(run: Run, path: int) -> Trajectory:
    full = replace(run, saves=tuple(range(run.steps + 1)), observables={}, crossings=(), projections=0)
    return Trajectory(
        run.method.clock * np.arange(run.steps + 1, dtype=float), blocks.records(full, 1, path, label="replay")[0]
    )
