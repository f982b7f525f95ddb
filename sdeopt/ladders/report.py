"""``SVAGLadder``: what is observed at every level, beside the optimizer's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from sdeopt.core.observables import explain, position
from sdeopt.results.page import Cell, Line, Page, Table
from sdeopt.results.result import Result
from sdeopt.results.words import interval

__all__ = ["Rung", "SVAGLadder"]

NORMAL95 = 1.959963984540054


class Rung(NamedTuple):
    """One level: the scheme, substeps in a step of the optimizer, paths that diverged, and what is observed at the end.

    ``values`` and ``stderr`` are means over the paths and their standard errors, in the order of ``names``.
    """

    scheme: str
    substeps: int
    diverged: int
    names: tuple[str, ...]
    values: tuple[float, ...]
    stderr: tuple[float, ...]


@dataclass(frozen=True, eq=False, repr=False)
class SVAGLadder(Result):
    """What `svag` found. ``print`` it, ``plot()`` it, ``save`` it.

    Attributes
    ----------
    rungs : tuple of Rung
        SVAG at its levels (scheme "euler"; level 1 is the optimizer), and at last Heun's scheme beside it.
    meta : dict
        What was run.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0]), so.Minibatch(1))
    >>> found = so.svag(so.SGD(lr=0.1), problem, levels=(1, 2), steps=4, paths=20, rng=0)
    >>> [rung.substeps for rung in found.levels]
    [1, 2]
    """

    rungs: tuple[Rung, ...]
    meta: dict[str, Any]

    @property
    def levels(self) -> tuple[Rung, ...]:
        """The rungs of SVAG."""
        return tuple(rung for rung in self.rungs if rung.scheme == "euler")

    def moved(self, name: str) -> tuple[float, float]:
        """By how much an observable of the highest level differs from the optimizer's: gap and its 95 % half-width."""
        i = position(name, self.rungs[0].names)
        first, last = self.levels[0], self.levels[-1]
        return last.values[i] - first.values[i], NORMAL95 * math.hypot(last.stderr[i], first.stderr[i])

    def __repr__(self) -> str:
        return f"SVAGLadder({self.meta['method']}, levels {', '.join(str(rung.substeps) for rung in self.levels)})"

    def page(self) -> Page:
        """A row for each level, and what moved."""
        m, names = self.meta, self.rungs[0].names
        rows = []
        for rung in self.rungs:
            label = f"SVAG {rung.substeps}" if rung.scheme == "euler" else f"Heun, {rung.substeps} substeps"
            label = "optimizer = SVAG 1" if rung.scheme == "euler" and rung.substeps == 1 else label
            pairs = zip(rung.values, rung.stderr, strict=True)
            rows.append((label, *(interval(v, NORMAL95 * s) for v, s in pairs), str(rung.diverged)))
        head: list[tuple[str, Line]] = [
            ("method", f"{m['method']}, from its steps to its SDE"),
            ("problem", f"{m['objective']}, {m['noise']}"),
            ("time", f"{m['steps']} steps of {m['clock']:.4g}, {m['paths']} paths{', interrupted' * m['partial']}"),
            *((f"{name} moved", self._said(name)) for name in names),
        ]
        table = Table(("at the end", *names, "diverged"), [*rows])
        note = "Where numbers move along the ladder, the SDE does not describe the optimizer; ± is half of 95 %."
        return Page(head, [table], [*explain(names), note])

    def _said(self, name: str) -> Cell:
        gap, half = self.moved(name)
        if not math.isfinite(gap):
            first, last = self.levels[0], self.levels[-1]
            if bool(first.diverged) == bool(last.diverged):
                return Cell("not known: paths diverged" if last.diverged else "not known", "open")
            which = f"paths diverged at level {last.substeps}" if last.diverged else "paths of the optimizer diverged"
            return Cell(f"surely: {which} alone", "bad")
        sure = abs(gap) > half
        return Cell(
            f"by {interval(gap, half, '+')}, {'surely' if sure else 'perhaps not at all'}", "bad" if sure else ""
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the first observable against the level (default: on a new figure); return the axes."""
        from sdeopt.ladders.figure import ladder
        from sdeopt.plots.style import drawing

        with drawing(ax) as ax:
            return ladder(ax, self)

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The ladder that `pack` took apart."""
        rungs = (Rung._make(tuple(v) if isinstance(v, list) else v for v in rung) for rung in head["rungs"])
        return cls(tuple(rungs), head["meta"])
