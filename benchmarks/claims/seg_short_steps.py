"""The SDE of SEG tells rate and level of SEG also for a short extrapolation, ρ ~ η.

Source: Compagnoni et al. (2024), arXiv:2402.12508, prove weak order 1 on a fixed time, and read rates and levels off
the SDE: 2ρλ² and ησ²(1 + ρ²λ²)/(2ρλ²) on the game λxy. The steps have the rate 2ρλ² - ηλ²(1 + ρ²λ²) to leading order
(derived here).
Measured: m = E(x² + y²)/2 at rest over that of the SDE for ρ = η, the classical extragradient; the rate at which m
decays without noise over the SDE's, for ρ = η and ρ = 0.4 η. λ = 2, η = 0.01.
Refuted by: a quotient other than 1. Instead: the SDE of order 2 has the rate.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths
from sdeopt.theory import games

LR, COUPLING = 0.01, 2.0
GAME = so.QuadraticGame(a=0.0, coupling=COUPLING)
ONE = (0.9, 1.1)


def rate(rho: float, kind: str) -> Estimate:
    """Decay of m without noise, up to t = 20, over that of the SDE of order 1."""
    words = {"sde": "order2", "substeps": 4} if kind == "sde" else {}
    end = mean("norm2", so.SEG(LR, rho=rho), so.Problem(GAME, x0=[1.0, 0.0]), 1, kind, steps=2000, **words)
    return Estimate(-math.log(end.value) / 20.0) / (2.0 * rho * COUPLING**2)


def measure(size: float = 1.0) -> list[Finding]:
    problem = so.Problem(GAME, so.Gaussian(1.0), x0=[0.5, 0.5])
    square = mean("norm2", so.SEG(LR, rho=LR), problem, paths(6000, size), horizon=75.0)
    level = games.seg(a=0.0, coupling=COUPLING, lr=LR, sigma=1.0, rho=LR).stationary()
    found = [finding("ρ = η: m at rest / SDE's", ONE, square / 2.0 / level)]
    for part in (1.0, 0.4):
        found.append(finding(f"ρ = {part:g} η: rate of decay / SDE's", ONE, rate(part * LR, "discrete")))
    quotient = rate(LR, "discrete") / rate(LR, "sde")
    return [*found, finding("ρ = η: rate of decay / that of the SDE order2", ONE, quotient).rather()]
