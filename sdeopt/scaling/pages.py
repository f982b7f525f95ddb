"""What a scaling and its evidence show."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sdeopt.core.observables import explain
from sdeopt.results.bounds import NOT_JUDGED, OPEN
from sdeopt.results.judging import SHOWN, settles
from sdeopt.results.page import Cell, Line, Page, Table
from sdeopt.results.words import interval, number, off, percent, point, tone
from sdeopt.scaling.conditions import LIMIT, Condition

if TYPE_CHECKING:
    from sdeopt.results.bounds import Decision
    from sdeopt.scaling.report import Evidence, EvidenceRow
    from sdeopt.scaling.scaling import Scaling

__all__ = ["evidence", "scaling"]

MARK = {True: "holds", False: "fails", None: "not measured"}
VALID = {True: "yes, all conditions hold", False: "no, see below", None: "not known: some conditions are not measured"}
HEADINGS = ("quantity", "before", "after", "gap", "off", "rule", "naive", "naive gap", "naive rule")
IMPORTANCE = ("quantity", "rule", "naive rule", "off", "gap", "naive gap", "before", "after", "naive")


def scaling(s: Scaling) -> Page:
    """The rule, the hyperparameters, the conditions."""
    changes = {"κ": s.change.kappa, "α": s.change.alpha, "k'/k": s.change.sent, "τ": s.change.tau}
    changed = ", ".join(f"{name} = {_times(factor)}" for name, factor in changes.items() if factor != 1)
    measured = "" if s.objective is None else f"; measured at x0 of {s.objective}"
    head: list[tuple[str, Line]] = [
        ("method", f"{type(s.before).__name__}, {changed or 'nothing changes'}"),
        ("rule", f"{s.rule.name}: {s.rule.statement}"),
        ("source", s.rule.source),
        ("valid", Cell(VALID[s.valid] + measured, tone(MARK[s.valid]))),
    ]
    if s.noises:
        head.append(("noise", "{} before, {} after".format(*s.noises)))
    head += [(f"new {name}", repr(schedule)) for name, schedule in s.after.schedules.items()]
    warnings = [Cell(f"! {text}", "open") for text in s.warnings]
    note = "A condition is of the order of the relative error that it causes."
    return Page(head, [_parameters(s), _conditions(s)], [*warnings, note])


def _parameters(s: Scaling) -> Table:
    """Hyperparameters and what changes: name, before, after, and what the rule asks where it is not that."""
    rows: list[tuple[Line, ...]] = []
    for name in s.before._fields:
        asked, after = s.formula.get(name), getattr(s.after.constant(), name)
        note = f"the rule asks for {number(asked)}" if asked is not None and asked != after else ""
        peak = f"{name}, peak" if name in s.before.schedules else name
        rows.append((peak, number(getattr(s.before.constant(), name)), number(after), Cell(note, "open")))
    for name in ("batch", "agents", "examples"):
        first, second = getattr(s.change, name)
        if first != second:
            rows.append((name, f"{first}", f"{second}", ""))
    rows.append(("steps", _times(s.speed) if s.speed >= 1 else "1", "1" if s.speed >= 1 else _times(1 / s.speed), ""))
    return Table(("parameter", "before", "after", ""), rows, left=(0, 3))


def _conditions(s: Scaling) -> Table:
    """What must be small: quantity, value at x0, limit, whether it holds."""

    def mark(c: Condition) -> Cell:
        word = MARK[c.holds]
        return Cell(f"{word}: {c.reason}" if c.reason else word, tone(word))

    rows = [(c.formula, number(c.value), f"{LIMIT:g}", mark(c)) for c in s.conditions]
    return Table(("condition", "value", "limit", ""), [*rows], left=(0, 3))


def _times(factor: Fraction) -> str:
    """A factor, as a whole number or a fraction."""
    return str(factor) if factor.denominator < 100 else number(float(factor))


def evidence(e: Evidence) -> Page:
    """The three laws."""
    m = e.meta
    notes: list[Line] = [
        f"Values at t = {e.times[-1]:.4g}. gap = after - before, and naive - before, ± {100 * m['confidence']:g} % "
        f"interval. Margin: {100 * m['tolerance']:g} % of each quantity's scale, as in `compare`.",
        *explain(e.names),
        f"off = largest gap at any save in units of its scale, between bounds of {100 * (1.0 - m['alpha']):g} % each.",
    ]
    if m.get("projections"):
        notes.append(f"Coordinates are {m['projections']} projections of x on random directions; tr Cov x is of all x.")
    if e.verdict == e.naive_verdict == "coincide":
        notes.append("The naive rule coincides as well: this problem and horizon do not tell them apart.")
    important = tuple(map(HEADINGS.index, IMPORTANCE))
    tables = [Table(HEADINGS, [_row(row) for row in e.rows], (0, 5, 8), important)]
    rows: list[tuple[Line, ...]] = [
        (r["rule"], _new(r), _rival(r), Cell(r["verdict"], tone(r["verdict"]))) for r in m.get("rivals", [])
    ]
    if rows:
        tables.append(Table(("other rule", "after", "off", "verdict"), rows, (0, 1, 3)))
    return Page(_compared(e), tables, notes)


def _new(r: dict[str, Any]) -> str:
    """The hyperparameters that a rival changes."""
    return ", ".join(f"{name} = {number(value)}" for name, value in r["new"].items())


def _rival(r: dict[str, Any]) -> str:
    return "-" if r["verdict"] == NOT_JUDGED else off(r["low"], r["high"])


def _compared(e: Evidence) -> list[tuple[str, Line]]:
    """What was compared."""
    m, clock = e.meta, e.meta["before"]["clock"]
    lost = "diverged: {} before, {} after, {} naive".format(*m["diverged"]) if any(m["diverged"]) else "none diverged"
    partial = ", interrupted" if m["partial"] else ""
    sides: list[tuple[str, Line]] = [
        (side, f"{m[side]['method']}, {m[side]['noise']}, {steps} steps")
        for side, steps in zip(("before", "after", "naive"), e.steps[:, -1], strict=True)
    ]
    return [
        *sides,
        ("problem", f"{m['before']['objective']}, x0 = {point(m['before']['x0'])}"),
        ("time", f"t = k·{clock:.4g} of the method before, up to {e.times[-1]:.4g}, {len(e.times)} saves"),
        ("paths", f"{m['paths']} of each{partial}, independent draws, rng={m['rng']}; {lost}"),
        ("rule", Cell(f"{m['rule']}: {_decision(e.decided())}", tone(e.verdict))),
        ("naive rule", Cell(_decision(e.decided(naive=True)), tone(e.naive_verdict))),
    ]


def _row(row: EvidenceRow) -> tuple[Line, ...]:
    return (
        row.quantity,
        number(row.before),
        number(row.after),
        interval(row.gap, row.half, "+"),
        "-" if row.verdict in (SHOWN, NOT_JUDGED) else off(row.low, row.high),
        Cell(row.verdict, tone(row.verdict)),
        number(row.naive),
        interval(row.naive_gap, row.naive_half, "+"),
        Cell(row.naive_verdict, tone(row.naive_verdict)),
    )


def _decision(d: Decision) -> str:
    if d.verdict == NOT_JUDGED:
        why = {"tail": "one path decides", "moments": "the noise has no moments for an error"}
        return f"{d.verdict}: {why.get(d.why, 'too few paths')}"
    said = f"{d.verdict}, {percent(d.low, d.high)}"
    return said if d.verdict != OPEN else f"{said}; {settles(d, None)}"
