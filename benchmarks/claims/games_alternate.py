"""On bilinear games alternating steps keep their distance where simultaneous ones spiral out, and smoothing contracts.

Source: the invariant x² - ηλxy + y² of alternating steps is derived here; growth of SGDA by 1 + η²λ² a step; smoothing:
Zhang, Xiao, Sun & Luo (2020), arXiv:2010.15768 (of nonconvex-concave games; the bilinear case is measured only).
Measured: |z|² after 400 steps over its start, without noise, λ = 1, η = 0.1, pull 1 and average of rate 0.1.
Refuted by: a quotient of SGDA other than (1 + η²λ²)⁴⁰⁰; one of AltGDA outside 1 ± ηλ; one of SmoothedGDA above 0.1.
"""

from __future__ import annotations

import math
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, run

LR, STEPS = 0.1, 400
PROBLEM = so.Problem(so.BilinearGame(1.0), x0=[1.0, 0.0])


def left(page: Any) -> Estimate:
    """|z|² at the end; runs without noise need one path."""
    return Estimate(float((run(page, PROBLEM, 2, steps=STEPS).final[0] ** 2).sum()))


def measure(size: float = 1.0) -> list[Finding]:
    spiral = left(so.SGDA(LR)) / math.exp(STEPS * math.log1p(LR**2))
    smoothed = so.SmoothedGDA(LR, pull=1.0, follow=0.1)
    return [
        finding("SGDA: |z|² / (1 + η²λ²)ᵏ", (1.0 - 1e-9, 1.0 + 1e-9), spiral),
        finding("AltGDA: |z|²", (1.0 - LR, 1.0 / (1.0 - LR)), left(so.AltGDA(LR))),
        finding("SmoothedGDA: |z|²", (0.0, 0.1), left(smoothed)),
    ]
