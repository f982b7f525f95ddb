"""Figures of a `Report`: the columns in time, and their gap with its interval and margin.

Every function takes the axes and returns them; ``i`` is a column of the report, see ``Report.column``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from sdeopt.plots.style import DISCRETE, FLOW, GAP, LIMIT, MARGIN, SDE, THEORY, style

if TYPE_CHECKING:
    from sdeopt.comparison.report import Report
    from sdeopt.scaling.report import Evidence

__all__ = [
    "figure", "gap", "in_time", "label", "main", "margin_band", "panels", "scale_axis", "spread", "time_axis",
]  # fmt: skip

Array = NDArray[np.float64]
Panel = Callable[[Any, Any, int], Any]  # (axes, report, column) -> axes
FALLS, GROWS = 30.0, 1e4  # factors beyond which a positive quantity is drawn on a logarithmic axis
NORMAL95 = 1.959964


def main(report: Report | Evidence) -> int:
    """The first observable, or the first coordinate where there is none."""
    return report.kinds.index("observable") if "observable" in report.kinds else 0


def spread(report: Report | Evidence) -> int:
    """The trace of the covariance; in one dimension the variance, which is the same."""
    return report.kinds.index("variance" if report.kinds.count("mean") == 1 else "trace")


def label(report: Report | Evidence, i: int) -> str:
    """What the axis of quantity ``i`` says."""
    name = report.names[i]
    return {"observable": f"E {name}", "mean": f"E {name.removeprefix('mean ')}"}.get(report.kinds[i], name)


def time_axis(ax: Any, times: Array, step: str) -> None:
    """The axis of time t, which says how long ``step`` is."""
    ax.set_xlabel(f"time t ({step})")
    ax.set_xlim(times[0], times[-1] * 1.01)


def margin_band(ax: Any, report: Report | Evidence, i: int) -> None:
    """What the gap of quantity ``i`` may be, around zero."""
    margin = report.margin[:, i]
    share = f"margin ({100 * report.meta['tolerance']:g} % of scale)"
    ax.fill_between(report.times, -margin, margin, label=share, **MARGIN)
    ax.axhline(0.0, color="#717581", linewidth=0.8, zorder=1)


def panels(report: Report | Evidence, in_time: Panel, gap: Panel, title: str) -> Any:
    """A figure of four: first observable and spread of x in time, and their gaps. Returns the first axes."""
    first, second = main(report), spread(report)
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


def in_time(ax: Any, report: Report, i: int) -> Any:
    """Both columns of quantity ``i`` with 95 % intervals (±1 standard deviation lightly), the flow, and theory."""
    t = report.times
    sde, discrete, q = report.sde[:, i], report.discrete[:, i], NORMAL95
    sde_half, discrete_half = q * report.sde_stderr[:, i], q * report.discrete_stderr[:, i]
    colour = {"color": SDE["color"], "linewidth": 0}
    if np.isfinite(report.sde_sd[:, i]).any():
        sd = report.sde_sd[:, i]
        ax.fill_between(t, sde - sd, sde + sd, alpha=0.10, label="SDE ± 1 sd", zorder=0, **colour)
    ax.fill_between(t, sde - sde_half, sde + sde_half, alpha=0.35, label="95 % interval", zorder=1, **colour)
    ax.plot(t, sde, label="SDE", **SDE)
    ax.errorbar(t, discrete, discrete_half, elinewidth=0.8, label="discrete", **DISCRETE)
    if report.kinds[i] in ("mean", "observable"):
        ax.plot(t, report.flow[:, i], label="flow (no noise)", **FLOW)
    if np.isfinite(report.theory[:, i]).any():
        ax.plot(t, report.theory[:, i], label="SDE, exact", **THEORY)
    if np.isfinite(report.stationary[i]):
        ax.axhline(report.stationary[i], label="limit t → ∞", **LIMIT)
    values = np.concatenate([sde, discrete])
    above = sde + np.fmax(np.nan_to_num(report.sde_sd[:, i]), sde_half)
    scale_axis(ax, values, sde[-1], np.concatenate([above, discrete + discrete_half]))
    time_axis(ax, t, f"one step = {report.meta['clock']:.4g}")
    ax.set_ylabel(label(report, i))
    return ax


def gap(ax: Any, report: Report, i: int) -> Any:
    """The gap SDE - discrete of quantity ``i``, its 95 % interval, the margin, and the change when dt is halved."""
    t, value, half = report.times, report.gap[:, i], NORMAL95 * report.gap_stderr[:, i]
    margin_band(ax, report, i)
    ax.fill_between(t, value - half, value + half, color=GAP["color"], alpha=0.3, linewidth=0, label="95 % interval")
    ax.plot(t, value, label="gap", **GAP)
    ax.plot(t, report.change[:, i], color=SDE["color"], linewidth=0.9, linestyle="-.", label="change at dt/2")
    time_axis(ax, t, f"one step = {report.meta['clock']:.4g}")
    ax.set_ylabel("SDE − discrete")
    ax.set_title(f"gap in {label(report, i)}")
    return ax


def figure(report: Report) -> Any:
    """A figure of four panels: first observable and spread of x in time, and their gaps. Returns the first axes."""
    meta = report.meta
    run = f"{meta['paths']} paths, dt = {meta['dt']:.3g}, margin {100 * meta['tolerance']:g} %"
    title = f"{meta['method']} and its SDE {meta['sde']}    ({run})\n{report.answer}"
    return panels(report, in_time, gap, title)
