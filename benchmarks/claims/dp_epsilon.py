"""At rest the loss of DP-SGD is of the order 1/ε², that of DP-SignSGD of 1/ε.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226, for a noise multiplier z ~ 1/ε that dominates the noise of
the batch, with nothing clipped.
Measured: the power of ε in E f at rest between ε = 1/4 and 1, on f = |x|²/2 in 2 dimensions, B = 4, C = 1, with the
closed form of z at q = 0.01, T = 1000, δ = 1e-5.
Refuted by: powers other than -2 and -1.
"""

from __future__ import annotations

from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, mean, paths
from sdeopt.theory.private import abadi_sigma

LR = 0.01
PROBLEM = so.Problem(so.Quadratic([1.0, 1.0]), so.Batch(so.Gaussian(0.1), batch=4), x0=[0.0, 0.0])


def loss(page: Any, size: float) -> Estimate:
    return mean("loss", page, PROBLEM, paths(20_000, size), horizon=8.0)


def measure(size: float = 1.0) -> list[Finding]:
    epsilons = (1.0, 0.25)
    found = []
    for page, power in ((so.DPSGD, -2.0), (so.DPSignSGD, -1.0)):
        first, second = (
            loss(page(LR, clip=1.0, sigma_dp=abadi_sigma(epsilon, 1e-5, 1000, 0.01)), size) for epsilon in epsilons
        )
        what, claimed = f"{page.__name__}: power of ε in E f", (power - 0.1, power + 0.1)
        found.append(finding(what, claimed, exponent(epsilons, first, second)))
    return found
