"""Noise without a mean breaks distributed SGD however many agents share it, while DSignSGD gains from every one.

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009. The mean of N Cauchy numbers is a Cauchy number: at rest
x/(σ/h) is one for every η and N. The signs of N agents give E x² = η/(2ℓNh/σ), ℓ = 2/π.
Measured: how often |x₁| > σ/h under compressed SGD (rand-1 of two entries) with 2 and with 4 agents, 1/2 in theory to
leading order in η; E x₁² of DSignSGD with 4 agents over the formula.
Refuted by: a share that falls with N; a quotient other than 1.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths, run, share

LR = 0.02


def problem(agents: int) -> so.Problem:
    return so.Problem(so.Quadratic([1.0, 1.0]), so.Agents(so.StudentT(1.0, 1.0), agents=agents), x0=[0.0, 0.0])


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for agents in (2, 4):
        end = run(so.DCSGDRandK(LR, k=1), problem(agents), paths(10_000, size), horizon=8.0).final[:, 0]
        found.append(share(f"DCSGD, {agents} agents: share of |x₁| > σ/h", (0.47, 0.53), np.abs(end) > 1.0))
    level = LR / (2.0 * 2.0 / math.pi * 4)
    square = mean("norm2", so.DSignSGD(LR), problem(4), paths(10_000, size), horizon=8.0) / 2.0
    return [*found, finding("DSignSGD, 4 agents: E x₁² / formula", (0.95, 1.05), square / level)]
