"""Verdicts: statements of equivalence with a margin, and the rows of a report.

A quantity has a scale at every save (`margins`) and may be off by a stated fraction of it, the margin. With q the
quantile of Student's t at the false-alarm rate divided by the number of quantities times saves (Bonferroni), it

- differs       if at some save the whole interval gap ± q·se lies outside [-margin, margin],
- agrees        if at every save the whole interval lies inside,
- else is inconclusive: more paths, or a smaller dt, would decide.

If all true gaps are within their margins, "differ" has at most the false-alarm rate, for the whole report. The
intervals are those of the central limit theorem.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.comparison.paired import ROUNDING, entries

if TYPE_CHECKING:
    from sdeopt.comparison.report import Report
    from sdeopt.scaling.report import Evidence

__all__ = [
    "CONFIDENCE", "FALSE_ALARM", "JUDGED", "SHOWN", "Decision", "Row", "default", "groups", "judge", "judged",
    "margins", "quantile", "rows", "worst",
]  # fmt: skip

Array = NDArray[np.float64]
CONFIDENCE = 0.95
FALSE_ALARM = 0.001
SEVERITY = ("agree", "inconclusive", "differ")
SHOWN = "not judged"  # the verdict of a row that is information
JUDGED = {  # what there is to judge -> kinds of columns
    "all": ("observable", "mean", "variance", "covariance"),
    "observables": ("observable",),
}
COORDINATES_UP_TO = 64  # dimensions: of more coordinates the worst one is hardly ever decided
GROUPED_ABOVE = 3  # dimensions: from four on, one row shows the worst coordinate


class Decision(NamedTuple):
    """A verdict; where it is inconclusive, the paths (inf: undecidable) or the substeps that would decide."""

    verdict: str
    needs: float | None = None
    substeps: int | None = None


class Row(NamedTuple):
    """One line of the table: values at the last save, the largest gap over the saves, and the verdict over all saves.

    ``half`` and ``change_half`` are half-widths of 95 % intervals; ``change`` is what halving dt does to the SDE.
    """

    quantity: str
    column: int
    discrete: float
    sde: float
    gap: float
    half: float
    largest: float
    largest_time: float
    change: float
    change_half: float
    flow: float
    theory: float
    stationary: float
    verdict: str
    needs: float | None
    substeps: int | None
    flow_verdict: str


def quantile(count: Array, probability: float) -> float:
    """Two-sided quantile of Student's t for the smallest number of paths that any save still has (at least two)."""
    from scipy.stats import t

    usable = count[count > 1]
    degrees = float(usable.min()) - 1.0 if usable.size else 1.0
    return float(t.isf(probability / 2.0, degrees))


def margins(discrete: Array, sd: Array, kinds: tuple[str, ...], tolerance: float) -> Array:
    """tolerance · scale, shape (n, Q), and a little for round-off.

    The scale of a mean is the larger of its range over the saves and the standard deviation over paths at that
    save; of a covariance entry the largest √(C_ii C_jj) from that save on (weak errors are absolute: a momentum that
    starts from rest has a covariance far below its later level, and no SDE gets it right in the first steps); of the
    share of diverged paths 1. All of the discrete column.
    """
    kind = np.array(kinds)
    scale, floor = np.ones_like(discrete), np.zeros_like(discrete)
    size = ROUNDING * np.fmax.reduce(np.abs(discrete), axis=0)
    means = (kind == "mean") | (kind == "observable")
    spread = np.fmax.reduce(discrete, axis=0) - np.fmin.reduce(discrete, axis=0)
    scale[:, means] = np.fmax(spread, sd)[:, means]
    floor[:, means] = size[means]
    d = kinds.count("mean")
    i, j = entries(d)
    start = kinds.index("variance")
    root = np.sqrt(np.maximum(discrete[:, start : start + d], 0.0))
    scale[:, start : start + len(i)] = _from_here_on(root[:, i] * root[:, j])
    floor[:, start : start + len(i)] = (size[i] * size[j])[None]
    trace = kinds.index("trace")
    scale[:, trace], floor[:, trace] = _from_here_on(discrete[:, trace]), (size[:d] ** 2).sum()
    return tolerance * scale + floor


def _from_here_on(a: Array) -> Array:
    """Maximum over this save and the later ones; NaN counts as nothing."""
    result: Array = np.fmax.accumulate(a[::-1], axis=0)[::-1]
    return result


def judge(gap: Array, stderr: Array, margin: Array, q: float, count: float) -> Decision:
    """The verdict on one quantity from its gaps, standard errors and margins at all saves; NaN saves are skipped."""
    known = np.isfinite(gap) & np.isfinite(stderr)
    if not known.any():
        return Decision("inconclusive", math.inf)
    size, reach, margin = np.abs(gap[known]), q * stderr[known], margin[known]
    if (size - reach > margin).any():
        return Decision("differ")
    inside = size + reach <= margin
    if inside.all():
        return Decision("agree")
    with np.errstate(divide="ignore"):
        paths = count * (reach / np.abs(size - margin)) ** 2
    outside = size > margin
    needs = paths[outside].min() if outside.any() else paths[~inside].max()
    return Decision("inconclusive", float(needs))


def _refinement(report: Report, index: int, substeps: int) -> int | None:
    """Substeps that the quantity needs, if halving dt moves it by significantly more than half its margin."""
    change, stderr = np.abs(report.change[:, index]), report.change_stderr[:, index]
    allowed = report.margin[:, index] / 2.0
    known = np.isfinite(change) & np.isfinite(stderr)
    if not (change - report.meta["quantile_change"] * stderr > allowed)[known].any():
        return None
    excess = np.max(change[known] / np.maximum(allowed[known], np.finfo(float).tiny))
    return int(substeps * 2 ** min(math.ceil(math.log2(excess)), 20))


def _decide(report: Report, index: int) -> Decision:
    substeps = _refinement(report, index, report.meta["substeps"])
    if substeps is not None:
        return Decision("inconclusive", None, substeps)
    gap, stderr, margin = (a[:, index] for a in (report.gap, report.gap_stderr, report.margin))
    return judge(gap, stderr, margin, report.meta["quantile"], report.meta["paths"])


def _decide_flow(report: Report, index: int) -> Decision:
    gap = report.flow[:, index] - report.discrete[:, index]
    stderr, margin = report.discrete_stderr[:, index], report.margin[:, index]
    return judge(gap, stderr, margin, report.meta["quantile"], report.meta["paths"])


def default(d: int, observables: int) -> str:
    """What is judged where nobody says: coordinates up to d = 64, above it only the observables, if there are any."""
    return "all" if d <= COORDINATES_UP_TO or observables == 0 else "observables"


def judged(kinds: tuple[str, ...], diverged: bool, what: str) -> list[int]:
    """Columns that get a verdict, of the kinds ``JUDGED[what]``; the share of diverged paths only where some diverged.

    Never the trace: in the way of "all" it is a sum of what is judged, and in the other it is shown.
    """
    return [i for i, kind in enumerate(kinds) if kind in JUDGED[what] or (kind == "diverged" and diverged)]


def groups(kinds: tuple[str, ...], diverged: bool, what: str, heavy: bool) -> list[tuple[list[int], bool]]:
    """Columns of each row, and whether they are judged: one row for the worst of many coordinates.

    Of laws without a variance nothing is shown but the observables: they are the user's, and bounded.
    """
    columns = judged(kinds, diverged, what)
    shown = ("mean", "variance", "trace") if what == "observables" and not heavy else ()
    found: list[tuple[list[int], bool]] = []
    for kind in ("observable", "mean", "variance", "covariance", "trace", "diverged"):
        members = [i for i, k in enumerate(kinds) if k == kind and (i in columns or kind in shown)]
        together = kind not in ("observable", "diverged") and kinds.count("mean") > GROUPED_ABOVE
        found += [(m, kind not in shown) for m in ([members] if together and members else [[i] for i in members])]
    return found


def worst(report: Report | Evidence, decisions: Mapping[int, Decision]) -> tuple[int, str, int]:
    """Of the decided columns the gravest, by verdict and then by gap over margin; its name; its save of largest gap."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = {i: np.fmax.reduce(np.abs(report.gap[:, i]) / report.margin[:, i], initial=0.0) for i in decisions}
    i = max(decisions, key=lambda i: (SEVERITY.index(decisions[i].verdict), ratio[i]))
    size = np.abs(report.gap[:, i])
    peak = int(np.nanargmax(size)) if np.isfinite(size).any() else len(size) - 1
    return i, report.names[i] + (f" (worst of {len(decisions)})" if len(decisions) > 1 else ""), peak


def _row(report: Report, members: list[int], is_judged: bool, q: float, q_change: float) -> Row:
    decisions = {i: _decide(report, i) for i in members}
    i, name, peak = worst(report, decisions)
    needs = [d.needs for d in decisions.values() if d.needs is not None]
    substeps = [d.substeps for d in decisions.values() if d.substeps is not None]
    flow = [_decide_flow(report, j).verdict for j in members]
    verdict = decisions[i].verdict if is_judged else SHOWN
    told = is_judged or report.kinds[i] == "trace"  # coordinates that are shown have no share in the false alarms
    return Row(
        quantity=name,
        column=i,
        discrete=float(report.discrete[-1, i]),
        sde=float(report.sde[-1, i]),
        gap=float(report.gap[-1, i]),
        half=float(q * report.gap_stderr[-1, i]),
        largest=float(report.gap[peak, i]),
        largest_time=float(report.times[peak]),
        change=float(report.change[-1, i]),
        change_half=float(q_change * report.change_stderr[-1, i]),
        flow=float(report.flow[-1, i]),
        theory=float(report.theory[-1, i]),
        stationary=float(report.stationary[i]),
        verdict=verdict,
        needs=max(needs) if needs and verdict == "inconclusive" else None,
        substeps=max(substeps) if substeps and verdict == "inconclusive" else None,
        flow_verdict=max(flow, key=SEVERITY.index) if told else SHOWN,
    )


def rows(report: Report) -> tuple[Row, ...]:
    """The rows of a report; every quantity that is judged or shown belongs to one of them."""
    q = quantile(report.counts, 1.0 - CONFIDENCE)
    q_change = quantile(np.array([report.meta["paths_change"]]), 1.0 - CONFIDENCE)
    parts = groups(report.kinds, report.any_diverged, report.meta["judge"], report.meta["heavy"])
    return tuple(_row(report, *part, q, q_change) for part in parts)
