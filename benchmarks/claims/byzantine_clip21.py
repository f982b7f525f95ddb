"""One agent that lies moves the mean of five as far as it likes, but not their median; three of five move both.

Source: the abstract of Islamov et al. (2026), arXiv:2603.23472 (Byz-Clip21-SGD2M: robust aggregation, two momenta,
clipping); the attack, a lie b in every entry, and the numbers are ours. At rest on f = x²/2 the mean is -b/5, and the
median no further off than the honest agents differ.
Measured: |E x| at rest, σ = 1, for lies of 3, 30 and 300: of the mean over b/5; of the median, and at 300 over 30; of
the median against three liars over b; without liars the variance of x with the median over that with the mean.
Refuted by: a mean that is elsewhere; a median further off than one standard deviation of what the agents say, or that
goes with b; a median that holds against three; a price of the median beyond π/2, that of many agents.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

PROBLEM = so.Problem(so.Quadratic([1.0]), so.Agents(so.Gaussian(1.0), agents=5), x0=[0.0])
SPREAD = math.sqrt(0.1 / (2.0 - 0.1))  # of v_i at rest, and so at least that of s_i


def ends(trim: float, size: float, liars: int = 0, lie: float = 0.0) -> np.ndarray:
    page = so.ByzClip21SGD2M(0.05, 0.1, 0.1, clip=50.0, trim=trim, liars=liars, lie=lie)
    return run(page, PROBLEM, paths(16_000, size), horizon=20.0).final[:, 0]


def off(x: np.ndarray) -> Estimate:
    return Estimate(abs(float(x.mean())), float(x.std()) / math.sqrt(len(x)))


def spread(x: np.ndarray) -> Estimate:
    """Of normal x, or nearly so."""
    return Estimate(float(x.var()), float(x.var()) * math.sqrt(2.0 / len(x)))


def measure(size: float = 1.0) -> list[Finding]:
    found, median = [], {}
    for lie in (3.0, 30.0, 300.0):
        mean, median[lie] = off(ends(0.0, size, 1, lie)), off(ends(0.5, size, 1, lie))
        found.append(finding(f"lie {lie:g}: |E x| of the mean / (b/5)", (0.97, 1.03), mean / (0.2 * lie)))
        found.append(finding(f"lie {lie:g}: |E x| of the median", (0.0, SPREAD), median[lie]))
    found.append(finding("|E x| of the median, lie 300 / lie 30", (0.9, 1.1), median[300.0] / median[30.0]))
    three = off(ends(0.5, size, 3, 30.0))
    found.append(finding("three liars, lie 30: |E x| of the median / b", (0.97, 1.03), three / 30.0))
    price = spread(ends(0.5, size)) / spread(ends(0.0, size))
    return [*found, finding("no liars: Var x of the median / mean", (1.0, math.pi / 2.0), price)]
