"""Figures of `Evidence` (the laws before and after in time, the naive one, and their gaps) and of a `Scaling`.

Every function takes the axes and returns them; ``i`` is a column of the evidence, see ``Evidence.column``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.plots.axes import NORMAL95, every, formula, gap_axis, log_axis, margin_band, panels, scale_axis, time_axis
from sdeopt.plots.style import DISCRETE, LOUD, REFERENCE, SDE
from sdeopt.results.columns import mean_of
from sdeopt.scaling.conditions import LIMIT

if TYPE_CHECKING:
    from sdeopt.scaling.report import Evidence
    from sdeopt.scaling.scaling import Scaling

__all__ = ["conditions", "figure", "gap", "in_time"]

GAPS = (("after", "gap", DISCRETE["color"]), ("naive", "naive_gap", LOUD["color"]))


def in_time(ax: Any, e: Evidence, i: int) -> Any:
    """Quantity ``i`` before (line and 95 % band), after (markers and 95 % bars), and scaled naively."""
    t, q = e.times, NORMAL95
    before, half = e.before[:, i], q * e.before_stderr[:, i]
    ax.fill_between(t, before - half, before + half, color=SDE["color"], alpha=0.35, linewidth=0)
    ax.plot(t, before, **SDE, label="before")
    apart = slice(None, None, every(len(t)))
    after, bars = e.after[apart, i], q * e.after_stderr[apart, i]
    ax.errorbar(t[apart], after, bars, elinewidth=0.8, label="after", **DISCRETE)
    ax.plot(t, e.naive[:, i], **LOUD, label="naive")
    values = np.concatenate([before, e.after[:, i]])
    scale_axis(ax, values, before[-1], np.concatenate([values, e.naive[:, i][np.isfinite(e.naive[:, i])]]))
    time_axis(ax, e.times, f"one step before = {e.meta['before']['clock']:.4g}")
    ax.set_ylabel(formula(mean_of(e.kinds, e.names, i)))
    return ax


def gap(ax: Any, e: Evidence, i: int) -> Any:
    """The gaps of quantity ``i`` to the law before, of the rule and of the naive one, with 95 % bands and margin."""
    t, reach = e.times, np.zeros(len(e.times))
    margin_band(ax, e, i)
    for side, name, colour in GAPS:
        value, half = getattr(e, name)[:, i], NORMAL95 * getattr(e, f"{name}_stderr")[:, i]
        ax.fill_between(t, value - half, value + half, color=colour, alpha=0.3, linewidth=0)
        ax.plot(t, value, color=colour, label=f"{side} − before")
        reach = np.fmax(reach, np.abs(value) + half)
    gap_axis(ax, reach, e.margin[:, i])
    time_axis(ax, e.times, f"one step before = {e.meta['before']['clock']:.4g}")
    ax.set_ylabel("gap")
    ax.set_title(f"gap in {formula(mean_of(e.kinds, e.names, i))}")
    return ax


def figure(e: Evidence) -> Any:
    """A figure of four panels: first observable and spread of x in time, and their gaps. Returns the first axes."""
    before, after, naive = (e.meta[side]["method"] for side in ("before", "after", "naive"))
    return panels(e, in_time, gap, f"{before}\n→ {after}: {e.verdict}\nnaive {naive}: {e.naive_verdict}")


def conditions(ax: Any, s: Scaling) -> Any:
    """What must be small, on a logarithmic axis, and the limit; what is 0 or was not measured has its name only."""
    names = [condition.formula for condition in s.conditions]
    ax.plot([c.value if c.value > 0.0 else np.nan for c in s.conditions], names, **DISCRETE | {"markersize": 6.0})
    ax.axvline(LIMIT, **REFERENCE | {"label": f"limit {LIMIT:g}"})
    log_axis(ax.xaxis)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel("relative error")
    ax.legend()
    return ax
