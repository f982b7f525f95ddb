"""The one look: discrete = markers, SDE = line, theory = dashed, flow = dotted, band = interval."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

__all__ = ["DISCRETE", "FLOW", "GAP", "LIMIT", "LOUD", "MARGIN", "REFERENCE", "SDE", "THEORY", "new_axes", "style"]

# from the colour-blind-safe sequence of Petroff, arXiv:2107.02270
DISCRETE: dict[str, Any] = {"color": "#bd1f01", "linestyle": "none", "marker": "o", "markeredgewidth": 0, "zorder": 4}
SDE: dict[str, Any] = {"color": "#3f90da", "linestyle": "-", "zorder": 3}
THEORY: dict[str, Any] = {"color": "#000000", "linestyle": "--", "linewidth": 1.1, "zorder": 5}
LIMIT: dict[str, Any] = {"color": "#000000", "linestyle": (0, (6, 4)), "linewidth": 0.7, "zorder": 1}
FLOW: dict[str, Any] = {"color": "#717581", "linestyle": ":", "zorder": 2}
LOUD: dict[str, Any] = {"color": "#e76300", "linestyle": "-.", "linewidth": 1.1, "zorder": 2}
REFERENCE: dict[str, Any] = {"color": "#94a4a2", "linestyle": "-", "linewidth": 0.8, "zorder": 1}
GAP: dict[str, Any] = {"color": "#832db6", "linestyle": "-", "zorder": 3}
MARGIN: dict[str, Any] = {"color": "#717581", "alpha": 0.15, "linewidth": 0, "zorder": 0}


def style() -> AbstractContextManager[None]:
    """The rc parameters of ``sdeopt.mplstyle``, for a while."""
    context: AbstractContextManager[None] = plt.style.context(Path(__file__).with_name("sdeopt.mplstyle"))
    return context


def new_axes() -> Any:
    """Axes of a new figure."""
    with style():
        return plt.subplots(figsize=(4.7, 4.3))[1]
