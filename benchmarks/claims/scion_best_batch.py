"""At equal examples seen Scion first gains from larger batches, then no longer, then loses; the best batch grows like
T^{2/3}.

Source: Islamov et al. (2026), arXiv:2603.21191, of which the abstract was read, for regimes of the batch at a fixed
number T of examples; the power is that of the rule of `sdeopt.scale`, which keeps β where κ = τ^{2/3}. Its bound is
about the worst case. Here both of its terms that matter are attained, which is derived: with steps c/K, K = T/B, the
noise σ√((1 - β)/2B) stops the descent along x₁ at a loss of that order, since exp(-x₁) is as large as its slope, and
|x₂| rests as far off as x goes in a memory, c s B/(T(1 - β)). σ, s and c were chosen after first runs, in which
shrinkage and logarithms were not small yet: powers of -0.25 and 0.75 in the place of -0.45 and 0.68. The mean flow of
x₁ alone, dx₁ = erf(e^{-x₁}/√2σ_B) ds up to s c = 12, has -0.455 for -1/2: the later the noise is met, the less is left.
Measured: E f on exp(-x₁) + |x₂|, rounded at 10⁻⁴, s = 600, c = 0.02, σ = 1, β = 0.9: its powers of B for T = 2¹⁹ at
B = 1 to 4, about the best, and 2¹² to 2¹⁵; the best B, of a parabola in log B, for five T from 2¹³ to 2²⁵.
Refuted by: powers other than about -1/2, 0 and 1; a best batch that grows with another power than 2/3, up to 0.07.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, mean, paths
from sdeopt.core import basis, exp, where

RADIUS, SIGMA, BETA, SHARE, CORNER = 600.0, 1.0, 0.9, 0.02, 1e-4
VALLEY = so.Objective(
    dim=2,
    value=lambda x: exp(-x[0]) + np.sqrt(x[1] * x[1] + CORNER * CORNER),
    grad=lambda x: where(basis(x, 0) > 0.5, -exp(-x), x / np.sqrt(x * x + CORNER * CORNER)),
)
BUDGETS = (13, 16, 19, 22, 25)


def loss(budget: int, batch: int, size: float) -> Estimate:
    """E f after 2^budget examples in batches of 2^batch; x₂ starts anywhere, so that its phase is none."""
    number, steps = paths(4000, size), 2 ** (budget - batch)
    x0 = np.stack([np.zeros(number), np.random.default_rng(3).uniform(-1.0, 1.0, number)], axis=1)
    problem = so.Problem(VALLEY, so.Gaussian(SIGMA / math.sqrt(2.0**batch)), x0=x0)
    return mean("loss", so.Scion(SHARE / steps, BETA, RADIUS), problem, number, steps=steps)


def power(budget: int, batches: tuple[int, int], size: float) -> Estimate:
    first, last = batches
    return exponent((2.0**first, 2.0**last), loss(budget, first, size), loss(budget, last, size))


def best(budget: int, size: float) -> Estimate:
    """log₂ of the best batch: where the parabola through five, each twice the last, has its vertex."""
    middle = round((budget - 13) * 2 / 3) + 3
    at = np.arange(middle - 2, middle + 3)
    seen = [loss(budget, int(b), size) for b in at]
    weights = [e.value / e.stderr for e in seen]
    (bend, slope, _), cov = np.polyfit(at, np.log([e.value for e in seen]), 2, w=weights, cov="unscaled")
    along = np.array([0.5 * slope / bend**2, -0.5 / bend, 0.0])
    return Estimate(-0.5 * slope / bend, math.sqrt(along @ cov @ along))


def growth(size: float) -> Estimate:
    """The power of T: a line through the best batches, each counting alike."""
    seen = [best(budget, size) for budget in BUDGETS]
    lever = np.array(BUDGETS) - np.mean(BUDGETS)
    lever = lever / (lever @ lever)
    return Estimate(float(lever @ [e.value for e in seen]), float(np.linalg.norm(lever * [e.stderr for e in seen])))


def measure(size: float = 1.0) -> list[Finding]:
    return [
        finding("T = 2¹⁹, B = 1 to 4: power of B in E f", (-0.55, -0.35), power(19, (0, 2), size)),
        finding("T = 2¹⁹, B = 2⁶ to 2⁷: power of B in E f", (-0.1, 0.1), power(19, (6, 7), size)),
        finding("T = 2¹⁹, B = 2¹² to 2¹⁵: power of B in E f", (0.8, 1.2), power(19, (12, 15), size)),
        finding("best batch: power of T", (2.0 / 3.0 - 0.07, 2.0 / 3.0 + 0.07), growth(size)),
    ]
