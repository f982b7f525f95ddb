"""At rest the loss of SignSGD is linear in the noise level σ, that of SGD quadratic.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958: (η/4) √(π/2) tr Σ^{1/2} against (η/4) tr Σ.
Measured: E f at rest on f = x²/2 for σ = 1 and σ = 4, η = 0.02, with normal noise: its power of σ, and its value over
the formula at σ = 4.
Refuted by: powers other than 1 and 2.
"""

from __future__ import annotations

import math
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, mean, paths

LR, LOW, HIGH = 0.02, 1.0, 4.0


def loss(page: Any, sigma: float, size: float) -> Estimate:
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(sigma), x0=[0.0])
    horizon = 6.0 * max(sigma, 1.0)  # the slower of the two decays at √(2/π)/σ
    return mean("loss", page, problem, paths(40_000, size), horizon=horizon)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page, power, level in (
        (so.SignSGD(LR), 1.0, LR / 4.0 * math.sqrt(math.pi / 2.0) * HIGH),
        (so.SGD(LR), 2.0, LR / 4.0 * HIGH**2),
    ):
        low, high = loss(page, LOW, size), loss(page, HIGH, size)
        name = type(page).__name__
        claimed = (power - 0.05, power + 0.05)
        found.append(finding(f"{name}: power of σ in E f", claimed, exponent((HIGH, LOW), high, low)))
        found.append(finding(f"{name}: E f / formula, σ = 4", (0.95, 1.05), high / level))
    return found
