"""``compare``: both columns on common random numbers, and what may be said about their gap."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np

from sdeopt.comparison import block, budget
from sdeopt.comparison.recorded import Recorded
from sdeopt.comparison.report import Report
from sdeopt.core import checks, foreign, notices
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.core.rates import at_rate
from sdeopt.core.traits import SAMPLED
from sdeopt.engine import checkpoint as checkpoints
from sdeopt.engine.draws import heavy
from sdeopt.engine.run import Run, guard, refuse
from sdeopt.engine.simulate import describe, plan
from sdeopt.engine.streams import name_seed
from sdeopt.engine.tensors import streamed
from sdeopt.results.bounds import DIFFER
from sdeopt.results.quantities import JUDGED, SINGLE, default

__all__ = ["compare"]

MAKE = "so.torch.Optimizer(make) is one, of a function of a list of parameters"

OUTSIDE = 3.0  # relative error from which on no order tells what happens at a smaller learning rate


def compare(
    method: Method,
    problem: Problem,
    *,
    horizon: float | None = None,
    steps: int | None = None,
    paths: int | None = None,
    seconds: float | None = None,
    dt: float | None = None,
    substeps: int | None = None,
    scheme: str = "heun",
    sde: str | None = None,
    save_at: Any = None,
    observables: Any = None,
    tolerance: float = 0.1,
    alpha: float = 0.05,
    judge: str | None = None,
    discrete: Any = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Report:
    """Compare an optimizer with its SDE: how far apart their means and covariances are in time, at most and at least.

    Where the noise is made of normals both columns run on common random numbers, so that the interval of a gap is
    narrower than those of the means. Of minibatches the SDE ``"sampled"`` shares a part with the optimizer, and no
    other SDE shares any; the report says which. Beside the gap stand the
    change when dt is halved (on the paths of the pilot or, with ``paths``, on their first quarter and at least 16), the
    drift-only flow, and closed forms where the SDE has them. With [L, U] the bounds of the largest gap in units of its
    scale, over all quantities and saves, the two *agree* if U <= ``tolerance``, *differ* if L > ``tolerance``, and else
    the report is *open*; it is *not judged* where one path decides, or fewer than 50 are left. `Report` says how scales
    and bounds are defined.

    Parameters
    ----------
    method : method
        An instance from ``sdeopt.methods()``, such as ``SGD(lr=0.1)``, or a page of your own.
    problem : Problem
        Objective, noise and start. Up to d = 8 all entries of the covariance are compared, above only variances.
        Up to d = 3 every quantity is judged by itself, above the vectors of means, of variances, of covariances.
    horizon, steps : float, int
        How long: continuous time or number of optimizer steps; give exactly one.
    paths : int
        Independent paths. By default a pilot on other paths forecasts how many decide, within a budget of work that is
        about 6 s on two cores; the report says how to run the same block of paths again. Of networks whose pilot would
        cost more than that, 64 are run at once, and work of more than an hour is refused.
    seconds : float
        A budget of time in its place, once loops are compiled: the number of paths then depends on the machine.
    dt, substeps : float, int
        Step of the SDE integrator, or how many of them make one optimizer step. By default 2, 4 or 8: the fewest that
        leave less than a tenth of the margin in the pilot; without one 2; with ``paths`` given 8. One is refused:
        Euler–Maruyama at dt = lr has the optimizer's own one-step moments, and agrees with it whatever the SDE is
        worth.
    scheme : str
        "heun" (default) or "euler", see `simulate`.
    sde : str
        Name of the SDE; default as in `simulate`. ``method.sdes`` lists them.
    save_at : int or array_like
        Number of saves, or times, rounded to optimizer steps; default 40, of networks 20, fewer in large dimension.
    observables : sequence of str, or mapping
        Names ("loss", "norm2", "grad_norm2", "sharpness") or name -> function of x; default as in `simulate`. For an
        SDE whose noise has no variance (SGD's "levy") functions must be given, bounded ones: nothing else is judged
        then.
    tolerance : float
        Margin of the verdicts as a fraction of each quantity's scale; default 0.1.
    alpha : float
        Probability with which each of the two bounds may be wrong; default 0.05.
    judge : str
        "all"; "each": coordinates one by one in any dimension; or "observables": these and the trace of the covariance
        are judged, means and variances of coordinates shown. Default "all" up to d = 64, above it, as for networks,
        "observables" if there are any.
    discrete : sdeopt.torch.Optimizer or Recorded, optional
        An optimizer that has no page; it runs in the place of the method's own step, on the same draws. Or logs of
        runs that were made elsewhere (`Recorded`): their times are the saves, and their last the end where neither
        horizon nor steps are given; only what they observe is judged, on so many paths of the SDE as a budget of work
        affords.
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7); an integer gives bitwise the same report for any number of threads and any executor.
    executor : concurrent.futures.Executor
        Where chunks of paths run; default one thread per core.
    progress, checkpoint
        As in `simulate`. What a folder holds is judged once: more paths after a verdict would make bounds wrong more
        often than ``alpha`` says, and are refused. A report that Ctrl-C ended is none of these, and the same call goes
        on; to end it where what it shows pleases would have the same effect.

    Returns
    -------
    Report
        On Ctrl-C, of the paths that are finished, with ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, for one substep per step, for a problem that cannot answer what the method asks, or
        for noise without a variance and no observables of your own; or if the pilot alone would take over an hour of
        one core, by its count of work.

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
    >>> report = so.compare(so.SGD(lr=0.05), problem, steps=40, paths=400, rng=0)
    >>> report
    Report(SGD(lr=0.05), SDE order1: agree)
    >>> report.rows[0].quantity, abs(report.rows[0].gap) < 0.01
    ('loss', True)
    """
    paths, seconds, tolerance, alpha = _numbers(paths, seconds, tolerance, alpha)
    given = rng
    if rng is None:
        rng = np.random.SeedSequence().entropy  # fresh, and in the report
    log = discrete if isinstance(discrete, Recorded) else None
    if log is not None:
        steps, save_at, judge = log.grid(method, horizon, steps, save_at, seconds, judge)
    streams = judge in (None, "observables") and discrete is None and streamed.tall(problem)
    run = plan(
        method, problem, "sde", horizon=horizon, steps=steps, dt=dt, substeps=substeps, scheme=scheme, sde=sde,
        save_at=block.few(problem, streams) if save_at is None else save_at, observables=observables, rng=rng,
    )  # fmt: skip
    problem.alone("compare")
    run = _placed(run, discrete, log)
    run = streamed.projected(run) if streams and run.observables else run
    columns = block.columns(run)
    for column in columns[log is not None : 2]:
        refuse(column)
    what = _judged(run, observables, judge)
    judging = {"judge": what, "heavy": heavy(run), "tolerance": tolerance, "alpha": alpha}
    words, change, pilot = describe(columns[1]), None, 0
    other = {} if discrete is None else {"discrete": discrete.named(problem)}
    other |= {} if log is None else {"runs": log.runs, "draws": "independent runs"}
    other |= {"projections": run.projections} if run.projections else {}
    words |= other
    with checkpoints.open_checkpoint(checkpoint, given, (columns, block.REDUCE), words) as store:
        chosen = paths is None
        if paths is None and log is not None:
            paths = budget.affordable(columns)
        elif paths is None:
            fixed = dt is not None or substeps is not None
            run, paths, change, pilot = budget.plan_work(run, fixed, judging, seconds, executor, progress, store)
            columns = block.columns(run)
        _once(store, paths, chosen)
        vectors = what == "all" and problem.dim > SINGLE
        change, flow, main, partial = block.ran(columns, paths, vectors, change, executor, progress, store, log)
        if store is not None and not partial:
            store.put("verdict", np.array([paths]))
    said = {"rng": name_seed(rng), "pilot": pilot, "seconds": seconds, "partial": partial}
    report = block.assemble(columns, main, change, flow, words | describe(columns[1]) | other | said | judging, log)
    report.meta["agrees_at"] = None if discrete is not None else _agreeing(run, report)
    lost = " and ".join(f"{n} {name}" for n, name in zip(report.meta["diverged"], ("discrete", "SDE"), strict=True))
    notices.tell(partial, lost if report.any_diverged else "", report.meta["paths"], guard(columns[1]))
    return report


def _numbers(paths: Any, seconds: Any, tolerance: Any, alpha: Any) -> tuple[int | None, float | None, float, float]:
    """The numbers among the arguments, checked."""
    if paths is not None and seconds is not None:
        raise ValueError(f"give paths or seconds, not both, got paths={paths!r}, seconds={seconds!r}")
    return (
        None if paths is None else checks.integer("paths", paths, low=2),
        None if seconds is None else checks.positive("seconds", seconds),
        checks.number("tolerance", tolerance, low=0.0, high=1.0, open_low=True),
        checks.number("alpha", alpha, low=0.0, high=0.5, open_low=True),
    )


def _placed(run: Run, discrete: Any, log: Recorded | None) -> Run:
    """The run with what stands in the place of the method's own step."""
    if run.substeps == 1:
        raise ValueError(
            "substeps=1 (dt = lr) is refused: with one Euler–Maruyama step per iteration the SDE has the optimizer's "
            "own one-step moments and agrees with it whatever it is worth; use substeps=8 (default) or more"
        )
    if run.saves[-1] == 0:
        raise ValueError("save_at must contain a time after 0")
    if log is not None:
        return log.placed(run)
    if isinstance(discrete, type) and hasattr(discrete, "stepper"):
        raise TypeError(
            f"discrete must be an instance, such as so.torch.Optimizer(make), got the class {discrete.__name__}"
        )
    if discrete is not None and not hasattr(discrete, "stepper"):
        raise TypeError(f"discrete must be a sdeopt.torch.Optimizer or Recorded, got {foreign.told(discrete, MAKE)}")
    return run if discrete is None else replace(run, discrete=discrete)


def _judged(run: Run, observables: Any, judge: str | None) -> str:
    """What is judged: all, each, or the observables."""
    if heavy(run) and not isinstance(observables, Mapping):
        raise ValueError(
            f"{run.problem.noise!r} has no variance, so means of f(x) or |x|² and covariances never settle: give "
            "bounded functions to compare, such as observables={'cos x1': lambda x: cos(x)[0]} with cos from "
            "sdeopt.core"
        )
    usual = "observables" if heavy(run) else default(run.problem.dim, len(run.observables))
    what = usual if judge is None or heavy(run) else judge
    if checks.choice("judge", what, JUDGED) == "observables" and not run.observables:
        raise ValueError("judge='observables' needs some: observables must not be empty")
    return what


def _once(store: checkpoints.Checkpoint | None, paths: int, chosen: bool) -> None:
    """Refuse to judge more, or fewer, of the paths that have been judged: whoever looks until it pleases is pleased."""
    judged = None if store is None else store.get("verdict")
    if judged is not None and judged[0] != paths:
        what = f"paths must be {judged[0]}, on which what the checkpoint holds was judged, got {paths}"
        if chosen:
            what = f"checkpoint holds a verdict on {judged[0]} paths, and these arguments choose {paths}"
        raise ValueError(
            f"{what}: a second verdict on some of the same paths is wrong more often than alpha says; take another rng "
            "and another folder"
        )


def _agreeing(run: Run, report: Report) -> str | None:
    """The method where the gap would be the margin if it fell as the page claims, with what its regime ties to lr."""
    page, high = run.method, report.within[1]
    if report.verdict != DIFFER or run.sde == SAMPLED.name or page.schedules or not high < OUTSIDE:
        return None
    lr = page.lr * (report.meta["tolerance"] / high) ** (1.0 / run.model.order)
    digit = 10.0 ** math.floor(math.log10(lr))
    scaled = at_rate(page, float(f"{math.floor(lr / digit) * digit:.1g}"))
    changed = {name: f"{value:.4g}" for name, value in scaled._asdict().items() if value != getattr(page, name)}
    return ", ".join(f"{name} = {value}" for name, value in changed.items())
