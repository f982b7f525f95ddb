"""SOAP turns with its matrix, which Adam does not, and rests below Adam where the entries of the noise are correlated.

Source: Vyas et al. (2025), arXiv:2409.11321, of which the abstract and a library's code were read, for the update. The
claims are derived here: the path on f(QᵀXP) from QX₀Pᵀ is the turned path on f(X); at rest on f = h|X|²/2, with noise
of covariance Σ = A ⊗ B, E|X|² is (η/2h) tr Σ^{1/2}, that of Adam (η/2h) Σ √Σ_ii.
Measured: the largest entry of the difference between the turned path and the path of the turned problem after 25 steps
on ½|DX - C|², 2 by 2, D = diag(1, 1.4), η = 0.05, without noise, over |C| (D and a start that is not 0, for entries
that vanish in the axes at all times are divided by their own rounding); E|X|² at rest, η = 0.02, β₁ = 0.9, β₂ = 0.99,
h = 1, over the formulas, with A of correlation 0.9 and B of -0.8, 2 by 2, and with independent noise.
Refuted by: a difference above 10⁻⁶ for SOAP or below 10⁻² for Adam; a quotient other than 1. (First run: 2 by 3 and 50
steps, 1.3 · 10⁻⁴: the first R has rank 2, its third axis divides rounding by rounding, and the steps magnify it.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths, run

C, D, START = np.array([[2.0, 0.6], [0.4, -2.5]]), np.diag([1.0, 1.4]), np.array([[0.5, -0.3], [-0.7, 0.9]])
Q, P = np.array([[0.6, 0.8], [-0.8, 0.6]]), np.array([[0.28, -0.96], [0.96, 0.28]])
LR = 0.02
PAGES: tuple[Any, ...] = (
    (so.SOAP(0.05, weight_decay=0.0), (0.0, 1e-6)),
    (so.Adam(0.05, 0.95, 0.95), (1e-2, math.inf)),
)


def end(page: Any, f: so.MatrixQuadratic, start: Any) -> Any:
    return run(page, so.Problem(f, x0=start.ravel()), 2, steps=25).final[0].reshape(2, 2)


def turned(page: Any) -> Any:
    """The end on f(QᵀXP)."""
    return end(page, so.MatrixQuadratic(C @ P.T, D @ Q.T), Q @ START @ P.T)


def correlated(a: float, b: float) -> Any:
    return np.kron([[1.0, a], [a, 1.0]], [[1.0, b], [b, 1.0]])


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page, claimed in PAGES:
        apart = np.abs(Q @ end(page, so.MatrixQuadratic(C, D), START) @ P.T - turned(page)).max() / np.linalg.norm(C)
        what = f"{type(page).__name__}: turned path - path of the turned problem"
        found.append(finding(what, claimed, Estimate(float(apart))))
    for cov in (correlated(0.9, -0.8), correlated(0.0, 0.0)):
        problem = so.Problem(so.MatrixQuadratic(np.zeros((2, 2))), so.Gaussian(cov=cov))
        roots = float(np.sqrt(np.linalg.eigvalsh(cov)).sum()), float(np.sqrt(np.diag(cov)).sum())
        pages = so.SOAP(LR, 0.9, 0.99, weight_decay=0.0), so.Adam(LR, 0.9, 0.99)
        for page, root in zip(pages, roots, strict=True):
            rest = mean("norm2", page, problem, paths(4_000, size), steps=600) / (0.5 * LR * root)
            kind = "correlated" if cov[0, 1] else "independent"
            found.append(finding(f"{type(page).__name__}, {kind} noise: E|X|² at rest / formula", (0.9, 1.1), rest))
    return found
