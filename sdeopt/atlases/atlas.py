"""``atlas``: every method under every law of the noise, at its own best learning rate and at equal gradients seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from sdeopt.atlases.lines import Line, Plan, plan_line
from sdeopt.atlases.regimes import name_regimes, usual_methods, usual_regimes
from sdeopt.atlases.report import Atlas
from sdeopt.core import checks, notices
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem, expect_problem
from sdeopt.core.traits import expect_method
from sdeopt.engine.progress import Progress
from sdeopt.engine.streams import normalise
from sdeopt.sweeps.axes import name_each
from sdeopt.sweeps.cells import Cell
from sdeopt.sweeps.schedule import Measured, run_cells
from sdeopt.sweeps.store import Store, open_store

__all__ = ["atlas"]

LRS = tuple(float(f"{lr:.3g}") for lr in np.geomspace(1e-3, 1.0, 7))
SUBSTEPS = 4
LEVEL = 0.1  # of the way from f(x0) to the minimum that is left


def atlas(
    problem: Problem,
    methods: Any = None,
    laws: Any = None,
    *,
    gradients: int = 400,
    lrs: Sequence[float] = LRS,
    paths: int = 400,
    tuning: int = 100,
    level: float | None = None,
    compare: Sequence[str] | None = None,
    rng: Any = None,
    folder: str | Path | None = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
) -> Atlas:
    """Run every method under every law of the noise: which one wins where, and where its SDE stops being a model.

    A method's learning rate is tuned in every law by itself: the one of ``lrs`` with the least median of f(x) at the
    end, on ``tuning`` paths of a seed of their own, so that what is then measured at that rate on ``paths`` other paths
    is not the best of several looks. All methods see the same number of gradients: one that asks for two in a step, as
    SAM does, makes half as many steps. A mean over a minibatch, over the examples of a batch or over agents is one
    gradient, so that methods are compared within a law, and not laws with one another. What a step reads beside
    gradients is not counted, but told, in ``meta["beside"]`` and below the table: NGN and SPSMax go by the loss, which
    most laws leave without noise, and cubic Newton by the Hessian.

    Measured are, at the end: "median" and "loss", the median and the mean over paths of f(x) - f*, or of f(x) where f*
    is not known (`Objective` takes ``minimum=``); "spread", tr Cov x;
    "diverged", the share of paths lost; "time", the gradients that half of the paths need to reach ``level``; and
    "error", the largest gap between the SDE and the optimizer in units of its scale, as `compare` bounds it. Each has
    a 95 % interval, or a status and a reason why there is none, such as noise without a variance.

    Within a law methods are ranked by the median, which exists under any noise. One whose interval overlaps that of the
    best is tied with it: of two that are in truth equal, with independent paths, one is called worse in 0.6 % of all
    cases.

    Parameters
    ----------
    problem : Problem
        Objective and start; the law of its own noise is not used.
    methods : method, sequence of methods, or mapping label -> method, optional
        Their lr is tuned, all else stays; default every page of the package. What can be run under no law is left out
        of the table, with the reason in ``meta["left out"]``.
    laws : law, sequence, or mapping label -> law, optional
        A pair (law, {field: value}) also sets fields of the methods, and is about those that have them, such as
        ``(so.Batch(so.Gaussian(1.0), 4), {"clip": 1.0, "sigma_dp": 2.0})``. Default: Gaussian noise of three levels,
        Student's t, Cauchy, alpha-stable, Laplace, minibatches of three sizes where there are data, unequal agents,
        three compressions, and three privacy budgets: ε = 4, 1 and 0.25 at δ = 1e-5 for one pass over the data, as
        each batch is of new examples (`gaussian_sigma` of `sdeopt.theory.one_pass`).
    gradients : int
        How many each method sees; default 400.
    lrs : sequence of float
        The grid of learning rates; default seven from 0.001 to 1. A best one at an end of it is marked.
    paths, tuning : int
        Independent paths of what is reported (400), and of the choice of the learning rate (100).
    level : float, optional
        Of f(x) - f*, for "time"; default a tenth of that at the start. Where f* is not known, of f(x), without default.
    compare : sequence of str, optional
        Labels of the laws under which SDEs are compared with their optimizers, the dearest part; default all.
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7).
    folder, executor, progress
        As in `sweep`: finished cells are kept, and the same call goes on from them.

    Returns
    -------
    Atlas
        On Ctrl-C with what is finished, and ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For arguments out of range, a learning rate that is a schedule, a game, or where nothing can be run.

    Warns
    -----
    PartialWarning
        If Ctrl-C ended it early.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), x0=[1.0, -1.0])
    >>> found = so.atlas(
    ...     problem, [so.SGD(0.1), so.SignSGD(0.1)], {"Cauchy": so.StudentT(nu=1, scale=1.0)}, gradients=100,
    ...     lrs=[0.01, 0.1], paths=60, tuning=50, rng=0,
    ... )
    >>> found.best("Cauchy"), found.at("spread", "SGD", "Cauchy").reason
    (('SignSGD',), 'no mean: the tails of the noise are too heavy')
    """
    pages = _methods(methods, problem)
    plan = _plan(problem, gradients, lrs, paths, tuning, level, rng, folder)
    laid = name_regimes(usual_regimes(problem) if laws is None else laws)
    judged = [checks.choice("compare", law, (*laid,)) for law in (laid if compare is None else compare)]
    lines = {(m, j): plan_line(plan, page, laid[j], j in judged) for m, page in pages.items() for j in laid}
    left = {m: next(iter(why)) for m in pages if all(why := [lines[m, law].reason for law in laid])}
    if len(left) == len(pages):
        raise ValueError(f"no method can be run under any of the laws: {next(iter(left.values()))}")
    shown = tuple(m for m in pages if m not in left)
    work = [{m: lines[m, law] for m in shown} for law in laid]
    done: dict[str, Measured] = {}
    with open_store(folder) as store:
        partial = _run_laws(work, done, store, executor, progress)
    notices.tell(partial)
    meta = plan.described() | {
        "problem": f"{problem.objective!r}, x0 = {problem.x0[:8].tolist()}",
        "methods": {m: repr(pages[m]) for m in shown},
        "laws": {label: str(regime) for label, regime in laid.items()},
        "steps": {m: next(lines[m, law].steps for law in laid if not lines[m, law].reason) for m in shown},
        "compared": judged,
        "left out": left,
        "beside": {m: sorted({word for law in laid for word in lines[m, law].beside}) for m in shown},
        "partial": partial,
    }
    table = [[lines[m, law].found(done) for law in laid] for m in shown]
    return Atlas.of(meta, shown, (*laid,), table)


def _run_laws(
    work: list[dict[str, Line]], done: dict[str, Measured], store: Store | None, executor: Executor | None,
    progress: Any,
) -> bool:  # fmt: skip
    """Law by law, so that what is finished is finished: tune, then measure. Whether Ctrl-C came before the end."""
    total = sum(line.cells for lines in work for line in lines.values())
    with Progress(total, progress, "atlas", "cells") as bar:

        def keep(key: str, measured: Measured) -> None:
            if store is not None:
                store.write(key, cells[key].described(), measured)
            bar.advance(len(done) + 1)

        for lines in work:
            for chosen in (False, True):
                cells: dict[str, Cell] = {}
                for one in lines.values():
                    cells |= one.final(done) if chosen else one.trials
                for key in cells:
                    if store is not None and (known := store.read(key)) is not None:
                        done[key] = known
                if run_cells(cells, done, keep, executor, False):
                    return True
    return False


def _methods(given: Any, problem: Problem) -> dict[str, Method]:
    expect_problem(problem)
    problem.alone("atlas")
    if problem.lacks("players") is None:
        raise ValueError(f"problem must be one of minimisation, got a game, {problem.objective!r}: it has no one loss")
    if (reason := problem.lacks("value")) is not None:
        raise ValueError(f"problem must have an f(x), by which methods are ranked: {reason}")
    if given is None:
        return usual_methods()
    pages: dict[str, Method] = name_each(
        "method", given, lambda m: hasattr(m, "sdes"), (lambda m: type(m).__name__, repr)
    )
    for label, page in pages.items():
        expect_method(page)
        if "lr" in page.schedules:
            raise ValueError(f"methods must have a constant lr, which is tuned, got a schedule in {label}")
    return pages


def _plan(
    problem: Problem, gradients: Any, lrs: Any, paths: Any, tuning: Any, level: Any, rng: Any, folder: Any
) -> Plan:
    rates = checks.array("lrs", lrs, ndim=(1,))
    if not (rates > 0.0).all() or not (np.diff(rates) > 0.0).all():
        raise ValueError(f"lrs must be positive and grow, got {checks.short(lrs)}")
    if folder is not None and not isinstance(rng, (int, np.integer)):
        got = checks.short(rng)
        raise ValueError(f"a folder needs rng=0 or another integer, else nothing in it is found again, got {got}")
    words = normalise(rng)
    report, trials = (int(n) for n in np.random.SeedSequence(words).generate_state(4, np.uint64)[:2])
    return Plan(
        problem=problem,
        gradients=checks.integer("gradients", gradients, low=2, high=checks.ENDLESS),
        lrs=tuple(rates.tolist()),
        paths=checks.integer("paths", paths, low=2),
        tuning=checks.integer("tuning", tuning, low=2),
        level=_level(problem, level),
        substeps=SUBSTEPS,
        seeds=(report, trials),
    )


def _level(problem: Problem, given: Any) -> float | None:
    """Of f(x) - f*, or of f(x) where f* is not known."""
    f: Any = problem.objective
    if given is not None:
        return checks.number("level", given) if f.minimum is None else checks.positive("level", given)
    if f.minimum is None:
        return None
    start = float(f.value(problem.x0)) - f.minimum
    return LEVEL * start if start > 0.0 else None
