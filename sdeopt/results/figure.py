"""Figures of an `Ensemble`: a mean in time, the law at the horizon, paths in the plane; several, one over another.

Every function takes the axes and returns them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.plots.axes import every, formula, scale_axis
from sdeopt.plots.style import COLOURS, DISCRETE, SDE, THEORY, ink
from sdeopt.results.pages import heading

__all__ = ["animation", "in_time", "law", "over_contours", "overlaid"]

Array = NDArray[np.float64]
FEW = 4  # lines whose legend has room among them
BINS = 50
TAIL = 0.001  # of the paths that are left out at either end of a histogram
GRID, LEVELS = 80, 14  # points of a side on which an objective is looked at, and contours


def in_time(ax: Any, e: Any, observable: str | None, colour: str | None = None, label: str | None = None) -> Any:
    """The mean of an observable, or of x₁, with its 95 % band: markers of the optimizer, a line of the SDE."""
    low, high, _ = e.interval(observable)
    value = e.mean[:, 0] if observable is None else e.observables[observable][0]
    low, high = (end[:, 0] if observable is None else end for end in (low, high))
    look = DISCRETE if e.kind == "discrete" else SDE
    look = look if colour is None else look | {"color": colour}
    band = {} if label else {"label": "95 % interval"}
    ax.fill_between(e.times, low, high, color=look["color"], alpha=0.3, linewidth=0, **band)
    shown = label or f"{e.kind}, {len(e.final)} paths"
    ax.plot(e.times, value, **look, markevery=every(len(e.times)), label=shown)
    ax.set_xlabel("time t")
    ax.set_ylabel(formula("E x₁" if observable is None else heading(observable)))
    if observable is not None and label is None:
        scale_axis(ax, value, value[-1], np.fmax(value, high))
    ax.legend()
    return ax


def overlaid(ax: Any, columns: Sequence[Any], observable: str | None) -> Any:
    """The mean of every ensemble, markers of optimizers and lines of SDEs; of several methods a colour for each."""
    methods = list(dict.fromkeys(e.meta["method"] for e in columns))
    several = len({e.kind for e in columns}) > 1
    for e in columns:
        name = e.meta["method"]
        label = f"{name}, {e.kind}" if several else name
        colour = COLOURS[methods.index(name) % len(COLOURS)] if len(methods) > 1 else None
        in_time(ax, e, observable, colour, label)
    if observable is not None:
        ends = [(e.observables[observable][0], e.interval(observable).high) for e in columns]
        values, last = np.concatenate([value for value, _ in ends]), min(value[-1] for value, _ in ends)
        scale_axis(ax, values, last, np.concatenate([np.fmax(*end) for end in ends]))
    if len(columns) > FEW:
        ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.14), fontsize="small")
    ax.set_xlim(min(e.times[0] for e in columns), 1.01 * max(e.times[-1] for e in columns))
    return ax


def law(ax: Any, columns: Sequence[Any], i: int, density: Callable[[Any], Any] | None) -> Any:
    """Histograms of coordinate ``i`` at the horizon, the first filled, the second in outline, and a density."""
    finals = [e.final[:, i][np.isfinite(e.final[:, i])] for e in columns]
    if not all(map(len, finals)):
        raise ValueError("no path is left at the horizon: all have diverged")
    low, high = np.quantile(np.concatenate(finals), [TAIL, 1.0 - TAIL])
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    for k, (e, final) in enumerate(zip(columns, finals, strict=True)):
        look = {"histtype": "step", "linewidth": 1.4} if k else {"alpha": 0.5}
        colour = (DISCRETE if e.kind == "discrete" else SDE)["color"]
        same = k and e.kind == columns[0].kind
        weights = np.full(len(final), 1.0 / (len(final) * (edges[1] - edges[0])))  # what is outside counts
        ax.hist(final, edges, weights=weights, color=COLOURS[4] if same else colour, label=_name(e, columns), **look)
    if density is not None:
        x = np.linspace(edges[0], edges[-1], 400)
        ax.plot(x, np.broadcast_to(density(x), x.shape), label="theory", **THEORY, **ink(ax))
    ax.set_xlabel(rf"$x_{{{i + 1}}}$ at $t$ = {columns[0].times[-1]:.4g}")
    ax.set_ylabel("density")
    ax.legend()
    return ax


def _name(e: Any, columns: Sequence[Any]) -> str:
    """An ensemble among others: by its column, by its method where that differs."""
    methods = {column.meta["method"] for column in columns}
    return e.kind if len(methods) == 1 else f"{e.meta['method']}, {e.kind}"


def _ground(ax: Any, paths: Array, objective: Any) -> None:
    """Axes around the paths, and the contours of the objective."""
    points = paths.reshape(-1, 2)
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    room = 0.08 * np.fmax(high - low, 1e-3 * (1.0 + np.abs(high)))
    x, y = (np.linspace(a, b, GRID) for a, b in zip(low - room, high + room, strict=True))
    if objective is not None:
        f = np.array([[objective.value(np.array([a, b])) for a in x] for b in y])
        levels = np.unique(np.quantile(f[np.isfinite(f)], np.linspace(0.02, 0.98, LEVELS)))
        ax.contour(x, y, f, levels, colors="#b9bec4", linewidths=0.7, zorder=0)
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel="$x_1$", ylabel="$x_2$")
    ax.grid(visible=False)


def over_contours(ax: Any, e: Any, paths: Array, objective: Any) -> Any:
    """Paths (count, n, 2) as lines, with a dot where each ends."""
    _ground(ax, paths, objective)
    colour = (DISCRETE if e.kind == "discrete" else SDE)["color"]
    for path in paths:
        ax.plot(path[:, 0], path[:, 1], color=colour, linewidth=0.8, alpha=0.7)
    ax.scatter(*paths[:, -1].T, s=14, color=colour, zorder=3)
    ax.set_title(f"{e.meta['method']}, {e.kind}, {len(paths)} paths")
    return ax


def animation(ax: Any, e: Any, paths: Array, objective: Any) -> Any:
    """The paths, frame by frame a save further."""
    from matplotlib.animation import FuncAnimation

    _ground(ax, paths, objective)
    colour = (DISCRETE if e.kind == "discrete" else SDE)["color"]
    lines = [ax.plot([], [], color=colour, linewidth=0.8, alpha=0.7)[0] for _ in paths]
    heads = ax.scatter(*paths[:, 0].T, s=18, color=colour, zorder=3)

    def frame(k: int) -> list[Any]:
        for line, path in zip(lines, paths, strict=True):
            line.set_data(path[: k + 1, 0], path[: k + 1, 1])
        heads.set_offsets(paths[:, k])
        ax.set_title(f"{e.meta['method']}, t = {e.times[k]:.3g}")
        return [*lines, heads]

    return FuncAnimation(ax.figure, frame, frames=len(e.times), interval=50)
