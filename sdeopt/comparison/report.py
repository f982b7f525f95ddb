"""``Report``: the numbers of one comparison, and how they are shown and kept."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import pages
from sdeopt.comparison.laws import Laws
from sdeopt.comparison.rows import Row, rows
from sdeopt.core.observables import position
from sdeopt.results import older
from sdeopt.results.bounds import Bounds, Decision, Sizes, bounds
from sdeopt.results.judging import decide_chosen
from sdeopt.results.page import Page
from sdeopt.results.quantities import Quantity
from sdeopt.results.result import Result

__all__ = ["Report"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Report(Result):
    """What `compare` found. ``print`` it, ``plot()`` it, ``save`` it.

    Arrays have one row per save (n) and one column per quantity (Q): coordinate means, observables, variances,
    covariances (d <= 8), the trace of the covariance, the share of diverged paths. Paths that have diverged in either
    column enter neither from then on; the last quantity and ``meta["diverged"]`` count them.

    Attributes
    ----------
    verdict : str
        "agree", "differ", "open" or "not judged".
    within : (float, float)
        Lower and upper bound of the largest relative error, as fractions: SDE and optimizer are at least so far apart
        in some quantity at some save, and at most so far in all of them. Each holds with 95 %.
    decision : Decision
        The verdict with what decides it, and what would decide an open one.
    decisive : (str, float)
        The quantity and the time that decide.
    answer : str
        All of this in a sentence.
    rows : tuple of Row
        The table, one `Row` per quantity; from d = 4 on one for the worst coordinate.
    times, counts : ndarray, shape (n,)
        Continuous times of the saves, and the paths left in both columns.
    discrete, sde, discrete_stderr, sde_stderr, discrete_sd, sde_sd : ndarray, shape (n, Q)
        Values, their standard errors, and standard deviations over paths (of means and observables only).
    gap, gap_stderr : ndarray, shape (n, Q)
        SDE minus discrete, from paired paths.
    margin : ndarray, shape (n, Q)
        Tolerance times scale. The scale of a mean is the largest of its standard deviation over paths at that save, its
        range over the saves from half of that time on, and its distance from the flow, at most its range; of a
        covariance the largest √(C_ii C_jj) from that save on;
        of the share of diverged paths 1.
    change, change_stderr : ndarray, shape (n, Q)
        SDE with dt/2 minus SDE with dt, on the paths of the pilot; where ``paths`` was given, on the first quarter.
    flow : ndarray, shape (n, Q)
        The drift alone, without noise.
    theory, stationary : ndarray, shape (n, Q) and (Q,)
        Closed forms of the SDE, NaN where there are none; limits as t → ∞ only if the run has come close to them.
    laws : Laws or None
        Distances of the two laws at the last save.
    kinds, names : tuple of str
        What the columns are.
    meta : dict
        Everything needed to run it again, and the statistics' constants.

    quantities : tuple of Quantity
        What is judged: observables, and coordinates one by one or, from d = 4 on, as vectors.
    sizes, flow_sizes : Sizes
        Relative errors of these at the saves after t = 0, of the SDE and of the flow (`sdeopt.results.bounds`).

    Notes
    -----
    With ρ = ‖gap‖/‖scale‖, for each quantity and save, the upper bound is max (ρ̂ + z se), z the one-sided quantile of
    Student's t at ``meta["alpha"]`` (of a vector a little more, see `sdeopt.results.bounds`), and the lower one
    max (ρ̂ - q se) with the quantile of Bonferroni: if the largest ρ is within the margin, "differ" has at most the
    probability alpha, and if it is not, "agree" has. What the integrator's step leaves of the error widens the one and
    lowers the other. Intervals of the table are 95 %, each by itself.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    >>> report = so.compare(so.SGD(lr=0.05), problem, horizon=1.0, paths=1000, substeps=4, rng=0)
    >>> report
    Report(SGD(lr=0.05), SDE order1: agree)
    >>> report.gap.shape == (len(report.times), len(report.names))
    True
    """

    VERSION = 3
    PARTS = {"laws": Laws, "sizes": Sizes, "flow_sizes": Sizes}

    meta: dict[str, Any]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    times: Array
    counts: Array
    discrete: Array
    discrete_stderr: Array
    discrete_sd: Array
    sde: Array
    sde_stderr: Array
    sde_sd: Array
    gap: Array
    gap_stderr: Array
    margin: Array
    change: Array
    change_stderr: Array
    flow: Array
    theory: Array
    stationary: Array
    laws: Laws | None
    quantities: tuple[Quantity, ...]
    sizes: Sizes
    flow_sizes: Sizes

    @functools.cached_property
    def rows(self) -> tuple[Row, ...]:
        """The table."""
        return rows(self)

    @functools.cached_property
    def _bounds(self) -> tuple[Bounds, Bounds]:
        return bounds(self.sizes, self.meta["alpha"]), bounds(self.flow_sizes, self.meta["alpha"])

    def decided(self, chosen: list[int] | None = None, flow: bool = False) -> Decision:
        """The decision on some of the judged ``quantities``, by their numbers; default on all.

        With ``flow`` on the drift without noise in the place of the SDE.
        """
        sizes = self.flow_sizes if flow else self.sizes
        every = list(range(len(self.quantities))) if chosen is None else chosen
        return decide_chosen(sizes, self._bounds[flow], self.counts, every, self.meta["tolerance"], self.meta["alpha"])

    @functools.cached_property
    def decision(self) -> Decision:
        """The decision on everything that is judged."""
        return self.decided()

    @property
    def verdict(self) -> str:
        """Whether SDE and optimizer agree."""
        return self.decision.verdict

    @property
    def within(self) -> tuple[float, float]:
        """Bounds for the largest relative error."""
        return self.decision.low, self.decision.high

    @property
    def decisive(self) -> tuple[str, float]:
        """The quantity and the time that decide."""
        time = self.times[len(self.times) - len(self.sizes.size) + self.decision.save]
        return self.quantities[self.decision.column].name, float(time)

    @property
    def answer(self) -> str:
        """The verdict in a sentence: how far off at most and at least, in what and when, or what would decide."""
        return pages.say(self)

    @property
    def any_diverged(self) -> bool:
        """Whether a path of either column diverged."""
        return any(self.meta["diverged"])

    def column(self, name: str) -> int:
        """Index of the quantity called ``name`` in ``names``; a ``ValueError`` lists them."""
        return position(name, self.names)

    def __repr__(self) -> str:
        optimizer, sde = pages.columns(self.meta)
        return f"Report({optimizer}, {sde.partition(' ')[2]}: {self.verdict})"

    def page(self) -> Page:
        """The verdict, what was compared, the table."""
        return pages.page(self)

    def content(self) -> dict[str, Any]:
        """The verdict, the table, and the numbers by quantity."""
        arrays = {
            name: value for name, value in vars(self).items() if isinstance(value, np.ndarray) and value.ndim == 2
        }
        per_quantity = {
            name: {field: a[:, i] for field, a in arrays.items()} | {"kind": kind, "stationary": self.stationary[i]}
            for i, (name, kind) in enumerate(zip(self.names, self.kinds, strict=True))
        }
        told = ("verdict", "within", "decisive", "answer", "decision", "meta", "rows", "times", "counts")
        return {name: getattr(self, name) for name in told} | {"quantities": per_quantity, "laws": self.laws}

    @classmethod
    def unpack(cls, version: int, head: dict[str, Any], arrays: dict[str, Any]) -> Self:
        """The report that `pack` took apart; older files have no word of what is judged."""
        if version < 3:
            older.name_as_asked(head)
        if version == 0:
            flow = arrays["flow"] - arrays["discrete"], arrays["discrete_stderr"]
            sides = {"sizes": (arrays["gap"], arrays["gap_stderr"]), "flow_sizes": flow}
            head |= older.judge_again(head, arrays, "discrete", sides)
        elif version == 1:
            older.widen(arrays, ("sizes", "flow_sizes"))
        head["quantities"] = [Quantity(name, kind, tuple(columns)) for name, kind, columns in head["quantities"]]
        return super().unpack(version, head, arrays)

    def plot(self, ax: Any = None, quantity: str | None = None) -> Any:
        """Draw both columns in time, with 95 % intervals and ± 1 standard deviation over paths; return the main Axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Draw only one quantity, here. Default: a new figure; without ``quantity`` with the first observable, the
            spread of x, and both gaps with their intervals and margins.
        quantity : str, optional
            One of ``names``, such as "test loss"; default the first observable.

        Returns
        -------
        matplotlib.axes.Axes
            ``.figure`` holds all panels.
        """
        from sdeopt.comparison.figure import figure, in_time
        from sdeopt.plots.axes import main
        from sdeopt.plots.style import drawing

        if ax is None and quantity is None:
            return figure(self)
        i = main(self) if quantity is None else self.column(quantity)
        with drawing(ax) as ax:
            in_time(ax, self, i).legend()
            return ax
