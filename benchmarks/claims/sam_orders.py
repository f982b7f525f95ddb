"""The SDEs of USAM, SAM and DNSAM have weak order 1 for ρ ~ √η, DNSAM's away from critical points.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203. The drifts are the paper's; the diffusion of SAM is the full
covariance of its step, of which the paper keeps the first order in ρ.
Measured: how the gaps of means and covariances fall with η, on a quadratic with correlated noise, before
its minimum is near, where a single path of DNSAM may carry the covariance.
Refuted by: a slope of a mean below 0.85; a slope of a covariance below 1.75.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding, orders, paths
from benchmarks.claims.sgd_orders import PROBLEM


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page in (so.USAM(0.1, rho=0.15), so.SAM(0.1, rho=0.15), so.DNSAM(0.1, rho=0.15)):
        certificate = so.certify(
            page, PROBLEM, [0.1, 0.05, 0.025], horizon=0.5, rng=3, paths=paths(4096, size), max_paths=paths(2**18, size)
        )
        found += orders(certificate, type(page).__name__)
    return found
