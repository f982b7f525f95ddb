"""What the figures of two laws in time share: their axes, margins and panels.

``report`` is a `Report` or `Evidence`, anything with ``kinds``, ``names``, ``times``, ``margin`` and ``meta``; ``i`` is
one of its columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from sdeopt.plots.style import MARGIN, style

__all__ = ["NORMAL95", "gap_axis", "main", "margin_band", "panels", "scale_axis", "widest", "time_axis"]

Array = NDArray[np.float64]
Panel = Callable[[Any, Any, int], Any]  # (axes, report, column) -> axes
FALLS, GROWS = 30.0, 1e4  # factors beyond which a positive quantity is drawn on a logarithmic axis
NORMAL95 = 1.959964
WIDER = 3.0  # times the gap that a margin may be and is drawn whole


def main(report: Any) -> int:
    """The first observable, or the first coordinate where there is none."""
    kinds: tuple[str, ...] = report.kinds
    return kinds.index("observable") if "observable" in kinds else 0


def widest(report: Any) -> int:
    """The trace of the covariance; in one dimension the variance, which is the same."""
    kinds: tuple[str, ...] = report.kinds
    return kinds.index("variance" if kinds.count("mean") == 1 else "trace")


def time_axis(ax: Any, times: Array, step: str) -> None:
    """The axis of time t, which says how long ``step`` is."""
    ax.set_xlabel(f"time t ({step})")
    ax.set_xlim(times[0], times[-1] * 1.01)


def margin_band(ax: Any, report: Any, i: int) -> None:
    """What the gap of quantity ``i`` may be, around zero."""
    margin = report.margin[:, i]
    share = f"margin ({100 * report.meta['tolerance']:g} % of scale)"
    ax.fill_between(report.times, -margin, margin, label=share, **MARGIN)
    ax.axhline(0.0, color="#717581", linewidth=0.8, zorder=1)


def gap_axis(ax: Any, reach: Array, margin: Array) -> None:
    """Limits that show gaps up to ``reach``, and of a wider margin as much as leaves them a third of the height."""
    gaps, margins = (float(np.nanmax(a, initial=0.0)) for a in (reach, margin))
    top = max(gaps, min(margins, WIDER * gaps)) if gaps > 0.0 else margins
    if np.isfinite(top) and top > 0.0:
        ax.set_ylim(-1.1 * top, 1.1 * top)


def panels(report: Any, in_time: Panel, gap: Panel, title: str) -> Any:
    """A figure of four: first observable and spread of x in time, and their gaps. Returns the first axes."""
    first, second = main(report), widest(report)
    with style():
        fig, axes = plt.subplot_mosaic([["main", "spread"], ["gap", "gap of spread"]], figsize=(10.0, 6.6),
                                       height_ratios=[1.5, 1.0])  # fmt: skip
        in_time(axes["main"], report, first).legend(loc="best")
        in_time(axes["spread"], report, second).legend(loc="best")
        lines = len(gap(axes["gap"], report, first).get_legend_handles_labels()[0])
        axes["gap"].legend(ncols=2 if lines > 3 else 1)
        gap(axes["gap of spread"], report, second)
        fig.suptitle(title, x=0.01, ha="left", fontsize=11)
    return axes["main"]


def scale_axis(ax: Any, values: Array, last: float, reach: Array) -> None:
    """Limits for ``values`` >= 0 that show ``reach``; logarithmic if they fall by decades, or grow by many."""
    values = values[np.isfinite(values)]
    positive = values[values > 0.0]
    if positive.size == 0 or (values < 0.0).any():
        return
    high, low = positive.max(), positive.min()
    if high > FALLS * last or high > GROWS * low:
        ax.set_yscale("log")
        ax.set_ylim(low / 2.0, 1.5 * np.nanmax(reach))
    else:
        ax.set_ylim(0.0, 1.06 * np.nanmax(reach))
