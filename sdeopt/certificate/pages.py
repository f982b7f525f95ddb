"""What a certificate shows: header, the gaps along the ladder, the slopes, and how to read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sdeopt.results.judging import quantile
from sdeopt.results.page import Cell, Line, Page, Table
from sdeopt.results.words import count, interval, number, point, tone

if TYPE_CHECKING:
    from sdeopt.certificate.fit import CertificateRow, Slope
    from sdeopt.certificate.report import Certificate

__all__ = ["page"]

HEADINGS = ("model", "gap in", "claim", "slope", "fit", "dt/2 change", "verdict")


def page(c: Certificate) -> Page:
    """The verdict, the gaps along the ladder, the slopes, and how to read them."""
    return Page(_head(c), [_ladder(c), _slopes(c)], _notes(c))


def _slope(s: Slope) -> str:
    return "-" if math.isnan(s.value) else f"{s.value:.2f} ± {s.half:.2f}" if s.half < 99.0 else f"{s.value:.2f} ± ..."


def _shift(s: Slope) -> str:
    return "-" if math.isnan(s.value) else f"{s.value:+.3f} ± {s.half:.3f}"


def _decision(row: CertificateRow) -> str:
    """The verdict, why it is inconclusive, and what would settle it."""
    if row.needs is not None:
        known = f"needs N = {count(row.needs)}" if math.isfinite(row.needs) else row.reason
        return f"{row.verdict} ({known})"
    return f"{row.verdict} ({row.reason})" if row.reason else row.verdict


def _head(c: Certificate) -> list[tuple[str, Line]]:
    """What was certified: (name, text)."""
    m = c.meta
    partial = ", interrupted" if m["partial"] else ""
    lost = [sum(pair[side] for pair in m["diverged"]) for side in (0, 1)]
    gone = f"diverged: {lost[0]} discrete, {lost[1]} SDE" if any(lost) else "none diverged"
    start = ", warm start" if m.get("warm") else ""
    needs = "" if c.needs is None or math.isinf(c.needs) else f" (needs N = {count(c.needs)})"
    return [
        ("method", f"{m['method']} and its SDE {m['sde']}, claimed order {number(m['order'])} in lr"),
        ("problem", f"{m['objective']}, {m['noise']}, x0 = {point(m['x0'])}"),
        ("time", f"{m['horizon']:.4g}{start}; SDE by Heun drift, Itô-Euler noise, dt = {m['dt']:.4g}"),
        ("paths", f"{sum(c.paths):.0f}{partial}, {m['draws']}, rng={m['rng']}; {gone}"),
        ("verdict", Cell(f"{c.verdict}: means {c.means}, covariance {c.covariance}{needs}", tone(c.verdict))),
        ("sight", _sight(c)),
    ]


def _sight(c: Certificate) -> str:
    """The smallest errors that would have been seen."""

    def error(of: str, size: float) -> str:
        if size >= 1.0:
            return f"no {of} wrong by less than itself"
        digits = 1 - math.floor(math.log10(100.0 * size)) if size > 0.0 else 0
        return f"a {of} wrong by {math.ceil(100.0 * size * 10.0**digits) / 10.0**digits:.{max(digits, 0)}f} %"

    parts = [error(of, size) for of, size in c.sight._asdict().items() if not math.isnan(size)]
    return f"would have been seen: {', or '.join(parts)}, each by itself"


def _judged(c: Certificate) -> list[int]:
    return list(c.meta["judged"])


def _ladder(c: Certificate) -> Table:
    """The gaps: a line for each learning rate."""
    q = quantile(c.paths, 0.05)
    headings = ("lr", "step", "steps", "paths", *(f"gap in {c.names[i]}" for i in _judged(c)))
    rows: list[tuple[Line, ...]] = []
    for k in range(len(c.h)):
        values = [interval(c.gap[k, i], q * c.gap_stderr[k, i], "+") for i in _judged(c)]
        lr, h = number(c.meta["lrs"][k]), number(c.h[k])
        rows.append((lr, h, f"{c.meta['steps'][k]}", f"{c.paths[k]:.0f}", *values))
    return Table(headings, rows, left=())


def _slopes(c: Certificate) -> Table:
    """The slopes: a line for each row of the certificate."""
    rows: list[tuple[Line, ...]] = [
        (row.model, row.quantity, number(row.claimed), _slope(row.slope), _slope(row.fit), _shift(row.shift),
         Cell(_decision(row), tone(row.verdict)))
        for row in c.rows
    ]  # fmt: skip
    return Table(HEADINGS, rows, left=(0, 1, 6))


def _notes(c: Certificate) -> list[Line]:
    """How to read the tables."""
    blind = [row.quantity for row in c.rows if row.model == "flow" and row.kind == "mean" and row.verdict != "refuted"]
    right = (
        "the claim if the SDE is right, 0 if its diffusion or its drift is wrong, for its noise lasts as lr → 0; it is "
        "decided at claim - 0.25."
        if c.meta.get("lasting", False)
        else "2 if the SDE is right, 1 if its diffusion or its drift is wrong; decided at 1.75."
    )
    lines: list[Line] = [
        "gap = SDE - discrete at the horizon. slope: between the two smallest steps h; fit: p of C h^p (1 + D h). ± is "
        "half of a 95 % interval.",
        f"A covariance gap has slope {right} Means decide at claim - 0.15.",
        f"flow: the drift without noise; noise x2: twice the noise variance, on {c.meta['paths_baselines']} paths.",
    ]
    if c.needs is not None:
        lines.append("Larger lrs need fewer paths, down to h⁻² times as many for a covariance, while gaps are powers.")
    if c.means == "refuted" and c.covariance == "wrong":
        lines.append("The means refute the drift, which by itself makes covariances wrong: the diffusion may be right.")
    if blind:
        lines.append(f"The flow is not refuted by {', '.join(blind)}: means say nothing about the diffusion.")
    return lines
