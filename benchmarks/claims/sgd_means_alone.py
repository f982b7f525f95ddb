"""An SDE whose means meet those of SGD with weak order 1 has the right noise.

Source: a common reading of the theorems of Li, Tai & E (2019), arXiv:1811.01558, and of plots of weak errors. They do
not say so: the diffusion of SGD's SDE is of the order of the admitted error.
Measured: the gaps between SGD and a flow, the drift of its SDE without any noise.
Refuted by: means of order 1 beside a covariance whose gap does not fall like η².
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding, orders, paths
from benchmarks.claims.sgd_orders import PROBLEM


def measure(size: float = 1.0) -> list[Finding]:
    number = paths(2**15, size)
    certificate = so.certify(
        so.SGD(0.1), PROBLEM, [0.1, 0.05, 0.025], horizon=2.0, rng=2, paths=number, max_paths=number
    )
    return orders(certificate, "flow", "flow")
