"""``Evidence``: the numbers of three laws side by side, and how they are shown and kept."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison.verdict import CONFIDENCE, SEVERITY, SHOWN, Decision, groups, judge, quantile, worst
from sdeopt.results.page import Page
from sdeopt.results.result import Result
from sdeopt.scaling import pages

__all__ = ["Evidence", "Row"]

Array = NDArray[np.float64]
WORDS = {"agree": "coincide", "inconclusive": "inconclusive", "differ": "differ"}  # from the mildest


class Row(NamedTuple):
    """One quantity: values at the last save, the largest gap over the saves, and the verdict over all saves.

    ``half`` and ``naive_half`` are half-widths of 95 % intervals; ``needs`` are the paths that would decide.
    """

    quantity: str
    column: int
    before: float
    after: float
    gap: float
    half: float
    largest: float
    largest_time: float
    verdict: str
    needs: float | None
    naive: float
    naive_gap: float
    naive_half: float
    naive_verdict: str


@dataclass(frozen=True, eq=False, repr=False)
class Evidence(Result):
    """What `Scaling.evidence` found. ``print`` it, ``plot()`` it, ``save`` it.

    Arrays have one row per save (n) and one column per quantity (Q), in the order of a `sdeopt.Report`.

    Attributes
    ----------
    verdict, naive_verdict : str
        Of the rule and of the naive one: "differ" if a quantity is known to leave its margin at some save, "coincide"
        if all are known to stay within it at every save, else "inconclusive". Above d = 64 only observables are judged.
    needs : float or None
        For an inconclusive verdict of the rule: estimated number of paths that would decide.
    rows : tuple of Row
        The table; from d = 4 on one row for the worst coordinate.
    times : ndarray, shape (n,)
        Continuous times of the saves, of the method before.
    steps : ndarray, shape (3, n)
        Steps of the methods before, after and naive at the saves.
    counts : ndarray, shape (n,)
        Paths left both before and after.
    before, after, naive, before_stderr, after_stderr, naive_stderr : ndarray, shape (n, Q)
        Values and standard errors.
    gap, gap_stderr, naive_gap, naive_gap_stderr : ndarray, shape (n, Q)
        After, or naive, minus before.
    margin : ndarray, shape (n, Q)
        Tolerance times scale, both of the method before, as in a `sdeopt.Report`.
    kinds, names : tuple of str
        What the columns are.
    meta : dict
        Everything needed to run it again, and the statistics' constants.
    """

    meta: dict[str, Any]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    times: Array
    steps: Array
    counts: Array
    before: Array
    before_stderr: Array
    after: Array
    after_stderr: Array
    naive: Array
    naive_stderr: Array
    gap: Array
    gap_stderr: Array
    naive_gap: Array
    naive_gap_stderr: Array
    margin: Array

    @functools.cached_property
    def rows(self) -> tuple[Row, ...]:
        """The table."""
        q = quantile(self.counts, 1.0 - CONFIDENCE)
        parts = groups(self.kinds, any(self.meta["diverged"]), self.meta["judge"], self.meta["heavy"])
        return tuple(self._row(*part, q) for part in parts)

    @property
    def verdict(self) -> str:
        """Whether the rule keeps the law: the gravest verdict of the rows."""
        return _gravest([row.verdict for row in self.rows])

    @property
    def naive_verdict(self) -> str:
        """Whether the naive rule does."""
        return _gravest([row.naive_verdict for row in self.rows])

    @property
    def needs(self) -> float | None:
        """Paths that would decide an inconclusive verdict."""
        wanted = [row.needs for row in self.rows if row.needs is not None]
        return max(wanted) if wanted and self.verdict == "inconclusive" else None

    def column(self, name: str) -> int:
        """Index of the quantity called ``name`` in ``names``; a ``ValueError`` lists them."""
        if name not in self.names:
            raise ValueError(f"no quantity {name!r} in this evidence (there are: {', '.join(self.names)})")
        return self.names.index(name)

    def _decide(self, gap: Array, stderr: Array, i: int) -> Decision:
        return judge(gap[:, i], stderr[:, i], self.margin[:, i], self.meta["quantile"], self.meta["paths"])

    def _row(self, members: list[int], is_judged: bool, q: float) -> Row:
        rule = {j: self._decide(self.gap, self.gap_stderr, j) for j in members}
        naive = [self._decide(self.naive_gap, self.naive_gap_stderr, j).verdict for j in members]
        i, name, peak = worst(self, rule)
        needs = [d.needs for d in rule.values() if d.needs is not None]
        undecided = is_judged and rule[i].verdict == "inconclusive"
        return Row(
            quantity=name,
            column=i,
            before=float(self.before[-1, i]),
            after=float(self.after[-1, i]),
            gap=float(self.gap[-1, i]),
            half=float(q * self.gap_stderr[-1, i]),
            largest=float(self.gap[peak, i]),
            largest_time=float(self.times[peak]),
            verdict=WORDS[rule[i].verdict] if is_judged else SHOWN,
            needs=max(needs) if needs and undecided else None,
            naive=float(self.naive[-1, i]),
            naive_gap=float(self.naive_gap[-1, i]),
            naive_half=float(q * self.naive_gap_stderr[-1, i]),
            naive_verdict=WORDS[max(naive, key=SEVERITY.index)] if is_judged else SHOWN,
        )

    def __repr__(self) -> str:
        before, after, naive = (self.meta[side]["method"] for side in ("before", "after", "naive"))
        return f"Evidence({before} -> {after}: {self.verdict}; naive {naive}: {self.naive_verdict})"

    def page(self) -> Page:
        """The three laws."""
        return pages.evidence(self)

    def content(self) -> dict[str, Any]:
        """The verdicts, the table, and all fields."""
        told: dict[str, Any] = {name: getattr(self, name) for name in ("verdict", "naive_verdict", "needs", "rows")}
        return told | super().content()

    def plot(self, ax: Any = None) -> Any:
        """Draw the three laws in time; return the main matplotlib Axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Draw only the first observable, here. Default: a new figure with it and the spread of x, and their gaps.

        Returns
        -------
        matplotlib.axes.Axes
            ``.figure`` holds all panels.
        """
        from sdeopt.plots.comparison import main
        from sdeopt.scaling import figure

        return figure.figure(self) if ax is None else figure.in_time(ax, self, main(self))


def _gravest(verdicts: list[str]) -> str:
    return max((v for v in verdicts if v != SHOWN), key=list(WORDS.values()).index)
