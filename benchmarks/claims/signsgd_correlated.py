"""Under normal noise of covariance Σ the drift of SignSGD is -erf(Σ^{-1/2}∇f/√2), Σ^{-1/2} the matrix.

Source: a reading of corollary 3.3 of Monzio Compagnoni et al. (2025), arXiv:2411.15958, which is of diagonal Σ. Each
sign sees its own coordinate of the noise only.
Measured: the mean of one step over that formula in both coordinates, at ∇f = (0.5, -0.35), standard deviations (0.5,
0.8) and correlation 0.8.
Refuted by: a quotient other than 1. Instead: it is 1 with diag(Σ)^{-1/2} in the place of Σ^{-1/2}.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import sqrtm
from scipy.special import erf

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

SIGMA = np.array([[0.25, 0.32], [0.32, 0.64]])
START, LR = np.array([0.5, -0.35]), 0.1


def quotients(what: str, argument: Any, end: so.Ensemble) -> list[Finding]:
    """Mean steps over -η erf(argument/√2)."""
    formula = -LR * erf(argument / np.sqrt(2.0))
    return [
        finding(f"{what}: mean step in x{i + 1} / formula", (0.98, 1.02), Estimate(step, error) / float(formula[i]))
        for i, (step, error) in enumerate(zip((end.mean[-1] - START).tolist(), end.stderr[-1].tolist(), strict=True))
    ]


def measure(size: float = 1.0) -> list[Finding]:
    problem = so.Problem(so.Quadratic([1.0, 1.0]), so.Gaussian(cov=SIGMA), x0=START)  # ∇f = x
    end = run(so.SignSGD(LR), problem, paths(1_000_000, size), steps=1)
    rather = quotients("diag(Σ)^{-1/2}", START / np.sqrt(np.diag(SIGMA)), end)
    return [*quotients("Σ^{-1/2}", np.linalg.solve(sqrtm(SIGMA), START), end), *(f.rather() for f in rather)]
