"""SignSGD has three phases: with Y = |∇f|/(√2 σ), speed 1 for Y > 3/2, speed mY + q, and decay at √(2/π) h/σ for Y < 1.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, for normal noise. The lines of the second phase, m Y + q with
m = 0.2468087, are the secant of erf on [1, 3/2], q = 0.5958921, and the tangent parallel to it, q = 0.6144779.
Measured, on f = x²/2: the mean speed from Y = 3 until Y = 3/2; the mean of one step at Y = 1.1; the rate of decay of
the mean from Y = 0.1.
Refuted by: a number outside its range. (In the first phase erf is not 1 but at least erf(3/2) = 0.966.)
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

SLOPE, SECANT, TANGENT = 0.2468087071, 0.5958920859, 0.6144778732
LR, SIGMA = 0.01, 0.5


def after(y: float, steps: int, number: int) -> tuple[float, Estimate]:
    """Start at Y = y, and the mean of x after so many steps."""
    start = math.sqrt(2.0) * SIGMA * y
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(SIGMA), x0=[start])
    end = run(so.SignSGD(LR), problem, number, steps=steps)
    return start, Estimate(float(end.mean[-1, 0]), float(end.stderr[-1, 0]))


def speed(y: float, steps: int, number: int) -> Estimate:
    start, end = after(y, steps, number)
    return Estimate(start - end.value, end.stderr) / (steps * LR)


def measure(size: float = 1.0) -> list[Finding]:
    steps = round(math.sqrt(2.0) * SIGMA * 1.5 / LR)  # at speed 1 from Y = 3 to 3/2
    line = SLOPE * 1.1
    start, end = after(0.1, 100, paths(10**6, size))
    rate = Estimate(math.log(start / end.value), end.stderr / end.value) / (100 * LR)
    return [
        finding("phase 1: mean speed", (math.erf(1.5), 1.0), speed(3.0, steps, paths(20_000, size))),
        finding("phase 2: drift at Y = 1.1", (line + SECANT, line + TANGENT), speed(1.1, 1, paths(10**6, size))),
        finding("phase 3: rate / (√(2/π) h/σ)", (0.96, 1.04), rate / (math.sqrt(2.0 / math.pi) / SIGMA)),
    ]
