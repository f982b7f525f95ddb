"""Where curvature grows with the loss, warm-up reaches the minimum in far fewer steps than any stable fixed step.

Source: Alimisis, Islamov & Lucchi (2025), arXiv:2510.03164: |∇²f| <= H₀ + H₁(f - f*), and steps proportional to
1/(H₀ + H₁(f - f*)). Their constants and rates are not claimed here.
Measured: on f = cosh x - 1, whose curvature is 1 + f, from x = 8 without noise: the steps to f <= 1e-3 with fixed
steps of 1 and 15 times 1/∇²f(x₀), over those with warm-up; fixed steps diverge from 2x₀/|∇f(x₀)| on, 16 times that.
Refuted by: a quotient below 10 for a fixed step that arrives; one of 17 that arrives.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, run
from sdeopt.core import exp

START, LEVEL, MOST = 8.0, 1e-3, 60_000
BOWL = so.Objective(
    dim=1,
    value=lambda x: (0.5 * (exp(x) + exp(-x)) - 1.0)[0],
    grad=lambda x: 0.5 * (exp(x) - exp(-x)),
    start=[START],
    minimum=0.0,
    optimum=[0.0],
)
PROBLEM = so.Problem(BOWL)


def steps(page: Any) -> float:
    """How many until f <= LEVEL; inf if never."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", so.DivergedWarning)
        e = run(page, PROBLEM, 2, steps=MOST, observables=["loss"], crossings={"loss": LEVEL})
    return float(e.crossings["loss"].times[0]) / page.lr


def measure(size: float = 1.0) -> list[Finding]:
    bent, needed = math.cosh(START), steps(so.WarmupSGD(1.0, h0=1.0, h1=1.0))
    found = [
        finding(
            f"steps, fixed {times:g}/∇²f(x₀) over warm-up",
            (10.0, math.inf),
            Estimate(steps(so.SGD(times / bent)) / needed),
        )
        for times in (1.0, 15.0)
    ]
    arrives = math.isfinite(steps(so.SGD(17.0 / bent)))
    return [*found, finding("fixed 17/∇²f(x₀): 1 if it arrives", (0.0, 0.0), Estimate(float(arrives)))]
