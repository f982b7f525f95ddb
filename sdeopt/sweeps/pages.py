"""What a sweep shows: header, a line for every point, and how to read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.results.page import Cell, Line, Page, Table
from sdeopt.results.words import known, number, tone

if TYPE_CHECKING:
    from sdeopt.sweeps.table import Sweep

__all__ = ["line", "page"]

ROWS = 40  # points that are printed
MARKS = {"undecided": "?", "diverged": "×", "failed": "!", "missing": "…"}
SAID = 3  # different reasons that are printed for one status
HEADINGS = {
    "loss": "E loss",
    "median": "median loss",
    "spread": "tr Cov x",
    "diverged": "diverged",
    "time": "time to level",
    "error": "weak error",
}


def several(n: int, one: str) -> str:
    """``n`` things."""
    return f"{n} {one}" if n == 1 else f"{n} {one}s"


def line(s: Sweep) -> str:
    """The shape of the grid."""
    methods, problems, *rest = (len(values) for values in s.coordinates.values())
    axes = " x ".join([*s.coordinates][2:]) or "no axes"
    partial = ", partial" if s.meta["partial"] else ""
    return (
        f"Sweep({several(methods, 'method')}, {several(problems, 'problem')}, {axes}: "
        f"{several(s.value[0].size, 'point')} of {', '.join(s.measures)}{partial})"
    )


def _head(s: Sweep) -> list[tuple[str, Line]]:
    """What was run: (name, text)."""
    m = s.meta
    until = f"t = {m['horizon']:.4g}" if m["horizon"] is not None else f"step {m['steps']}"
    level = "" if m["level"] is None else f", level {number(m['level'])}"
    resumed = f", {m['resumed']} of them from the folder" if m["resumed"] else ""
    partial = ", interrupted" if m["partial"] else ""
    chosen = f", of an error {m['chosen']}" if m.get("chosen") else ""
    counts = {status: int((s.status == status).sum()) for status in MARKS}
    marked = [f"{count} {status} ({MARKS[status]})" for status, count in counts.items() if count]
    rows = [(kind, said) for kind in ("method", "problem") for said in m[f"{kind}s"].values()]
    axes = [
        f"{name} of the {owner}, {several(len(s.coordinates[name]), 'value')}" for name, owner in m["owners"].items()
    ]
    return [
        *rows,
        ("grid", "; ".join(axes) or "no axes"),
        *([("SDE", str(m["sde"]))] if m.get("sde") else []),
        ("until", f"{until}{level}"),
        ("cells", f"{m['cells']}{resumed}{partial}; {m['paths']} paths each{chosen}, the same rng={m['rng']} for all"),
        ("numbers", f"{s.value.size}, of which {', '.join(marked)}" if marked else f"{s.value.size}, all decided"),
    ]


def _cell(s: Sweep, index: tuple[int, ...]) -> Cell:
    value, low, high, status = (getattr(s, name)[index] for name in ("value", "low", "high", "status"))
    mark = MARKS.get(str(status), "")
    text = known(value, low, high).removesuffix(" ?") if mark == "?" else known(value, low, high)
    return Cell(f"{text} {mark}".strip(), tone(str(status)))


def _notes(s: Sweep) -> list[Line]:
    """How to read the table, and the reasons that occur; of those that differ in their numbers the first."""
    lines: list[Line] = [
        "± is half of a 95 % interval, [ ] are its ends (of shares and times, which take few values, they cover at "
        "least that); each by itself, neighbours share their random numbers."
    ]
    for status, mark in MARKS.items():
        reasons = s.reason[s.status == status].tolist()
        kinds: dict[str, list[str]] = {}
        for reason in reasons:
            kinds.setdefault(re.sub(r"[\d.,_]+", "0", reason), []).append(reason)
        told = [f"{alike[0]} ({len(alike)})" for alike in kinds.values()][:SAID]
        if told:
            rest = len(kinds) - SAID
            more = f"; and {rest} other reason{'s' * (rest > 1)}" if rest > 0 else ""
            lines.append(f"{mark} {status}: {'; '.join(told)}{more}.")
    return lines


def page(s: Sweep) -> Page:
    """The grid, the points, how to read them."""
    shown = s.axes or (*s.coordinates,)[:1]
    headings = (*shown, *(HEADINGS[name] for name in s.measures))
    rows: list[tuple[Line, ...]] = []
    for index in list(np.ndindex(*map(len, s.coordinates.values())))[:ROWS]:
        point = dict(zip(s.coordinates, index, strict=True))
        values = (_label(s.coordinates[name][point[name]]) for name in shown)
        rows.append((*values, *(_cell(s, (k, *index)) for k in range(len(s.measures)))))
    left = tuple(i for i, name in enumerate(shown) if name in ("method", "problem"))
    more = [f"{s.value[0].size - ROWS} points more: to_csv writes all."] if s.value[0].size > ROWS else []
    return Page(_head(s), [Table(headings, rows, left)], [*more, *_notes(s)])


def _label(value: Any) -> str:
    return number(float(value), 6) if isinstance(value, (int, float)) else str(value)
