"""``certify``: the weak order of an SDE, measured on a ladder of learning rates."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.certificate import fit
from sdeopt.certificate.ladder import exponent, rungs
from sdeopt.certificate.report import Certificate
from sdeopt.certificate.rung import Rung, reduce
from sdeopt.certificate.warm import start_warm
from sdeopt.core import checks, notices
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.engine import checkpoint as checkpoints
from sdeopt.engine.blocks import Interrupted
from sdeopt.engine.draws import moments
from sdeopt.engine.run import Run
from sdeopt.engine.simulate import describe
from sdeopt.engine.streams import name_seed
from sdeopt.engine.work import BUDGET
from sdeopt.results.columns import labels
from sdeopt.results.intervals import LEAST

__all__ = ["certify"]

Array = NDArray[np.float64]
GROWTH = 4  # times more paths in one round, at most
CHUNK = 256  # numbers of paths, after the first, are multiples of this
MOST = 2**20  # paths of one learning rate


def certify(
    method: Method,
    problem: Problem,
    lrs: Any = None,
    *,
    horizon: float,
    observables: Any = None,
    sde: str | None = None,
    warm: bool = False,
    precision: float = 0.1,
    paths: int = 4096,
    max_paths: int | None = None,
    seconds: float | None = None,
    substeps: int = 8,
    rng: Any = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Certificate:
    """Certify the weak order of an SDE: slopes, with intervals, of its gaps to the optimizer along a ladder of lr.

    At every learning rate both columns run to the same continuous time on common random numbers, the SDE with the Heun
    drift at one dt for all. Judged are the slopes in h, the time of one step (h = lr for most methods), between the two
    smallest h: of a coordinate's mean, which should be the claimed order, and of a covariance entry, which is 2 if the
    SDE is right and 1 if its diffusion, or its drift, is wrong (1.5 if the diffusion misses a factor 1 + O(√h)); where
    the noise lasts as lr → 0 (PGD) these are the claimed order and 0. Small errors pass: the certificate states which
    relative errors of drift and diffusion its ladder would have seen. Means alone are blind: the flow, the drift
    without noise, passes as well; it is shown beside, and so is the SDE with twice the noise variance.

    Judged is the coordinate, and the covariance entry, whose gap is clearest (most standard errors from zero) at the
    smallest h at which any is told from zero. It is chosen on ``paths`` paths and judged on others: of many gaps that
    are alike the clearest is too large on the paths that chose it (of 36 entries, in a trial, intervals of 95 % held
    the slope in 53 to 96 % of the cases). Paths are added, each learning rate by its own need, until all judged slopes
    have half-widths below ``precision``, and further while that is too wide for a verdict, or until a budget of work,
    or ``max_paths``, is used up.

    Parameters
    ----------
    method : method
        An instance from ``sdeopt.methods()``, such as ``SGD(lr=0.1)``, or a page of your own. Hyperparameters that its
        regime ties to the learning rate follow it (``scaled`` of the page).
    problem : Problem
        Objective, noise and start.
    lrs : array_like, optional
        Learning rates, falling, at least three; each must divide the horizon into whole steps. Default four: the
        method's own and those whose steps take 1/2, 1/4 and 1/8 of its time. Take them as large as the gaps still are
        powers: where the noises of the columns share little (signs, masks), a covariance of size h with a gap of h²
        needs paths like h⁻², and a ladder from 0.2 is sixteen times cheaper than one from 0.05.
    horizon : float
        Continuous time at which the laws are compared.
    observables : mapping or sequence of str, optional
        Name -> function of x; their means are judged, all of them, in place of the coordinate's. Prefer x₁ or sin x₁:
        in f and |x|² the errors of mean and variance cancel, and an order is not visible.
    sde : str
        Name of the SDE; default the method's own.
    warm : bool
        Start both columns where the method is after many steps at x0: running means at their limit, bias corrections
        done. Default the method's own start, PyTorch's zeros, whose first steps no SDE of an adaptive method resolves.
    precision : float
        Half-width of a slope's 95 % interval to be reached, in (0, 1]; default 0.1.
    paths, max_paths : int
        Paths that choose what is judged and serve the baselines, also the number of the first that are judged; and the
        most that are judged for any one learning rate. More ``paths`` choose better where so few tell nothing from
        zero: the wrong entry can take many times the paths. Without ``max_paths`` there are as many as a budget of work
        affords, about 20 s on two cores, 2^20 at most: the same on any machine.
    seconds : float, optional
        A budget of time in its place: no round begins later. With it the result depends on the machine.
    substeps : int
        Integrator steps in the smallest h, at least 4; default 8. What halving dt would do to the slopes is shown.
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7); an integer gives bitwise the same certificate for any number of threads and any executor.
    executor : concurrent.futures.Executor
        Where chunks of paths run; default one thread per core.
    progress : bool or callable
        As in `simulate`, for every round by itself.
    checkpoint : str or path
        As in `simulate`; the same call goes on after a crash, also with another ``precision`` or ``max_paths``.

    Returns
    -------
    Certificate
        On Ctrl-C after the first round, of the paths that are finished, with ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For learning rates that do not fall or do not divide the horizon, for arguments out of range, for a problem that
        cannot answer what the method asks, or for noise without the moments that an interval
        of a covariance needs.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    >>> so.certify(so.SGD(lr=0.1), problem, lrs=[0.1, 0.05, 0.025], horizon=1.0, rng=0)
    Certificate(SGD, SDE order1: certified)
    """
    precision = checks.number("precision", precision, low=0.0, high=1.0, open_low=True)
    paths = checks.integer("paths", paths, low=32)
    budget = BUDGET if max_paths is None and seconds is None else np.inf
    max_paths = max(MOST, paths) if max_paths is None else checks.integer("max_paths", max_paths, low=paths)
    limit = np.inf if seconds is None else checks.positive("seconds", seconds)
    given = rng
    if rng is None:
        rng = np.random.SeedSequence().entropy  # fresh, and in the certificate
    began = time.monotonic()
    substeps = checks.integer("substeps", substeps, low=4)
    page = start_warm(method) if checks.flag("warm", warm) else method
    ladder = [Rung(run) for run in rungs(page, problem, lrs, horizon, substeps, sde, observables, rng)]
    _check_noise(ladder[0].sde)
    settings = {"rng": name_seed(rng), "horizon": float(horizon), "precision": precision, "max_paths": max_paths}
    settings |= {"warm": bool(warm)}
    subject = ([rung.sde for rung in ladder], reduce)
    with checkpoints.open_checkpoint(checkpoint, given, subject, describe(ladder[0].sde)) as store:
        options = {"executor": executor, "progress": progress, "store": store}
        return _climb(ladder, observables, paths, max_paths, (budget, began + limit), settings, options)


def _climb(
    ladder: list[Rung], observables: Any, paths: int, max_paths: int, limits: tuple[float, float], settings: Any,
    options: Any,
) -> Certificate:  # fmt: skip
    """The certificate of a ladder; all rounds take no more than ``limits`` say of work, and none begins later."""
    budget, end = limits
    for i, rung in enumerate(ladder):
        rung.begin(paths, i >= len(ladder) - 2, options)
    meta = _meta(ladder) | settings | {"paths_baselines": paths, "judged": _choose_judged(ladder, observables)}
    for rung in ladder:
        rung.renew(options)
    certificate = _certificate(ladder, meta)
    while not meta["partial"] and time.monotonic() < end:
        wanted = [_next(r.paths, n, max_paths) for r, n in zip(ladder, certificate.targets(), strict=True)]
        numbers = _afford(ladder, wanted, budget)
        if numbers == [rung.paths for rung in ladder]:
            break
        try:
            for rung, n in zip(ladder, numbers, strict=True):
                rung.grow(n, options)
        except Interrupted:
            meta["partial"] = True
            notices.tell(True)
        certificate = _certificate(ladder, meta)
    return certificate


def _check_noise(run: Run) -> None:
    """Refuse noise under which a covariance has no interval."""
    order = min(moments(replace(run, kind=kind)) for kind in ("discrete", "sde"))
    if order <= 2.0:
        raise ValueError(
            f"{run.problem.noise!r} has no variance, and a certificate judges covariances: compare bounded observables"
        )
    if order < 2.0 * LEAST:
        raise ValueError(
            f"{run.problem.noise!r} has moments up to the order {order:g}, and a certificate judges by intervals of "
            f"covariances, which need {2.0 * LEAST:g}: compare bounded observables"
        )


def _next(now: int, target: float, most: int) -> int:
    """Number of paths of the next round."""
    if target <= now:
        return now
    reach = max(2.0 * now, min(1.1 * target, GROWTH * float(now)))
    return max(now, min(most, int(-(-reach // CHUNK)) * CHUNK))


def _afford(ladder: list[Rung], wanted: list[int], budget: float) -> list[int]:
    """Numbers of paths of the next round, of which all get the same share where the budget does not pay for them."""
    spent = sum(rung.price * (rung.begun + rung.paths) for rung in ladder)
    more = sum(rung.price * (n - rung.paths) for rung, n in zip(ladder, wanted, strict=True))
    share = max(min((budget - spent) / more, 1.0), 0.0) if more > 0.0 else 1.0
    chunks = [int((n - rung.paths) * share / CHUNK) for rung, n in zip(ladder, wanted, strict=True)]
    return wanted if share == 1.0 else [rung.paths + n * CHUNK for rung, n in zip(ladder, chunks, strict=True)]


def _choose_judged(ladder: list[Rung], observables: Any) -> list[int]:
    """Columns whose slopes are judged: a mean, or the user's observables, and a covariance entry."""
    runs = [rung.numbers() for rung in ladder]
    gap, stderr = (np.array([run[name] for run in runs]) for name in ("gap", "gap_stderr"))
    kinds = np.array(_labels(ladder)[0])
    means = np.flatnonzero(kinds == "observable").tolist()
    if observables is None:
        means = [_clearest(gap, stderr, np.flatnonzero(kinds == "mean"))]
    entries = np.flatnonzero((kinds == "variance") | (kinds == "covariance"))
    return [*means, _clearest(gap, stderr, entries)]


def _clearest(gap: Array, stderr: Array, columns: NDArray[np.intp]) -> int:
    """The column furthest from zero in standard errors, at the smallest step at which any is told from zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.nan_to_num(np.abs(gap[:, columns]) / stderr[:, columns])
    rows = np.flatnonzero((distance > fit.RESOLVED).any(axis=1))
    return int(columns[np.argmax(distance[rows[-1] if rows.size else 0])])


def _labels(ladder: list[Rung]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    run = ladder[0].sde
    return labels(run.problem.dim, tuple(run.observables))


def _meta(ladder: list[Rung]) -> dict[str, Any]:
    """What was run, as text and numbers; lists have an entry per learning rate."""
    runs = [rung.sde for rung in ladder]
    first, last = runs[0], runs[-1]
    return describe(first) | {
        "page": type(first.method).__name__,
        "order": first.model.order,
        "lasting": first.method.lasting,
        "exponent": exponent(first.method),
        "lrs": [float(run.method.constant().lr) for run in runs],
        "clock": [float(run.method.clock) for run in runs],
        "steps": [run.steps for run in runs],
        "substeps": [run.substeps for run in runs],
        "entropy": [list(run.entropy) for run in runs],
        "dt": last.method.clock / last.substeps,
        "partial": False,
    }


def _certificate(ladder: list[Rung], meta: dict[str, Any]) -> Certificate:
    runs, last = [rung.numbers() for rung in ladder], [rung.halved() for rung in ladder[-2:]]
    kinds, names = _labels(ladder)
    return Certificate(
        meta=meta | {"diverged": [rung.lost() for rung in ladder]},
        kinds=kinds,
        names=names,
        h=np.array(meta["clock"]),
        paths=np.array([float(rung.paths) for rung in ladder]),
        **{name: np.array([run[name] for run in runs]) for name in runs[0]},
        **{name: np.array([run[name] for run in last]) for name in last[0]},
        stretch=ladder[-1].stretch,
    )
