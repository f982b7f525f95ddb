"""Counts of intervals that hold the truth: many seeds as one ensemble, cut into groups, through sdeopt's own code.

Path i of a run depends on its number alone, so a large ensemble is as many independent runs as it has groups of paths.
A group stands where the engine has a save: the same functions that make a run's intervals make those of all groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import sdeopt as so
from benchmarks.coverage.settings import Setting, exact, integrated, quantities
from sdeopt.comparison.block import SETTLED, columns
from sdeopt.comparison.rows import FEWEST
from sdeopt.core.moments import Shaped
from sdeopt.engine.blocks import records as recorded
from sdeopt.engine.draws import orders
from sdeopt.engine.simulate import plan
from sdeopt.results import paired
from sdeopt.results.bounds import allowance
from sdeopt.results.intervals import interval_of
from sdeopt.results.judging import quantile
from sdeopt.sweeps.measures import of_paths, reduce_chunk

__all__ = ["PATHS", "Tally", "compared", "simulated", "swept"]

PATHS = (16, 50, 200, 1000, 4000)
BLOCK = 400_000  # paths that are run at a time
MOST = 1000  # paths of a comparison


class Tally(NamedTuple):
    """Intervals that hold the truth, those that were stated, those that could have been, and why others were not."""

    held: int = 0
    stated: int = 0
    all: int = 0
    reason: str = ""

    def add(self, low: Any, high: Any, truth: float, reason: str = "") -> Tally:
        """With more of them."""
        low, high = np.atleast_1d(low), np.atleast_1d(high)
        known = np.isfinite(low)
        held = int((known & (low <= truth) & (truth <= high)).sum())
        return Tally(self.held + held, self.stated + int(known.sum()), self.all + len(low), reason or self.reason)

    @property
    def coverage(self) -> float:
        """Share of the stated intervals that hold the truth."""
        return self.held / self.stated if self.stated else math.nan


Table = dict[tuple[str, int], Tally]  # (quantity, paths) -> tally


def blocks(s: Setting, seeds: int, paths: int, saves: Any, rng: int) -> Iterator[Any]:
    """Positions of ``seeds`` groups of ``paths``, block by block: (groups, paths, saves, 2)."""
    at_once = max(BLOCK // paths, 1)
    for first in range(0, seeds, at_once):
        groups = min(at_once, seeds - first)
        run = so.simulate(
            s.method, s.problem, steps=s.steps, paths=groups * paths, save_at=np.array(saves) * s.clock,
            observables=[], keep_paths=True, rng=np.random.SeedSequence([rng, first]), progress=False,
        )  # fmt: skip
        yield run.paths.reshape(groups, paths, len(run.times), -1)


def simulated(s: Setting, seeds: int, paths: tuple[int, ...] = PATHS, rng: int = 0) -> Table:
    """What `simulate` prints at the last save: E x₁, E f(x) and E |x|² of every group."""
    truth = exact(s)
    run = plan(s.method, s.problem, steps=s.steps, observables=["loss", "norm2"], rng=rng)
    end, ends = orders(run)
    asked = {"E x₁": (0, end, truth.mean[0]), "E loss": (2, ends["loss"], truth.loss),
             "E x·x": (3, ends["norm2"], truth.norm2)}  # fmt: skip
    table: Table = {(name, n): Tally() for name in asked for n in paths}
    for block in blocks(s, seeds, max(paths), [s.steps], rng):
        records = quantities(s, block[:, :, 0]).transpose(1, 0, 2)  # (paths, groups, columns)
        for n in paths:
            m = Shaped.of(records[:n], np.ones(records[:n].shape[:2], bool), 0)
            for name, (column, order, value) in asked.items():
                moments = (a[:, column] for a in (m.mean, m.stderr, m.skewness, m.share))
                table[name, n] = table[name, n].add(*_each(m.count, *moments, order), value)
    return {key: t._replace(reason=_reason(t, key[1], asked[key[0]][1])) for key, t in table.items()}


def _each(count: Any, mean: Any, stderr: Any, skew: Any, share: Any, order: float) -> tuple[Any, Any]:
    found = interval_of(count, mean, stderr, skew, share, order)
    return found.low, found.high


def _reason(t: Tally, n: int, order: float) -> str:
    """Why no interval is stated with n paths, where none is."""
    return "" if t.stated else interval_of(n, 0.0, 1.0, 0.0, 0.0, order).reason


def swept(s: Setting, seeds: int, paths: tuple[int, ...] = PATHS, rng: int = 1) -> Table:
    """What `sweep` prints: "loss", "spread", and "time" to the median of f at half the time."""
    truth, middle, saves = exact(s), 2, [k * s.steps // 4 for k in range(5)]
    end, ends = orders(plan(s.method, s.problem, steps=s.steps, observables=["loss"], rng=rng))
    times = np.array(saves) * s.clock
    sample = quantities(s, next(blocks(s, BLOCK // 8, 1, saves, rng + 1))[:, 0])[:, :, 2]
    level = float(np.median(sample[:, middle]))
    reached = sample <= level
    median = float(np.median(np.where(reached.any(axis=1), times[reached.argmax(axis=1)], np.inf)))
    values = {"loss": truth.loss, "spread": float(np.trace(truth.cov)), "time": median}
    table: Table = {(name, n): Tally() for name in values for n in paths}
    for block in blocks(s, seeds, max(paths), saves, rng):
        for group in block:
            records = quantities(s, group)[:, :, :3]
            for n in paths:
                rows = reduce_chunk(0, records[:n], d=2, times=times, middle=middle, level=level)
                for name, e in of_paths(rows, level, None, (end, ends["loss"])).items():
                    if name in values:
                        table[name, n] = table[name, n].add(e.low, e.high, values[name], e.reason)
    return table


def compared(s: Setting, seeds: int, paths: tuple[int, ...] = PATHS, rng: int = 2, substeps: int = 2) -> Table:
    """What `compare` prints of its gaps: of E x₁, E f(x), Var x₁ and tr Cov x at the last save, with additive noise.

    Of up to 1000 paths.
    """
    paths = tuple(n for n in paths if n <= MOST)
    truth = zip(integrated(s, substeps), exact(s), strict=True)
    mean, cov, loss, _ = (a - b for a, b in truth)
    asked = {"gap of E x₁": (0, mean[0], 1.0), "gap of E loss": (2, loss, 2.0), "gap of Var x₁": (3, cov[0, 0], 2.0),
             "gap of tr Cov x": (6, float(np.trace(cov)), 2.0)}  # fmt: skip
    run = plan(s.method, s.problem, "sde", steps=s.steps, substeps=substeps, save_at=1, observables=["loss"], rng=rng)
    discrete, sde, *_ = columns(run)
    order = orders(discrete)[0]
    table: Table = {(name, n): Tally() for name in asked for n in paths}
    at_once = max(BLOCK // max(paths), 1)
    for first in range(0, seeds, at_once):
        groups = min(at_once, seeds - first)
        count = groups * max(paths)
        both = [recorded(r, count, first * max(paths), progress=False).reshape(groups, max(paths), 2, -1)
                for r in (discrete, sde)]  # fmt: skip
        for a, b in zip(*both, strict=True):
            for n in paths:
                e = paired.estimates(paired.reduce(0, a[:n], b[:n], d=2, keep=0), 2)
                half = quantile(e.paths, 0.05) * e.gap_stderr[-1]
                for name, (column, value, grows) in asked.items():
                    reason = _withheld(n, float(e.share[-1, column]), order / grows)
                    gap, reach = e.gap[-1, column], math.nan if reason else half[column]
                    table[name, n] = table[name, n].add(gap - reach, gap + reach, value, reason)
    return table


def _withheld(n: int, share: float, order: float) -> str:
    """Why `compare` states no interval, where it does not."""
    if n < FEWEST:
        return f"no interval: fewer than {FEWEST} paths, which a gap needs"
    if order <= SETTLED:
        return "no interval: of a gap whose third moment the noise does not leave"
    return "no interval: one path makes up too much of the squares" if share > allowance(np.array(float(n))) else ""
