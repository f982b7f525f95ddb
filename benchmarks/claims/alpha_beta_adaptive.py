"""Under the α-β condition along a path SPS_max and AdaGrad-Norm reach the minimum of a function that is not convex,
within their bounds and knowing no curvature: for γ_b over four decades, for η over one.

Source: Islamov et al. (2024), arXiv:2410.12455, read: theorem 2 for SPS_max, with c₁ = c/(γ_min(2(α - β)c - 1)) and
γ_min = min(1/(2cL), γ_b); theorem 7 is about AdaGrad-Norm with the largest square so far. That of the plain one is
derived here: (α - β)S <= √(v₀ + 2LS) (D²/(2η) + η) for the sum S of f, D the largest distance.
Measured: the factorisation of a matrix of rank 2 with the full gradient and minimum 0, from twice its start: α - β of
`diagnose` with the last position, L of |∇f|² <= 2Lf along the path; the mean of f over the bound; f at the end over the
start, for γ_b = 1, 100 and 10⁴, c = 2, and for η = 0.3, 1 and 3, v₀ = 10⁻⁴. (At first c = 1, for which 2(α - β)c is
0.88 on the path of γ_b = 1, and η = 30, for which 4000 steps are too few.)
Refuted by: 2(α - β)c below 1; a quotient above 1; f above 10⁻⁶ of its start.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.alpha_beta import TARGET
from benchmarks.claims.frame import Estimate, Finding, finding

STEPS, V0, C = 4000, 1e-4, 2.0


def facts(page: Any) -> tuple[Any, float, float, float, float]:
    """f along the path, α - β, L, and the first and largest squared distance from the last position."""
    problem = so.Problem(TARGET, x0=2.0 * TARGET.start)
    run = so.simulate(page, problem, steps=STEPS, paths=1, save_at=STEPS, keep_paths=True, rng=0)
    x = run.paths[0]
    grown = 1.0 - so.diagnose(problem, run, alpha=1.0, minimum=0.0, optimum="last")["beta"].value
    f = np.array([TARGET.value(at) for at in x])
    squares = np.array([float(np.sum(TARGET.grad(at) ** 2)) for at in x])
    there = f > 1e-12
    away = np.sum((x - x[-1]) ** 2, axis=1)
    return f, grown, float(np.max(squares[there] / (2.0 * f[there]))), float(away[0]), float(away.max())


def found(what: str, f: Any, bound: float) -> list[Finding]:
    """The mean of f against its bound, and how far it fell."""
    return [
        finding(f"{what}: mean of f / bound", (0.0, 1.0), Estimate(float(f[:-1].mean()) / bound)),
        finding(f"{what}: f at the end over the start", (0.0, 1e-6), Estimate(float(f[-1] / f[0]))),
    ]


def measure(size: float = 1.0) -> list[Finding]:
    all_found = []
    for most in (1.0, 100.0, 1e4):
        f, grown, L, first, _ = facts(so.SPSMax(most, C))
        margin = 2.0 * grown * C - 1.0
        bound = C * first / (STEPS * min(1.0 / (2.0 * C * L), most) * margin)
        what = f"SPS_max, γ_b = {most:g}"
        all_found.append(finding(f"{what}: 2(α - β)c - 1", (0.0, math.inf), Estimate(margin)))
        all_found += found(what, f, bound)
    for eta in (0.3, 1.0, 3.0):
        f, grown, L, _, most = facts(so.AdaGradNorm(eta, V0))
        B2 = ((most / (2.0 * eta) + eta) / grown) ** 2
        bound = (L * B2 + math.sqrt(L * L * B2 * B2 + V0 * B2)) / STEPS
        what = f"AdaGrad-Norm, η = {eta:g}"
        all_found.append(finding(f"{what}: α - β", (0.0, math.inf), Estimate(grown)))
        all_found += found(what, f, bound)
    return all_found
