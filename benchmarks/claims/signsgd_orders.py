"""The SDE of SignSGD has weak order 1, for normal noise and for noise of infinite variance.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958: normal noise, corollary 3.3, and Student's t.
Measured: how the gaps of means and covariances fall with η, on a quadratic; Student's t with ν = 2.
Refuted by: a slope of a mean below 0.85; a slope of a covariance below 1.75.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding, orders, paths

SCALES = [0.5, 0.8]
NOISES = {"normal": so.Gaussian(SCALES), "Student's t, ν = 2": so.StudentT(2.0, SCALES)}


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, noise in NOISES.items():
        problem = so.Problem(so.Quadratic([1.0, 2.0]), noise, x0=[1.0, -0.7])
        certificate = so.certify(
            so.SignSGD(0.2),
            problem,
            [0.2, 0.1, 0.05],
            horizon=1.0,
            rng=5,
            paths=paths(4096, size),
            max_paths=paths(2**20, size),
        )
        found += orders(certificate, name)
    return found
