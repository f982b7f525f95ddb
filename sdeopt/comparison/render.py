"""A report as text, Markdown and HTML: the same header, cells and notes in three dresses."""

from __future__ import annotations

import html as escaping
import math
import re
from typing import TYPE_CHECKING, Any

from sdeopt.comparison.verdict import SHOWN
from sdeopt.core.method import SAMPLED
from sdeopt.core.plain import printed

if TYPE_CHECKING:
    from sdeopt.comparison.report import Report
    from sdeopt.comparison.verdict import Row

__all__ = ["html", "markdown", "rich", "text"]

HEADINGS = ("quantity", "discrete", "SDE", "gap", "largest gap", "dt/2 change", "flow", "theory", "verdict")
COLOURS = {"agree": "green", "differ": "red", "inconclusive": "yellow", SHOWN: "dim"}
LAW_ROWS = 3
ROUNDING = 1e-12  # a relative half-width below this is none


def number(value: float, digits: int = 4) -> str:
    """So many digits; a dash where there is no number."""
    return _short(f"{value:.{digits}g}") if math.isfinite(value) else "-"


def interval(value: float, half: float) -> str:
    """Value ± half-width, to one digit of the half-width, two if the first is 1."""
    if not (math.isfinite(value) and math.isfinite(half)):
        return "-"
    if half <= ROUNDING * abs(value):
        return _short(f"{value:+.2g} ± 0")
    decimals = -math.floor(math.log10(half)) + (f"{half:e}"[0] == "1")
    if 0 <= decimals <= 4:
        return f"{value:+.{decimals}f} ± {half:.{decimals}f}"
    digits = max(math.floor(math.log10(abs(value) or half)) - math.floor(math.log10(half)), 0)
    return _short(f"{value:+.{digits}e} ± {half:.0e}")


def _short(text: str) -> str:
    """Exponents without padding: 1e-05 becomes 1e-5."""
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", text).replace("e+", "e")


def count(n: float) -> str:
    """A number of paths, rounded up to two digits."""
    if n > 1e9:
        return "over 1e9"
    unit = 10 ** max(math.floor(math.log10(max(n, 1.0))) - 1, 0)
    return f"{math.ceil(n / unit) * unit:_}"


def decision(verdict: str, needs: float | None, substeps: int | None) -> str:
    """The verdict, and what would settle an inconclusive one."""
    if substeps is not None:
        return f"{verdict} (dt too large: substeps={substeps})"
    return verdict if needs is None else f"{verdict} (needs N = {count(needs)})"


def cells(row: Row) -> tuple[str, ...]:
    """One row of the table."""
    level = "" if math.isnan(row.stationary) else f"t→∞ {number(row.stationary)}"
    exact = number(row.theory) if math.isfinite(row.theory) else level or "-"
    size = f"{row.largest:+.1e}" if 0.0 < abs(row.largest) < 1e-3 else f"{row.largest:+.2g}"
    largest = f"{_short(size)} at {row.largest_time:.3g}" if math.isfinite(row.largest) else "-"
    return (
        row.quantity,
        number(row.discrete),
        number(row.sde),
        interval(row.gap, row.half),
        largest,
        interval(row.change, row.change_half),
        number(row.flow, 3),
        exact,
        decision(row.verdict, row.needs, row.substeps),
    )


def header(report: Report) -> list[tuple[str, str]]:
    """What was compared: (name, text)."""
    m = report.meta
    x0 = ", ".join(number(v) for v in m["x0"][:8]) + (", ..." if len(m["x0"]) > 8 else "")
    noise = "at the start of the step" if m["sde"] == SAMPLED.name else "at mid-step"
    scheme = {"heun": f"Heun drift, noise {noise}", "euler": "Euler–Maruyama"}[m["scheme"]]
    lost = f"diverged: {m['diverged'][0]} discrete, {m['diverged'][1]} SDE" if report.any_diverged else "none diverged"
    partial = ", interrupted" if m["partial"] else ""
    dt_hint = [row.substeps for row in report.rows if row.substeps is not None]
    final = decision(
        report.verdict, report.needs, max(dt_hint) if dt_hint and report.verdict == "inconclusive" else None
    )
    return [
        ("method", f"{m['method']} against its SDE {m['sde']}"),
        ("problem", f"{m['objective']}, {m['noise']}, x0 = [{x0}]"),
        ("time", f"t = k·{m['clock']:.4g} up to {report.times[-1]:.4g}, {m['steps']} steps, {len(report.times)} saves"),
        ("SDE", f"{scheme}, dt = {m['dt']:.4g} ({m['substeps']} per step)"),
        ("paths", f"{m['paths']}{partial}, {m['draws']}, rng={m['rng']}; {lost}"),
        ("verdict", f"{final}, margin {100 * m['tolerance']:g} % of each quantity's scale"),
    ]


def notes(report: Report) -> list[str]:
    """How to read the table."""
    m = report.meta
    lines = [
        f"Values at t = {report.times[-1]:.4g}. gap = SDE - discrete on paired paths, ± {100 * m['confidence']:g} % "
        "interval. Scale of a mean: its range in time or standard deviation; of a covariance: √(C_ii C_jj), now or "
        "later.",
        f"Verdicts hold at all saves, with ± {m['quantile']:.2f} standard errors: at most {100 * m['false_alarm']:g} % "
        "for one false 'differ' in the whole report.",
        flow_note(report),
    ]
    if any(math.isnan(row.theory) and not math.isnan(row.stationary) for row in report.rows):
        lines.append("theory t→∞: stationary value to leading order, shown since the spread of the SDE has levelled.")
    if any(row.verdict == SHOWN for row in report.rows):
        lines.append(
            "Coordinates are shown, not judged (judge='observables'): the row is about the one furthest apart."
        )
    if m["heavy"]:
        lines.append("The noise has no variance: only the observables are judged, and only bounded ones have meaning.")
    if report.any_diverged:
        lines.append(
            "Paths that diverged in either column are left out of both from then on: all but the row 'diverged' "
            "is about the survivors."
        )
    return lines + laws_notes(report)


def flow_note(report: Report) -> str:
    """What the drift alone, judged by the same rule, would have been told."""
    apart = [row.quantity for row in report.rows if row.flow_verdict == "differ"]
    told = [row.flow_verdict for row in report.rows if row.flow_verdict != SHOWN]
    if apart:
        return f"The flow (drift without noise) is told from the discrete column by {', '.join(apart)}."
    if set(told) == {"agree"}:
        return "The flow (drift without noise) agrees as well: this comparison says nothing about the diffusion."
    return "The flow (drift without noise) is not told from the discrete column by any quantity."


def laws_notes(report: Report) -> list[str]:
    """Distances of the laws at the end, worst coordinates first."""
    laws = report.laws
    if laws is None:
        return []
    x = [report.names[int(i)].removeprefix("mean ") for i in laws.coordinates]
    ratio = [w / f if f > 0.0 else 0.0 for w, f in zip(laws.w1, laws.w1_floor, strict=True)]
    worst = sorted(range(len(x)), key=lambda k: -ratio[k])[:LAW_ROWS]
    parts = [
        f"{x[k]}: W1 {laws.w1[k]:.2g} ({laws.w1_floor[k]:.2g}), KS {laws.ks[k]:.2g} ({laws.ks_floor[k]:.2g})"
        for k in sorted(worst)
    ]
    parts.append(f"energy distance {laws.energy:.2g} ({laws.energy_floor:.2g})")
    return [
        f"Laws at t = {report.times[-1]:.4g} on {laws.pairs} pairs, in brackets the 95 % level of chance; no verdict: "
        + "; ".join(parts)
        + "."
    ]


def rich(report: Report) -> Any:
    """The report for a rich console."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 2))
    for name, value in header(report):
        head.add_row(Text(name, style="dim"), Text(value, style=COLOURS[report.verdict] if name == "verdict" else ""))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for heading in HEADINGS:
        width = {"quantity": 9, "verdict": 12}.get(heading)
        whole = heading not in ("quantity", "verdict")  # numbers stay on one line
        table.add_column(heading, justify="left" if width else "right", min_width=width, no_wrap=whole)
    for row in report.rows:
        *values, last = cells(row)
        table.add_row(*map(Text, values), Text(last, style=COLOURS[row.verdict]))
    return Group(head, Text(), table, Text(), *(Text(line, style="dim") for line in notes(report)))


def text(report: Report) -> str:
    """The report as plain text, 118 characters wide."""
    return printed(rich(report))


def markdown(report: Report) -> str:
    """The report in Markdown."""

    def line(values: tuple[str, ...]) -> str:
        return "| " + " | ".join(v.replace("|", "\\|") for v in values) + " |"

    top = [f"- {name}: {value}" for name, value in header(report)]
    table = [line(HEADINGS), "|" + "---|" * len(HEADINGS), *(line(cells(row)) for row in report.rows)]
    return "\n".join([*top, "", *table, "", *(f"- {note}" for note in notes(report))]) + "\n"


def html(report: Report) -> str:
    """The report as an HTML fragment."""

    def line(tag: str, values: tuple[str, ...]) -> str:
        return "<tr>" + "".join(f"<{tag}>{escaping.escape(v)}</{tag}>" for v in values) + "</tr>"

    top = "".join(line("td", pair) for pair in header(report))
    body = line("th", HEADINGS) + "".join(line("td", cells(row)) for row in report.rows)
    bottom = "".join(f"<li>{escaping.escape(note)}</li>" for note in notes(report))
    return f"<table>{top}</table><table>{body}</table><ul>{bottom}</ul>"
