"""Unbiased compression slows distributed descent: E|x|² falls by the factor 1 - 2ηλ + η²λ²(1 + ω/N) a step at slowest.

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009: the rate 2μ loses a term of the order of ηω/N. On f = λ|x|²/2
without noise the factor is exact for rand-k, where E|C(g)|² = (1 + ω)|g|², and a bound for compressors of at most that
(derived here); natural compression has ω = 1/8, dithering with s levels min(d/s², √d/s).
Measured: log E|x|² after K = 10 steps, per step, over the log of the factor; λ = 1, d = 8, N = 2, η = 0.4.
Refuted by: a quotient other than 1 for rand-k; one below 1 for the others.
"""

from __future__ import annotations

import math
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths
from sdeopt.theory import dithering_omega, rand_k_omega

DIM, AGENTS, LR, STEPS = 8, 2, 0.4, 10
PROBLEM = so.Problem(so.Quadratic([1.0] * DIM), so.Agents(so.NoNoise(), agents=AGENTS), x0=[1.0, -0.7] * (DIM // 2))


def rate(page: Any, omega: float, size: float) -> Estimate:
    """Measured over claimed."""
    left = mean("norm2", page, PROBLEM, paths(200_000, size), steps=STEPS) / float((PROBLEM.x0**2).sum())
    claimed = math.log(1.0 - 2.0 * LR + LR**2 * (1.0 + omega / AGENTS))
    return Estimate(math.log(left.value) / STEPS / claimed, left.stderr / left.value / STEPS / abs(claimed))


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for k in (1, 2, 4):
        omega = rand_k_omega(DIM, k)
        quotient = rate(so.DCSGDRandK(LR, k=k), omega, size)
        found.append(finding(f"rand-k, ω = {omega:g}: rate / formula", (0.97, 1.03), quotient))
    for name, page, omega in (
        ("natural", so.DCSGDNatural(LR), 0.125),
        ("dithering, s = 1", so.DCSGDDithering(LR, levels=1), dithering_omega(DIM, 1)),
        ("dithering, s = 4", so.DCSGDDithering(LR, levels=4), dithering_omega(DIM, 4)),
    ):
        found.append(finding(f"{name}, ω <= {omega:.3g}: rate / slowest", (1.0, math.inf), rate(page, omega, size)))
    return found
