"""What the figures of two laws in time share: their axes, margins and panels.

``report`` is a `Report` or `Evidence`, anything with ``kinds``, ``names``, ``times``, ``margin`` and ``meta``; ``i`` is
one of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from sdeopt.plots.style import MARGIN, size, style

__all__ = [
    "NORMAL95", "every", "formula", "gap_axis", "log_axis", "main", "margin_band", "panels", "plain_ticks",
    "scale_axis", "spread", "time_axis",
]  # fmt: skip

Array = NDArray[np.float64]
Panel = Callable[[Any, Any, int], Any]  # (axes, report, column) -> axes
DECADE = 20.0  # a logarithmic axis over less than this factor has numbers between the powers of ten
FALLS, GROWS = 4.0, 1e4  # factors beyond which a positive quantity is drawn on a logarithmic axis
NORMAL95 = 1.959964
MARKERS = 40  # of a line, that one sees apart
INDICES = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
OPERATORS = {"E": r"\mathbb{E}", "var": r"\mathrm{var}", "cov": r"\mathrm{cov}", "tr Cov": r"\mathrm{tr\,Cov}"}
SYMBOLS = {
    "loss": "f(x)",
    "norm2": r"\|x\|^2",
    "grad_norm2": r"\|\nabla f(x)\|^2",
    "sharpness": r"\lambda_{\max}(\nabla^2 f(x))",
}
ROOM = 0.35  # of the height of an axis, for its legend
WIDE = 4.0  # inches of a panel in which two columns of a legend have room
WIDER = 3.0  # times the gap that a margin may be and is drawn whole


def main(report: Any) -> int:
    """The first observable, or the first coordinate where there is none."""
    kinds: tuple[str, ...] = report.kinds
    return kinds.index("observable") if "observable" in kinds else 0


def spread(report: Any) -> int | None:
    """The trace of the covariance, in one dimension the variance, which is the same; None where there is none.

    Beside recorded runs, of which only observables are known, it is the next of these, as it is of heavy tails.
    """
    kinds: tuple[str, ...] = report.kinds
    if not (report.meta["heavy"] or "runs" in report.meta):
        return kinds.index("variance" if kinds.count("mean") == 1 else "trace")
    return kinds.index("observable") + 1 if kinds.count("observable") > 1 else None


def every(count: int) -> int:
    """Which of so many markers are drawn: every one, every second, ..., so that what lies below is seen."""
    return -(-count // MARKERS)


def formula(label: str) -> str:
    """The label of a quantity as mathematics: of E loss, var x₁, cov x₁,x₂; what somebody else named stays a text."""
    found = re.fullmatch(r"(E|var|cov|tr Cov) (.+)", label)
    if found is None:
        return label
    operator, what = found.groups()
    coordinates = re.fullmatch(r"x[₀-₉]*(,x[₀-₉]+)?", what)
    if what not in SYMBOLS and coordinates is None:
        return label
    symbol = SYMBOLS.get(what) or re.sub("[₀-₉]+", lambda i: f"_{{{i[0].translate(INDICES)}}}", what)
    return rf"${OPERATORS[operator]}\,{symbol}$"


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
    """First observable and spread of x in time, and their gaps below; without variances the next observable, if any.

    Returns the first axes.
    """
    shown = [i for i in (main(report), spread(report)) if i is not None]
    with style():
        whole = size(10.0 if len(shown) > 1 else 8.0, 6.6)
        fig, axes = plt.subplots(2, len(shown), figsize=whole, height_ratios=[1.5, 1.0], squeeze=False)
        for top, bottom, i in zip(*axes, shown, strict=True):
            in_time(top, report, i).legend(loc="best").set_in_layout(False)  # or it would squeeze its axes
            gap(bottom, report, i)
        low, high = axes[1, 0].get_ylim()
        axes[1, 0].set_ylim(low, high + ROOM * (high - low))
        axes[1, 0].legend(ncols=2 if whole[0] > WIDE * len(shown) else 1, loc="upper center").set_in_layout(False)
        fig.suptitle(title, x=0.01, ha="left", fontsize=11, wrap=True)
    return axes[0, 0]


def plain_ticks(axis: Any) -> None:
    """Numbers in full on a logarithmic axis that is short: powers of ten alone would leave it without any."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def log_axis(axis: Any) -> None:
    """A logarithmic axis of what was drawn, with numbers that do not run into one another where it is short."""
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    low, high = axis.get_view_interval()
    if high < DECADE * low:
        plain_ticks(axis)


def scale_axis(ax: Any, values: Array, last: float, reach: Array) -> None:
    """Limits for ``values`` >= 0 that show ``reach``; logarithmic if they fall by decades, or grow by many."""
    values = values[np.isfinite(values)]
    positive = values[values > 0.0]
    if positive.size == 0 or (values < 0.0).any():
        return
    high, low = positive.max(), positive.min()
    if high > FALLS * last or high > GROWS * low:
        ax.set_yscale("log")
        ax.set_ylim(low / (2.0 if high > DECADE * low else 1.2), 1.3 * np.nanmax(reach))
        if high < DECADE * low:
            plain_ticks(ax.yaxis)
    else:
        ax.set_ylim(0.0, 1.06 * np.nanmax(reach))
