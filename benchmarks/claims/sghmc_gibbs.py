"""At rest SGHMC has Var x = T/h + ηs²/(2h(1 - μ)): Gibbs' law at its temperature, warmed by the gradient's noise.

Source: Chen, Fox & Guestrin (2014), arXiv:1402.4102, recalled; the variance is derived for the page, to leading order.
Measured: E x² at rest over the formula on f = x²/2, s = 1, η = 0.002, μ = 0.9, for T = 0.05 and 0.
Refuted by: a quotient other than 1, up to the order of √η.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

LR, MU = 0.002, 0.9
PROBLEM = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for T in (0.05, 0.0):
        level = mean("norm2", so.SGHMC(LR, momentum=MU, temperature=T), PROBLEM, paths(10_000, size), steps=600)
        found.append(finding(f"T = {T:g}: E x² / formula", (0.93, 1.07), level / (T + 0.5 * LR / (1.0 - MU))))
    return found
