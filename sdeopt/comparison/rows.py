"""The rows of a report: numbers of one quantity, or of the worst of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdeopt.results.bounds import Decision, allowance
from sdeopt.results.judging import CONFIDENCE, SHOWN, members, quantile, worst

if TYPE_CHECKING:
    from sdeopt.comparison.report import Report

__all__ = ["FEWEST", "Row", "rows"]

FEWEST = 100  # paths of fewer of which a gap has no interval: of 50 it covers 90 % where x has the tails of Laplace


class Row(NamedTuple):
    """One line of the table: values at the last save, the largest gap over the saves, and the verdict over all saves.

    ``half`` and ``change_half`` are half-widths of 95 % intervals, the former NaN below 100 paths and where one path
    decides or the noise leaves no third moment; ``change`` is what halving dt does to the SDE. ``low`` and ``high``
    bound the relative error of the row; a row of several coordinates has the values of the worst.
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
    low: float
    high: float
    verdict: str
    flow_verdict: str


def _row(report: Report, columns: list[int], judged: list[int], q: float, q_change: float) -> Row:
    i, name, peak = worst(report, columns, [report.quantities[j] for j in judged])
    decision = report.decided(judged) if judged else Decision(SHOWN, np.nan, np.nan, 0, 0)
    return Row(
        quantity=name,
        column=i,
        discrete=float(report.discrete[-1, i]),
        sde=float(report.sde[-1, i]),
        gap=float(report.gap[-1, i]),
        half=float(q * report.gap_stderr[-1, i]) if _is_known(report, i, judged) else np.nan,
        largest=float(report.gap[peak, i]),
        largest_time=float(report.times[peak]),
        change=float(report.change[-1, i]),
        change_half=float(q_change * report.change_stderr[-1, i]),
        flow=float(report.flow[-1, i]),
        theory=float(report.theory[-1, i]),
        stationary=float(report.stationary[i]),
        low=decision.low,
        high=decision.high,
        verdict=decision.verdict,
        flow_verdict=report.decided(judged, flow=True).verdict if judged else SHOWN,
    )


def _is_known(report: Report, i: int, judged: list[int]) -> bool:
    """Whether the standard error at the last save is: of enough paths, none of which decides alone, with moments."""
    paths = report.counts[-1:]
    settled = paths[0] >= FEWEST and i not in report.meta.get("unsettled", ())
    return bool(settled and (report.sizes.share[-1, judged] <= allowance(paths)).all())


def rows(report: Report) -> tuple[Row, ...]:
    """The rows of a report; every quantity that is judged or shown belongs to one of them."""
    counts = report.sizes.degrees.ravel() + 1.0 if "runs" in report.meta else report.counts  # of few recorded runs
    q = quantile(counts, 1.0 - CONFIDENCE)
    q_change = quantile(np.array([report.meta["paths_change"]]), 1.0 - CONFIDENCE)
    parts = members(report.kinds, report.quantities, report.meta["judge"])
    return tuple(_row(report, *part, q, q_change) for part in parts)
