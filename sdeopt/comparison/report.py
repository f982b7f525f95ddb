"""``Report``: the numbers of one comparison, and how they are shown and kept."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison import render
from sdeopt.comparison.bounds import Bounds, Decision, Sizes, bounds
from sdeopt.comparison.laws import Laws
from sdeopt.comparison.paired import entries
from sdeopt.comparison.quantities import Quantity
from sdeopt.comparison.verdict import Row, decided, rows
from sdeopt.core import checks, files
from sdeopt.core.observables import LABELS
from sdeopt.core.plain import as_json

__all__ = ["Report", "arrays_of", "labels", "with_sizes"]

Array = NDArray[np.float64]
SIZES = ("sizes", "flow_sizes")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def labels(d: int, observables: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Kind and name of every column of a report: means, observables, variances, covariances, trace, diverged."""
    x = [f"x{i}".translate(SUBSCRIPTS) for i in range(1, d + 1)]
    i, j = (index[d:] for index in entries(d))
    pairs = [f"cov {x[a]},{x[b]}" for a, b in zip(i, j, strict=True)]
    named = [LABELS.get(n, n) for n in observables]
    names = [f"mean {c}" for c in x] + named + [f"var {c}" for c in x] + pairs + ["tr Cov x", "diverged"]
    kinds = ["mean"] * d + ["observable"] * len(named) + ["variance"] * d + ["covariance"] * len(pairs)
    return (*kinds, "trace", "diverged"), tuple(names)


@dataclass(frozen=True, eq=False, repr=False)
class Report:
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
        SDE with dt/2 minus SDE with dt, from the first quarter of the paths.
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
        Relative errors of these at the saves after t = 0, of the SDE and of the flow (`sdeopt.comparison.bounds`).

    Notes
    -----
    With ρ = ‖gap‖/‖scale‖, for each quantity and save, the upper bound is max (ρ̂ + z se), z the one-sided quantile of
    Student's t at ``meta["alpha"]``, and the lower one max (ρ̂ - q se) with the quantile of Bonferroni: if the largest
    ρ is within the margin, "differ" has at most the probability alpha, and if it is not, "agree" has. What the
    integrator's step leaves of the error widens the one and lowers the other. Intervals of the table are 95 %, each by
    itself.
    """

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
        return decided(sizes, self._bounds[flow], self.counts, every, self.meta["tolerance"], self.meta["alpha"])

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
        return render.said(self)

    @property
    def any_diverged(self) -> bool:
        """Whether a path of either column diverged."""
        return any(self.meta["diverged"])

    def column(self, name: str) -> int:
        """Index of the quantity called ``name`` in ``names``; a ``ValueError`` lists them."""
        if name not in self.names:
            raise ValueError(f"no quantity {name!r} in this report (there are: {', '.join(self.names)})")
        return self.names.index(name)

    def __repr__(self) -> str:
        return f"Report({self.meta['method']}, SDE {self.meta['sde']}: {self.verdict})"

    def __str__(self) -> str:
        return render.text(self)

    def __rich__(self) -> Any:
        return render.rich(self)

    def _repr_html_(self) -> str:
        return render.html(self)

    def to_markdown(self) -> str:
        """The report in Markdown: a table between two lists."""
        return render.markdown(self)

    def to_json(self) -> str:
        """Everything as JSON; numbers that are not finite become null."""
        per_quantity = {
            name: {f: getattr(self, f)[:, i].tolist() for f in _arrays() if getattr(self, f).ndim == 2}
            | {"kind": kind, "stationary": float(self.stationary[i])}
            for i, (name, kind) in enumerate(zip(self.names, self.kinds, strict=True))
        }
        content = {
            "verdict": self.verdict,
            "within": self.within,
            "decisive": self.decisive,
            "answer": self.answer,
            "decision": self.decision._asdict(),
            "meta": self.meta,
            "rows": [row._asdict() for row in self.rows],
            "times": self.times.tolist(),
            "counts": self.counts.tolist(),
            "quantities": per_quantity,
            "laws": None if self.laws is None else {k: np.asarray(v).tolist() for k, v in self.laws._asdict().items()},
        }
        return as_json(content)

    def save(self, file: str | Path) -> None:
        """Write the report to ``file`` (npz: arrays, and the rest as JSON)."""
        arrays = {name: getattr(self, name) for name in _arrays()}
        if self.laws is not None:
            arrays |= {f"laws:{name}": np.asarray(value) for name, value in self.laws._asdict().items()}
        arrays |= arrays_of(self, SIZES)
        head = {"meta": self.meta, "kinds": self.kinds, "names": self.names, "quantities": self.quantities}
        files.save(file, head, arrays)

    @staticmethod
    def load(file: str | Path) -> Report:
        """Read what `save` wrote."""
        head, data = files.load(file)
        laws = None
        if "laws:w1" in data:
            kept = {name: data[f"laws:{name}"] for name in Laws._fields}
            laws = Laws(**{name: value if value.ndim else value.item() for name, value in kept.items()})
        arrays = {name: data[name] for name in _arrays()}
        return Report(laws=laws, **arrays, **with_sizes(head, data, SIZES))

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
        from sdeopt.plots import comparison
        from sdeopt.plots.style import new_axes

        if ax is None and quantity is None:
            return comparison.figure(self)
        names = self.names
        i = comparison.main(self) if quantity is None else names.index(checks.choice("quantity", quantity, names))
        return comparison.in_time(new_axes() if ax is None else ax, self, i)


def arrays_of(report: Any, names: tuple[str, ...]) -> dict[str, Array]:
    """Arrays of the `Sizes` with these names, for a file."""
    return {f"{name}:{field}": a for name in names for field, a in getattr(report, name)._asdict().items()}


def with_sizes(head: dict[str, Any], arrays: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What a file says of the quantities, their `Sizes` included."""
    sizes = {name: Sizes(*(arrays[f"{name}:{field}"] for field in Sizes._fields)) for name in names}
    quantities = tuple(Quantity(name, kind, tuple(columns)) for name, kind, columns in head["quantities"])
    labelled = {"meta": head["meta"], "kinds": tuple(head["kinds"]), "names": tuple(head["names"])}
    return labelled | sizes | {"quantities": quantities}


def _arrays() -> tuple[str, ...]:
    others = ("meta", "kinds", "names", "laws", "quantities", *SIZES)
    return tuple(f.name for f in dataclasses.fields(Report) if f.name not in others)
