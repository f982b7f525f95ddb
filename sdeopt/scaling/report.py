"""``Evidence``: the numbers of three laws side by side, and how they are shown and kept."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.observables import position
from sdeopt.results import older
from sdeopt.results.bounds import AGREE, LEAST, Bounds, Decision, Sizes, bounds
from sdeopt.results.judging import CONFIDENCE, SHOWN, decide_chosen, members, quantile, worst
from sdeopt.results.page import Page
from sdeopt.results.quantities import Quantity
from sdeopt.results.result import Result
from sdeopt.scaling import pages

__all__ = ["Evidence", "EvidenceRow"]

Array = NDArray[np.float64]


class EvidenceRow(NamedTuple):
    """One quantity: values at the last save, the largest gap over the saves, and the verdict over all saves.

    ``half`` and ``naive_half`` are half-widths of 95 % intervals, ``low`` to ``high`` and ``naive_low`` to
    ``naive_high`` bounds of the relative error.
    """

    quantity: str
    column: int
    before: float
    after: float
    gap: float
    half: float
    largest: float
    largest_time: float
    low: float
    high: float
    verdict: str
    naive: float
    naive_gap: float
    naive_half: float
    naive_low: float
    naive_high: float
    naive_verdict: str


@dataclass(frozen=True, eq=False, repr=False)
class Evidence(Result):
    """What `Scaling.evidence` found. ``print`` it, ``plot()`` it, ``save`` it.

    Arrays have one row per save (n) and one column per quantity (Q), in the order of a `sdeopt.Report`.

    Attributes
    ----------
    verdict, naive_verdict : str
        Of the rule and of the naive one: "coincide" where a `Report` says "agree", or "differ", "open", "not judged".
    within, naive_within : (float, float)
        Bounds of the largest relative error, as in a `Report`.
    rows : tuple of EvidenceRow
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
        Everything needed to run it again, the statistics' constants, and of networks the ``rivals``: a list of dicts
        with rule, method, new (what it changes), low and high (bounds of the largest relative error), verdict.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(2.0), x0=[1.0, -1.0])
    >>> scaling = so.scale(so.SignSGD(lr=0.01), batch=(16, 64), problem=problem)
    >>> scaling.evidence(horizon=0.4, paths=1000, rng=0).meta["naive"]["method"]
    'SignSGD(lr=0.04)'
    """

    VERSION = 4
    PARTS = {"sizes": Sizes, "naive_sizes": Sizes}

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
    quantities: tuple[Quantity, ...]
    sizes: Sizes
    naive_sizes: Sizes

    @functools.cached_property
    def rows(self) -> tuple[EvidenceRow, ...]:
        """The table."""
        q = quantile(self.counts, 1.0 - CONFIDENCE)
        return tuple(self._row(*part, q) for part in members(self.kinds, self.quantities, self.meta["judge"]))

    @functools.cached_property
    def _bounds(self) -> tuple[Bounds, Bounds]:
        return bounds(self.sizes, self.meta["alpha"]), bounds(self.naive_sizes, self.meta["alpha"])

    def decided(self, chosen: list[int] | None = None, naive: bool = False) -> Decision:
        """The decision on some of the judged ``quantities``, by their numbers, or on all, for one of the rules."""
        sizes = self.naive_sizes if naive else self.sizes
        every = list(range(len(self.quantities))) if chosen is None else chosen
        found = decide_chosen(
            sizes, self._bounds[naive], self.counts, every, self.meta["tolerance"], self.meta["alpha"]
        )
        return found._replace(verdict="coincide" if found.verdict == AGREE else found.verdict)  # two laws

    @property
    def verdict(self) -> str:
        """Whether the rule keeps the law."""
        return self.decided().verdict

    @property
    def naive_verdict(self) -> str:
        """Whether the naive rule does."""
        return self.decided(naive=True).verdict

    @property
    def within(self) -> tuple[float, float]:
        """Bounds for the largest relative error of the rule."""
        return self.decided()[1:3]

    @property
    def naive_within(self) -> tuple[float, float]:
        """Bounds for that of the naive one."""
        return self.decided(naive=True)[1:3]

    def column(self, name: str) -> int:
        """Index of the quantity called ``name`` in ``names``; a ``ValueError`` lists them."""
        return position(name, self.names)

    def _row(self, columns: list[int], judged: list[int], q: float) -> EvidenceRow:
        i, name, peak = worst(self, columns, [self.quantities[j] for j in judged])
        shown = Decision(SHOWN, np.nan, np.nan, 0, 0)
        rule, naive = (self.decided(judged, side) if judged else shown for side in (False, True))
        reach = q if self.counts[-1] >= LEAST else np.nan
        return EvidenceRow(
            quantity=name,
            column=i,
            before=float(self.before[-1, i]),
            after=float(self.after[-1, i]),
            gap=float(self.gap[-1, i]),
            half=float(reach * self.gap_stderr[-1, i]),
            largest=float(self.gap[peak, i]),
            largest_time=float(self.times[peak]),
            low=rule.low,
            high=rule.high,
            verdict=rule.verdict,
            naive=float(self.naive[-1, i]),
            naive_gap=float(self.naive_gap[-1, i]),
            naive_half=float(reach * self.naive_gap_stderr[-1, i]),
            naive_low=naive.low,
            naive_high=naive.high,
            naive_verdict=naive.verdict,
        )

    def __repr__(self) -> str:
        before, after, naive = (self.meta[side]["method"] for side in ("before", "after", "naive"))
        return f"Evidence({before} -> {after}: {self.verdict}; naive {naive}: {self.naive_verdict})"

    def page(self) -> Page:
        """The three laws."""
        return pages.evidence(self)

    def content(self) -> dict[str, Any]:
        """The verdicts, the table, and all fields."""
        told = ("verdict", "naive_verdict", "within", "naive_within", "rows")
        return {name: getattr(self, name) for name in told} | super().content()

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The evidence that `pack` took apart; older files have no word of what is judged."""
        if version < 4:
            older.name_as_asked(head)
        if version < 2:
            sides = {"sizes": "gap", "naive_sizes": "naive_gap"}
            found = {name: (arrays[gap], arrays[f"{gap}_stderr"]) for name, gap in sides.items()}
            head |= older.judge_again(head, arrays, "before", found)
        elif version == 2:
            older.widen(arrays, cls.PARTS)
        head["quantities"] = [Quantity(name, kind, tuple(columns)) for name, kind, columns in head["quantities"]]
        return super().unpack(version, head, arrays)

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
        from sdeopt.plots.axes import main
        from sdeopt.plots.style import given
        from sdeopt.scaling import figure

        if given(ax) is None:
            return figure.figure(self)
        figure.in_time(ax, self, main(self)).legend()
        return ax
