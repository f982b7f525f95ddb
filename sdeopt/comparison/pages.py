"""What a report shows, and its verdict in a sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sdeopt.comparison.overlay import DENSE
from sdeopt.comparison.rows import FEWEST
from sdeopt.core.observables import explain
from sdeopt.core.traits import SAMPLED
from sdeopt.engine.draws import APART
from sdeopt.results.bounds import AGREE, DIFFER, LEAST, NOT_JUDGED, OPEN
from sdeopt.results.judging import SHOWN, settles
from sdeopt.results.page import Cell, Line, Page, Table
from sdeopt.results.words import interval, least, most, number, off, percent, point, tone

if TYPE_CHECKING:
    from sdeopt.comparison.report import Report
    from sdeopt.comparison.rows import Row
    from sdeopt.results.bounds import Decision

__all__ = ["answer", "columns", "page", "say"]

HEADINGS = ("quantity", "discrete", "SDE", "gap", "largest gap", "dt/2 change", "flow", "theory", "off", "verdict")
IMPORTANCE = (
    "quantity", "verdict", "off", "gap", "discrete", "SDE", "largest gap", "theory", "dt/2 change", "flow",
)  # fmt: skip
LAYERS = {"mean": "means", "variance": "variances", "covariance": "covariances", "trace": "tr Cov x"}


def page(report: Report) -> Page:
    """The verdict and what was compared; the table; how to read it."""
    important = tuple(map(HEADINGS.index, IMPORTANCE))
    last = len(HEADINGS) - 1
    return Page(_head(report), [Table(HEADINGS, list(map(_row, report.rows)), (0, last), important)], _notes(report))


def columns(meta: dict[str, Any]) -> tuple[str, str]:
    """The optimizer and the SDE beside it, in words; beside one without a page it is another's."""
    if "discrete" in meta:
        return meta["discrete"], f"the SDE {meta['sde']} of {meta['method']}"
    return meta["method"], f"its SDE {meta['sde']}"


def answer(d: Decision, what: str, left: float, meta: dict[str, Any]) -> str:
    """The verdict in a sentence; ``what`` decides it, and ``left`` paths are left there."""
    if d.verdict == NOT_JUDGED:
        return f"{NOT_JUDGED}: {_unjudged(d, what, left, meta)}"
    below = f"at least {least(d.low)}" if d.low > 0.0 else ""
    above = f"at most {most(d.high)}" if math.isfinite(d.high) else ""
    if d.verdict in (DIFFER, AGREE):
        decides, other = (below, above) if d.verdict == DIFFER else (above, below)
        return f"{d.verdict}: off by {decides}, in {what}" + (f"; by {other}" if other else "")
    between = f"between {least(d.low)} and {most(d.high)} off, in {what}"
    settled = settles(d, meta["substeps"])
    return f"{OPEN}: {between}; {settled.replace('paths', 'paths and recorded runs') if 'runs' in meta else settled}"


def say(report: Report) -> str:
    """The verdict of a report in a sentence."""
    name, time = report.decisive
    left = report.counts[len(report.counts) - len(report.sizes.size) + report.decision.save]
    return answer(report.decision, f"{name} at t = {time:.4g}", left, report.meta)


def _unjudged(d: Decision, what: str, left: float, meta: dict[str, Any]) -> str:
    if d.why == "tail":
        return f"one path makes up {100 * d.share:.0f} % of the error of {what}"
    if d.why == "moments":
        return f"the noise has no moments on which an error of {what} could rest"
    if meta["paths"] < LEAST:
        return f"{meta['paths']} paths are too few for a verdict, {LEAST} are the least"
    return f"{left:.0f} of {meta['paths']} paths are left for {what}, {LEAST} are the least"


def _layers(report: Report) -> str:
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


def _row(row: Row) -> tuple[Line, ...]:
    """One row of the table."""
    level = "" if math.isnan(row.stationary) else f"t→∞ {number(row.stationary)}"
    exact = number(row.theory) if math.isfinite(row.theory) else level or "-"
    largest = f"{number(row.largest, 2, '+')} at {row.largest_time:.3g}" if math.isfinite(row.largest) else "-"
    return (
        row.quantity,
        number(row.discrete),
        number(row.sde),
        interval(row.gap, row.half, "+"),
        largest,
        interval(row.change, row.change_half, "+"),
        number(row.flow, 3),
        exact,
        "-" if row.verdict in (SHOWN, NOT_JUDGED) else off(row.low, row.high),
        Cell(row.verdict, tone(row.verdict)),
    )


def _head(report: Report) -> list[tuple[str, Line]]:
    """What was compared: (name, text)."""
    m = report.meta
    noise = "at the start of the step" if m["sde"] == SAMPLED.name else "at mid-step"
    scheme = {"heun": f"Heun drift, noise {noise}", "euler": "Euler–Maruyama"}[m["scheme"]]
    lost = f"diverged: {m['diverged'][0]} discrete, {m['diverged'][1]} SDE" if report.any_diverged else "none diverged"
    partial = ", interrupted" if m["partial"] else ""
    return [
        ("verdict", Cell(f"{say(report)} (margin {100 * m['tolerance']:g} %)", tone(report.verdict))),
        ("of which", _layers(report)),
        ("repeat", f"paths={m['paths']}, substeps={m['substeps']}, rng={m['rng']}{_chosen(m)}"),
        ("method", " against ".join(columns(m))),
        ("problem", f"{m['objective']}, {m['noise']}, x0 = {point(m['x0'])}"),
        ("time", f"t = k·{m['clock']:.4g} up to {report.times[-1]:.4g}, {m['steps']} steps, {len(report.times)} saves"),
        ("SDE", f"{scheme}, dt = {m['dt']:.4g} ({m['substeps']} per step)"),
        ("paths", f"{m['paths']}{partial}, {m['draws']}; {lost}"),
    ]


def _chosen(meta: dict[str, Any]) -> str:
    """Who chose the number of paths."""
    if meta["partial"]:
        return " (ended by Ctrl-C)"
    if not meta.get("pilot"):
        return ""
    by = "the clock" if meta["seconds"] is not None else "a budget of work"
    return f" (chosen by {meta['pilot']} other paths and {by})"


def _notes(report: Report) -> list[Line]:
    """How to read the table."""
    m = report.meta
    level = f"{100 * (1.0 - m['alpha']):g} %"
    shared = "of independent paths" if m["draws"] == APART else "on the same paths"
    shared = "beside the recorded runs" if "runs" in m else shared
    lines: list[Line] = [
        f"Values at t = {report.times[-1]:.4g}. gap = SDE - discrete {shared}, ± {100 * m['confidence']:g} % interval.",
        *explain(report.names),
        f"off = largest gap at any save in units of its scale, between bounds of {level} each. Scale of a mean: its "
        "standard deviation, how far it still moves, or its distance from the flow; of a covariance: √(C_ii C_jj), now "
        "or later.",
        _flow_note(report),
    ]
    if any(math.isnan(row.theory) and not math.isnan(row.stationary) for row in report.rows):
        lines.append("theory t→∞: stationary value to leading order, shown since the spread of the SDE has levelled.")
    if m.get("theory_omitted"):
        lines.append(
            f"theory: left out above d = {DENSE} where coordinates mix, since it would cost more than the runs."
        )
    if any(row.verdict == SHOWN for row in report.rows):
        lines.append(
            "Coordinates are shown, not judged (judge='observables'): the row is about the one furthest apart."
        )
    if m["sde"] == SAMPLED.name:
        lines.append("At dt/2 this SDE shares only some draws: that change counts where it is above 4 standard errors.")
    if m.get("projections"):
        lines.append(f"Coordinates are {m['projections']} projections of x on random directions; tr Cov x is of all x.")
    if "runs" in m:
        lines.append("Recorded means are taken to be normal, with standard errors independent of the SDE's.")
    if m["heavy"]:
        lines.append("The noise has no variance: only the observables are judged, and only bounded ones have meaning.")
    if any(math.isnan(row.half) and not math.isnan(row.gap) for row in report.rows):
        lines.append(
            f"± ?: no interval, for fewer than {FEWEST} paths are left, one path decides, or the noise leaves no third "
            "moment."
        )
    if report.any_diverged:
        lines.append(
            "Paths that diverged in either column are left out of both from then on: all but the row 'diverged' "
            "is about the survivors."
        )
    return lines + _alone(report) + _estimate(report)


def _alone(report: Report) -> list[Line]:
    """What one path dominates, though the verdict rests on something else."""
    if report.verdict == NOT_JUDGED:
        return []
    before, said = len(report.times) - len(report.sizes.size), []
    for j, quantity in enumerate(report.quantities):
        d = report.decided([j])
        if d.why == "tail":
            time = report.times[before + d.save]
            said.append(f"{100 * d.share:.0f} % of the error of {quantity.name} at t = {time:.4g}")
    if not said:
        return []
    return [f"Not judged by itself: one path makes up {', '.join(said)}. The verdict rests on what is further off."]


def _flow_note(report: Report) -> str:
    """What the drift alone, judged by the same rule, would have been told."""
    apart = [row.quantity for row in report.rows if row.flow_verdict == "differ"]
    told = [row.flow_verdict for row in report.rows if row.flow_verdict != SHOWN]
    if apart:
        return f"The flow (drift without noise) is told from the discrete column by {', '.join(apart)}."
    if set(told) == {AGREE}:
        return "The flow (drift without noise) agrees as well: this comparison says nothing about the diffusion."
    return "The flow (drift without noise) is not told from the discrete column by any quantity."


def _estimate(report: Report) -> list[Line]:
    """Where the two differ: what the claimed order says of smaller learning rates."""
    at = report.meta.get("agrees_at")
    if at is None:
        return []
    return [f"An estimate: if the gap falls with lr as the page claims, the two agree from about {at} on."]
