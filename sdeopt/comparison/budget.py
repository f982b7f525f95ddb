"""How many paths, and how small a step: a pilot on paths of its own, then one fresh block that is analysed once.

The pilot takes about a tenth of the budget. It takes the fewest integrator steps, of 2, 4 and 8 to a step of the
optimizer, that leave less than a tenth of the margin and hardly change the price of a verdict, and forecasts how many
paths decide (`forecast`). A gap is known from a pilot of n paths to its standard error s/√n, which the forecast has to
add: where N paths would do if the gap were known, and a bound is 3.3 standard errors wide, it asks for
N/(1 - √(N/n)/3.3)², 12 N for n = N/5.5, 2 N for n = N. So as long as the block would have more than four times its
paths, and up to a fifth of the budget, the pilot is doubled; where what it then knows asks for smaller steps, it begins
anew with these. The block has √2 to 2 times what is asked, for an open report is dear.

The pilot's paths never enter the verdict: pooled with the block, whose size they choose, they would make 8 % false
verdicts of 5 %; looking again until something is decided makes 18 % in six looks.

A budget is work, not time: what the steps and saves of a path draw and compute, counted, in seconds of one of the cores
on which that was measured. So the same call with the same ``rng`` gives the same block on any machine. With
``seconds`` the clock says what a path of the pilot costs, compilation apart, and the block depends on the machine.

Where the pilot of a network would be dearer than the budget there is none: the fewest paths are run at once, at two
integrator steps to a step of the optimizer, and the report says how many would decide.
"""

from __future__ import annotations

import functools
import math
import time
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import block, pilot
from sdeopt.comparison.forecast import FEW, asked, forecasts
from sdeopt.engine.memory import most_paths
from sdeopt.engine.run import Run
from sdeopt.engine.work import costs, network
from sdeopt.results import paired, quantities
from sdeopt.results.bounds import LEAST

__all__ = ["WORK", "Plan", "affordable", "at_once", "plan_work"]

Array = NDArray[np.float64]
WORK = 12.0  # seconds of one core: 6 s on two
SHARE, DOUBLED = 0.1, 0.2  # of the budget, for one level of the pilot, and for all of it where it is doubled
PILOT = (64, 2048)  # paths of one level of the pilot, at least and at most, before it is doubled
LARGE = 4.0  # blocks, in units of the pilot, for which it is doubled
HOUR = 3600.0  # of one core, that a pilot may take
LEVELS = (2, 4, 8)  # integrator steps in a step of the optimizer
CLOSE = 0.1  # part of the margin that a step size may leave
COSTLIER = 1.5  # times the paths, which are better spent on twice the substeps
GENEROUS = 0.1  # of the budget, up to which twice what is asked is run; above it √2 times
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
    # time is never the same again: of a pilot by the clock nothing is kept but the number that it chooses
    own, chosen = (store, None) if seconds is None else (None, store and store.get("chosen"))
    most, longest = (WORK, HOUR) if seconds is None else (min(WORK, seconds), min(HOUR, seconds))
    tried = _Pilot(run, judging, most, longest, executor, progress, own)
    levels = (run.substeps,) if fixed else LEVELS if block.alike(run) else LEVELS[1:]  # none sees a small change there
    for substeps in levels:
        if not tried.begin(substeps):
            break
        while tried.large() and (tried.settled() or substeps == levels[-1]):
            tried.double()
        if tried.settled():
            break
    paths = tried.wanted() if seconds is None else tried.wanted_by_clock(seconds)
    if chosen is not None:
        paths = int(chosen[0])
    elif store and seconds is not None:
        store.put("chosen", np.array([paths]))
    return Plan(tried.run, paths, tried.change, tried.paths)


class _Pilot:
    """A pilot under way: what it has seen of the present step size, and the work and the time of all its paths."""

    change: paired.Paired
    _factors: tuple[float, float]
    paths, _doubled = 0, False
    _least = 0.0  # paths that would decide at a smaller step, by a doubled pilot

    def __init__(
        self, run: Run, judging: dict[str, Any], most: float, longest: float, executor: Any, progress: Any, store: Any
    ) -> None:
        self.run, self._judging, self._most, self._longest, self._store = run, judging, most, longest, store
        self._how = executor, progress
        self._told = not callable(progress) and progress
        self._kept, self._work, self._taken = reducing(run), 0.0, 0.0

    def begin(self, substeps: int) -> bool:
        """Go to this step size, on as many paths as a share of the budget affords; not where that takes too long."""
        run = replace(self.run, substeps=substeps)
        runs = block.columns(run)
        each = costs(runs[:3], self._told)
        path = sum(each) + 2.0 * self._kept
        paths = _paths(SHARE * self._most / path)
        if self._work and self._work + paths * path > self._longest:
            return False
        if paths * path > HOUR:
            raise ValueError(
                f"a pilot of {paths} paths, the fewest, would take about {paths * path / HOUR:.2g} hours of one core "
                f"(limit 1): take fewer steps, or give paths, which does without a pilot; {LEAST} are the fewest that "
                "are judged"
            )
        if self._doubled and math.isfinite(self._factors[1]):  # more than the first paths at another step will know
            self._least = self._factors[1] * self.paths
        self.run, self._runs, self.paths, self._each = run, runs, paths, each[0] + each[1] + self._kept
        self._doubled = False
        found = self._timed(pilot.try_steps, f"pilot{substeps}", APART, paths * path)
        self._main, self.change = found
        self._look()
        return True

    def double(self) -> None:
        """As many paths again, of both columns alone."""
        name = f"pilot{self.run.substeps}x{self.paths}"
        more = self._timed(pilot.both, name, APART + self.paths, self.paths * self._each)
        self._main, self.paths, self._doubled = paired.merge(self._main, more), 2 * self.paths, True
        self._look()

    @functools.cached_property
    def _flow(self) -> Array:
        """That of the first step size."""
        return block.straight(self._runs[3], self._how[0], self._told, None)

    def _timed(self, run_paths: Any, name: str, first: int, work: float) -> Any:
        vectors = self._judging["judge"] == "all" and self.run.problem.dim > quantities.SINGLE
        began = time.perf_counter()
        found = run_paths(self._runs, self.paths, vectors, first, *self._how, self._store and self._store.part(name))
        self._taken += time.perf_counter() - began
        self._work += work
        return found

    def _look(self) -> None:
        judge, heavy, tolerance, alpha = (self._judging[name] for name in ("judge", "heavy", "tolerance", "alpha"))
        self._seen = block.measure(self._runs, self._main, self.change, self._flow, judge, heavy, fresh=False)
        sizes = self._seen.sizes
        known = sizes, self._seen.both.paths[-len(sizes.size) :], tolerance, alpha
        self._factors, self._asked = forecasts(*known), asked(*known)

    def settled(self) -> bool:
        """Whether the step size leaves little of the margin, and hardly asks for more paths.

        A doubled pilot goes on only from where no number of paths decides to where the budget may.
        """
        factor, exact = self._factors
        cheap = factor <= COSTLIER * exact
        if self._doubled:
            cheap = math.isfinite(factor) or 2.0 * exact * self.paths * self._each > self._most - self._work
        return cheap and _close(self._runs, self.change, self._seen, self._judging["tolerance"], self.paths >= FEW)

    def large(self) -> bool:
        """Whether the block would have many times the paths, and twice the pilot can be afforded."""
        return self._asked > LARGE and self._work + self.paths * self._each <= DOUBLED * self._most

    def wanted(self) -> int:
        """Paths of the block within the budget of work."""
        return self._block(WORK - self._work, self._each)

    def wanted_by_clock(self, seconds: float) -> int:
        """Paths of the block within a budget of time, which begins once loops are compiled; half of the memory."""
        paths = self._block(seconds - self._taken, self._each * self._taken / self._work)
        return min(paths, most_paths(block.BYTES * self.run.kept))

    def _block(self, left: float, path: float) -> int:
        enough = max(self._asked * self.paths, self._least)
        wanted = max(min(2.0 * enough, GENEROUS * WORK / self._each), math.sqrt(2.0) * enough)
        return _whole(min(wanted, max(left, 0.0) / path))


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


def _paths(affordable: float) -> int:
    """Of one level of the pilot."""
    return int(min(max(affordable, PILOT[0]), PILOT[1]))


def _whole(paths: float) -> int:
    """Down to whole chunks, where there are several."""
    return int(max(paths // CHUNK * CHUNK if paths > CHUNK else paths, PILOT[0]))


def _close(runs: tuple[Run, ...], change: paired.Paired, found: block.Measured, tolerance: float, known: bool) -> bool:
    """Whether the step size leaves little of the margin: by the change without its noise, and surely not much more.

    What is not surely so for want of paths, where their noise is not ``known``, smaller steps do not make so.
    """
    moved = quantities.apart(
        found.halved, change.groups, found.scales, found.quantities, len(block.seen(runs[0]))
    )  # of the changes, in units of the same scales
    factor = block.leftover(runs[1]) / tolerance
    if not block.alike(runs[1]):
        return bool(np.nanmax(found.sizes.left) <= CLOSE * tolerance)
    size = factor * np.sqrt(np.maximum(moved.size**2 - moved.floor**2, 0.0))
    surely = size + factor * quantities.NORMAL95 * moved.stderr
    return bool(np.nanmax(size) <= CLOSE and (not known or np.nanmax(surely) <= 2.0 * CLOSE))
