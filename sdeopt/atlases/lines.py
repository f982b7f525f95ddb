"""``Line``: one method under one law, from the trials of its learning rate to what is reported."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sdeopt.atlases.regimes import Regime
from sdeopt.atlases.seen import watch_step
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.engine.batched import holds
from sdeopt.engine.content import content
from sdeopt.engine.planning import plan as make_run
from sdeopt.engine.run import refuse
from sdeopt.results.estimate import Estimate, failed
from sdeopt.sweeps.cells import Cell, Settings, plan_run
from sdeopt.sweeps.schedule import Measured

__all__ = ["MEASURES", "Line", "Plan", "plan_line"]

NOT_COMPARED = "not compared under this law: compare= names those that are"
MEASURES = ("median", "loss", "time", "spread", "diverged", "error")


class Plan(NamedTuple):
    """What all lines of an atlas share; ``seeds`` are those of the report and of the trials."""

    problem: Problem
    gradients: int
    lrs: tuple[float, ...]
    paths: int
    tuning: int
    level: float | None
    substeps: int
    seeds: tuple[int, int]

    @property
    def minimum(self) -> float | None:
        """f*, where it is known."""
        known = self.problem.objective.minimum
        return None if known is None else float(known)

    @property
    def base(self) -> float:
        """What losses and the level are above: f*, or 0 where it is not known."""
        return self.minimum or 0.0

    @property
    def no_level(self) -> str:
        """Why there is no level."""
        if self.minimum is None:
            return "no level: f* is not known, and level=, here of f(x) itself, is not given"
        return "no level: f is at its minimum at the start"

    def settings(self, steps: int, trial: bool) -> Settings:
        """Those of a cell."""
        level = None if trial or self.level is None else self.level + self.base
        paths, seed = (self.tuning, self.seeds[1]) if trial else (self.paths, self.seeds[0])
        return Settings(None, steps, paths, level, self.substeps, seed)

    def described(self) -> dict[str, Any]:
        """In numbers, with f* in the place of the problem."""
        return {k: v for k, v in self._asdict().items() if k != "problem"} | {"minimum": self.minimum}


@dataclass(eq=False)
class Line:
    """The cells of one method under one law; ``reason`` says why there are none."""

    plan: Plan
    method: Method
    regime: Regime
    problem: Problem
    reason: str = ""
    seen: int = 1
    beside: tuple[str, ...] = ()
    compared: bool = True
    problems: dict[str, Problem] = field(default_factory=dict)
    trials: dict[str, Cell] = field(default_factory=dict)
    last: dict[str, Cell] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Of the optimizer: as many as the gradients suffice for."""
        return self.plan.gradients // self.seen

    @property
    def cells(self) -> int:
        """How many there will be."""
        return len(self.trials) + (0 if self.reason else len(self.jobs))

    @property
    def jobs(self) -> tuple[str, ...]:
        """What is run at the best learning rate."""
        return ("run", "error") if self.compared else ("run",)

    def cell(self, lr: float, job: str, trial: bool) -> Cell:
        """One of them."""
        page = self.regime.page(self.method, lr)
        if job not in self.problems:
            self.problems[job] = uncompiled(page, self.problem, job)
        return Cell(page, self.problems[job], job, self.plan.settings(self.steps, trial))

    def lr(self, done: Mapping[str, Measured]) -> float:
        """The best learning rate, the smallest of several; NaN where a trial is not finished."""
        medians = [done[key]["median"].value if key in done else math.nan for key in self.trials]
        if self.reason or not medians or any(map(math.isnan, medians)):
            return math.nan
        return self.plan.lrs[medians.index(min(medians))]

    def final(self, done: Mapping[str, Measured]) -> dict[str, Cell]:
        """What is measured at the best learning rate."""
        lr = self.lr(done)
        if not math.isnan(lr):
            self.last = _key_cells([self.cell(lr, job, False) for job in self.jobs])
        return self.last

    def found(self, done: Mapping[str, Measured]) -> tuple[float, dict[str, Estimate]]:
        """The learning rate and what was measured; a loss is above f*, if known, a time in gradients."""
        measured = {name: e for key in self.last for name, e in done.get(key, {}).items()}
        lr, reason = self.lr(done), self.reason or self._broken(done)
        if reason:
            return math.nan, dict.fromkeys(MEASURES, failed(reason, "missing" if self.reason else "failed"))
        if self.plan.level is None:
            measured["time"] = failed(self.plan.no_level, "missing")
        if not self.compared:
            measured["error"] = failed(NOT_COMPARED, "missing")
        elif "error" in measured:
            measured["error"] = _refuse(measured["error"])
        for name in ("median", "loss"):
            if name in measured:
                measured[name] = shift(measured[name], -self.plan.base, 1.0)
        if "time" in measured and not math.isnan(lr):
            measured["time"] = shift(measured["time"], 0.0, self.seen / self.regime.page(self.method, lr).clock)
        return lr, measured

    def _broken(self, done: Mapping[str, Measured]) -> str:
        """What was raised by a trial, or nothing."""
        tried = (done[key]["median"] for key in self.trials if key in done)
        return next((e.reason for e in tried if math.isnan(e.value)), "")


def shift(e: Estimate, by: float, times: float) -> Estimate:
    """The estimate of ``times`` (value + ``by``)."""
    return e._replace(
        value=times * (e.value + by), stderr=times * e.stderr, low=times * (e.low + by), high=times * (e.high + by)
    )


def _refuse(e: Estimate) -> Estimate:
    """A comparison that was refused, in one sentence, is no failure: there is no such SDE, or none that can be run."""
    refusal = "ValueError: "
    if e.status != "failed" or not e.reason.startswith(refusal):
        return e
    return e._replace(status="missing", reason=e.reason.removeprefix(refusal))


def uncompiled(page: Method, problem: Problem, job: str) -> Problem:
    """The problem in a form that takes many paths at a time without a compiler, where page, law and objective can.

    A loop is compiled in some ten seconds for each method and law, and then runs for a fraction of one.
    """
    for_many_paths = getattr(problem.objective, "for_many_paths", None)
    if for_many_paths is None:
        return problem
    wide = Problem(for_many_paths(), problem.noise, problem.x0)
    kinds = ("discrete",) if job == "run" else ("discrete", "sde")
    try:
        runs = [make_run(page, wide, kind, steps=2, save_at=1, observables=[], rng=0) for kind in kinds]
        for run in runs:
            refuse(run)
        return wide if all(map(holds, runs)) else problem
    except (ValueError, TypeError):  # told where the cell is run
        return problem


def plan_line(plan: Plan, method: Method, regime: Regime, compared: bool = True) -> Line:
    """The trials of a method under a law, or the reason why it is not run; ``compared``: with its SDE."""
    try:
        problem = Problem(plan.problem.objective, regime.law, plan.problem.x0)
    except (ValueError, TypeError) as error:
        return Line(plan, method, regime, plan.problem, str(error))
    found = Line(plan, method, regime, problem, regime.lacks(method) or "", compared=compared)
    if found.reason:
        return found
    try:
        page = regime.page(method, plan.lrs[0])
        refuse(plan_run(Cell(page, problem, "run", plan.settings(1, trial=True))))
        found.seen, found.beside = watch_step(page, problem)
        trials = [found.cell(lr, "run", True) for lr in plan.lrs]
        refuse(plan_run(trials[-1]))
    except (ValueError, TypeError) as error:
        found.reason = " ".join(str(error).split())
        return found
    found.trials = _key_cells(trials)
    return found


def _key_cells(cells: list[Cell]) -> dict[str, Cell]:
    objective = content(cells[0].problem.objective)
    return {cell.key(objective): cell for cell in cells}
