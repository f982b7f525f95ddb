"""Clipping what each agent sends biases the limit where agents differ; clipping changes with error feedback does not.

Source: Islamov et al. (2025), arXiv:2502.11682 (Clip21-SGD2M). The fixed point of plain clipping is derived here: with
gradients x + 3 and twice x - 3/2, f = x²/2, clipped at 1, their mean is 1/3 + 2(x - 3/2)/3 near x = 1, where it is 0.
Measured: |x| at t = 40 without noise for Clip21-SGD2M, and for descent along the mean of clipped gradients.
Refuted by: |x| of Clip21-SGD2M above 0.01; descent along clipped gradients that rests elsewhere than at 1.
"""

from __future__ import annotations

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, run

SHIFTS = np.array([[3.0], [-1.5], [-1.5]])
PROBLEM = so.Problem(so.Quadratic([1.0]), so.Agents(so.NoNoise(), agents=3, shifts=SHIFTS), x0=[2.0])


def plain(steps: int = 4000, lr: float = 0.01) -> float:
    """Where the mean of clipped gradients comes to rest."""
    x = 2.0
    for _ in range(steps):
        x -= lr * float(np.clip(x + SHIFTS, -1.0, 1.0).mean())
    return x


def measure(size: float = 1.0) -> list[Finding]:
    page = so.Clip21SGD2M(0.01, beta1=0.1, beta2=0.1, clip=1.0)
    rest = float(abs(run(page, PROBLEM, 2, horizon=40.0).final[0, 0]))
    return [
        finding("Clip21SGD2M: |x| at rest", (0.0, 0.01), Estimate(rest)),
        finding("clipped gradients: |x| at rest", (0.999, 1.001), Estimate(abs(plain()))),
    ]
