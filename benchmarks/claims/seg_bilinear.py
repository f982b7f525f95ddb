"""On bilinear games E|z|²/2 rests at ησ²(1 + ρ²λ²)/(2ρλ²) under SEG and at ησ²/2 under SHGD, and grows under SGDA.

Source: Compagnoni et al. (2024), arXiv:2402.12508, for the SDEs of the game λxy; the level of SHGD is that of every
quadratic game.
Measured: m = E|z|²/2 of the methods at rest over that of the SDE, λ = 2, σ = 1, η = 0.01, ρ = 1/2; SHGD also on a
quadratic game; m of SGDA at t = 8 over its start.
Refuted by: a quotient other than 1 for SEG and SHGD, up to the order of η; SGDA that stays.
"""

from __future__ import annotations

import math
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths
from sdeopt.theory import games

LR = 0.01
GAMES = {"bilinear": (0.0, 2.0), "quadratic": (1.0, 2.0)}  # a and λ


def level(page: Any, game: str, start: float, size: float) -> Estimate:
    """m at t = 8."""
    a, coupling = GAMES[game]
    problem = so.Problem(so.QuadraticGame(a=a, coupling=coupling), so.Gaussian(1.0), x0=[start, start])
    return mean("norm2", page, problem, paths(20_000, size), horizon=8.0) / 2.0


def measure(size: float = 1.0) -> list[Finding]:
    words: dict[str, Any] = {"lr": LR, "sigma": 1.0}
    seg = games.seg(a=0.0, coupling=2.0, rho=0.5, **words).stationary()
    found = [finding("SEG: m / SDE's", (0.94, 1.06), level(so.SEG(LR, rho=0.5), "bilinear", 0.0, size) / seg)]
    for name, (a, coupling) in GAMES.items():
        shgd = games.shgd(a=a, coupling=coupling, **words).stationary()
        quotient = level(so.SHGD(LR), name, 0.0, size) / shgd
        found.append(finding(f"SHGD, {name} game: m / (ησ²/2)", (0.94, 1.06), quotient))
    return [*found, finding("SGDA: m(8) / m(0)", (1.1, math.inf), level(so.SGDA(LR), "bilinear", 1.0, size))]
