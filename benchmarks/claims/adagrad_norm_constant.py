"""AdaGrad-Norm converges for learning rates over four decades, without knowing the curvature, where gradient descent
with the step α/√v₀ of the least of them diverges; under noise it is as far off as steps that fall like 1/√k leave it.

Source: Ward, Wu & Bottou (2020), arXiv:1806.01811, recalled: robust to its constants, O(1/K) without noise. The bound
is derived here, for ⟨∇f, x - x*⟩ = 2(f - f*): the sum S of f - f* has 2S <= √(v₀ + 2LS) (D²/(2α) + α), D the largest
|x - x*|; so is the level ασ/(2h√(dk)) of E x_i² under noise.
Measured: S over its bound and f at the end over the start, on f = ½(x₁² + 10 x₂²) for α from 0.1 to 1000, v₀ = 10⁻⁴,
K = 20,000; gradient descent with the step α/√v₀, α = 0.1, from the same start, read after 10 steps, for later it
overflows; E x_i² over the level at k = 1000, d = 4, α = 1.
Refuted by: a quotient above 1; f above 10⁻⁶ of its start; gradient descent that converges; another level, up to 1/√k.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

LINE, START, V0, STEPS = so.Quadratic([1.0, 10.0]), np.array([1.0, -1.0]), 1e-4, 20_000
MOST = 10.0


def path(page: Any, steps: int) -> Any:
    """All positions of a run without noise."""
    problem = so.Problem(LINE, x0=START)
    return so.simulate(page, problem, steps=steps, paths=1, save_at=steps, keep_paths=True, rng=0).paths[0]


def largest_sum(D: float, alpha: float) -> float:
    """The larger root of (2S)² = (v₀ + 2LS) B², B = D²/(2α) + α."""
    B2 = (D * D / (2.0 * alpha) + alpha) ** 2
    return (MOST * B2 + math.sqrt(MOST**2 * B2**2 + 4.0 * V0 * B2)) / 4.0


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for alpha in (0.1, 1.0, 10.0, 100.0, 1000.0):
        x = path(so.AdaGradNorm(alpha, V0), STEPS)
        f = 0.5 * (x * x) @ np.array([1.0, MOST])
        bound = largest_sum(float(np.sqrt((x * x).sum(axis=1).max())), alpha)
        found += [
            finding(f"α = {alpha:g}: sum of f over its bound", (0.0, 1.0), Estimate(float(f[:-1].sum()) / bound)),
            finding(f"α = {alpha:g}: f at the end over the start", (0.0, 1e-6), Estimate(float(f[-1] / f[0]))),
        ]
    gone = float(np.linalg.norm(path(so.SGD(0.1 / math.sqrt(V0)), 10)[-1]))
    found.append(finding("gradient descent, step 0.1/√v₀: |x| after 10 steps", (10.0, math.inf), Estimate(gone)))
    noisy = so.Problem(so.Quadratic(np.ones(4)), so.Gaussian(1.0), x0=np.zeros(4))
    own = mean("norm2", so.AdaGradNorm(1.0), noisy, paths(4_000, size), steps=1000) / (0.5 * 4.0 / math.sqrt(4000.0))
    return [*found, finding("under noise: E x_i² over ασ/(2h√(dk))", (0.93, 1.07), own)]
