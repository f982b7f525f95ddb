"""Figures of a `Report`: the columns in time, and their gap with its interval and margin.

Every function takes the axes and returns them; ``i`` is a column of the report, see ``Report.column``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.comparison.pages import columns
from sdeopt.plots.axes import NORMAL95, every, formula, gap_axis, margin_band, panels, scale_axis, time_axis
from sdeopt.plots.style import DISCRETE, FLOW, GAP, LIMIT, SDE, THEORY, ink
from sdeopt.results.columns import mean_of
from sdeopt.results.judging import CONFIDENCE, quantile

if TYPE_CHECKING:
    from sdeopt.comparison.report import Report

__all__ = ["figure", "gap", "in_time"]


def in_time(ax: Any, report: Report, i: int) -> Any:
    """Both columns of quantity ``i`` with 95 % intervals (±1 standard deviation lightly), the flow, and theory."""
    t = report.times
    sde, discrete = report.sde[:, i], report.discrete[:, i]
    unbounded = report.meta["heavy"] and report.kinds[i] != "observable"  # of what has none: no band would be true
    q = np.nan if unbounded else wide(report)
    sde_half, discrete_half = q * report.sde_stderr[:, i], q * report.discrete_stderr[:, i]
    colour = {"color": SDE["color"], "linewidth": 0}
    if not unbounded and np.isfinite(report.sde_sd[:, i]).any():
        sd = report.sde_sd[:, i]
        ax.fill_between(t, sde - sd, sde + sd, alpha=0.10, label="SDE ± 1 sd", zorder=0, **colour)
    if not unbounded:
        ax.fill_between(t, sde - sde_half, sde + sde_half, alpha=0.35, label="95 % interval", zorder=1, **colour)
    ax.plot(t, sde, label="SDE", **SDE)
    apart = every(len(t))
    ax.errorbar(t[::apart], discrete[::apart], discrete_half[::apart], elinewidth=0.8, label="discrete", **DISCRETE)
    if report.kinds[i] in ("mean", "observable"):
        ax.plot(t, report.flow[:, i], label="flow (no noise)", **FLOW)
    if np.isfinite(report.theory[:, i]).any():
        ax.plot(t, report.theory[:, i], label="SDE, exact", **THEORY, **ink(ax))
    if np.isfinite(report.stationary[i]):
        ax.axhline(report.stationary[i], label="limit t → ∞", **LIMIT, **ink(ax))
    values = np.concatenate([sde, discrete])
    above = sde + np.fmax(np.nan_to_num(report.sde_sd[:, i]), np.nan_to_num(sde_half))
    scale_axis(ax, values, sde[-1], np.concatenate([above, discrete + np.nan_to_num(discrete_half)]))
    time_axis(ax, t, f"one step = {report.meta['clock']:.4g}")
    ax.set_ylabel(formula(mean_of(report.kinds, report.names, i)))
    return ax


def gap(ax: Any, report: Report, i: int) -> Any:
    """The gap SDE - discrete of quantity ``i``, its 95 % interval, the margin, and the change when dt is halved."""
    t, value, half = report.times, report.gap[:, i], wide(report) * report.gap_stderr[:, i]
    margin_band(ax, report, i)
    ax.fill_between(t, value - half, value + half, color=GAP["color"], alpha=0.3, linewidth=0, label="95 % interval")
    ax.plot(t, value, label="gap", **GAP)
    ax.plot(t, report.change[:, i], color=SDE["color"], linewidth=0.9, linestyle="-.", label="change at dt/2")
    gap_axis(ax, np.abs(value) + half, report.margin[:, i])
    time_axis(ax, t, f"one step = {report.meta['clock']:.4g}")
    ax.set_ylabel("SDE − discrete")
    ax.set_title(f"gap in {formula(mean_of(report.kinds, report.names, i))}")
    return ax


def wide(report: Report) -> float:
    """Standard errors in half a 95 % interval: more beside few recorded runs."""
    return quantile(report.sizes.degrees.ravel() + 1.0, 1.0 - CONFIDENCE) if "runs" in report.meta else NORMAL95


def figure(report: Report) -> Any:
    """A figure of four panels: first observable and spread of x in time, and their gaps. Returns the first axes."""
    meta = report.meta
    run = f"{meta['paths']} paths, dt = {meta['dt']:.3g}, margin {100 * meta['tolerance']:g} %"
    title = f"{' and '.join(columns(meta))}    ({run})\n{report.answer}"
    return panels(report, in_time, gap, title)
