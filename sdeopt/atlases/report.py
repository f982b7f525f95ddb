"""``Atlas``: what every method did under every law of the noise, as arrays, and who is best where."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.atlases import pages
from sdeopt.atlases.lines import MEASURES
from sdeopt.core import checks
from sdeopt.results import files
from sdeopt.results.estimate import Estimate, failed
from sdeopt.results.page import Page
from sdeopt.results.result import Result

__all__ = ["Atlas"]

Array = NDArray[np.float64]
NUMBERS, WORDS = ("value", "stderr", "low", "high"), ("status", "reason")


@dataclass(frozen=True, eq=False, repr=False)
class Atlas(Result):
    """What `atlas` found. ``print`` it, ``plot()`` it, ``save`` it; look a number up as ``found.at("loss", ...)``.

    Attributes
    ----------
    meta : dict
        Everything needed to run it again, how many steps every method made, what was left out and why, and whether
        Ctrl-C left it ``partial``.
    methods, laws, measures : tuple of str
        The labels of rows and columns, and what was measured.
    value, stderr, low, high : ndarray, shape (measures, methods, laws)
        Values, standard errors and 95 % intervals; NaN where there is none.
    status, reason : ndarray of str, the same shape
        "ok"; "undecided" for the reason beside; "diverged" where paths were lost; "failed"; "missing", not run and why.
    lr : ndarray, shape (methods, laws)
        The learning rates that were chosen.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), x0=[1.0, -1.0])
    >>> found = so.atlas(
    ...     problem, so.SGD(0.1), {"quiet": so.Gaussian(0.1)}, gradients=40, lrs=[0.1, 0.2], paths=60, tuning=50, rng=0
    ... )
    >>> found
    Atlas(1 method, 1 law of the noise)
    >>> found.at("diverged", "SGD", "quiet").value
    0.0
    """

    meta: dict[str, Any]
    methods: tuple[str, ...]
    laws: tuple[str, ...]
    measures: tuple[str, ...]
    value: Array
    stderr: Array
    low: Array
    high: Array
    status: NDArray[np.str_]
    reason: NDArray[np.str_]
    lr: Array

    @staticmethod
    def of(
        meta: dict[str, Any],
        methods: Sequence[str],
        laws: Sequence[str],
        table: Sequence[Sequence[tuple[float, Mapping[str, Estimate]]]],
    ) -> Atlas:
        """The atlas of a table (methods, laws) of learning rates and of what was measured; what lacks was not run."""
        none = failed("not run", "missing")
        shape = (len(MEASURES), len(methods), len(laws))
        entries = [found.get(name, none) for name in MEASURES for row in table for _, found in row]
        arrays = {name: np.array([getattr(e, name) for e in entries]).reshape(shape) for name in Estimate._fields}
        lr = np.array([[rate for rate, _ in row] for row in table], dtype=float)
        return Atlas(meta, tuple(methods), tuple(laws), MEASURES, **arrays, lr=lr)

    def at(self, measure: str, method: str, law: str) -> Estimate:
        """One number with its interval and status."""
        k = self.measures.index(checks.choice("measure", measure, self.measures))
        i = self.methods.index(checks.choice("method", method, self.methods))
        j = self.laws.index(checks.choice("law", law, self.laws))
        return Estimate(*(getattr(self, name)[k, i, j].item() for name in (*NUMBERS, *WORDS)))

    def __getitem__(self, measure: str) -> Any:
        """The arrays of one measure over methods and laws, as in `Sweep`."""
        from sdeopt.sweeps.table import Map

        k = self.measures.index(checks.choice("measure", measure, self.measures))
        return Map(*(getattr(self, name)[k] for name in (*NUMBERS, *WORDS)))

    def ranking(self, law: str) -> tuple[str, ...]:
        """The methods that ran under a law, from the least median of f(x) to the largest."""
        value = self["median"].value[:, self.laws.index(checks.choice("law", law, self.laws))]
        return tuple(self.methods[i] for i in np.argsort(value, kind="stable") if not np.isnan(value[i]))

    def best(self, law: str) -> tuple[str, ...]:
        """The method with the least median of f(x), and those that are tied with it; none where all diverged."""
        ranked = self.ranking(law)
        ends = [self.at("median", m, law) for m in ranked]
        tied = (np.isfinite(e.value) and e.low <= ends[0].high for e in ends)
        return tuple(m for m, yes in zip(ranked, tied, strict=True) if yes)

    def at_edge(self, method: str, law: str) -> bool:
        """Whether the chosen learning rate is the first or the last of the grid, so that a better one may be beyond."""
        lr = self.lr[self.methods.index(method), self.laws.index(law)]
        return len(self.meta["lrs"]) > 1 and lr in (self.meta["lrs"][0], self.meta["lrs"][-1])

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """The table in long form: a row for every measure of every method under every law."""
        return tuple(self._rows())

    def _rows(self) -> Iterator[dict[str, Any]]:
        for (j, law), (i, method) in itertools.product(enumerate(self.laws), enumerate(self.methods)):
            for measure in self.measures:
                found = self.at(measure, method, law)._asdict()
                yield {"law": law, "method": method, "lr": float(self.lr[i, j]), "measure": measure, **found}

    def __repr__(self) -> str:
        return pages.line(self)

    def page(self) -> Page:
        """Who is best under every law, and the numbers."""
        return pages.page(self)

    def to_csv(self, file: str | Path) -> None:
        """Write `rows` to ``file``: numbers with all their digits, "nan" and "inf" in words."""
        files.write_csv(file, ["law", "method", "lr", "measure", *NUMBERS, *WORDS], self.rows)

    def content(self) -> dict[str, Any]:
        """What was run, and `rows`."""
        return {"meta": self.meta, "rows": list(self.rows)}

    def drawn(self) -> list[Any]:
        """Axes of a heat map for each measure."""
        return [self.plot(measure=measure) for measure in self.measures]

    def plot(self, ax: Any = None, *, measure: str = "median") -> Any:
        """Draw a heat map of one measure, methods by laws, on ``ax`` (default: axes of a new figure); return the axes.

        "median" and "loss" are shown as multiples of the least under each law, since their sizes tell the laws apart
        and not the methods. Cells that are undecided, diverged, failed or missing are marked.
        """
        from sdeopt.atlases.figure import heat

        return heat(ax, self, checks.choice("measure", measure, self.measures))
