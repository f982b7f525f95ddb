"""``Cell``: one run of a sweep, all that it depends on, and its numbers."""

from __future__ import annotations

import functools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sdeopt.comparison.compare import compare
from sdeopt.core import notices
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.core.texts import know
from sdeopt.engine.blocks import RECORD_LIMIT, Interrupted, Task, fold
from sdeopt.engine.content import content
from sdeopt.engine.draws import orders
from sdeopt.engine.keys import key
from sdeopt.engine.planning import count_steps, plan
from sdeopt.engine.run import Run
from sdeopt.engine.stop import Stop, inside
from sdeopt.results.estimate import Estimate, failed
from sdeopt.results.intervals import lacking
from sdeopt.sweeps.measures import COLUMNS, ERROR, RUN, join, of_paths, of_report, reduce_chunk

__all__ = ["PATHS", "Cell", "Settings", "compute", "plan_run"]

SAVES = 400  # at which f(x) is compared with the level
PATHS, SUBSTEPS = 1000, 16  # of a run where nobody says, and in a step of the SDE beside a given number of paths
FEW = 16  # paths that a chunk should hold at least


class Settings(NamedTuple):
    """What all cells of a sweep share; without ``paths`` a comparison takes as many as its budget affords."""

    horizon: float | None
    steps: int | None
    paths: int | None
    level: float | None
    substeps: int | None
    seed: int
    seconds: float | None = None
    sde: str | None = None


@dataclass(frozen=True, eq=False)
class Cell:
    """A method on a problem; ``job`` is "run", the discrete column, or "error", the comparison with the SDE.

    ``text`` is the page of a derived SDE, for processes that have not derived it.
    """

    method: Method
    problem: Problem
    job: str
    settings: Settings
    text: str = ""

    @property
    def measures(self) -> tuple[str, ...]:
        """What it measures."""
        run = RUN if self.settings.level is not None else RUN[:-1]
        return run if self.job == "run" else ERROR

    def key(self, objective: str) -> str:
        """The name of the cell, a hash; ``objective`` is the `content` of the objective, the costly part."""
        p, s = self.problem, self.settings
        run = {"paths": s.paths or PATHS, "substeps": 0, "seconds": None, "sde": None}
        shared = s._replace(**(run if self.job == "run" else {"level": None}))  # without what it ignores
        texts = self.job, content(shared), content(self.method), objective, content(p.noise), content(p.x0), self.text
        return key(*texts, parts=("comparison", "sweeps"))

    def described(self) -> dict[str, Any]:
        """The cell in words and numbers."""
        p = self.problem
        x0 = p.x0.tolist() if p.dim <= FEW else f"<array of shape {p.x0.shape}>"
        said = {"job": self.job, "method": repr(self.method), "objective": repr(p.objective), "noise": repr(p.noise)}
        return said | {"x0": x0} | self.settings._asdict()

    @property
    def code(self) -> str:
        """What decides which code is compiled: cells that share it should follow one another."""
        p = self.problem
        kinds = (type(self.method).__name__, type(p.objective).__name__, type(p.noise).__name__)
        return f"{self.job} {kinds} {p.dim} {p.noise.draws(p.objective)}"

    @property
    def steps(self) -> int:
        """How long: a horizon to the nearest step, for few learning rates of a grid divide it."""
        s = self.settings
        return count_steps(s.horizon, s.steps, self.method.clock, nearest=True)

    @property
    def cost(self) -> float:
        """A rough number: steps of the optimizer."""
        s = self.settings
        return self.steps * (1.0 if self.job == "run" else 2.0 * (s.substeps or SUBSTEPS))


def plan_run(cell: Cell) -> Run:
    """The run of the discrete column; a ``ValueError`` says what of the settings makes no sense."""
    s, p = cell.settings, cell.problem
    p.alone("sweep")
    with_value = ["loss"] if p.lacks("value") is None else []
    sde = s.sde if cell.job == "error" else None
    run = plan(cell.method, p, steps=cell.steps, save_at=1, observables=with_value, rng=s.seed, sde=sde)
    room = RECORD_LIMIT // (FEW * 8 * run.width)
    several = min(run.steps, SAVES, max(room, 2)) if s.level is not None and with_value else 1
    saves = {*np.linspace(0, run.steps, several + 1).round().astype(int).tolist(), run.steps // 2}
    return plan(
        cell.method, p, steps=cell.steps, observables=with_value, rng=s.seed,
        save_at=np.array(sorted(saves)) * cell.method.clock,
    )  # fmt: skip


def compute(cell: Cell, stop: Stop | None = None) -> dict[str, Estimate]:
    """Measure -> estimate; an exception becomes estimates that have failed. Runs on one thread, anywhere.

    Raises
    ------
    KeyboardInterrupt
        If ``stop`` is set meanwhile.
    """
    try:
        with inside(stop), ThreadPoolExecutor(1) as thread:  # sweeps run cells side by side, so a cell needs no pool
            return _run(cell, thread) if cell.job == "run" else _error(cell, thread)
    except Exception as error:
        return dict.fromkeys(cell.measures, failed(f"{type(error).__name__}: {error}"))


def _run(cell: Cell, thread: ThreadPoolExecutor) -> dict[str, Estimate]:
    run, level = plan_run(cell), cell.settings.level
    times = np.array(run.saves) * cell.method.clock
    middle = run.saves.index(run.steps // 2)
    reduce = functools.partial(
        reduce_chunk, d=cell.problem.dim, times=times, middle=middle, level=-np.inf if level is None else level
    )
    try:
        table = fold(Task((run,), reduce, 8 * len(COLUMNS)), cell.settings.paths or PATHS, join, thread, False)
    except Interrupted:
        raise KeyboardInterrupt from None
    end, ends = orders(run)
    return of_paths(table, level, cell.problem.lacks("value"), (end, ends.get("loss", end)))


def _error(cell: Cell, thread: ThreadPoolExecutor) -> dict[str, Estimate]:
    s = cell.settings
    if s.sde is not None:
        know(type(cell.method), s.sde, cell.text)
    substeps = SUBSTEPS if s.paths is not None and s.substeps is None else s.substeps
    with notices.silent():  # the table says it
        report = compare(
            cell.method, cell.problem, steps=cell.steps, paths=s.paths, seconds=s.seconds, substeps=substeps,
            sde=s.sde, rng=s.seed, executor=thread, progress=False,
        )  # fmt: skip
    if report.meta["partial"]:
        raise KeyboardInterrupt
    found, tail = of_report(report), lacking(orders(plan_run(cell))[0] / 2.0)
    return {name: e.doubted(tail)._replace(low=math.nan, high=math.nan) if tail else e for name, e in found.items()}
