"""The SDEs of SGD have weak order 1 and, with the gradient of η|∇f|²/4 in the drift, weak order 2.

Source: Li, Tai & E (2017), arXiv:1511.06251; (2019), arXiv:1811.01558.
Measured: how the gaps of means and covariances between SGD and its SDEs fall with η, on a quadratic with correlated
noise.
Refuted by: a slope of a mean below its order by more than 0.15; a slope of a covariance below 1.75.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding, orders, paths

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]), x0=[1.0, -0.8])


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for sde, lr in (("order1", 0.2), ("order2", 0.4)):  # larger, where gaps fall like its square
        certificate = so.certify(
            so.SGD(lr), PROBLEM, sde=sde, horizon=2.0, rng=1, precision=0.06, paths=paths(4096, size),
            max_paths=paths(2**20, size),
        )  # fmt: skip
        found += orders(certificate, sde)
    return found
