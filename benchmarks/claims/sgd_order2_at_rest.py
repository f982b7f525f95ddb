"""Of the SDEs of SGD the one of order 2 is the closer model also at rest.

Source: a common reading of "second-order" in Li, Tai & E (2019), arXiv:1811.01558, whose theorem is about a fixed time.
The stationary variances on f = hx²/2 are ησ²/(2h - ηh²) for SGD, less by a factor 1 - ηh/2 for the SDE of order 1, and
by another one for that of order 2.
Measured: the errors of the stationary variance of both SDEs, one divided by the other.
Refuted by: a quotient above 1. Instead: with the noise corrected as well, by 1 + ηH/2, it is below 1.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, compared, finding, paths
from benchmarks.claims.sgd_orders import PROBLEM


def error(sde: str, size: float) -> Estimate:
    """SDE less SGD in the variance of x₁ at rest."""
    report = compared(so.SGD(0.2), PROBLEM, paths(60_000, size), sde, horizon=8.0)
    i = report.column("var x₁")
    return Estimate(abs(float(report.gap[-1, i])), float(report.gap_stderr[-1, i]))


def measure(size: float = 1.0) -> list[Finding]:
    first = error("order1", size)
    what = "error of Var x₁, {} / order1, η = 0.2"
    return [
        finding(what.format("order2"), (-math.inf, 1.0), error("order2", size) / first),
        finding(what.format("order2-corrected"), (-math.inf, 1.0), error("order2-corrected", size) / first).rather(),
    ]
