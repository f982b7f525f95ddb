"""A sweep as text: header, a line for every point, and how to read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.comparison.render import interval, number
from sdeopt.core.plain import printed

if TYPE_CHECKING:
    from sdeopt.sweeps.table import Sweep

__all__ = ["line", "rich", "text"]

ROWS = 40  # points that are printed
MARKS = {"undecided": "?", "diverged": "×", "failed": "!", "missing": "…"}
COLOURS = {"undecided": "yellow", "diverged": "red", "failed": "red", "missing": "dim"}
SAID = 3  # different reasons that are printed for one status
LOPSIDED = 0.1  # of its width: an interval that is further from symmetric is printed with its ends
HEADINGS = {
    "loss": "E f(x)",
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


def header(s: Sweep) -> list[tuple[str, str]]:
    """What was run: (name, text)."""
    m = s.meta
    until = f"t = {m['horizon']:.4g}" if m["horizon"] is not None else f"step {m['steps']}"
    level = "" if m["level"] is None else f", level {number(m['level'])}"
    resumed = f", {m['resumed']} of them from the folder" if m["resumed"] else ""
    partial = ", interrupted" if m["partial"] else ""
    counts = {status: int((s.status == status).sum()) for status in MARKS}
    marked = [f"{count} {status} ({MARKS[status]})" for status, count in counts.items() if count]
    rows = [(kind, said) for kind in ("method", "problem") for said in m[f"{kind}s"].values()]
    axes = [
        f"{name} of the {owner}, {several(len(s.coordinates[name]), 'value')}" for name, owner in m["owners"].items()
    ]
    return [
        *rows,
        ("grid", "; ".join(axes) or "no axes"),
        ("until", f"{until}{level}"),
        ("cells", f"{m['cells']}{resumed}{partial}; {m['paths']} paths each, the same rng={m['rng']} for all"),
        ("numbers", f"{s.value.size}, of which {', '.join(marked)}" if marked else f"{s.value.size}, all decided"),
    ]


def cell(s: Sweep, index: tuple[int, ...]) -> tuple[str, str]:
    """The text of one number and its colour."""
    value, stderr, low, high, status = (getattr(s, n)[index] for n in ("value", "stderr", "low", "high", "status"))
    mark = MARKS.get(str(status), "")
    if not np.isfinite(value):
        return (f"{'∞' if np.isposinf(value) else '-'} {mark}".strip(), COLOURS.get(str(status), ""))
    if not np.isfinite(high - low) and np.isnan(low):
        return f"{number(value, 4)} {mark}".strip(), COLOURS.get(str(status), "")
    lopsided = not abs(high + low - 2.0 * value) <= LOPSIDED * (high - low)
    around = f"{number(value, 3)} [{number(low, 2)}, {'∞' if np.isposinf(high) else number(high, 2)}]"
    known = around if lopsided else interval(value, (high - low) / 2.0).removeprefix("+")
    return f"{known} {mark}".strip(), COLOURS.get(str(status), "")


def notes(s: Sweep) -> list[str]:
    """How to read the table, and the reasons that occur; of those that differ in their numbers the first."""
    lines = ["± is half of a 95 % interval, [ ] are its ends; each by itself, neighbours share their random numbers."]
    for status, mark in MARKS.items():
        reasons = s.reason[s.status == status].tolist()
        kinds: dict[str, list[str]] = {}
        for reason in reasons:
            kinds.setdefault(re.sub(r"[\d.,_]+", "0", reason), []).append(reason)
        told = [f"{alike[0]} ({len(alike)})" for alike in kinds.values()][:SAID]
        if told:
            more = f"; and {len(kinds) - SAID} other reasons" if len(kinds) > SAID else ""
            lines.append(f"{mark} {status}: {'; '.join(told)}{more}.")
    return lines


def rich(s: Sweep) -> Any:
    """The sweep for a rich console."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 2))
    said = ""
    for name, value in header(s):
        head.add_row(Text("" if name == said else name, style="dim"), Text(value))
        said = name
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    shown = s.axes or (*s.coordinates,)[:1]
    for name in (*shown, *(HEADINGS[name] for name in s.measures)):
        table.add_column(name, justify="left" if name in ("method", "problem") else "right")
    shape = tuple(map(len, s.coordinates.values()))
    for index in list(np.ndindex(*shape))[:ROWS]:
        point = dict(zip(s.coordinates, index, strict=True))
        labels = [_label(s.coordinates[name][point[name]]) for name in shown]
        numbers = [Text(*cell(s, (k, *index))) for k in range(len(s.measures))]
        table.add_row(*map(Text, labels), *numbers)
    lines = notes(s)
    if s.value[0].size > ROWS:
        lines.insert(0, f"{s.value[0].size - ROWS} points more: to_csv writes all.")
    return Group(head, Text(), table, Text(), *(Text(note, style="dim") for note in lines))


def _label(value: Any) -> str:
    return number(float(value), 6) if isinstance(value, (int, float)) else str(value)


def text(s: Sweep) -> str:
    """The sweep as plain text, 118 characters wide."""
    return printed(rich(s))
