"""A report as text, Markdown and HTML: the same header, cells and notes in three dresses."""

from __future__ import annotations

import html as escaping
import math
import re
from typing import TYPE_CHECKING, Any

from sdeopt.comparison.bounds import AGREE, DIFFER, LEAST, NOT_JUDGED, OPEN
from sdeopt.comparison.verdict import SHOWN
from sdeopt.core.method import SAMPLED
from sdeopt.core.plain import printed
from sdeopt.core.table import Fitted

if TYPE_CHECKING:
    from sdeopt.comparison.bounds import Decision
    from sdeopt.comparison.report import Report
    from sdeopt.comparison.verdict import Row

__all__ = ["html", "markdown", "rich", "text"]

HEADINGS = ("quantity", "discrete", "SDE", "gap", "largest gap", "dt/2 change", "flow", "theory", "off", "verdict")
IMPORTANCE = (
    "quantity", "verdict", "off", "gap", "discrete", "SDE", "largest gap", "theory", "dt/2 change", "flow",
)  # fmt: skip
COLOURS = {AGREE: "green", DIFFER: "red", OPEN: "yellow", NOT_JUDGED: "yellow", SHOWN: "dim"}
COLOURS["inconclusive"] = COLOURS[OPEN]  # a certificate's word
LAYERS = {"mean": "means", "variance": "variances", "covariance": "covariances", "trace": "tr Cov x"}
LAW_ROWS = 3
ROUNDING = 1e-12  # a relative half-width below this is none


def number(value: float, digits: int = 4) -> str:
    """So many digits; a dash where there is no number."""
    return _short(f"{value:.{digits}g}") if math.isfinite(value) else "-"


def interval(value: float, half: float) -> str:
    """Value ± half-width, to one digit of the half-width, two if the first is 1."""
    if not math.isfinite(value):
        return "-"
    if not math.isfinite(half):
        return _short(f"{value:+.2g} ± ?")
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


def share(x: float) -> str:
    """A fraction in percent, to three digits."""
    return "over 10000 %" if x > 100.0 else f"{100 * x:.3g} %" if x < 9.995 else f"{100 * x:.0f} %"


def percent(low: float, high: float) -> str:
    """Between which and which share of its scale something is off."""
    if math.isinf(high):
        return f"at least {share(low)}" if low > 0.0 else "unknown"
    return f"{share(low).removesuffix(' %')} to {share(high)}" if low > 0.0 else f"within {share(high)}"


def off(low: float, high: float) -> str:
    """The same, short."""
    if math.isinf(high):
        return f"> {share(low)}"
    return f"{share(low).removesuffix(' %')}-{share(high)}" if low > 0.0 else f"< {share(high)}"


def answer(d: Decision, what: str, left: float, meta: dict[str, Any]) -> str:
    """The verdict in a sentence; ``what`` decides it, and ``left`` paths are left there."""
    if d.verdict == NOT_JUDGED:
        return f"{NOT_JUDGED}: {_unjudged(d, what, left, meta)}"
    least = f"at least {share(d.low)}" if d.low > 0.0 else ""
    most = f"at most {share(d.high)}" if math.isfinite(d.high) else ""
    if d.verdict == DIFFER:
        return f"{DIFFER}: off by {', '.join(filter(None, (least, most)))}, in {what}"
    if d.verdict == AGREE:
        return f"{AGREE}: off by {', '.join(filter(None, (most, least)))}, in {what}"
    between = f"between {share(d.low)} and {share(d.high)} off, in {what}"
    return f"{OPEN}: {between}; {settles(d, meta['substeps'])}"


def said(report: Report) -> str:
    """The verdict of a report in a sentence."""
    name, time = report.decisive
    left = report.counts[len(report.counts) - len(report.sizes.size) + report.decision.save]
    return answer(report.decision, f"{name} at t = {time:.4g}", left, report.meta)


def settles(d: Decision, substeps: int | None) -> str:
    """What would decide an open verdict."""
    if d.why == "step size" and substeps is not None:
        return f"the step size of the SDE decides it: substeps={2 * substeps}"
    if math.isinf(d.more):
        return "too close to the margin for any number of paths"
    return f"about {d.more:.2g} times the paths would decide"


def _unjudged(d: Decision, what: str, left: float, meta: dict[str, Any]) -> str:
    if d.why == "tail":
        return f"one path makes up {100 * d.share:.0f} % of the error of {what}"
    if d.why == "moments":
        return f"the noise has no moments on which an error of {what} could rest"
    if meta["paths"] < LEAST:
        return f"{meta['paths']} paths are too few for a verdict, {LEAST} are the least"
    return f"{left:.0f} of {meta['paths']} paths are left for {what}, {LEAST} are the least"


def layers(report: Report) -> str:
    """What is known of the observables, the means, the variances, the covariances, each by itself."""
    said = []
    for kind in ("observable", *LAYERS, "diverged"):
        chosen = [j for j, q in enumerate(report.quantities) if q.kind == kind]
        if chosen:
            d = report.decided(chosen)
            name = (
                ", ".join(report.quantities[j].name for j in chosen) if kind == "observable" else LAYERS.get(kind, kind)
            )
            word = "" if d.verdict == AGREE else f"{d.verdict}, " if d.verdict != NOT_JUDGED else NOT_JUDGED
            said.append(f"{name}: {word}{percent(d.low, d.high) if d.verdict != NOT_JUDGED else ''}")
    return "; ".join(said)


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
        "-" if row.verdict in (SHOWN, NOT_JUDGED) else off(row.low, row.high),
        row.verdict,
    )


def header(report: Report) -> list[tuple[str, str]]:
    """What was compared: (name, text)."""
    m = report.meta
    x0 = ", ".join(number(v) for v in m["x0"][:8]) + (", ..." if len(m["x0"]) > 8 else "")
    noise = "at the start of the step" if m["sde"] == SAMPLED.name else "at mid-step"
    scheme = {"heun": f"Heun drift, noise {noise}", "euler": "Euler–Maruyama"}[m["scheme"]]
    lost = f"diverged: {m['diverged'][0]} discrete, {m['diverged'][1]} SDE" if report.any_diverged else "none diverged"
    partial = ", interrupted" if m["partial"] else ""
    return [
        ("verdict", f"{said(report)} (margin {100 * m['tolerance']:g} %)"),
        ("of which", layers(report)),
        ("repeat", f"paths={m['paths']}, substeps={m['substeps']}, rng={m['rng']}"),
        ("method", f"{m['method']} against its SDE {m['sde']}"),
        ("problem", f"{m['objective']}, {m['noise']}, x0 = [{x0}]"),
        ("time", f"t = k·{m['clock']:.4g} up to {report.times[-1]:.4g}, {m['steps']} steps, {len(report.times)} saves"),
        ("SDE", f"{scheme}, dt = {m['dt']:.4g} ({m['substeps']} per step)"),
        ("paths", f"{m['paths']}{partial}, {m['draws']}; {lost}"),
    ]


def notes(report: Report) -> list[str]:
    """How to read the table."""
    m = report.meta
    level = f"{100 * (1.0 - m['alpha']):g} %"
    shared = "on the same paths" if m["draws"] == "common random numbers" else "of independent paths"
    lines = [
        f"Values at t = {report.times[-1]:.4g}. gap = SDE - discrete {shared}, ± {100 * m['confidence']:g} % interval.",
        f"off = largest gap at any save in units of its scale, between bounds of {level} each. Scale of a mean: its "
        "standard deviation, how far it still moves, or its distance from the flow; of a covariance: √(C_ii C_jj), now "
        "or later.",
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
    if set(told) == {AGREE}:
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
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 2))
    for name, value in header(report):
        head.add_row(Text(name, style="dim"), Text(value, style=COLOURS[report.verdict] if name == "verdict" else ""))
    lines = [cells(row) for row in report.rows]
    table = Fitted(HEADINGS, lines, IMPORTANCE, ("quantity", "verdict"), lambda line: COLOURS[line[-1]])
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
