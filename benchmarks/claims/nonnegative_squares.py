"""Descent on β = u∘u solves non-negative least squares; of many non-negative solutions a small start leads to the one
of least sum, and from a large start, where descent alone does not, the noise of labels does.

Source: derived here; Chou, Maly & Verdun (2022), arXiv:2207.08437, is recalled for non-negative least squares, and
Pillaud-Vivien, Reygner & Flammarion (2022), arXiv:2206.09841, for label noise that makes β sparse. u' = -2u∘h with h =
Xᵀ(Xβ - y)/n is β' = -4β∘h, mirror descent of a convex function, which ends at its minimum over β >= 0, from any α > 0,
and log(β/α²) = -4∫h dt is in the rows of X. Where Xβ = y, tr ∇²f = (4/n) Σ |X_j|² β_j, which label noise lowers.
Measured: on `DiagonalLinearNetwork` with v = 0, where v stays. 20 normal examples of 6 numbers and labels that no β >=
0 fits: |β - β*|/|β*|, β* by the active sets of Lawson and Hanson, from α = 0.01 and 1. 8 examples of 20 numbers,
columns of one length, a β of two entries: the part of log(β/α²) outside the rows over its length; Σβ over the least, by
a linear program, from α = 0.001 and 1/2; with label noise of deviation 1 from α = 1/2, η = 0.02, to kη² = 12; and
(Σβ)²/Σβ², the number of entries that count, over that without noise.
Refuted by: another end; a part outside not of the order of η; a sum with noise no nearer to the least.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import linprog, nnls

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, seed

RNG = np.random.default_rng(11)
TALL, LABELS = RNG.standard_normal((20, 6)), RNG.standard_normal(20)
N, P, LR, NOISY, STEPS, SCALE = 8, 20, 0.01, 0.02, 30_000, 1.0
X = RNG.standard_normal((N, P))
X *= math.sqrt(N) / np.linalg.norm(X, axis=0)
Y = X[:, 0] + 0.5 * X[:, 1]
TALL_ONE, WIDE_ONE = so.DiagonalLinearNetwork(TALL, LABELS), so.DiagonalLinearNetwork(X, Y)


def ends(
    network: so.DiagonalLinearNetwork, alpha: float, lr: float, noise: so.noise.Law, number: int = 1
) -> np.ndarray:
    """β at the end, path by path, from u = α, v = 0."""
    x0 = np.concatenate([np.full(network.dim // 2, alpha), np.zeros(network.dim // 2)])
    problem = so.Problem(network, noise, x0=x0)
    steps = STEPS if lr == NOISY else 2 * STEPS
    x = so.simulate(so.SGD(lr), problem, steps=steps, paths=number, save_at=1, observables=[], rng=seed(alpha, lr))
    u, v = np.split(x.final, 2, axis=1)
    assert not v.any()
    return np.asarray(u * u)


def measure(size: float = 1.0) -> list[Finding]:
    found, still = [], so.NoNoise()
    best = nnls(TALL, LABELS)[0]
    for alpha in (0.01, 1.0):
        gap = np.linalg.norm(ends(TALL_ONE, alpha, LR, still)[0] - best) / np.linalg.norm(best)
        found.append(finding(f"α = {alpha:g}: distance from β* / |β*|", (0.0, 0.01), Estimate(float(gap))))
    least = float(linprog(np.ones(P), A_eq=X, b_eq=Y).fun)
    small, large = (ends(WIDE_ONE, alpha, LR, still)[0] for alpha in (0.001, 0.5))
    for alpha, beta, claimed in ((0.001, small, (1.0, 1.05)), (0.5, large, (1.1, math.inf))):
        q = np.log(beta / alpha**2)
        outside = float(np.linalg.norm(q - np.linalg.pinv(X) @ (X @ q)) / np.linalg.norm(q))
        found.append(finding(f"α = {alpha:g}: share outside the rows", (0.0, 0.02), Estimate(outside)))
        found.append(finding(f"α = {alpha:g}: Σβ / least", claimed, Estimate(float(beta.sum()) / least)))
    noisy = ends(WIDE_ONE, 0.5, NOISY, so.LabelNoise(SCALE), max(24, round(64 * size)))
    sums, counts = noisy.sum(axis=1), noisy.sum(axis=1) ** 2 / (noisy * noisy).sum(axis=1)
    for what, claimed, values in (
        ("Σβ / least", (0.95, 1.1), sums / least),
        ("entries that count / without noise", (0.0, 0.8), counts * (large @ large) / large.sum() ** 2),
    ):
        error = float(values.std(ddof=1) / math.sqrt(len(values)))
        found.append(finding(f"label noise, α = 0.5: {what}", claimed, Estimate(float(values.mean()), error)))
    return found
