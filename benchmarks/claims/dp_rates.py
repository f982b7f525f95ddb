"""Privacy slows DP-SignSGD and not DP-SGD: the rate of the first is proportional to ε, that of the second free of it.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226; near a minimum with nothing clipped the rates are √(2/π) h/s
and h, s² = σ²/B + C²z²/B² (the page; to leading order in |g|/s).
Measured: -d log E x/dt over the formula on f = x²/2 from x = 1/2, z = 16 and 64 (ε and ε/4), B = 4, C = 1; the powers
of ε in it; and the power of ε in E f of DP-Adam at rest, which is that of signs where noise fills v.
Refuted by: powers other than 1 and 0, and other than -1 for DP-Adam.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, mean, paths, run

LAW = so.Batch(so.Gaussian(0.1), batch=4)
AWAY, REST = (so.Problem(so.Quadratic([1.0]), LAW, x0=[x]) for x in (0.5, 0.0))
STEP = {so.DPSGD: 0.002, so.DPSignSGD: 0.01}


def rate(cls: Any, z: float, size: float) -> Estimate:
    """Of E x from 1/2, over about half a unit of log."""
    t = 0.5 if cls is so.DPSGD else 0.16 * z
    x = run(cls(STEP[cls], clip=1.0, sigma_dp=z), AWAY, paths(100_000, size), horizon=t).final[:, 0]
    centre = float(x.mean())
    return Estimate(-math.log(centre / 0.5) / t, float(x.std() / np.sqrt(len(x))) / centre / t)


def adam(z: float, size: float) -> Estimate:
    page = so.DPAdam(0.01, beta1=0.0, beta2=0.99, clip=1.0, sigma_dp=z)
    return mean("loss", page, REST, paths(4000, size), horizon=2.0 * z)


def measure(size: float = 1.0) -> list[Finding]:
    epsilons = (1.0, 0.25)
    found = []
    for cls, power in ((so.DPSGD, 0.0), (so.DPSignSGD, 1.0)):
        first, second = (rate(cls, 16.0 / epsilon, size) for epsilon in epsilons)
        what, claimed = f"{cls.__name__}: power of ε in the rate", (power - 0.15, power + 0.15)
        found.append(finding(what, claimed, exponent(epsilons, first, second)))
    first, second = (adam(4.0 / epsilon, size) for epsilon in epsilons)
    return [*found, finding("DPAdam: power of ε in E f at rest", (-1.15, -0.85), exponent(epsilons, first, second))]
