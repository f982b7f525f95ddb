"""Where noise dominates, both Malladi's and Compagnoni's SDE follow Adam; where it does not, only the newer one does.

Source: Malladi et al. (2022), arXiv:2205.10287, derive theirs for σ ~ 1/η, where V need not see ∇f²; Monzio
Compagnoni et al. (2025), arXiv:2411.15958, keep it.
Measured: the gap of each SDE to Adam in the mean of x₁, which begins at 1, on a quadratic at t = 1 with η = 0.02,
1 - β = (2, 1.5) η: σ = (0.05, 0.08), and σ = (25, 40) = (0.5, 0.8)/η.
Refuted by: a large gap where a small one is claimed, or the reverse.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, compared, finding, paths

LR = 0.02
PAGE = so.Adam(LR, beta1=1.0 - 2.0 * LR, beta2=1.0 - 1.5 * LR)


def gap(sde: str, scale: float, size: float) -> Estimate:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5 * scale, 0.8 * scale]), x0=[1.0, -0.7])
    report = compared(PAGE, problem, paths(10_000, size), sde, horizon=1.0)
    i = report.column("mean x₁")
    return Estimate(abs(float(report.gap[-1, i])), float(report.gap_stderr[-1, i]))


def measure(size: float = 1.0) -> list[Finding]:
    what = "{} noise, {}: gap in E x₁"
    close, far = (-math.inf, 0.05), (0.1, math.inf)
    return [
        finding(what.format("low", "Compagnoni"), close, gap("compagnoni", 0.1, size)),
        finding(what.format("low", "Malladi"), far, gap("malladi", 0.1, size)),
        finding(what.format("dominating", "Compagnoni"), close, gap("compagnoni", 50.0, size)),
        finding(what.format("dominating", "Malladi"), close, gap("malladi", 50.0, size)),
    ]
