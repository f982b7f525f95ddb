"""Shampoo turns with its matrix, which Adagrad does not, begins with an orthogonal step, and cools below Adagrad.

Source: Gupta, Koren & Singer (2018), arXiv:1802.09568, recalled, for the update. The three claims are derived here: for
X → QXPᵀ the preconditioners are QLQᵀ and PRPᵀ; the first step is αUVᵀ of Γ = USVᵀ; near a minimum with curvature h and
noise σ of all entries of an r by c matrix L = kcσ²I, R = krσ²I, so that E x_ij² is ασ/(2h√k (rc)^{1/4}), where that of
Adagrad is ασ/(2h√k).
Measured: the largest entry of the difference between the turned path and the path of the turned problem after 50 steps
on ½|X - C|², 2 by 3, α = 0.3, without noise, over |C|; the singular values of the first step over α; E x_ij² at
k = 2000, α = 0.5, over the formula.
Refuted by: a difference above 10⁻⁶ for Shampoo or below 10⁻² for Adagrad; a singular value or a quotient other than 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths, run

C = np.array([[2.0, 0.0, 0.6], [0.4, -2.0, 1.0]])
Q, P = (np.linalg.qr(np.random.default_rng(n).standard_normal((n, n)))[0] for n in (2, 3))


def end(page: Any, target: Any, steps: int) -> Any:
    return run(page, so.Problem(so.MatrixQuadratic(target)), 2, steps=steps).final[0].reshape(2, 3)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page, claimed in ((so.Shampoo(0.3), (0.0, 1e-6)), (so.Adagrad(0.3), (1e-2, math.inf))):
        apart = np.abs(Q @ end(page, C, 50) @ P.T - end(page, Q @ C @ P.T, 50)).max() / np.linalg.norm(C)
        what = f"{type(page).__name__}: turned path - path of the turned problem"
        found.append(finding(what, claimed, Estimate(float(apart))))
    for i, s in enumerate(np.linalg.svd(end(so.Shampoo(0.3, 1e-12), C, 1), compute_uv=False)):
        found.append(
            finding(f"singular value {i + 1} of the first step over α", (0.999, 1.001), Estimate(float(s) / 0.3))
        )
    rest = so.Problem(so.MatrixQuadratic(np.zeros((2, 3))), so.Gaussian(1.0))
    for page, share in ((so.Shampoo(0.5), 6.0**-0.25), (so.Adagrad(0.5), 1.0)):
        level = 6.0 * 0.5 / (2.0 * math.sqrt(2000.0)) * share
        own = mean("norm2", page, rest, paths(1_000, size), steps=2000) / level
        found.append(finding(f"{type(page).__name__}: E x_ij² at k = 2000 over the formula", (0.9, 1.1), own))
    return found
