"""From a grid to cells: every point's method and problem, built once each, and equal cells run once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.core.texts import text_of
from sdeopt.engine.content import content
from sdeopt.sweeps.axes import Axis, place
from sdeopt.sweeps.cells import Cell, Settings, plan_run

__all__ = ["lay_out"]


def lay_out(
    methods: Sequence[Any],
    problems: Sequence[Problem],
    axes: Sequence[Axis],
    settings: Settings,
    jobs: Sequence[str],
) -> tuple[dict[str, Cell], list[dict[str, str]]]:
    """The cells by their keys, and job -> key for every point, in the order of ``np.ndindex``.

    Raises
    ------
    ValueError, TypeError
        If a value is refused by its owner, or the settings by a method.
    """
    variants, cells = Variants(axes), Cells()
    points = []
    for m, p, *index in np.ndindex(len(methods), len(problems), *(len(axis.values) for axis in axes)):
        method, problem = variants.of("method", methods[m], index), variants.problem(problems[p], index)
        points.append({job: cells.key(method, problem, job, settings) for job in jobs})
    return cells.found, points


class Variants:
    """Methods, laws, objectives and problems with the values of a point; the same object where values are the same."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._axes = axes
        self._made: dict[tuple[Any, ...], Any] = {}

    def of(self, owner: str, thing: Any, index: Sequence[int]) -> Any:
        """``thing`` with the values of its owner's axes."""
        ours = [(axis, i) for axis, i in zip(self._axes, index, strict=True) if axis.owner == owner]
        mark = (id(thing), *(i for _, i in ours))
        if mark not in self._made:
            made = thing
            for axis, i in ours:
                made = _with(made, axis, axis.values[i])
            self._made[mark] = made
        return self._made[mark]

    def problem(self, given: Problem, index: Sequence[int]) -> Problem:
        """The problem of a point. A start that is the objective's own stays the objective's own."""
        noise, objective = self.of("noise", given.noise, index), self.of("objective", given.objective, index)
        if noise is given.noise and objective is given.objective:
            return given
        mark = (id(given), id(noise), id(objective))
        if mark not in self._made:
            own = np.array_equal(given.x0, given.objective.start)
            self._made[mark] = Problem(objective, noise, None if own else given.x0)
        made: Problem = self._made[mark]
        return made


def _with(thing: Any, axis: Axis, value: Any) -> Any:
    try:
        return place(thing, axis.field, value)
    except (ValueError, TypeError) as error:
        raise type(error)(f"grid, {axis.name} = {value!r}: {error}") from error


class Cells:
    """Cells by key; what is costly to know of an objective is asked once."""

    def __init__(self) -> None:
        self.found: dict[str, Cell] = {}
        self._keys: dict[tuple[int, int, str], str] = {}
        self._objectives: dict[int, str] = {}

    def key(self, method: Method, problem: Problem, job: str, settings: Settings) -> str:
        """The key of a cell, which is looked at before it is taken up."""
        mark = (id(method), id(problem), job)
        if mark not in self._keys:
            text = text_of(method, settings.sde) if job == "error" and settings.sde is not None else ""
            cell, objective = Cell(method, problem, job, settings, text), problem.objective
            if id(objective) not in self._objectives:
                self._objectives[id(objective)] = content(objective)
            key = cell.key(self._objectives[id(objective)])
            if key not in self.found:
                _check_plan(cell)
                self.found[key] = cell
            self._keys[mark] = key
        return self._keys[mark]


def _check_plan(cell: Cell) -> None:
    try:
        plan_run(cell)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{cell.method!r}: {error}") from error
