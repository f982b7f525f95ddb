"""In the third phase of SignSGD E S_t <= S₀ e^{-2μΔt} + (1 - e^{-2μΔt}) ηL/(4μΔ) with Δ = √(2/π)/σ + ημ/(πσ²).

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, S = f - f*. It bounds the linear SDE; erf(y) <= 2y/√π, so
that the drift of the SDE itself is weaker than assumed.
Measured: E f of the SDE over the bound on f = x²/2 with σ = 1 and η = 0.1, at t = 1 from Y = 0.85 and at rest.
Refuted by: a quotient above 1.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

LR = 0.1
DELTA = math.sqrt(2.0 / math.pi) + LR / math.pi


def bound(start: float, t: float) -> float:
    """The bound with μ = L = σ = 1."""
    fade = math.exp(-2.0 * DELTA * t)
    return 0.5 * start**2 * fade + LR / (4.0 * DELTA) * (1.0 - fade)


def quotient(what: str, start: float, t: float, number: int) -> Finding:
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[start])
    loss = mean("loss", so.SignSGD(LR), problem, number, "sde", horizon=t, substeps=8)
    return finding(f"E f / bound, {what}", (-math.inf, 1.0), loss / bound(start, t))


def measure(size: float = 1.0) -> list[Finding]:
    return [
        quotient("t = 1 from x = 1.2", 1.2, 1.0, paths(100_000, size)),
        quotient("at rest", 0.2, 8.0, paths(1_000_000, size)),
    ]
