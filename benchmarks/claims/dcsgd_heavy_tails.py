"""Noise without a mean breaks distributed SGD however many agents share it, while DSignSGD gains from every one.

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009. The mean of N Cauchy numbers is a Cauchy number: at rest
x/(σ/h) is one for every η and N. The signs of N agents give E x² = η/(2ℓNh/σ), ℓ = 2/π.
Measured: how often |x₁| > σ/h under compressed SGD (rand-1 of two entries) with 4 agents, 1/2 in theory to leading
order in η as with one agent; E x₁² of DSignSGD over the formula.
Refuted by: a share well below 1/2; a quotient other than 1.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths, run, share

LR, AGENTS = 0.02, 4
PROBLEM = so.Problem(so.Quadratic([1.0, 1.0]), so.Agents(so.StudentT(1.0, 1.0), agents=AGENTS), x0=[0.0, 0.0])


def measure(size: float = 1.0) -> list[Finding]:
    number = paths(10_000, size)
    end = run(so.DCSGDRandK(LR, k=1), PROBLEM, number, horizon=8.0).final[:, 0]
    square = mean("norm2", so.DSignSGD(LR), PROBLEM, number, horizon=8.0) / 2.0
    return [
        share("DCSGD: share of |x₁| > σ/h", (0.47, 0.53), np.abs(end) > 1.0),
        finding("DSignSGD: E x₁² / formula", (0.95, 1.05), square / (LR / (2.0 * 2.0 / math.pi * AGENTS))),
    ]
