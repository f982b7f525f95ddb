"""Cubic-regularised Newton leaves a saddle in a few steps from however near; gradient descent waits log(1/distance).

Source: Nesterov & Polyak (2006), doi:10.1007/s10107-006-0706-8, recalled. On f = (x² - 1)²/4 + y²/2, a saddle at 0 with
curvature -1; from (δ, 0.5).
Measured: steps to x > 0.9 from δ = 1e-3, 1e-6 and 1e-9 at η = 0.4, for which the penalty exceeds what ∇³f asks for;
what a thousandfold smaller δ adds for gradient descent with step 0.1, over log(1000)/log(1.1); |x - 1| one step later
over the square of |x - 1|, where it is below 0.1.
Refuted by: more than 12 steps; a quotient other than 1; a quotient of errors above 1.5 + 1/(2η²) = 4.6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding

SADDLE = so.Objective(value=lambda x: 0.25 * (x[0] ** 2 - 1.0) ** 2 + 0.5 * x[1] ** 2, dim=2)
NEAR = (1e-3, 1e-6, 1e-9)


def walk(page: Any, start: float, level: float) -> list[float]:
    """x from step to step, until it exceeds the level."""
    o, at = so.Problem(SADDLE).oracle, np.array([start, 0.5])
    seen = [start]
    while seen[-1] <= level and len(seen) < 1000:
        at = page.step(len(seen), at, o, ())
        seen.append(float(at[0]))
    return seen


def measure(size: float = 1.0) -> list[Finding]:
    cubic, descent = so.CubicNewton(0.4), so.SGD(0.1)
    found = []
    for start in NEAR:
        steps = float(len(walk(cubic, start, 0.9)) - 1)
        found.append(finding(f"steps from {start:g}", (1.0, 12.0), Estimate(steps)))
    counts = [len(walk(descent, start, 0.9)) for start in NEAR]
    more = (counts[2] - counts[0]) / 2.0 / (math.log(1000.0) / math.log(1.1))
    found.append(finding("steps that 1/1000 of the distance adds for gradient descent", (0.95, 1.05), Estimate(more)))
    errors = 1.0 - np.array(walk(cubic, 1e-6, 1.0 - 1e-7))
    close = errors[(errors < 0.1) & (errors > 1e-8)]
    worst = float(np.abs(close[1:] / close[:-1] ** 2).max())
    found.append(finding("|x - 1| over the square of that before", (0.0, 4.7), Estimate(worst)))
    return found
