"""At rest the loss of RMSpropW and AdamW is (η/4) Σ h/(h/σ + θ): linear in σ without decay, bounded with it.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, for diagonal H and Σ.
Measured: E f at rest over the formula, H = diag(1, 2), Σ^{1/2} = diag(1, 4), θ = 1; Adam's momentum is much faster than
the decay, ρ₁ = (1 - β₁)/η = 20.
Refuted by: a quotient other than 1, up to corrections of the size of η and 1/ρ₁.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

H, SCALES, LR = np.array([1.0, 2.0]), np.array([1.0, 4.0]), 0.01
MEMORY = {"beta1": 1.0 - 20.0 * LR, "beta2": 1.0 - LR}


def quotient(page: Any, decay: float, horizon: float, size: float) -> Finding:
    problem = so.Problem(so.Quadratic(H), so.Gaussian(SCALES), x0=[0.0, 0.0])
    loss = mean("loss", page, problem, paths(30_000, size), horizon=horizon)
    formula = LR / 4.0 * float(np.sum(H / (H / SCALES + decay)))
    return finding(f"{type(page).__name__}, θ = {decay:g}: E f / formula", (0.92, 1.08), loss / formula)


def measure(size: float = 1.0) -> list[Finding]:
    beta = MEMORY["beta2"]
    return [
        quotient(so.RMSprop(LR, beta=beta), 0.0, 12.0, size),
        quotient(so.Adam(LR, **MEMORY), 0.0, 12.0, size),
        quotient(so.RMSpropW(LR, beta=beta, weight_decay=1.0), 1.0, 8.0, size),
        quotient(so.AdamW(LR, **MEMORY, weight_decay=1.0), 1.0, 8.0, size),
    ]
