"""Figures of a `Sweep`: phase diagrams over two axes, lines with bands over one.

Every function takes the axes and returns them. Undecided, diverged and failed cells are marked, never only coloured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from sdeopt.plots.style import COLOURS, HOLLOW, given, ink, size, style

if TYPE_CHECKING:
    from sdeopt.sweeps.table import Sweep

__all__ = ["diagram", "figure", "lines"]

Array = NDArray[np.float64]
Index = tuple[Any, ...]
TICKS = 6  # of an axis of numbers
MOST = 8  # panels of a figure, lines of a panel
DECADES = 20.0  # a positive range beyond this factor is shown on a logarithmic scale
MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "undecided": ("o", {k: v for k, v in HOLLOW.items() if k != "linestyle"}),
    "diverged": ("x", {"color": "#bd1f01", "markeredgewidth": 1.4}),
    "failed": ("s", {"color": "#202020"}),
    "missing": (".", {"color": "#94a4a2"}),
}
BLANK = "#e8e8e8"  # cells without a colour


def label(sweep: Sweep, measure: str) -> str:
    """What a measure is, for an axis."""
    m = sweep.meta
    end = f"t = {m['horizon']:.4g}" if m["horizon"] is not None else f"step {m['steps']}"
    level = "" if m["level"] is None else f"{m['level']:.3g}"
    return {
        "loss": f"E f(x) at {end}",
        "median": f"median of f(x) at {end}",
        "spread": f"tr Cov x at {end}",
        "diverged": f"share of paths diverged by {end}",
        "time": f"median time to f(x) ≤ {level}",
        "error": "weak error, fraction of scale",
    }[measure]


def figure(
    sweep: Sweep, x: str | None, y: str | None, *, measure: str | None, where: Mapping[str, Any], ax: Any
) -> Any:
    """Choose the axes, cut at ``where``, draw; see `Sweep.plot`."""
    _ = given(ax)
    measure = sweep.measures[0] if measure is None else measure
    _ = sweep[measure]  # a name that is not there says so
    cut = {axis: sweep.position(axis, value) for axis, value in where.items()}
    x, y = _chosen(sweep, x, y, cut)
    others = [a for a in sweep.axes if a not in (x, y) and a not in cut]
    cuts = [cut | dict(zip(others, index, strict=True)) for index in np.ndindex(*(_length(sweep, a) for a in others))]
    if len(cuts) > MOST or (y is not None and ax is not None and len(cuts) > 1):
        most = 1 if ax is not None and y is not None else MOST
        raise ValueError(
            f"the axes {', '.join(others)} have {len(cuts)} combinations, at most {most} can be drawn: give where="
            f"{{{', '.join(f'{a!r}: ...' for a in others)}}}"
        )
    titles = [", ".join(_say(sweep, a, at[a]) for a in others) for at in cuts]
    with style():
        if y is None:
            ax = plt.subplots(figsize=size(5.4, 4.0))[1] if ax is None else ax
            return lines(ax, sweep, x, measure, cuts, titles)
        panels = [ax] if ax is not None else _panels(len(cuts))
        norm = _norm(np.concatenate([_values_to_colour(sweep, x, y, measure, at).ravel() for at in cuts]), measure)
        for panel, at, title in zip(panels, cuts, titles, strict=True):
            diagram(panel, sweep, x, y, measure, at, norm)
            panel.set_title(title)
        bar = panels[0].figure.colorbar(panels[-1].collections[0], ax=panels)
        bar.set_label(label(sweep, measure))
        marks = np.unique([_part(sweep, "status", measure, (y, x), at) for at in cuts])
        _legend(panels[0], ax is None, set(marks.tolist()))
    return panels[0]


def _chosen(sweep: Sweep, x: str | None, y: str | None, cut: Mapping[str, int]) -> tuple[str, str | None]:
    """The axes of the figure."""
    if x is None and y is not None:
        raise ValueError(f"give x as well as y={y!r}")
    free = [axis for axis in sweep.axes if axis not in cut]
    if x is None:
        grid = [axis for axis in free if axis not in ("method", "problem")] or free or [*sweep.coordinates][:1]
        x, y = grid[0], grid[1] if len(grid) > 1 else None
    for axis in (x, y):
        if axis is not None and axis not in sweep.coordinates:
            sweep.position(axis, None)  # says which there are
        if axis is not None and axis in cut:
            raise ValueError(f"{axis} cannot be an axis and be fixed by where")
    if x == y:
        raise ValueError(f"x and y must differ, got {x!r} twice")
    return x, y


def _length(sweep: Sweep, axis: str) -> int:
    return len(sweep.coordinates[axis])


def _say(sweep: Sweep, axis: str, i: int) -> str:
    value = sweep.coordinates[axis][i]
    return str(value) if axis in ("method", "problem") else f"{axis} = {_short(value)}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


def _part(sweep: Sweep, name: str, measure: str, axes: tuple[str, ...], cut: Mapping[str, int]) -> Any:
    """One array of a measure over ``axes``, in that order."""
    array = getattr(sweep[measure], name)
    index = tuple(slice(None) if a in axes else cut.get(a, 0) for a in sweep.coordinates)
    kept = [a for a in sweep.coordinates if a in axes]
    return array[index].transpose([kept.index(a) for a in axes])


def _values_to_colour(sweep: Sweep, x: str, y: str, measure: str, cut: Mapping[str, int]) -> Array:
    """Values that get a colour: not those of the survivors of cells that diverged."""
    value, status = (_part(sweep, name, measure, (y, x), cut) for name in ("value", "status"))
    shown: Array = np.where(np.isin(status, ("ok", "undecided")) & np.isfinite(value), value, np.nan)
    return shown


def _norm(values: Array, measure: str) -> Any:
    """Colours: a share from 0 to 1, else from the smallest to the largest, by decades where there are some."""
    values = values[np.isfinite(values)]
    if measure == "diverged" or values.size == 0:
        return Normalize(0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    return LogNorm(low, high) if low > 0.0 and high > DECADES * low else Normalize(low, high)


def _panels(count: int) -> list[Any]:
    columns = min(count, 4)
    rows = -(-count // columns)
    _, axes = plt.subplots(rows, columns, figsize=size(1.6 + 3.8 * columns, 0.4 + 3.6 * rows), squeeze=False)
    flat = list(axes.ravel())
    for unused in flat[count:]:
        unused.remove()
    return flat[:count]


def _scale(values: tuple[Any, ...]) -> tuple[Array, str]:
    """Positions on an axis, and its scale: "log", "linear", or "words" for what is no growing list of numbers."""
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    positions = np.array(values if numbers else range(len(values)), dtype=float)
    if not numbers or (len(values) > 1 and not (np.diff(positions) > 0.0).all()):
        return np.arange(len(values), dtype=float), "words"
    even = positions[0] > 0.0 and _unevenness(np.log(positions)) < _unevenness(positions)
    return positions, "log" if even else "linear"


def _unevenness(positions: Array) -> float:
    """Spread of the distances between neighbours, relative to their mean."""
    gaps = np.diff(positions)
    return float(gaps.std() / gaps.mean()) if len(gaps) > 1 else 0.0


def _edges(positions: Array, scale: str) -> Array:
    """Edges of the cells around their positions."""
    at = np.log(positions) if scale == "log" else positions
    if len(at) == 1:
        edges = np.array([at[0] - 0.5, at[0] + 0.5])
    else:
        middle = (at[1:] + at[:-1]) / 2.0
        edges = np.concatenate([[2.0 * at[0] - middle[0]], middle, [2.0 * at[-1] - middle[-1]]])
    result: Array = np.exp(edges) if scale == "log" else edges
    return result


def _dress(axis: Any, name: str, values: tuple[Any, ...], positions: Array, scale: str) -> None:
    axis.axes.set(**{f"{axis.axis_name}label": name})
    if scale == "log":
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        axis.set_minor_locator(NullLocator())
    if scale != "linear" or len(values) <= TICKS:  # the values themselves, not powers of ten between them
        apart = slice(None, None, 1 if scale == "words" else -(-len(values) // TICKS))
        axis.set_ticks(positions[apart], [_short(v) for v in values[apart]])


def diagram(ax: Any, sweep: Sweep, x: str, y: str, measure: str, cut: Mapping[str, int], norm: Any) -> Any:
    """A heat map of ``measure``; cells that are undecided, diverged, failed or missing carry a mark."""
    shown = _values_to_colour(sweep, x, y, measure, cut)
    (across, x_scale), (up, y_scale) = (_scale(sweep.coordinates[a]) for a in (x, y))
    ax.set_facecolor(BLANK)
    ax.grid(visible=False)
    ax.pcolormesh(_edges(across, x_scale), _edges(up, y_scale), np.ma.masked_invalid(shown), norm=norm, cmap="viridis")
    for axis, name, positions, scale in ((ax.xaxis, x, across, x_scale), (ax.yaxis, y, up, y_scale)):
        _dress(axis, name, sweep.coordinates[name], positions, scale)
    status = _part(sweep, "status", measure, (y, x), cut)
    size = float(np.clip(110.0 / max(*shown.shape, 1), 2.0, 7.0))
    for name, (marker, look) in MARKS.items():
        j, i = np.nonzero(status == name)
        if i.size == 0:
            continue  # an empty line that is not clipped has the corner of the figure as its box
        ax.plot(across[i], up[j], marker=marker, linestyle="none", markersize=size, clip_on=False, **look)
    return ax


def _legend(ax: Any, own: bool, seen: set[str]) -> None:
    """What the marks mean that occur: below a figure of our own, else in a corner of the axes."""
    handles = [
        Line2D([], [], marker=marker, linestyle="none", markersize=5, label=name, **look)
        for name, (marker, look) in MARKS.items()
        if name in seen
    ]
    if handles and own:
        ax.figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
    elif handles:
        ax.legend(handles=handles, frameon=True, framealpha=0.9)


def lines(
    ax: Any, sweep: Sweep, x: str, measure: str, cuts: list[dict[str, int]], titles: list[str]
) -> Any:  # fmt: skip
    """``measure`` against ``x`` with 95 % bands, a line for every cut; values that are undecided are hollow."""
    positions, scale = _scale(sweep.coordinates[x])
    heights = []
    for colour, cut, title in zip(COLOURS, cuts, titles, strict=False):
        names = ("value", "low", "high", "status")
        value, low, high, status = (_part(sweep, name, measure, (x,), cut) for name in names)
        known = np.isin(status, ("ok", "undecided")) & np.isfinite(value)
        shown, bottom, top = (np.where(known, v, np.nan) for v in (value, low, high))
        ax.fill_between(
            positions, bottom, np.where(np.isposinf(top), shown, top), color=colour, alpha=0.25, linewidth=0
        )
        ax.plot(positions, shown, color=colour, marker="o", label=title or None)
        open_ = status == "undecided"
        ax.plot(positions[open_], shown[open_], **HOLLOW | {"markeredgecolor": colour}, marker="o", zorder=5)
        lost = ~known & (status != "missing")
        if lost.any():
            ax.plot(positions[lost], np.ones(lost.sum()), linestyle="none", marker="x", color=colour, clip_on=False,
                    markeredgewidth=1.4, transform=ax.get_xaxis_transform())  # fmt: skip
        heights.append(shown[known])
    values = np.concatenate(heights)
    if values.size and values.min() > 0.0 and values.max() > DECADES * values.min():
        ax.set_yscale("log")
    _dress(ax.xaxis, x, sweep.coordinates[x], positions, scale)
    ax.set_ylabel(label(sweep, measure))
    marks = {str(one) for cut in cuts for one in _part(sweep, "status", measure, (x,), cut)} - {"ok", "missing"}
    for name in sorted(marks):  # what was lost is a cross at the top, why it was is in the table
        marker, look = MARKS["undecided"] if name == "undecided" else ("x", ink(ax) | {"markeredgewidth": 1.4})
        ax.plot([], [], marker=marker, linestyle="none", label=name, **look)
    if any(titles) or marks:
        ax.legend()
    return ax
