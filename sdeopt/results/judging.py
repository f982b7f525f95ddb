"""Decisions on what is judged, which columns share a row, and which of them stands for the row.

Everything here takes arrays, or anything that has the columns of two laws: ``kinds``, ``names``, ``gap``, ``margin``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.bounds import Bounds, Decision, Sizes, decide
from sdeopt.results.columns import symbol
from sdeopt.results.quantities import PLURAL, SINGLE, Quantity
from sdeopt.results.student import student

__all__ = ["CONFIDENCE", "SHOWN", "decide_chosen", "members", "quantile", "settles", "worst"]

Array = NDArray[np.float64]
CONFIDENCE = 0.95
SHOWN = "shown"  # the verdict of a row that is information


def quantile(count: Array, probability: float) -> float:
    """Two-sided quantile of Student's t for the smallest number of paths that any save still has (at least two)."""
    usable = count[count > 1]
    degrees = float(usable.min()) - 1.0 if usable.size else 1.0
    return float(-student(degrees, probability / 2.0))


def decide_chosen(
    sizes: Sizes, found: Bounds, counts: Array, chosen: list[int], tolerance: float, alpha: float
) -> Decision:
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


def worst(report: Any, columns: list[int], quantities: list[Quantity]) -> tuple[int, str, int]:
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


def settles(d: Decision, substeps: int | None) -> str:
    """What would decide an open verdict."""
    if d.why == "step size" and substeps is not None:
        return f"the step size of the SDE stands in the way: try substeps={2 * substeps}"
    if math.isinf(d.more):
        return "too close to the margin for any number of paths"
    return f"about {float(format(d.more, '.2g')):g} times the paths would decide"
