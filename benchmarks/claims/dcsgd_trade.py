"""Compression with ω is paid for by 1 + ω times the agents, or the batch, as it is by a learning rate of η/(1 + ω).

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009: the level of DCSGD is kept where κ(1 + ω)/(αδ) = 1 for κη, αN
and δB, to leading order in η.
Measured: E f at rest over that of 2 uncompressed agents with batches of 1, f = |x|²/2 in 4 dimensions, η = 0.02, rand-k
with k = 1 (ω = 3), for 4N, 4B, and 2N with 2B.
Refuted by: a quotient other than 1, up to the order of η.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

DIM, AGENTS, LR = 4, 2, 0.02


def loss(k: int, more: int, larger: int, size: float) -> Estimate:
    """E f at t = 4 with so many times the agents and the batch."""
    law = so.Agents(so.Batch(so.Gaussian(1.0), larger), agents=AGENTS * more)
    problem = so.Problem(so.Quadratic([1.0] * DIM), law, x0=[0.0] * DIM)
    return mean("loss", so.DCSGDRandK(LR, k=k), problem, paths(10_000, size), horizon=4.0)


def measure(size: float = 1.0) -> list[Finding]:
    plain = loss(DIM, 1, 1, size)
    found = []
    for more, larger in ((4, 1), (1, 4), (2, 2)):
        quotient = loss(1, more, larger, size) / plain
        found.append(finding(f"ω = 3, N × {more}, B × {larger}: E f / E f uncompressed", (0.94, 1.06), quotient))
    return found
