"""What an `Ensemble` shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sdeopt.core.observables import explain
from sdeopt.results.page import Line, Page, Table
from sdeopt.results.words import known, number, point

if TYPE_CHECKING:
    from sdeopt.results.ensemble import Ensemble

__all__ = ["TRACE", "ensemble", "heading"]

ROWS = 10  # of the saves that are printed, after the first
TRACE = "tr Cov x"
COORDINATES = 3  # of x, one by one; of more, the trace of the covariance


def ensemble(e: Ensemble) -> Page:
    """Header, table and remarks of one column."""
    last, columns = len(e.times) - 1, _columns(e)
    rows: list[tuple[Line, ...]] = []
    for row in np.unique(np.linspace(0, last, min(ROWS, last) + 1).round().astype(int)):
        rows.append((number(e.times[row]), *(values[row] for values in columns.values())))
    return Page(_header(e), [Table(("t", *columns), rows, left=())], _notes(e))


def heading(observable: str | None) -> str:
    """What is said of the mean of an observable, or of x."""
    return "E x" if observable is None else f"E {observable}"


def _header(e: Ensemble) -> list[tuple[str, Line]]:
    m = e.meta
    partial = ", interrupted" if m["partial"] else ""
    lost = f"{e.diverged.count} diverged, left out from then on" if e.diverged.count else "none diverged"
    paths: tuple[str, Line] = ("paths", f"{len(e.final)}{partial}, {lost}")
    if "objective" not in m:  # an equation, which has no optimizer beside it
        dt = " and ".join(f"{dt:.4g}" for dt in np.atleast_1d(m["dt"]))
        return [
            ("equation", f"{m['method']}, x0 = {point(m['x0'])}"),
            ("time", f"up to {e.times[-1]:.4g}, {m['steps']} steps, {len(e.times)} saves"),
            ("scheme", f"{m['scheme']}, dt = {dt}, weak order {m['weak_order']}, {m['draws']}"),
            paths,
        ]
    what = f"the SDE {m['sde']} of {m['method']}" if e.kind == "sde" else str(m["method"])
    rows: list[tuple[str, Line]] = [
        ("method", what),
        ("problem", f"{m['objective']}, {m['noise']}, x0 = {point(m['x0'])}"),
        ("time", f"t = k·{m['clock']:.4g} up to {e.times[-1]:.4g}, {m['steps']} steps, {len(e.times)} saves"),
        paths,
    ]
    if e.kind == "sde":
        rows.insert(3, ("SDE", f"scheme {m['scheme']}, dt = {m['dt']:.4g} ({m['substeps']} per step)"))
    return rows


def _columns(e: Ensemble) -> dict[str, list[str]]:
    """Heading -> cells at all saves."""
    columns = {}
    if e.diverged.count:
        columns["paths"] = [f"{n:.0f}" for n in e.counts]
    for name, (mean, _) in e.observables.items():
        columns[TRACE if name == TRACE else heading(name)] = list(map(known, mean, *e.interval(name)[:2]))
    variance, d = e.variance, e.mean.shape[1]
    mark = " ?" if 2.0 < e.order() <= 4.0 else ""
    if "projections" in e.meta:
        return columns
    if d > COORDINATES:
        return columns | {TRACE: [number(v) + mark * bool(v) for v in variance.sum(axis=1)]}
    low, high, _ = e.interval()
    for i in range(d):
        columns[f"E x{'₁₂₃'[i]}"] = list(map(known, e.mean[:, i], low[:, i], high[:, i]))
        columns[f"sd x{'₁₂₃'[i]}"] = [_root(v) + mark * bool(v) for v in variance[:, i]]
    return columns


def _root(variance: float) -> str:
    """A standard deviation; of an extrapolated variance, which may come out below 0, there is none."""
    return "?" if variance < 0.0 else number(math.sqrt(variance), 3)


def _notes(e: Ensemble) -> list[Line]:
    """How to read the table, and why an interval or a number is missing."""
    few = e.mean.shape[1] <= COORDINATES
    spread = "sd x" if few else TRACE
    reasons: dict[str, list[str]] = {}
    for name in (*e.observables, *[None] * few):
        reasons.setdefault(e.interval(name).reason, []).append(heading(name))
    none = "" if "projections" in e.meta else f"; {spread} has none"
    lines: list[Line] = [*explain([*e.observables]), f"± is half of a 95 % interval, [ ] are its ends{none}."]
    lines += [f"{', '.join(names)}: {reason}." for reason, names in reasons.items() if reason]
    if e.order() <= 2.0:
        lines.append(f"{spread}: no variance, the tails of the noise are too heavy.")
    elif e.order() <= 4.0:
        lines.append(f"{spread}: the noise has no fourth moment, so these numbers settle slowly, mostly from below.")
    return lines
