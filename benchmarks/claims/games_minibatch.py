"""In a finite sum of bilinear games minibatches are noise of the Jacobian too: SEG of one sample contracts like the
mean square of the batch's coupling, of two like the square of the mean, and all levels follow from the examples.

Source: derived here. Compagnoni et al. (2024), arXiv:2402.12508, of which the abstract was read, state their SDEs for
samples F_γ of any kind; the additive ones of the pages are a special case. A step on examples F_i = J_i z + h_i is
z' = M z + c with M = I - ηJ_i + ηρJ_iJ_k and c = -η(h_i - ρJ_i h_k), k = i for SEG of one sample, and M = I - ηJᵀJ_i,
c = -ηJᵀh_i for SHGD, which sees the mean Jacobian J; in alternating play M = (I - ηP_y J_k)(I - ηP_x J_i). So E[z] and
E[zzᵀ] have closed recursions.
Measured: 8 examples with couplings of mean 1 and variance 1, h_i of mean 0; E|z|² after 400 steps over the recursion,
η = 0.02, ρ = 1/2, batches of one. With couplings of mean 0 and h_i = 0: log E|z|² of SEG after 100 steps in batches of
one and of four over the logarithm of E[(1 - ηρλ_b²)² + η²λ_b²], λ_b the coupling of the batch; the same of the
sampled SDE; and the sign of it with two samples.
Refuted by: a quotient other than 1; growth with one sample, or none with two, where couplings have the mean 0.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

N, LR, RHO, STEPS, FEW = 8, 0.02, 0.5, 400, 100
RNG = np.random.default_rng(4)
SPREAD = RNG.standard_normal(N)
SPREAD = (SPREAD - SPREAD.mean()) / SPREAD.std()
PUSHES = RNG.standard_normal((N, 2))
PUSHES -= PUSHES.mean(0)
X0 = [1.0, 0.0]
MEAN = so.Problem(so.FiniteSumGame(1.0 + SPREAD, linear=PUSHES), so.Minibatch(1), x0=X0)
NEAR = (0.95, 1.05)


def alternating(page: Any, J: Any, h: Any, K: Any, g: Any) -> tuple[Any, Any]:
    """(M, c) where x moves by the example (J, h) and y by (K, g): of z, or of z and its anchor w."""
    P, Q, one = np.diag([1.0, 0.0]), np.diag([0.0, 1.0]), np.eye(2)
    pull, follow = getattr(page, "pull", 0.0), getattr(page, "follow", 0.0)
    second = one - LR * Q @ K
    M, c = second @ (one - LR * P @ J - LR * pull * P), -LR * (second @ P @ h + Q @ g)
    if len(page.parts) == 1:
        return M, c
    N = second @ (LR * pull * P)  # of w
    return np.block([[M, N], [follow * M, (1.0 - follow) * one + follow * N]]), np.concatenate([c, follow * c])


def recursion(page: Any) -> float:
    """E|z|² after all steps, from the fields of the examples."""
    game = MEAN.objective
    J, h, Jm = game.jacobians.reshape(N, 2, 2), game.offsets, game.J
    pairs = [(i, i) for i in range(N)] if page.samples == 1 else list(np.ndindex(N, N))
    rho, start = getattr(page, "rho", 0.0), np.tile(X0, len(page.parts))
    if isinstance(page, so.SHGD):
        steps = [(np.eye(2) - LR * Jm.T @ J[i], -LR * Jm.T @ h[i]) for i in range(N)]
    elif "ratio" in page._fields and not isinstance(page, so.SGDA):
        steps = [alternating(page, J[i], h[i], J[k], h[k]) for i, k in pairs]
    else:
        steps = [(np.eye(2) - LR * (J[i] - rho * J[i] @ J[k]), -LR * (h[i] - rho * J[i] @ h[k])) for i, k in pairs]
    m, S = start, np.outer(start, start)
    for _ in range(STEPS):
        new_m, new_S = 0.0 * m, 0.0 * S
        for M, c in steps:
            half = M @ np.outer(m, c)
            new_m += (M @ m + c) / len(steps)
            new_S += (M @ S @ M.T + half + half.T + np.outer(c, c)) / len(steps)
        m, S = new_m, new_S
    return float(np.trace(S[:2, :2]))


def factor(batch: int) -> float:
    """Log of the factor of E|z|² in a step of SEG where couplings have the mean 0."""
    seen = np.array([SPREAD[list(index)].mean() for index in itertools.product(range(N), repeat=batch)])
    return math.log(np.mean((1.0 - LR * RHO * seen**2) ** 2 + (LR * seen) ** 2))


def growth(page: Any, batch: int, size: float, kind: str = "discrete", **words: Any) -> Estimate:
    """Of log E|z|² per step, there."""
    problem = so.Problem(so.FiniteSumGame(SPREAD), so.Minibatch(batch), x0=X0)
    square = mean("norm2", page, problem, paths(20_000, size), kind, steps=FEW, **words)
    return Estimate(math.log(square.value) / FEW, square.stderr / square.value / FEW)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    pages = (so.SGDA(LR), so.SEG(LR, RHO), so.SEGIndependent(LR, RHO), so.SHGD(LR), so.AltGDA(LR),
             so.AltGDAIndependent(LR), so.SmoothedGDAIndependent(LR, follow=0.2))  # fmt: skip
    for page in pages:
        square = mean("norm2", page, MEAN, paths(20_000, size), steps=STEPS)
        found.append(finding(f"{type(page).__name__}: E|z|² / recursion", NEAR, square / recursion(page)))
    one, two = so.SEG(LR, RHO), so.SEGIndependent(LR, RHO)
    alone = growth(one, 1, size)
    for batch, seen in ((1, alone), (4, growth(one, 4, size))):
        what = f"mean 0, SEG, batches of {batch}: log E|z|² / formula"
        found.append(finding(what, (0.9, 1.1), seen / factor(batch)))
    quotient = growth(one, 1, size, "sde", sde="sampled", substeps=4) / factor(1)
    found.append(finding("mean 0, its sampled SDE: the same", (0.9, 1.1), quotient))
    what = "log E|z|² per step, times 1000"
    found.append(finding(f"mean 0, SEG: {what}", (-math.inf, 0.0), alone / 1e-3))
    found.append(finding(f"mean 0, SEGIndependent: {what}", (0.0, math.inf), growth(two, 1, size) / 1e-3))
    return found
