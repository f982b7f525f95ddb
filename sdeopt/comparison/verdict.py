"""The rows of a report: numbers of one quantity, or of the worst of many, and what may be said of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison.bounds import LEAST, Bounds, Decision, Sizes, decide
from sdeopt.comparison.labels import symbol
from sdeopt.comparison.quantities import PLURAL, SINGLE, Quantity

if TYPE_CHECKING:
    from sdeopt.comparison.report import Report
    from sdeopt.scaling.report import Evidence

__all__ = ["CONFIDENCE", "SHOWN", "Row", "decided", "members", "quantile", "rows", "worst"]

Array = NDArray[np.float64]
CONFIDENCE = 0.95
SHOWN = "shown"  # the verdict of a row that is information


class Row(NamedTuple):
    """One line of the table: values at the last save, the largest gap over the saves, and the verdict over all saves.

    ``half`` and ``change_half`` are half-widths of 95 % intervals, NaN below 50 paths; ``change`` is what halving dt
    does to the SDE. ``low`` and ``high`` bound the relative error of the row; a row of several coordinates has the
    values of the worst.
    """

    quantity: str
    column: int
    discrete: float
    sde: float
    gap: float
    half: float
    largest: float
    largest_time: float
    change: float
    change_half: float
    flow: float
    theory: float
    stationary: float
    low: float
    high: float
    verdict: str
    flow_verdict: str


def quantile(count: Array, probability: float) -> float:
    """Two-sided quantile of Student's t for the smallest number of paths that any save still has (at least two)."""
    from scipy.stats import t

    usable = count[count > 1]
    degrees = float(usable.min()) - 1.0 if usable.size else 1.0
    return float(t.isf(probability / 2.0, degrees))


def decided(sizes: Sizes, found: Bounds, counts: Array, chosen: list[int], tolerance: float, alpha: float) -> Decision:
    """The decision on the chosen columns of what is judged, in which they are numbered as in ``sizes``."""
    s, b = Sizes(*(a[:, chosen] for a in sizes)), Bounds(*(a[:, chosen] for a in found))
    decision = decide(s, b, counts[-len(s.size) :], tolerance, alpha)
    return decision._replace(column=chosen[decision.column])


def members(kinds: tuple[str, ...], quantities: tuple[Quantity, ...], what: str) -> list[tuple[list[int], list[int]]]:
    """Columns of each row, and the judged quantities in it, none where it is only shown.

    From d = 4 on one row has all coordinates of a kind. Where coordinates are not judged they are shown.
    """
    shown = ("mean", "variance") if what == "observables" and any(q.kind == "trace" for q in quantities) else ()
    found: list[tuple[list[int], list[int]]] = []
    for kind in ("observable", "mean", "variance", "covariance", "trace", "diverged"):
        of_kind = [j for j, q in enumerate(quantities) if q.kind == kind]
        if not of_kind and kind not in shown:
            continue
        columns = [i for i, k in enumerate(kinds) if k == kind]
        if kind in PLURAL and kinds.count("mean") > SINGLE:
            found.append((columns, of_kind))
        else:
            found += [([i], [j for j in of_kind if i in quantities[j].columns]) for i in columns]
    return found


def worst(report: Report | Evidence, columns: list[int], quantities: list[Quantity]) -> tuple[int, str, int]:
    """Of some columns that with the largest gap over margin; the name of the row; the save of its largest gap."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = [np.fmax.reduce(np.abs(report.gap[:, i]) / report.margin[:, i], initial=0.0) for i in columns]
    i = columns[int(np.argmax(ratio))]
    size = np.abs(report.gap[:, i])
    peak = int(np.nanargmax(size)) if np.isfinite(size).any() else len(size) - 1
    if len(columns) == 1:
        return i, report.names[i], peak
    if len(quantities) == 1:
        return i, f"{quantities[0].name}, worst {symbol(report.kinds, report.names, i)}", peak
    return i, f"{report.names[i]} (worst of {len(columns)})", peak


def _row(report: Report, columns: list[int], judged: list[int], q: float, q_change: float) -> Row:
    i, name, peak = worst(report, columns, [report.quantities[j] for j in judged])
    decision = report.decided(judged) if judged else Decision(SHOWN, np.nan, np.nan, 0, 0)
    return Row(
        quantity=name,
        column=i,
        discrete=float(report.discrete[-1, i]),
        sde=float(report.sde[-1, i]),
        gap=float(report.gap[-1, i]),
        half=float(q * report.gap_stderr[-1, i]) if report.counts[-1] >= LEAST else np.nan,
        largest=float(report.gap[peak, i]),
        largest_time=float(report.times[peak]),
        change=float(report.change[-1, i]),
        change_half=float(q_change * report.change_stderr[-1, i]),
        flow=float(report.flow[-1, i]),
        theory=float(report.theory[-1, i]),
        stationary=float(report.stationary[i]),
        low=decision.low,
        high=decision.high,
        verdict=decision.verdict,
        flow_verdict=report.decided(judged, flow=True).verdict if judged else SHOWN,
    )


def rows(report: Report) -> tuple[Row, ...]:
    """The rows of a report; every quantity that is judged or shown belongs to one of them."""
    q = quantile(report.counts, 1.0 - CONFIDENCE)
    q_change = quantile(np.array([report.meta["paths_change"]]), 1.0 - CONFIDENCE)
    parts = members(report.kinds, report.quantities, report.meta["judge"])
    return tuple(_row(report, *part, q, q_change) for part in parts)
