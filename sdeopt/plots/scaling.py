"""Figures of `Evidence`: the laws before and after in time, the naive one, and their gaps.

Every function takes the axes and returns them; ``i`` is a column of the evidence, see ``Evidence.column``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from sdeopt.plots.comparison import label, main, scale_axis, spread
from sdeopt.plots.style import DISCRETE, LOUD, MARGIN, SDE, style

if TYPE_CHECKING:
    from sdeopt.scaling.report import Evidence

__all__ = ["figure", "gap", "in_time"]

NORMAL95 = 1.959964
GAPS = (("after", "gap", DISCRETE["color"]), ("naive", "naive_gap", LOUD["color"]))


def _time_axis(ax: Any, e: Evidence) -> None:
    ax.set_xlabel(f"time t (one step before = {e.meta['before']['clock']:.4g})")
    ax.set_xlim(e.times[0], e.times[-1] * 1.01)


def in_time(ax: Any, e: Evidence, i: int) -> Any:
    """Quantity ``i`` before (line and 95 % band), after (markers and 95 % bars), and scaled naively."""
    t, q = e.times, NORMAL95
    before, half = e.before[:, i], q * e.before_stderr[:, i]
    ax.fill_between(t, before - half, before + half, color=SDE["color"], alpha=0.35, linewidth=0)
    ax.plot(t, before, **SDE, label="before")
    ax.errorbar(t, e.after[:, i], q * e.after_stderr[:, i], elinewidth=0.8, label="after", **DISCRETE)
    ax.plot(t, e.naive[:, i], **LOUD, label="naive")
    values = np.concatenate([before, e.after[:, i]])
    scale_axis(ax, values, before[-1], np.concatenate([values, e.naive[:, i][np.isfinite(e.naive[:, i])]]))
    _time_axis(ax, e)
    ax.set_ylabel(label(e, i))
    return ax


def gap(ax: Any, e: Evidence, i: int) -> Any:
    """The gaps of quantity ``i`` to the law before, of the rule and of the naive one, with 95 % bands and margin."""
    t, margin = e.times, e.margin[:, i]
    ax.fill_between(t, -margin, margin, label=f"margin ({100 * e.meta['tolerance']:g} % of scale)", **MARGIN)
    ax.axhline(0.0, color="#717581", linewidth=0.8, zorder=1)
    for side, name, colour in GAPS:
        value, half = getattr(e, name)[:, i], NORMAL95 * getattr(e, f"{name}_stderr")[:, i]
        ax.fill_between(t, value - half, value + half, color=colour, alpha=0.3, linewidth=0)
        ax.plot(t, value, color=colour, label=f"{side} − before")
    _time_axis(ax, e)
    ax.set_ylabel("gap")
    ax.set_title(f"gap in {label(e, i)}")
    return ax


def figure(e: Evidence) -> Any:
    """A figure of four panels: first observable and spread of x in time, and their gaps. Returns the first axes."""
    first, second = main(e), spread(e)
    with style():
        fig, axes = plt.subplot_mosaic([["main", "spread"], ["gap", "gap of spread"]], figsize=(10.0, 6.6),
                                       height_ratios=[1.5, 1.0])  # fmt: skip
        in_time(axes["main"], e, first).legend()
        in_time(axes["spread"], e, second)
        gap(axes["gap"], e, first).legend()
        gap(axes["gap of spread"], e, second)
        fig.suptitle(
            f"{e.meta['before']['method']}\n→ {e.meta['after']['method']}: {e.verdict}\n"
            f"naive {e.meta['naive']['method']}: {e.naive_verdict}",
            x=0.01, ha="left", fontsize=11,
        )  # fmt: skip
    return axes["main"]
