"""Direct search is as fast on any scale of the loss, rests at about √d times the level of signs, ends as random search.

Source: derived here for `DirectSearch`. That random search without second-order steps needs exponentially many tries
in d to leave a saddle point: Lucchi, Orvieto & Solomou (2021), arXiv:2110.13265, of which the abstract was read; here
it is the probability that uᵀHu < 0 for a normal u, a beta function.
Measured: E|x|² at t = 5 from |x₀| = 10 over (10 - √(2/π) 5)² on h|x|²/2, h = 1 and 100, d = 2, η = 0.05; E|x|² at rest
over (η/2)(σ/h) √(π/2) d²/E χ_d, h = 1, for d = 1, 2 and 20 and two σ; without noise E|x|² k/η² in the plane at
k = 1000, and E|x|² of the SDE over that of Gamma's law; the share of first steps that leave the saddle point 0 of
½(-x₁² + Σ_{i>1} x_i²).
Refuted by: a quotient other than 1; shares other than P(F > d - 1), F with 1 and d - 1 degrees of freedom.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths, run, share

HALF, NEAR = (0.95, 1.05), (0.93, 1.07)


def bowl(d: int, h: float, sigma: float, x0: float) -> so.Problem:
    noise = so.Gaussian(sigma) if sigma else so.NoNoise()
    return so.Problem(so.Quadratic([h] * d), noise, x0=[x0, *[0.0] * (d - 1)])


def chi(d: int) -> float:
    """E χ_d."""
    return math.sqrt(2.0) * math.exp(math.lgamma((d + 1) / 2) - math.lgamma(d / 2))


def measure(size: float = 1.0) -> list[Finding]:
    found, number = [], paths(10_000, size)
    left = (10.0 - 5.0 * math.sqrt(2.0 / math.pi)) ** 2
    for h in (1.0, 100.0):
        way = mean("norm2", so.DirectSearch(0.05), bowl(2, h, 0.0, 10.0), number, steps=100) / left
        found.append(finding(f"h = {h:g}: E|x|² at t = 5 / (10 - √(2/π) t)²", HALF, way))
    for d, sigma, lr in ((1, 1.0, 0.02), (2, 1.0, 0.02), (20, 1.0, 0.01), (2, 4.0, 0.02)):
        level = 0.5 * lr * sigma * math.sqrt(math.pi / 2.0) * d * d / chi(d)
        rest = mean(
            "norm2", so.DirectSearch(lr), bowl(d, 1.0, sigma, 0.0), number, steps=round(8.0 * sigma * math.sqrt(d) / lr)
        )
        found.append(finding(f"d = {d}, σ = {sigma:g}: E|x|² at rest / formula", NEAR, rest / level))
    end = mean("norm2", so.DirectSearch(0.1), bowl(2, 1.0, 0.0, 0.1), 4 * number, steps=1000)
    found.append(finding("d = 2, no noise: E|x|² k/η² at k = 1000", NEAR, end / (0.01 / 1000.0)))
    shape, scale = 1.0 / (1.0 - 2.0 / math.pi) + 1.0, 0.1 * (1.0 - 2.0 / math.pi) * math.sqrt(math.pi / 8.0)
    model = mean("norm2", so.DirectSearch(0.1), bowl(2, 1.0, 0.0, 0.1), number, "sde", steps=40, substeps=32)
    found.append(finding("d = 2, no noise: E|x|² of the SDE / Gamma's", NEAR, model / (shape * (shape + 1) * scale**2)))
    return found + [leaving(d, 40 * number) for d in (2, 5, 10)]


def leaving(d: int, number: int) -> Finding:
    """How often the first step leaves the saddle point 0."""
    from scipy.stats import f

    saddle = so.Problem(so.Quadratic([-1.0, *[1.0] * (d - 1)]), x0=[0.0] * d)
    gone = np.abs(run(so.DirectSearch(0.1), saddle, number, steps=1).final).max(axis=1) > 0.0
    p = float(f.sf(d - 1, 1, d - 1))
    return share(f"d = {d}: share of first steps that leave the saddle, {p:.3g}", (0.9 * p, 1.1 * p), gone)
