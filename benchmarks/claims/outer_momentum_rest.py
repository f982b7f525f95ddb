"""Outer momentum makes rounds of Local SGD longer and noisier by 1/(1 - μ): at rest only α/(1 - μ) and η/N count.

Source: derived here from the SDE of `FedAvgM`: Var x = α ησ²/(2hN(1 - μ)) on f = h x²/2, whatever H is. That outer
learning rates count as α/(1 - μ): Khaled et al. (2025), arXiv:2509.10439, of which the abstract was read.
Measured: E x² at rest over that on f = x²/2, σ = 1, N = 4, η = 0.002, for FedAvgM with α/(1 - μ) = 1 and 2, and for
LocalSGD with the outer learning rates 1 and 2.
Refuted by: a quotient other than 1, up to the order of ηH and 1 - μ. (With 10,000 paths one of five findings was
inconclusive, 0.956 ± 0.027; then 40,000 were taken.)
"""

from __future__ import annotations

from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

LR, AGENTS = 0.002, 4
PROBLEM = so.Problem(so.Quadratic([1.0]), so.Agents(so.Gaussian(1.0), agents=AGENTS), x0=[0.0])
SETTINGS: tuple[tuple[Any, float], ...] = (
    (so.FedAvgM(LR, 4, outer_lr=0.1, momentum=0.9), 1.0),
    (so.FedAvgM(LR, 4, outer_lr=0.05, momentum=0.95), 1.0),
    (so.FedAvgM(LR, 8, outer_lr=0.1, momentum=0.95), 2.0),
    (so.LocalSGD(LR, 4, outer_lr=1.0), 1.0),
    (so.LocalSGD(LR, 4, outer_lr=2.0), 2.0),
)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page, effective in SETTINGS:
        level = mean("norm2", page, PROBLEM, paths(40_000, size), horizon=6.4)
        outer = f"H = {page.local_steps:g}, α = {page.outer_lr:g}" + (
            f", μ = {page.momentum:g}" if isinstance(page, so.FedAvgM) else ""
        )
        what = f"{type(page).__name__}, {outer}: E x² / formula"
        found.append(finding(what, (0.93, 1.07), level / (0.5 * LR * effective / AGENTS)))
    return found
