"""``simulate``: the one door to the engine."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core import observables as observable
from sdeopt.core.method import SAMPLED
from sdeopt.core.moments import Moments, Shaped, valid_paths
from sdeopt.core.problem import Problem
from sdeopt.engine import blocks, duration
from sdeopt.engine import checkpoint as checkpoints
from sdeopt.engine.blocks import Interrupted, Task, fold
from sdeopt.engine.draws import orders
from sdeopt.engine.kernels import Run, lacking
from sdeopt.engine.loops import ESCAPE
from sdeopt.engine.rng import normalise
from sdeopt.results.ensemble import FULL_COVARIANCE_LIMIT, Diverged, Ensemble, Trajectory

__all__ = [
    "DEFAULT_SUBSTEPS",
    "collect",
    "describe",
    "ensemble",
    "plan",
    "room",
    "saves",
    "simulate",
    "spread",
    "summary",
]

DEFAULT_SUBSTEPS = 8
DEFAULT_SAVES = 100
PATHS_LIMIT = 4 * 2**30  # bytes that keep_paths may take


def simulate(
    method: Any,
    problem: Problem,
    kind: str = "discrete",
    *,
    horizon: float | None = None,
    steps: int | None = None,
    paths: int = 1000,
    dt: float | None = None,
    substeps: int | None = None,
    scheme: str = "heun",
    sde: str | None = None,
    save_at: Any = None,
    observables: Any = None,
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
        How long: continuous time or number of optimizer steps; give exactly one.
    paths : int
        Independent paths; path i is the same for any number of paths.
    dt, substeps : float, int
        Step of the SDE integrator, or how many of them make one optimizer step; default clock/8. For the discrete
        column they only say with which SDE run it shares its Brownian path; default with none.
    scheme : str
        "heun" (default): trapezoidal drift, noise at mid-step, weak error O(dt²) + O(η² dt), for "sampled" O(η dt) in
        the place of the latter; "euler": Euler–Maruyama, weak error O(dt).
    sde : str
        Name of the SDE; ``method.sdes`` lists them, and every method has "sampled" (`sdeopt.engine.sampled`). Default
        the method's own or, where the problem has no closed form for what that asks, "sampled".
    save_at : int or array_like
        Number of saves, or times, rounded to optimizer steps; default up to 100 equally spaced, and t = 0.
    observables : sequence of str, or mapping
        Names ("loss", "norm2", "grad_norm2") or name -> function of x; default all that exist.
    keep_paths : bool
        Keep every saved position, shape (paths, n, d).
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7). An integer gives bitwise the same result for any number of threads and any executor.
    executor : concurrent.futures.Executor
        Where chunks of paths run; default one thread per core.
    progress : bool or callable
        None: a bar on a terminal for runs over 2 s; True/False; or a function of (done, total).
    checkpoint : str or path
        Folder that keeps what is finished, so that the same call goes on after a crash or with more paths: chunks of
        paths, and of networks, which run in Python, states at a save, at most every 30 s (`sdeopt.engine.checkpoint`).

    Returns
    -------
    Ensemble
        On Ctrl-C, the paths that are finished, with ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, for a grid that contradicts itself, for a problem that cannot answer what the
        method asks, for ``keep_paths`` that would take over 4 GiB, for a run that would take over half of the memory,
        or for a ``checkpoint`` of another run or without ``rng``.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    >>> so.simulate(so.SGD(lr=0.1), problem, kind="sde", horizon=1.0, paths=64, rng=0)
    Ensemble(SGD(lr=0.1), sde, paths=64, horizon=1, d=2)
    """
    count = checks.integer("paths", paths, low=1)
    run = plan(
        method, problem, kind, horizon=horizon, steps=steps, dt=dt, substeps=substeps, scheme=scheme, sde=sde,
        save_at=save_at, observables=observables, rng=rng,
    )  # fmt: skip
    keep, words = room(run, count, keep_paths), describe(run)
    size = 8 * problem.dim * (1 + keep * len(run.saves))
    task = Task((run,), functools.partial(summary, d=problem.dim, keep=keep), size)
    with checkpoints.opened(checkpoint, rng, task, words) as store:
        return ensemble(run, *collect(task, count, executor, progress, f"{run.method} {kind}", 0, store), words)


def plan(
    method: Any, problem: Problem, kind: str = "discrete", *, horizon: float | None = None, steps: int | None = None,
    dt: float | None = None, substeps: int | None = None, scheme: str = "heun", sde: str | None = None,
    save_at: Any = None, observables: Any = None, rng: Any = None,
) -> Run:  # fmt: skip
    """Check the arguments of `simulate` and return the `Run` that they describe."""
    if not hasattr(method, "sdes"):
        raise TypeError(f"method must be an optimizer such as SGD(lr=0.1), got {method!r}")
    if not isinstance(problem, Problem):
        raise TypeError(f"problem must be a sdeopt.Problem, got {problem!r}")
    method.check(problem.objective)
    clock = method.clock
    total = _steps(horizon, steps, clock)
    fine = _substeps(dt, substeps, clock, DEFAULT_SUBSTEPS if kind == "sde" else 1)
    duration.check(total * fine)
    run = Run(
        method=method,
        problem=problem,
        kind=checks.choice("kind", kind, ("discrete", "sde")),
        sde=checks.choice("sde", sde or method.default_sde, (*method.sdes, SAMPLED.name)),
        steps=total,
        saves=saves(save_at, total, clock),
        substeps=fine,
        resolution=fine,
        scheme=checks.choice("scheme", scheme, ("heun", "euler")),
        observables=observable.resolve(observables, problem),
        entropy=normalise(rng),
    )
    sampled = replace(run, kind="sde", sde=SAMPLED.name)
    if sde is None and lacking(replace(run, kind="sde")) is not None and lacking(sampled) is None:
        return replace(run, sde=SAMPLED.name)
    return run


def _steps(horizon: float | None, steps: int | None, clock: float) -> int:
    if (horizon is None) == (steps is None):
        raise ValueError(f"give exactly one of horizon and steps, got horizon={horizon!r}, steps={steps!r}")
    if steps is not None:
        return checks.integer("steps", steps, low=1)
    time = checks.positive("horizon", horizon)
    total = duration.whole(time / clock)
    if total < 1:
        raise ValueError(f"horizon must be at least one step of the optimizer, {clock:g}, got {time:g}")
    return total


def _substeps(dt: float | None, substeps: int | None, clock: float, default: int) -> int:
    if dt is not None and substeps is not None:
        raise ValueError(f"give dt or substeps, not both, got dt={dt!r}, substeps={substeps!r}")
    if dt is None:
        return default if substeps is None else checks.integer("substeps", substeps, low=1)
    ratio = clock / checks.positive("dt", dt)
    if duration.whole(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6 * ratio:
        raise ValueError(f"dt must divide the optimizer's step {clock:g} into whole parts, got {dt:g}")
    return round(ratio)


def saves(save_at: Any, total: int, clock: float) -> tuple[int, ...]:
    """Step numbers of the saves."""
    if save_at is None:
        save_at = DEFAULT_SAVES
    if isinstance(save_at, (int, np.integer)) and not isinstance(save_at, bool):
        number = checks.integer("save_at", save_at, low=1)
        chosen = np.linspace(0, total, min(number, total) + 1)
    else:
        times = checks.array("save_at", save_at)
        chosen = times / clock
        if chosen.min() < -0.5 or chosen.max() > total + 0.5:
            raise ValueError(f"save_at must lie in [0, {total * clock:g}], got [{times.min():g}, {times.max():g}]")
    return tuple(int(k) for k in np.unique(np.rint(chosen)))


def room(run: Run, count: int, keep_paths: bool) -> bool:
    """``keep_paths``, refused where there is no room for them."""
    size = 8 * count * len(run.saves) * run.problem.dim
    if keep_paths and size > PATHS_LIMIT:
        raise ValueError(f"keep_paths would take {size / 2**30:.1f} GiB (limit 4); save fewer times or fewer paths")
    return bool(keep_paths)


def summary(first: int, records: NDArray[np.float64], d: int, keep: bool) -> dict[str, Any]:
    """What is kept of a chunk of paths."""
    valid = valid_paths(records, ESCAPE)
    final = np.where(valid[:, -1, None], records[:, -1, :d], np.nan)
    return {
        "moments": Shaped.of(records, valid, d if d <= FULL_COVARIANCE_LIMIT else 0),
        "final": [final],
        "diverged": [first + np.flatnonzero(~valid[:, -1])],
        "paths": [np.where(valid[:, :, None], records[:, :, :d], np.nan)] if keep else [],
    }


def _join(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Summaries of two chunks: moments are merged, lists appended."""
    return {name: a[name].merge(b[name]) if isinstance(a[name], Moments) else a[name] + b[name] for name in a}


def collect(task: Task, count: int, *where: Any) -> tuple[dict[str, Any], bool]:
    """The summary of ``count`` paths, and whether Ctrl-C left it partial; ``where`` is the rest of `fold`."""
    try:
        return fold(task, count, _join, *where), False
    except Interrupted as stop:
        return stop.result, True


def spread(moments: Moments, d: int) -> NDArray[np.float64]:
    """Covariance of the position, or its variances where d is large."""
    return moments.covariance if d <= FULL_COVARIANCE_LIMIT else moments.variance[:, :d]


def ensemble(run: Run, found: dict[str, Any], partial: bool, meta: dict[str, Any]) -> Ensemble:
    """An `Ensemble` from the summary of all chunks."""
    moments, d = found["moments"], run.problem.dim
    lost = np.concatenate(found["diverged"])
    end, ends = orders(run)
    order = np.array([end] * d + list(ends.values()))
    exact = moments.square == 0.0  # as at the start
    mean = np.where((moments.count[:, None] > 0) & (exact | (order > 1.0)), moments.mean, np.nan)
    stderr = np.where(exact | (order > 2.0), moments.stderr, np.nan)
    cov = spread(moments, d)
    cov[~exact[:, :d].all(axis=1)] *= 1.0 if end > 2.0 else np.nan
    return Ensemble(
        kind=run.kind,
        times=np.array(run.saves) * run.method.clock,
        mean=mean[:, :d],
        cov=cov,
        observables={name: (mean[:, d + i], stderr[:, d + i]) for i, name in enumerate(run.observables)},
        final=np.concatenate(found["final"]),
        counts=moments.count,
        diverged=Diverged(len(lost), lost),
        stderr=stderr[:, :d],
        skewness=moments.skewness,
        share=moments.share,
        meta=meta | {"partial": partial, "moments": {"x": end, "observables": ends}},
        paths=np.concatenate(found["paths"]) if found["paths"] else None,
        _replay=functools.partial(_replay, run),
    )


def describe(run: Run) -> dict[str, Any]:
    """What a run is, as JSON-able text and numbers."""
    sde = {"sde": run.sde, "scheme": run.scheme, "dt": run.method.clock / run.substeps} if run.kind == "sde" else {}
    drawn = {entry[0] for entry in run.problem.noise.draws(run.problem.objective)}
    return {
        "method": repr(run.method),
        "objective": repr(run.problem.objective),
        "noise": repr(run.problem.noise),
        "x0": run.problem.x0.tolist(),
        "clock": run.method.clock,
        "steps": run.steps,
        "substeps": run.substeps,
        "draws": "common random numbers" if "normal" in drawn or not drawn else "independent draws",
        "entropy": list(run.entropy),
        **sde,
    }


def _replay(run: Run, path: int) -> Trajectory:
    full = replace(run, saves=tuple(range(run.steps + 1)), observables={})
    return Trajectory(np.arange(run.steps + 1) * run.method.clock, blocks.records(full, 1, path, label="replay")[0])
