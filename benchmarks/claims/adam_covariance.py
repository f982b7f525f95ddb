"""Adam is modelled by an SDE without noise in V, also in its fluctuations.

Source: a reading of Monzio Compagnoni et al. (2025), arXiv:2411.15958. Their theorem, weak order 1, admits any variance
of the order of η. While ∇f ≠ 0 a large sample of the gradient enters numerator and denominator of Adam at once and
cancels, which it cannot where V is smooth.
Measured: the variance of x₁ in the SDE over that of Adam, a quadratic at t = 1, η = 0.0125, 1 - β = (2, 1.5) η.
Refuted by: a quotient other than 1. Instead: with noise in V, as in arXiv:2509.21614, it is 1 up to the order of η.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, compared, finding, paths

LR = 0.0125
PAGE = so.Adam(LR, beta1=1.0 - 2.0 * LR, beta2=1.0 - 1.5 * LR)


def quotient(sde: str, size: float) -> Estimate:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.3, 0.4]), x0=[1.0, -0.7])
    report = compared(PAGE, problem, paths(40_000, size), sde, horizon=1.0)
    i = report.column("var x₁")
    sde_side = Estimate(float(report.sde[-1, i]), float(report.sde_stderr[-1, i]))
    return sde_side / Estimate(float(report.discrete[-1, i]), float(report.discrete_stderr[-1, i]))


def measure(size: float = 1.0) -> list[Finding]:
    what = "{}: Var x₁ of SDE / Adam"
    return [
        finding(what.format("no noise in V"), (0.85, 1.15), quotient("compagnoni", size)),
        finding(what.format("noise in V"), (0.85, 1.15), quotient("full", size)).rather(),
    ]
