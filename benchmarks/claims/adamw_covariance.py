"""At rest the covariance of AdamW is (η/2) (HΣ^{-1/2} + θ)⁻¹, whatever its momentum.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, lemma C.57. The linear system of x and m with V = Σ has the
factor ρ₁/(ρ₁ + θ) more, ρ₁ = (1 - β₁)/η (derived here); the lemma is its limit for fast momentum.
Measured: E x² at rest over the lemma on f = x²/2, σ = θ = 1, for ρ₁ = 1 and 4; and over the corrected formula.
Refuted by: a quotient other than 1.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

LR, DECAY = 0.01, 1.0
LEMMA = LR / 2.0 / (1.0 + DECAY)
ONE = (0.95, 1.05)


def at_rest(speed: float, size: float) -> Estimate:
    """E x² of AdamW with ρ₁ = ``speed``."""
    page = so.AdamW(LR, beta1=1.0 - speed * LR, beta2=1.0 - LR, weight_decay=DECAY)
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])
    return mean("norm2", page, problem, paths(40_000, size), horizon=10.0)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for speed in (1.0, 4.0):
        square = at_rest(speed, size)
        corrected = LEMMA * speed / (speed + DECAY)
        found.append(finding(f"ρ₁ = {speed:g}: E x² / lemma", ONE, square / LEMMA))
        found.append(finding(f"ρ₁ = {speed:g}: E x² / [lemma ρ₁/(ρ₁ + θ)]", ONE, square / corrected).rather())
    return found
