"""How many paths, and how small a step: a pilot on paths of its own, then one fresh block that is analysed once.

The pilot takes about a tenth of the budget. It takes the fewest integrator steps, of 2, 4 and 8 to a step of the
optimizer, that leave less than a tenth of the margin and hardly change the price of a verdict, and forecasts how many
paths decide. A gap is known from a pilot of n paths to its standard error s/√n, which the forecast has to add: where N
paths would do if the gap were known, and a bound is 3.3 standard errors wide, it asks for N/(1 - √(N/n)/3.3)², 12 N
for n = N/5.5, 2 N for n = N. So as long as the block would have more than four times its paths, and up to a fifth of
the budget, the pilot is doubled; and the block has √2 to 2 times what is asked, for an open report is dear.

The pilot's paths never enter the verdict: pooled with the block, whose size they choose, they would make 8 % false
verdicts of 5 %; looking again until something is decided makes 18 % in six looks.

A budget is work, not time: what the steps and saves of a path draw and compute, counted, in seconds of one of the cores
on which that was measured. So the same call with the same ``rng`` gives the same block on any machine. With
``seconds`` the clock says what a path costs, and the block depends on the machine.

Where the pilot of a network would be dearer than the budget there is none: the fewest paths are run at once, at two
integrator steps to a step of the optimizer, and the report says how many would decide.
"""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import block, pilot
from sdeopt.engine.run import Run
from sdeopt.engine.work import costs, network
from sdeopt.results import paired, quantities
from sdeopt.results.bounds import LEAST, Sizes, allowance, bounds, forecast

__all__ = ["WORK", "Plan", "affordable", "asked", "at_once", "doubt", "forecasts", "likely", "plan_work"]

Array = NDArray[np.float64]
WORK = 12.0  # seconds of one core: 6 s on two
SHARE, DOUBLED = 0.1, 0.2  # of the budget, for one level of the pilot, and for all of it where it is doubled
PILOT = (64, 2048)  # paths of one level of the pilot, at least and at most, before it is doubled
LARGE = 4.0  # blocks, in units of the pilot, for which it is doubled
HOUR = 3600.0  # of one core, that a pilot may take
FEW, MORE = 256, 4.0  # paths of a pilot that know standard errors badly; times their forecast that are run then, or ...
NEAR = 0.5  # ... where one path dominates a bound that is at least so much of the largest
LEVELS = (2, 4, 8)  # integrator steps in a step of the optimizer
CLOSE = 0.1  # part of the margin that a step size may leave
COSTLIER = 1.5  # times the paths, which are better spent on twice the substeps
GENEROUS = 0.1  # of the budget, up to which twice what is asked is run; above it √2 times
SHRUNK = 1.5  # standard errors of the pilot by which a gap is thought smaller than it is seen, at most
APART = 2**40  # number of the first path of the pilot; those of the block are numbered from 0
MOST = 4096  # paths beside what is recorded, whose own error is that of some runs
CHUNK = 256  # paths of which a block has whole multiples
RECORD = 6e-8  # what every number that is kept of a path takes until it is part of the statistics


class Plan(NamedTuple):
    """What the pilot chose: the SDE's run, the number of paths, and the changes when dt is halved, on its paths.

    Without a pilot there are none of these, and ``pilot`` is 0.
    """

    run: Run
    paths: int
    change: paired.Paired | None
    pilot: int


def plan_work(
    run: Run, fixed: bool, judging: dict[str, Any], seconds: float | None, executor: Any, progress: Any, store: Any
) -> Plan:
    """Run the pilot; with ``fixed`` the number of substeps is that of ``run``, else it is chosen.

    ``judging`` holds ``judge, heavy, tolerance, alpha`` of the comparison.
    """
    if network((run,)) and seconds is None and pilot_work(run, fixed, progress) > WORK:
        return _unpiloted(run, fixed, progress)
    vectors = judging["judge"] == "all" and run.problem.dim > quantities.SINGLE
    flow: Any = None
    kept, used, begun = reducing(run), 0.0, time.perf_counter()
    levels = LEVELS if block.alike(run) else LEVELS[1:]  # a small change cannot be seen there
    for substeps in (run.substeps,) if fixed else levels:
        runs = block.columns(replace(run, substeps=substeps))
        each = costs(runs[:3], not callable(progress) and progress)
        path = sum(each) + 2.0 * kept
        paths = _paths(SHARE * WORK / path)
        _short(paths, path)
        part = store and store.part(f"pilot{substeps}")
        main, change = pilot.try_steps(runs, paths, vectors, APART, executor, progress, part)
        used += paths * path
        if flow is None:
            flow = block.straight(runs[3], executor, not callable(progress) and progress, None)
        seen = look(runs, main, change, flow, judging)
        if seen.factor <= COSTLIER * seen.exact and _close(runs, change, seen.found, judging["tolerance"]):
            break
    budget, path = WORK if seconds is None else seconds, each[0] + each[1] + kept
    while seen.asked > LARGE and used + paths * path <= DOUBLED * min(WORK, budget):
        part = store and store.part(f"pilot{substeps}x{paths}")
        more = pilot.both(runs, paths, vectors, APART + paths, executor, progress, part)
        main, paths, used = paired.merge(main, more), 2 * paths, used + paths * path
        seen = look(runs, main, change, flow, judging)
    if seconds is not None:
        taken = time.perf_counter() - begun
        path, used = path * taken / used, taken
    enough = seen.asked * paths
    wanted = max(min(2.0 * enough, GENEROUS * WORK / path), math.sqrt(2.0) * enough)
    return Plan(replace(run, substeps=substeps), _whole(min(wanted, max(budget - used, 0.0) / path)), change, paths)


class Look(NamedTuple):
    """What a pilot shows: errors, and factors of its paths: `forecasts`, which choose the step, and what is `asked`."""

    found: block.Measured
    factor: float
    exact: float
    asked: float


def look(
    runs: tuple[Run, ...], main: paired.Paired, change: paired.Paired, flow: Array, judging: dict[str, Any]
) -> Look:
    """Measure the pilot; ``judging`` is that of `plan_work`."""
    judge, heavy, tolerance, alpha = (judging[name] for name in ("judge", "heavy", "tolerance", "alpha"))
    found = block.measure(runs, main, change, flow, judge, heavy, fresh=False)
    counts = found.both.paths[-len(found.sizes.size) :]
    known = found.sizes, counts
    return Look(found, *forecasts(*known, tolerance, alpha), asked(*known, tolerance, alpha))


def _short(paths: int, path: float) -> None:
    """Refuse a pilot of hours."""
    if paths * path > HOUR:
        raise ValueError(
            f"a pilot of {paths} paths, the fewest, would take about {paths * path / HOUR:.2g} hours of one core "
            f"(limit 1): take fewer steps, or give paths, which does without a pilot; {LEAST} are the fewest that "
            "are judged"
        )


def pilot_work(run: Run, fixed: bool, progress: Any = False) -> float:
    """Work of the first level of a pilot on the fewest paths."""
    first = LEVELS[0] if block.alike(run) else LEVELS[1]
    columns = block.columns(run if fixed else replace(run, substeps=first))[:3]
    return PILOT[0] * sum(costs(columns, not callable(progress) and progress))


def at_once(run: Run, paths: int, progress: Any = False) -> float:
    """Work of so many paths without a pilot: both columns, dt halved on some, and the flow."""
    columns = block.columns(run)
    discrete, sde, fine, flow = costs(columns, not callable(progress) and progress)
    return paths * (discrete + sde) + block.halved(paths) * (sde + fine) + block.flows(columns[3]) * flow


def _unpiloted(run: Run, fixed: bool, progress: Any) -> Plan:
    """Of a network whose pilot is dearer than the budget: the fewest paths at once, with the fewest substeps."""
    run = run if fixed else replace(run, substeps=LEVELS[0])
    work = at_once(run, PILOT[0], progress)
    if work > HOUR:
        raise ValueError(
            f"{PILOT[0]} paths, the fewest by default, would take about {work / HOUR:.2g} hours of one core (limit 1): "
            f"take at most {int(run.steps * HOUR / work)} steps, or give paths; {LEAST} are the fewest that are judged"
        )
    return Plan(run, PILOT[0], None, 0)


def affordable(columns: tuple[Run, ...]) -> int:
    """Paths of the SDE alone, beside what is recorded, within the budget."""
    each = costs(columns[1:2], False)[0] + reducing(columns[1])
    return _whole(min(max(WORK / each, PILOT[0]), MOST))


def reducing(run: Run) -> float:
    """Work of reducing the records of one path to statistics."""
    return RECORD * len(run.saves) * (run.width + len(paired.entries(run.kept)[0]) + 1)


def forecasts(s: Sizes, counts: Array, tolerance: float, alpha: float) -> tuple[float, float]:
    """Factors of paths that decide, with what the step size leaves and without; ``counts`` (n,) are those of a pilot.

    Of gaps as they are seen, and larger by a standard error, which more paths do not take back.
    """
    doubts = s.left + s.stderr, s.stderr
    factor, exact = (forecast(s._replace(left=left), counts, tolerance, alpha) for left in doubts)
    return factor, exact


def asked(s: Sizes, counts: Array, tolerance: float, alpha: float) -> float:
    """Factor of paths that decide, of the gaps that are `likely`, and larger by a standard error."""
    shrunk, stderr = likely(s)
    return doubt(s, counts, alpha) * forecast(shrunk._replace(left=s.left + stderr), counts, tolerance, alpha)


def likely(s: Sizes) -> tuple[Sizes, Array]:
    """Sizes without what is likely to be the pilot's own noise, and the standard errors of what is left.

    The largest of some hundred gaps is as a rule the one with the largest noise, two or three standard errors. With τ²
    the mean over the saves of a quantity of ρ̂² - se², or a quarter of that of se² if this is more, the gaps of it are
    multiplied by κ = τ²/(τ² + se²), as if they were normal with variance τ², and errors by √κ. But no gap loses more
    than ``SHRUNK`` standard errors: one that is there at few saves stays. Source: Efron & Morris, J. Amer. Statist.
    Assoc. 67 (1972) 130-139 (limited translation).
    """
    signal, noise = np.maximum(s.size**2 - s.floor**2, 0.0), s.stderr**2
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a quantity that is known at no save
        variance = np.maximum(np.nanmean(signal - noise, axis=0), 0.25 * np.nanmean(noise, axis=0))
        kept = np.maximum(variance / (variance + noise), 1.0 - SHRUNK * s.stderr / np.sqrt(signal))
    kept = np.where(np.isfinite(kept), np.clip(kept, 0.0, 1.0), 1.0)  # without noise, and what is not known
    return s._replace(size=np.sqrt(kept**2 * signal + s.floor**2)), np.sqrt(kept) * s.stderr


def doubt(s: Sizes, counts: Array, alpha: float) -> float:
    """Times the forecast that are run.

    More where the pilot knows its standard errors badly, or where single paths make up what may decide, so that nothing
    would be judged on as many paths.
    """
    high = bounds(s, alpha).high
    heavy = s.share > allowance(counts)[:, None]
    dominated = bool((heavy & (high >= NEAR * np.nanmax(high))).any())
    return MORE if counts.max() < FEW or dominated else 1.0


def _paths(affordable: float) -> int:
    """Of one level of the pilot."""
    return int(min(max(affordable, PILOT[0]), PILOT[1]))


def _whole(paths: float) -> int:
    """Down to whole chunks, where there are several."""
    return int(max(paths // CHUNK * CHUNK if paths > CHUNK else paths, PILOT[0]))


def _close(runs: tuple[Run, ...], change: paired.Paired, found: block.Measured, tolerance: float) -> bool:
    """Whether the step size leaves little of the margin: by the change without its noise, and surely not much more."""
    moved = quantities.apart(
        found.halved, change.groups, found.scales, found.quantities, len(block.seen(runs[0]))
    )  # of the changes, in units of the same scales
    factor = block.leftover(runs[1]) / tolerance
    if not block.alike(runs[1]):
        return bool(np.nanmax(found.sizes.left) <= CLOSE * tolerance)
    size = factor * np.sqrt(np.maximum(moved.size**2 - moved.floor**2, 0.0))
    surely = size + factor * quantities.NORMAL95 * moved.stderr
    return bool(np.nanmax(size) <= CLOSE and np.nanmax(surely) <= 2.0 * CLOSE)
