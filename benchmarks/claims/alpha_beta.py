"""Under the α-β condition along a path the mean loss of gradient descent is at most D₀/(2ηK(α - β - ηL)), though f is
not convex, if x_p is the minimiser that the path comes to.

Source: Islamov et al., arXiv:2410.12455, definition 1, for the condition ⟨∇f, x - x_p⟩ >= (α - β) f where the
minimum is 0, and section 5 for the last position as x_p; the bound is derived here: |x - x_p|² falls in a step by
2η⟨∇f, x - x_p⟩ - η²|∇f|², |∇f|² <= 2L f along the path, D₀ = |x₀ - x_p|². Example by example the condition fails where
a residual changes its sign, as on the diagonal networks that were tried first, with batches of one.
Measured: the factorisation of a matrix of rank 2, from 1, 2 and 4 times its start, η = 0.05, K = 8000: α - β of
`diagnose` with the last position; the mean of f over the bound; α - β with one minimiser of the orbit for all.
Refuted by: α - β below ηL; a quotient above 1.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding

LR, STEPS = 0.05, 8000
LEFT, RIGHT = (np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0] for seed in (3, 4))
TARGET = so.MatrixFactorization(LEFT * np.array([1.0, 0.6, 0.0]) @ RIGHT, rank=2)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for times in (1.0, 2.0, 4.0):
        problem = so.Problem(TARGET, x0=times * TARGET.start)
        run = so.simulate(so.SGD(LR), problem, steps=STEPS, paths=1, save_at=STEPS, keep_paths=True, rng=0)
        x = run.paths[0]
        last, other = (
            1.0 - so.diagnose(problem, run, alpha=1.0, minimum=0.0, optimum=best)["beta"].value
            for best in ("last", TARGET.optimum)
        )
        f = np.array([TARGET.value(at) for at in x])
        squares = np.array([float(np.sum(TARGET.grad(at) ** 2)) for at in x])
        there = f > 1e-12
        L = float(np.max(squares[there] / (2.0 * f[there])))
        bound = float(np.sum((x[0] - x[-1]) ** 2)) / (2.0 * LR * STEPS * (last - LR * L))
        label = f"{times:g} times the start"
        found += [
            finding(f"{label}: α - β - ηL", (0.0, 1.0), Estimate(last - LR * L)),
            finding(f"{label}: mean of f / bound", (0.0, 1.0), Estimate(float(f[:-1].mean()) / bound)),
            finding(f"{label}: α - β with one minimiser for all", (-math.inf, 0.0), Estimate(other)),
        ]
    return found
