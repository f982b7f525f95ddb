"""One agent of five whose gradients are off by b moves methods that average, compressed, local or clipped with memory,
as far as it likes; averaged signs it moves by at most √2 σ erfinv(1/4), a median by less than noise does.

Source: ours; robust aggregation: the abstract of Islamov et al. (2026), arXiv:2603.23472. A lie is a row of the shifts
of `Agents`, so that every method can be attacked: 4b/5 for the liar and -b/5 for the others, on an objective moved so
that the honest agents see x + ξ and the liar x + b + ξ. At rest averages have x = -b/5 in every entry; the signs have
4 erf(x/(√2σ)) = -1 once b is large; clipping with memory sends the lie bit by bit, b/(κ₂τ) later all of it.
Measured: E x₁ at rest for b = 3 and 30, σ = 1, over these numbers, with DSGD, DCSGD by one entry of two, LocalSGD,
Clip21SGD2M (τ = 1) and, for b = 30, DSignSGD; |E x₁| of ByzClip21SGD2M with the median, for b = 30.
Refuted by: a quotient other than 1; a median further off than one standard deviation of what the agents say.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erfinv

import sdeopt as so
from benchmarks.claims.byzantine_clip21 import SPREAD
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

LR, SIGMA, N = 0.02, 1.0, 5
MEMORY = {"beta1": 0.1, "beta2": 0.1, "clip": 1.0}  # κ₂ = 5, so 30 are sent in the time 6
AVERAGES = (so.DSGD(LR), so.DCSGDRandK(LR, 1), so.LocalSGD(LR), so.Clip21SGD2M(LR, **MEMORY))


def attacked(b: float) -> so.Problem:
    """The first of five agents lies by b in every entry; the honest ones have their minimum at 0."""
    shifts = np.full((N, 2), -b / N)
    shifts[0] = b - b / N
    bowl = so.Quadratic([1.0, 1.0], center=[-b / N, -b / N])
    return so.Problem(bowl, so.Agents(so.Gaussian(SIGMA), agents=N, shifts=shifts), x0=[0.0, 0.0])


def rest(page: Any, b: float, size: float) -> Estimate:
    """E x₁ long after the start."""
    x = run(page, attacked(b), paths(8000, size), horizon=20.0).final[:, 0]
    return Estimate(float(x.mean()), float(x.std()) / math.sqrt(len(x)))


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page in AVERAGES:
        for b in (3.0, 30.0):
            seen = rest(page, b, size) / (-b / N)
            found.append(finding(f"{type(page).__name__}, b = {b:g}: E x₁ / (-b/5)", (0.95, 1.05), seen))
    signs = rest(so.DSignSGD(LR), 30.0, size) / (-math.sqrt(2.0) * SIGMA * float(erfinv(0.25)))
    found.append(finding("DSignSGD, b = 30: E x₁ / (-√2 σ erfinv(1/4))", (0.95, 1.05), signs))
    median = rest(so.ByzClip21SGD2M(LR, **MEMORY), 30.0, size)
    off = Estimate(abs(median.value), median.stderr)
    return [*found, finding("ByzClip21SGD2M, b = 30: |E x₁|", (0.0, SPREAD), off)]
