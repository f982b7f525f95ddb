"""While all is clipped, DP-SGD moves at ηC(2F(g/σ) - 1) whatever ε is, F the law of one example's noise, even a
Cauchy's.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226, whose abstract was read, for the two phases; in one dimension
with C far below the noise of an example each of them sends C times a sign, so that the mean of a step is that of signs,
derived here. DP-SignSGD then takes the sign of j - (B - j) signs and Cz of noise: E Σ_j b_j erf((2j - B)/(√2 z)), b the
binomial law of B examples and F(g/σ), which falls with ε.
Measured: the mean of one step from x = 1, f = x²/2, over these, B = 4, C = 0.01, for Student's t noise of ν = 1 and
normal noise, σ = 1; z = 8 and 32; the power of ε in them between these. (z = 2 and 8 came first: the power of signs was
0.75, as the formula has it where four votes outweigh the private noise.)
Refuted by: a quotient other than 1; powers other than 0 and 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf
from scipy.stats import binom, norm, t

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, paths, run

BATCH, CLIP, LR = 4, 0.01, 0.1
LAWS: dict[str, tuple[Any, float]] = {
    "t, ν = 1": (so.StudentT(1.0, scale=1.0), float(t.cdf(1.0, 1.0))),
    "normal": (so.Gaussian(1.0), float(norm.cdf(1.0))),
}


def step(cls: Any, law: Any, z: float, size: float) -> Estimate:
    """Mean of x - x' over η."""
    problem = so.Problem(so.Quadratic([1.0]), so.Batch(law, BATCH), x0=[1.0])
    x = run(cls(LR, clip=CLIP, sigma_dp=z), problem, paths(1_000_000, size), steps=1).final[:, 0]
    return Estimate(float(1.0 - x.mean()) / LR, float(x.std() / math.sqrt(len(x))) / LR)


def voted(share: float, z: float) -> float:
    """Mean sign of the private gradient, each example giving +C with probability ``share``, else -C."""
    j = np.arange(BATCH + 1)
    return float(binom.pmf(j, BATCH, share) @ erf((2.0 * j - BATCH) / (math.sqrt(2.0) * z)))


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, (law, share) in LAWS.items():
        sgd = {z: step(so.DPSGD, law, z, size) for z in (8.0, 32.0)}
        signs = {z: step(so.DPSignSGD, law, z, size) for z in (8.0, 32.0)}
        found.append(
            finding(f"{name}: DP-SGD, z = 8, step / formula", (0.97, 1.03), sgd[8.0] / (CLIP * (2.0 * share - 1.0)))
        )
        found.append(
            finding(f"{name}: DP-SignSGD, z = 8, step / formula", (0.97, 1.03), signs[8.0] / voted(share, 8.0))
        )
        epsilons = (4.0, 1.0)
        found.append(finding(f"{name}: power of ε in DP-SGD's", (-0.1, 0.1), exponent(epsilons, sgd[8.0], sgd[32.0])))
        found.append(finding(f"{name}: power in DP-SignSGD's", (0.9, 1.1), exponent(epsilons, signs[8.0], signs[32.0])))
    return found
