"""A second sample halves the level of SHGD at rest; SEG with one sample or two has the levels of their own SDEs.

Source: Compagnoni et al. (2024), arXiv:2402.12508, for SDEs with the covariance JᵀΣJ of SHGD, half of it with two
samples, (I - ρJ)Σ(I - ρJ)ᵀ of SEG and Σ + ρ²JΣJᵀ with two independent samples (derived here).
Measured: m = E|z|²/2 at rest over that of the SDE on f = a x²/2 + λxy - a y²/2, a = 1, λ = 2, σ = 1, η = 0.01, ρ = 1/4;
and m of SEG at half and twice the ρ = 1/(a + λ) of the lowest level, over m there.
Refuted by: a quotient other than 1, up to the order of η; a lower level at another ρ.
"""

from __future__ import annotations

import math
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths
from sdeopt.theory import games

GAME: dict[str, Any] = {"a": 1.0, "coupling": 2.0}
WORDS: dict[str, Any] = GAME | {"lr": 0.01, "sigma": 1.0}
PROBLEM = so.Problem(so.QuadraticGame(**GAME), so.Gaussian(1.0), x0=[0.0, 0.0])


def level(page: Any, size: float) -> Estimate:
    """m at t = 5."""
    return mean("norm2", page, PROBLEM, paths(40_000, size), horizon=5.0) / 2.0


def measure(size: float = 1.0) -> list[Finding]:
    rho, lr = 0.25, WORDS["lr"]
    found = []
    for name, page, theory in (
        ("SHGD2", so.SHGD2(lr), games.shgd(**WORDS, samples=2)),
        ("SHGD", so.SHGD(lr), games.shgd(**WORDS)),
        ("SEGIndependent", so.SEGIndependent(lr, rho=rho), games.seg(**WORDS, rho=rho, samples=2)),
        ("SEG", so.SEG(lr, rho=rho), games.seg(**WORDS, rho=rho)),
    ):
        found.append(finding(f"{name}: m / SDE's", (0.94, 1.06), level(page, size) / theory.stationary()))
    best = games.lowest_rho(**GAME)
    lowest = level(so.SEG(lr, rho=best), size)
    for times in (0.5, 2.0):
        what = f"SEG: m at {times:g} ρ / m at ρ = 1/(a + λ)"
        found.append(finding(what, (1.0, math.inf), level(so.SEG(lr, rho=times * best), size) / lowest))
    return found
