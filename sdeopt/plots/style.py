"""The one look: discrete = markers, SDE = line, theory = dashed, flow = dotted, band = interval."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from sdeopt.core import checks

__all__ = [
    "COLOURS", "DISCRETE", "FLOW", "GAP", "HOLLOW", "LIMIT", "LOUD", "MARGIN", "REFERENCE", "SDE", "THEORY", "drawing",
    "given", "ink", "size", "style",
]  # fmt: skip

# from the colour-blind-safe sequence of Petroff, arXiv:2107.02270
COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#717581")
DISCRETE: dict[str, Any] = {"color": "#bd1f01", "linestyle": "none", "marker": "o", "markeredgewidth": 0, "zorder": 4}
SDE: dict[str, Any] = {"color": "#3f90da", "linestyle": "-", "zorder": 3}
THEORY: dict[str, Any] = {"linestyle": "--", "linewidth": 1.1, "zorder": 5}
LIMIT: dict[str, Any] = {"linestyle": (0, (6, 4)), "linewidth": 0.7, "zorder": 1}
FLOW: dict[str, Any] = {"color": "#717581", "linestyle": ":", "zorder": 2}
LOUD: dict[str, Any] = {"color": "#e76300", "linestyle": "-.", "linewidth": 1.1, "zorder": 2}
REFERENCE: dict[str, Any] = {"color": "#94a4a2", "linestyle": "-", "linewidth": 0.8, "zorder": 1}
GAP: dict[str, Any] = {"color": "#832db6", "linestyle": "-", "zorder": 3}
MARGIN: dict[str, Any] = {"color": "#717581", "alpha": 0.15, "linewidth": 0, "zorder": 0}
HOLLOW: dict[str, Any] = {"color": "white", "linestyle": "none", "markeredgecolor": "#202020", "markeredgewidth": 0.9}


@contextmanager
def style() -> Iterator[None]:
    """The rc parameters of ``sdeopt.mplstyle``, for a while; those that the user has set stay the user's."""
    ours = mpl.rc_params_from_file(Path(__file__).with_name("sdeopt.mplstyle"), use_default_template=False)
    unset = {name: value for name, value in ours.items() if mpl.rcParams[name] == mpl.rcParamsDefault[name]}
    with mpl.rc_context(unset):
        yield
        # the first figure of a session starts the backend, which in a notebook becomes interactive: that must outlast
        # this context, or later figures would not be shown
        interactive = mpl.is_interactive()
    mpl.interactive(interactive)


def size(width: float, height: float) -> Any:
    """Inches of a new figure: these, or what the user has set."""
    given = mpl.rcParams["figure.figsize"]
    return (width, height) if given == mpl.rcParamsDefault["figure.figsize"] else given


def ink(ax: Any) -> dict[str, Any]:
    """The colour in which ``ax`` are labelled, that of `THEORY` and `LIMIT`: black, white in a dark style."""
    return {"color": ax.xaxis.label.get_color()}


def given(ax: Any) -> Any:
    """``ax``, which must be axes of Matplotlib, or None."""
    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"ax must be a matplotlib Axes or None, got {checks.short(ax)}")
    return ax


@contextmanager
def drawing(ax: Any = None) -> Iterator[Any]:
    """Axes to draw on: ``ax`` in the look of its own figure, or those of a new figure in ours."""
    if given(ax) is not None:
        yield ax
        return
    with style():
        yield plt.subplots(figsize=size(4.7, 4.3))[1]
