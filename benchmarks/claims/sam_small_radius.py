"""For ρ = O(η) the SDE of SGD models SAM to weak order 1; for ρ = O(√η) it does not, only to order ½.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203, of which the abstract and the authors' code were seen; for
ρ = cη the drift and the covariance of a step change by O(η), within what an SDE of order 1 leaves open anyway (derived
here: the gap of means is O(η) + O(ρ), that of covariances O(η²) + O(ηρ)).
Measured: the gap between SAM and the SDE of SGD at a fixed time, in the mean of x₁ and in the covariance (Frobenius
norm), both columns on one Brownian path, and its slope in η from 0.05 to 0.025, for ρ = η and ρ = √η/2; on a quadratic
with correlated noise at t = 1 and on the embedded saddle at t = 0.5.
Refuted by: for ρ = η a slope of the mean below 0.85 or of the covariance below 1.75; for ρ = √η/2 one of the mean
outside 0.3 to 0.7 or of the covariance outside 1.25 to 1.75.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims import sgd_orders
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, paths, seed

LADDER = (0.05, 0.025)
SADDLE = so.Problem(so.EmbeddedSaddle(), so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]))
PROBLEMS = {"quadratic": (sgd_orders.PROBLEM, 1.0), "embedded saddle": (SADDLE, 0.5)}
RADII = {"ρ = η": lambda lr: lr, "ρ = √η/2": lambda lr: 0.5 * math.sqrt(lr)}
CLAIMED = {"ρ = η": ((0.85, math.inf), (1.75, math.inf)), "ρ = √η/2": ((0.3, 0.7), (1.25, 1.75))}


def gaps(lr: float, rho: float, problem: so.Problem, horizon: float, number: int) -> tuple[Estimate, Estimate]:
    """|E x₁ - E X₁| and |Cov x - Cov X|, both columns on the same Brownian path."""
    words: dict[str, Any] = {
        "horizon": horizon, "paths": number, "substeps": 8, "save_at": 1, "observables": [],
        "rng": seed(lr, rho, horizon),
    }  # fmt: skip
    x = so.simulate(so.SAM(lr, rho=rho), problem, **words).final
    X = so.simulate(so.SGD(lr), problem, "sde", **words).final
    first = x[:, 0] - X[:, 0]
    a, b = x - x.mean(axis=0), X - X.mean(axis=0)
    each = (a[:, :, None] * a[:, None, :] - b[:, :, None] * b[:, None, :]).reshape(number, -1)
    mean = each.mean(axis=0)
    size = float(np.linalg.norm(mean))
    along = each @ (mean / size)
    root = math.sqrt(number)
    return Estimate(abs(float(first.mean())), float(first.std()) / root), Estimate(size, float(along.std()) / root)


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, (problem, horizon) in PROBLEMS.items():
        for label, radius in RADII.items():
            seen = [gaps(lr, radius(lr), problem, horizon, paths(60_000, size)) for lr in LADDER]
            for what, one, two, claimed in zip(("mean of x₁", "covariance"), *seen, CLAIMED[label], strict=True):
                order = exponent(LADDER, one, two)
                found.append(finding(f"{name}, {label}: order of the gap, {what}", claimed, order))
    return found
