"""Schedule-Free methods go on falling at a constant learning rate, where their base methods come to rest.

Source: Defazio et al. (2024), arXiv:2405.15682 (abstract: no schedule is needed). For β = 0 the point that is evaluated
is the mean of the positions of SGD, whose variance tends to s²/(h²k) for every η (Polyak & Juditsky 1992).
Measured: E x² on f = x²/2, s = 1, from the minimum: of Schedule-Free SGD with β = 0 at k = 1000 over 1/k, η = 0.1 and
0.4; of Schedule-Free AdamW and of Adam, η = 0.01, at k = 4000 over k = 1000.
Refuted by: a quotient other than 1 for Schedule-Free SGD; one above 1/2 for Schedule-Free AdamW, or below for Adam.
"""

from __future__ import annotations

import math
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

PROBLEM = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])
MANY = 4000


def level(page: Any, steps: int, size: float) -> Estimate:
    """E x²."""
    return mean("norm2", page, PROBLEM, paths(10_000, size), steps=steps)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for lr in (0.1, 0.4):
        quotient = level(so.ScheduleFreeSGD(lr, momentum=0.0), 1000, size) / (1.0 / 1000.0)
        found.append(finding(f"Schedule-Free SGD, η = {lr:g}: k E x²", (0.93, 1.07), quotient))
    for page, claimed in ((so.ScheduleFreeAdamW(0.01), (0.0, 0.5)), (so.Adam(0.01), (0.5, math.inf))):
        quotient = level(page, MANY, size) / level(page, MANY // 4, size)
        found.append(finding(f"{type(page).__name__}: E x² at k = 4000 over k = 1000", claimed, quotient))
    return found
