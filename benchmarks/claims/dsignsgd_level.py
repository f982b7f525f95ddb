"""At rest DSignSGD has Var x = (η/2) √(π/2) σ/(hN√B): linear in σ, and the batch counts by its root; DSGD ησ²/(2hNB).

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009, to leading order in η, equal agents, Gaussian noise.
Measured: E x² at rest over the formula on f = x²/2, η = 0.02, for N agents with batches of B.
Refuted by: a quotient other than 1, up to the order of η.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

LR = 0.02
SETTINGS = ((1, 1, 1.0), (4, 1, 1.0), (4, 4, 1.0), (4, 4, 2.0))  # N, B and σ


def problem(agents: int, batch: int, sigma: float) -> so.Problem:
    law = so.Agents(so.Batch(so.Gaussian(sigma), batch), agents=agents)
    return so.Problem(so.Quadratic([1.0]), law, x0=[0.0])


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for agents, batch, sigma in SETTINGS:
        signs = 0.5 * LR * math.sqrt(math.pi / 2.0) * sigma / (agents * math.sqrt(batch))
        plain = 0.5 * LR * sigma**2 / (agents * batch)
        for page, formula in ((so.DSignSGD(LR), signs), (so.DSGD(LR), plain)):
            what = f"{type(page).__name__}, N = {agents}, B = {batch}, σ = {sigma:g}: E x² / formula"
            number = paths(20_000, size)
            level = mean("norm2", page, problem(agents, batch, sigma), number, horizon=8.0 * max(sigma, 1.0))
            found.append(finding(what, (0.93, 1.07), level / formula))
    return found
