"""Decoupled decay θ confines sign methods to |x_i| <= 1/θ, and Muon to a spectral ball; Scion stays in that of its lmo.

Source: Chen et al. (2023), arXiv:2310.05898 (Lion); Pethick et al. (2025), arXiv:2502.07529 (Scion); only what is
measured was compared with them. For signs the bound is one line: |x'| <= (1 - ηθ)|x| + η.
Measured: θ times the largest |x_i|, or singular value, after 500 steps towards an optimum at 4/θ, without noise; and
the largest |x_i| under coupled decay λ, which only moves the minimum to h 4/(h + λ).
Refuted by: a number other than 1; for Muon, whose Newton-Schulz steps give singular values from 0.68 to 1.13, one
outside that range; a coupled limit other than 8/3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, run

LR, STEPS = 0.02, 500
LINE = so.Problem(so.Quadratic([1.0, 2.0], center=[4.0, -4.0]), x0=[0.0, 0.0])
MATRIX = so.Problem(so.MatrixQuadratic([[4.0, 0.0, 0.0], [0.0, -4.0, 0.0]], np.eye(2)), x0=np.full(6, 0.01))


def largest(page: Any, problem: so.Problem) -> Estimate:
    x = run(page, problem, 2, steps=STEPS).final[0]
    return Estimate(float(np.linalg.norm(x.reshape(2, 3), 2) if len(x) == 6 else np.abs(x).max()))


def measure(size: float = 1.0) -> list[Finding]:
    near = (1.0 - 2.0 * LR, 1.0 + 2.0 * LR)
    found = []
    for page, problem, claimed in (
        (so.SignSGDW(LR, weight_decay=1.0), LINE, near),
        (so.Lion(LR, weight_decay=1.0), LINE, near),
        (so.Scion(LR, radius=1.0), LINE, near),
        (so.ScionSpectral(LR, radius=1.0), MATRIX, near),
        (so.Muon(LR, weight_decay=1.0), MATRIX, (0.66, 1.15)),
    ):
        found.append(finding(f"{type(page).__name__}: largest θ|x|", claimed, largest(page, problem)))
    coupled = largest(so.SignSGDW(LR, weight_decay=0.0, l2=1.0), LINE)
    return [*found, finding("SignSGDW, coupled λ = 1: largest |x|", (8.0 / 3.0 - 0.04, 8.0 / 3.0 + 0.04), coupled)]
