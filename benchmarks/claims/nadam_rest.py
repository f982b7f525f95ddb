"""Looking ahead costs nothing at rest: NAdam, its momentum warmed up, rests where Adam does, to leading order.

Source: Dozat (2016), recalled, is silent about it; that E x² is (η/2) s/h for every momentum and look-ahead is derived
here, as are the 1.2 % less where the momentum stays ½ (ψ = 0) and 1 - β₁ = 20 η.
Measured: E x² of NAdam at rest over that of Adam, on f = x²/2, s = 1, η = 0.005, β₁ = 0.9, β₂ = 0.99; ψ = 1, so that
the warm-up is over, and ψ = 0.
Refuted by: a quotient other than 1, or 1 less what the linear equation says, up to the order of η.
"""

from __future__ import annotations

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

PROBLEM = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])
LR, BETAS = 0.005, (0.9, 0.99)


def measure(size: float = 1.0) -> list[Finding]:
    adam = mean("norm2", so.Adam(LR, *BETAS), PROBLEM, paths(20_000, size), steps=1000)
    found = []
    for psi in (1.0, 0.0):
        page = so.NAdam(LR, *BETAS, psi)
        claimed = float(page.stationary(np.eye(1), np.eye(1))[0, 0]) / (0.5 * LR)
        own = mean("norm2", page, PROBLEM, paths(20_000, size), steps=1000)
        what = f"ψ = {psi:g}: E x² over Adam's, over {claimed:.3f}"
        found.append(finding(what, (0.94, 1.06), own / adam / claimed))
    return found
