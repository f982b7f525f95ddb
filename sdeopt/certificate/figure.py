"""Figures of a `Certificate`: gaps against the time of a step, on logarithmic axes, with reference slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from sdeopt.plots.style import FLOW, HOLLOW, LOUD, REFERENCE, SDE, size, style

if TYPE_CHECKING:
    from sdeopt.certificate.report import Certificate

__all__ = ["figure", "slopes"]

NORMAL95 = 1.959964
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "SDE": ("SDE", SDE | {"marker": "o", "markersize": 4.5}),
    "flow": ("flow (no noise)", FLOW | {"marker": "s", "markersize": 9.0}),  # larger: they may lie below the others
    "noise x2": ("SDE, noise variance x2", LOUD | {"marker": "^", "markersize": 7.5}),
}
HIDDEN = 4.0  # standard errors within which a gap is not told from zero


def slopes(ax: Any, certificate: Certificate, i: int) -> Any:
    """|gap| of column ``i`` against h with 95 % intervals, of the SDE and of the baselines; hollow: lost in noise.

    The shaded wedge is the slope of the two smallest h with its interval; thin lines have the slopes 1 and 2.
    """
    h, hidden = certificate.h, False
    for model, (label, look) in MODELS.items():
        row = next(r for r in certificate.rows if (r.model, r.column) == (model, i))
        c = certificate.curve(i, model)
        value, half = np.abs(c.gap), NORMAL95 * c.stderr
        known = value > HIDDEN * c.stderr
        known_slope = np.isfinite(row.slope.value)
        text = f"{label}: {row.slope.value:.2f} ± {row.slope.half:.2f}" if known_slope else f"{label}: no slope"
        below = np.minimum(half, 0.9 * value)  # a logarithmic axis has no zero
        ax.errorbar(h, value, [below, half], elinewidth=0.9, label=text, **look)
        hidden = hidden or bool((~known).any())
        hollow = HOLLOW | {"markeredgecolor": look["color"], "marker": look["marker"], "markersize": 4.0}
        ax.plot(h[~known], value[~known], **hollow, zorder=6)
        if model == "SDE" and known_slope:
            reach = np.geomspace(h[-1], h[0])
            edges = [value[-1] * (reach / h[-1]) ** (row.slope.value + s * row.slope.half) for s in (-1.0, 1.0)]
            ax.fill_between(reach, *edges, color=look["color"], alpha=0.2, linewidth=0)
    if hidden:
        ax.plot([], [], **HOLLOW, marker="o", markersize=4.0, label=f"hollow: within {HIDDEN:g} standard errors of 0")
    _references(ax, h, np.abs(certificate.curve(i).gap))
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(h, [f"{v:.3g}" for v in h])
    ax.minorticks_off()
    ax.set_xlabel("time of one step h")
    ax.set_ylabel("|SDE − discrete|")
    return ax


def _references(ax: Any, h: Any, value: Any) -> None:
    """Lines of slope 1 and 2 through the first gap of the SDE, below the data."""
    for power in (1, 2):
        line = 0.6 * value[0] * (h / h[0]) ** power
        ax.plot(h, line, **REFERENCE)
        ax.annotate(f"slope {power}", (h[-1], line[-1]), textcoords="offset points", xytext=(2, 3), fontsize=8,
                    color=REFERENCE["color"])  # fmt: skip


def figure(certificate: Certificate) -> Any:
    """A figure with one panel per judged quantity. Returns the first axes."""
    judged, meta = certificate.meta["judged"], certificate.meta
    with style():
        fig, axes = plt.subplots(1, len(judged), figsize=size(4.7 * len(judged), 4.8), squeeze=False)
        for ax, i in zip(axes[0], judged, strict=True):
            slopes(ax, certificate, i).legend(
                loc="upper left", bbox_to_anchor=(0.0, -0.14)
            )  # the guides end below the data
            row = next(r for r in certificate.rows if r.column == i)
            ax.set_title(f"gap in {row.quantity} (claim {row.claimed:g}): {row.verdict}")
        fig.suptitle(f"{meta['page']} and its SDE {meta['sde']}: {certificate.verdict}", x=0.01, ha="left", fontsize=11)
    return axes[0, 0]
