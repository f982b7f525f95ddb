"""Persistent noise explores flat valleys, antipersistent noise steep ones: at rest Var x = σ̂² HΓ(2H) h^{-2H}.

Source: Lucchi et al. (2022), arXiv:2209.09162: processes driven by fractional Brownian motion, between Anti-PGD (H → 0)
and PGD (H = 1/2) and beyond. The variance is the classical one of fractional Ornstein-Uhlenbeck processes.
Measured: E x² over the formula at h = 1/2 and 2 for H = 0.2, 0.5, 0.8; and how often a path of the double well has
changed its valley by t = 20.
Refuted by: a quotient other than 1, up to the order of η; fewer exits at a larger H.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths, run
from sdeopt.theory import fractional_ou_variance

LR, SIGMA = 0.02, 0.5
HURST = (0.2, 0.5, 0.8)
WELL = so.Problem(so.DoubleWell(height=0.25), x0=[-1.0])


def exits(hurst: float, size: float) -> Estimate:
    """Share of the paths that end in the other valley."""
    x = run(so.FPGD(LR, sigma=SIGMA, hurst=hurst), WELL, paths(4000, size), horizon=20.0).final[:, 0]
    share = float((x > 0.0).mean())
    return Estimate(share, math.sqrt(max(share * (1.0 - share), 1.0 / len(x)) / len(x)))


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for h in (0.5, 2.0):
        problem = so.Problem(so.Quadratic([h]), x0=[0.0])
        for hurst in HURST:
            level = mean("norm2", so.FPGD(LR, sigma=SIGMA, hurst=hurst), problem, paths(4000, size), horizon=12.0)
            quotient = level / fractional_ou_variance(h, SIGMA, hurst, 12.0)
            found.append(finding(f"h = {h:g}, H = {hurst:g}: E x² / formula", (0.9, 1.1), quotient))
    left = {hurst: exits(hurst, size) for hurst in HURST}
    for first, second in ((0.5, 0.2), (0.8, 0.5)):
        difference = Estimate(
            left[first].value - left[second].value, math.hypot(left[first].stderr, left[second].stderr)
        )
        found.append(finding(f"share that left: H = {first:g} less H = {second:g}", (0.0, 1.0), difference))
    return found
