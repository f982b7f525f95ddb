"""The figure of an `Atlas`: a heat map of one measure, methods by laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm, Normalize

from sdeopt.plots.style import given, size, style

if TYPE_CHECKING:
    from sdeopt.atlases.report import Atlas

__all__ = ["heat"]

SHOWN = {
    "median": "median of f(x) - f* over the least under this law",
    "loss": "mean of f(x) - f* over the least under this law",
    "time": "gradients until half of the paths reach the level",
    "spread": "tr Cov x",
    "diverged": "share of paths diverged",
    "error": "gap of the SDE, in units of its scale",
}
MARKS = {"undecided": "?", "diverged": "×", "failed": "!", "missing": "·"}
BLANK = "#e8e8e8"  # cells without a colour
MOST = 1e3  # decades of colours above the least: what is worse looks alike


def heat(ax: Any, a: Atlas, measure: str) -> Any:
    """Draw on ``ax``, or on a new figure that is large enough for the labels."""
    _ = given(ax)
    found, status = a[measure].value, a[measure].status
    shown = np.where(np.isfinite(found) & ~np.isin(status, ("failed", "missing")), found, np.nan)
    above = a.meta["minimum"] is not None  # f*: else losses have no ratios
    if measure in ("median", "loss") and above:
        least = np.where(np.isnan(shown).all(axis=0), np.nan, np.nanmin(np.where(shown > 0.0, shown, np.inf), axis=0))
        shown = shown / least
    with style():
        if ax is None:
            labelled = size(2.6 + 0.42 * len(a.laws), 2.2 + 0.24 * len(a.methods))
            ax = plt.subplots(figsize=labelled)[1]
        ax.set_facecolor(BLANK)
        ax.grid(visible=False)
        mesh = ax.pcolormesh(np.ma.masked_invalid(shown), norm=_norm(shown, measure, above), cmap="viridis_r")
        for i, j in np.argwhere(status != "ok"):
            ax.text(j + 0.5, i + 0.5, MARKS[str(status[i, j])], ha="center", va="center", fontsize=6)
        ax.set_xticks(np.arange(len(a.laws)) + 0.5, a.laws, rotation=60, ha="right", fontsize=7)
        ax.set_yticks(np.arange(len(a.methods)) + 0.5, a.methods, fontsize=7)
        ax.invert_yaxis()
        ax.figure.colorbar(mesh, ax=ax).set_label(SHOWN[measure] if above else SHOWN[measure].partition(" - f*")[0])
    return ax


def _norm(values: Any, measure: str, above: bool) -> Any:
    """Colours: a share from 0 to 1, losses that have no zero as they are, all else by decades, at most three."""
    if measure in ("median", "loss") and not above:
        return Normalize()
    positive = values[np.isfinite(values) & (values > 0.0)]
    if measure == "diverged" or positive.size == 0:
        return Normalize(0.0, 1.0)
    low, high = float(positive.min()), float(positive.max())
    return LogNorm(low, max(min(high, MOST * low), 1.01 * low), clip=True)
