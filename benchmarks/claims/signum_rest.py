"""Momentum in the sign makes Signum faster near a minimum, by √((1 + β)/(1 - β)), but lets it rest at a higher level.

Source: derived here; Signum: Bernstein et al. (2018), arXiv:1802.04434. For fixed β and η → 0 the average m is normal
around g with variance s² = σ²(1 - β)/(1 + β), so that the drift is √(2/π) g/s to leading order; its signs are
correlated, with the arcsine law of an AR(1) process, so that Var x = η S/(2√(2/π) h/s), S = 1 + (4/π) Σ_k arcsin βᵏ.
Measured: E x² of Signum at rest over that formula on f = x²/2, σ = 1, η = 0.001, for β = 0.5 and 0.9; and over E x² of
SignSGD, for β = 0.9.
Refuted by: a quotient other than 1, up to the order of η; a level below that of SignSGD.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

LR = 0.001
PROBLEM = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])


def formula(beta: float) -> float:
    """Var x to leading order."""
    s = math.sqrt((1.0 - beta) / (1.0 + beta))
    S = 1.0 + 4.0 / math.pi * float(np.arcsin(beta ** np.arange(1.0, 2000.0)).sum())
    return 0.5 * LR * S * s / math.sqrt(2.0 / math.pi)


def measure(size: float = 1.0) -> list[Finding]:
    levels: dict[float, Estimate] = {}
    found = []
    for beta in (0.5, 0.9):
        levels[beta] = mean("norm2", so.Signum(LR, momentum=beta), PROBLEM, paths(4000, size), horizon=4.0)
        found.append(finding(f"β = {beta:g}: E x² / formula", (0.9, 1.1), levels[beta] / formula(beta)))
    plain = mean("norm2", so.SignSGD(LR), PROBLEM, paths(4000, size), horizon=4.0)
    return [*found, finding("β = 0.9: E x² over SignSGD's", (1.5, math.inf), levels[0.9] / plain)]
