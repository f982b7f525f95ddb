"""Anti-PGD finds the wide part of the widening valley, where gradient descent and PGD stay in a narrow one.

Source: Orvieto et al. (2022), arXiv:2202.02831: anticorrelated noise descends f + σ²/2 tr ∇²f.
Measured: the trace dv² + |u|² of the Hessian after 2000 steps over that at the start, d = 20, σ = 0.1, η = 0.01; and v
of Anti-PGD at t = 5 over the flow of the smoothed loss.
Refuted by: a trace of Anti-PGD that stays, or one of the others that falls as far; a quotient other than 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run
from sdeopt.theory import widening_flow

DIM, SIGMA, LR = 20, 0.1, 0.01
VALLEY = so.Problem(so.WideningValley(d=DIM))


def average(values: Any) -> Estimate:
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))))


def trace(x: Any) -> Any:
    return DIM * x[:, DIM] ** 2 + (x[:, :DIM] ** 2).sum(axis=1)


def measure(size: float = 1.0) -> list[Finding]:
    number, start = paths(2000, size), float(trace(VALLEY.x0[None])[0])
    found = []
    for page, claimed in (
        (so.AntiPGD(LR, sigma=SIGMA), (-math.inf, 0.05)),
        (so.PGD(LR, sigma=SIGMA / np.sqrt(LR)), (0.5, math.inf)),
        (so.SGD(LR), (0.5, math.inf)),
    ):
        what = f"{'gradient descent' if type(page) is so.SGD else type(page).__name__}: trace at the end / start"
        found.append(finding(what, claimed, average(trace(run(page, VALLEY, number, steps=2000).final)) / start))
    _, v = widening_flow(0.5, 1.5, d=DIM, sigma=SIGMA, times=[5.0])
    early = average(run(so.AntiPGD(LR, sigma=SIGMA), VALLEY, number, steps=500).final[:, DIM])
    return [*found, finding("Anti-PGD: E v at t = 5 / flow", (0.95, 1.05), early / float(v[0]))]
