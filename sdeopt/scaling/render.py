"""A scaling and its evidence as tables."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sdeopt.comparison.bounds import NOT_JUDGED, OPEN
from sdeopt.comparison.render import COLOURS, interval, number, off, percent, settles
from sdeopt.comparison.verdict import SHOWN
from sdeopt.core.table import Fitted
from sdeopt.scaling.conditions import LIMIT

if TYPE_CHECKING:
    from sdeopt.comparison.bounds import Decision
    from sdeopt.scaling.report import Evidence, Row
    from sdeopt.scaling.scale import Scaling

__all__ = ["evidence", "scaling"]

COLOUR = COLOURS | {"coincide": COLOURS["agree"]}
VALID = {True: "yes, all conditions hold", False: "no, see below", None: "not known: some conditions are not measured"}
MARK = {True: ("holds", "green"), False: ("fails", "red"), None: ("not measured", "yellow")}
Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def _times(factor: Fraction) -> str:
    """A factor, as a whole number or a fraction."""
    return str(factor) if factor.denominator < 100 else number(float(factor))


def parameters(s: Scaling) -> Table:
    """Hyperparameters and what changes: name, before, after, and what the rule asks where it is not that."""
    lines: list[tuple[str, ...]] = []
    for name in s.before._fields:
        asked = s.formula.get(name)
        after = getattr(s.after, name)
        note = f"the rule asks for {number(asked)}" if asked is not None and asked != after else ""
        lines.append((name, number(getattr(s.before, name)), number(after), note))
    for name, (before, after) in (("batch", s.change.batch), ("agents", s.change.agents)):
        if before != after:
            lines.append((name, f"{before}", f"{after}", ""))
    lines.append(("steps", _times(s.speed) if s.speed >= 1 else "1", "1" if s.speed >= 1 else _times(1 / s.speed), ""))
    return ("parameter", "before", "after", ""), lines


def conditions(s: Scaling) -> Table:
    """What must be small: quantity, value at x0, limit, whether it holds."""
    return ("condition", "value", "limit", ""), [
        (c.formula, number(c.value), f"{LIMIT:g}", MARK[c.holds][0] + (f": {c.reason}" if c.reason else ""))
        for c in s.conditions
    ]


def _grid(table: Table, left: tuple[int, ...], colour: Any) -> Any:
    """A table of rich; ``colour(cells)`` colours the last one."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Grid
    from rich.text import Text

    headings, lines = table
    grid = Grid(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for i, heading in enumerate(headings):
        grid.add_column(heading, justify="left" if i in left else "right", no_wrap=i not in left)
    for *cells, last in lines:
        grid.add_row(*map(Text, cells), Text(last, style=colour(last)))
    return grid


def _head(lines: list[tuple[str, str, str]]) -> Any:
    """Name, text and style, a line each."""
    from rich.table import Table as Grid
    from rich.text import Text

    head = Grid.grid(padding=(0, 2))
    for name, value, style in lines:
        head.add_row(Text(name, style="dim"), Text(value, style=style))
    return head


def _mark(cell: str) -> str:
    return next((colour for word, colour in MARK.values() if cell.startswith(word)), "")


def scaling(s: Scaling) -> Any:
    """The rule, the hyperparameters, the conditions, for a rich console."""
    from rich.console import Group
    from rich.text import Text

    changes = {"κ": s.change.kappa, "α": s.change.alpha, "k'/k": s.change.sent}
    changed = ", ".join(f"{name} = {_times(factor)}" for name, factor in changes.items() if factor != 1)
    lines = [
        ("method", f"{type(s.before).__name__}, {changed or 'nothing changes'}", ""),
        ("rule", f"{s.rule.name}: {s.rule.statement}", ""),
        ("source", s.rule.source, ""),
        ("valid", VALID[s.valid] + (f"; measured at x0 of {s.problem.objective!r}" if s.problem else ""),
         {True: "green", False: "red", None: "yellow"}[s.valid]),
    ]  # fmt: skip
    if s.problem is not None and s.problem_after is not None:
        lines.append(("noise", f"{s.problem.noise!r} before, {s.problem_after.noise!r} after", ""))
    parts = [_head(lines), Text(), _grid(parameters(s), (0, 3), lambda _: "yellow"), Text()]
    parts += [_grid(conditions(s), (0, 3), _mark), Text()]
    parts += [Text(f"! {text}", style="yellow") for text in s.warnings]
    return Group(*parts, Text("A condition is of the order of the relative error that it causes.", style="dim"))


def _decision(d: Decision) -> str:
    if d.verdict == NOT_JUDGED:
        why = {"tail": "one path decides", "moments": "the noise has no moments for an error"}
        return f"{d.verdict}: {why.get(d.why, 'too few paths')}"
    said = f"{d.verdict}, {percent(d.low, d.high)}"
    return said if d.verdict != OPEN else f"{said}; {settles(d, None)}"


def cells(row: Row) -> tuple[str, ...]:
    """One row of the evidence."""
    return (
        row.quantity,
        number(row.before),
        number(row.after),
        interval(row.gap, row.half),
        "-" if row.verdict in (SHOWN, NOT_JUDGED) else off(row.low, row.high),
        row.verdict,
        number(row.naive),
        interval(row.naive_gap, row.naive_half),
        row.naive_verdict,
    )


HEADINGS = ("quantity", "before", "after", "gap", "off", "rule", "naive", "naive gap", "naive rule")
IMPORTANCE = ("quantity", "rule", "naive rule", "off", "gap", "naive gap", "before", "after", "naive")


def header(e: Evidence) -> list[tuple[str, str, str]]:
    """What was compared."""
    m = e.meta
    before, after, naive = m["before"], m["after"], m["naive"]
    x0 = ", ".join(number(v) for v in before["x0"][:8]) + (", ..." if len(before["x0"]) > 8 else "")
    lost = "diverged: {} before, {} after, {} naive".format(*m["diverged"]) if any(m["diverged"]) else "none diverged"
    partial = ", interrupted" if m["partial"] else ""
    return [
        ("before", f"{before['method']}, {before['noise']}, {e.steps[0, -1]} steps", ""),
        ("after", f"{after['method']}, {after['noise']}, {e.steps[1, -1]} steps", ""),
        ("naive", f"{naive['method']}, {naive['noise']}, {e.steps[2, -1]} steps", ""),
        ("problem", f"{before['objective']}, x0 = [{x0}]", ""),
        (
            "time",
            f"t = k·{before['clock']:.4g} of the method before, up to {e.times[-1]:.4g}, {len(e.times)} saves",
            "",
        ),
        ("paths", f"{m['paths']} of each{partial}, independent draws, rng={m['rng']}; {lost}", ""),
        ("rule", f"{m['rule']}: {_decision(e.decided())}", COLOUR[e.verdict]),
        ("naive rule", _decision(e.decided(naive=True)), COLOUR[e.naive_verdict]),
    ]


def evidence(e: Evidence) -> Any:
    """The three laws for a rich console."""
    from rich.console import Group
    from rich.text import Text

    m = e.meta
    notes = [
        f"Values at t = {e.times[-1]:.4g}. gap = after - before, and naive - before, ± {100 * m['confidence']:g} % "
        f"interval. Margin: {100 * m['tolerance']:g} % of each quantity's scale, as in `compare`.",
        f"off = largest gap at any save in units of its scale, between bounds of {100 * (1.0 - m['alpha']):g} % each.",
    ]
    if e.verdict == e.naive_verdict == "coincide":
        notes.append("The naive rule coincides as well: this problem and horizon do not tell them apart.")
    lines, texts = [cells(row) for row in e.rows], ("quantity", "rule", "naive rule")
    table = Fitted(HEADINGS, lines, IMPORTANCE, texts, lambda line: COLOUR[line[-1]])
    return Group(_head(header(e)), Text(), table, Text(), *(Text(line, style="dim") for line in notes))
