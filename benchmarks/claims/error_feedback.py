"""Error feedback mends a biased compressor: TopKEF rests at the loss of DSGD, though it sends one entry of eight.

Source: Stich, Cordonnier & Jaggi (2018), arXiv:1809.07599: to leading order sparsified SGD with memory converges as SGD
does; what was read of it is its abstract. x - mean e makes the steps of DSGD, and x lags by the memory, O(ηd/k).
Measured: E f at rest over that of DSGD, N = 4 agents of unequal gradients, d = 8, η = 0.02 and 0.005.
Refuted by: a quotient that does not fall towards 1 with η.
"""

from __future__ import annotations

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

DIM = 8
SHIFTS = np.outer([1.0, -1.0, 0.5, -0.5], np.resize([0.4, -0.2], DIM))
LAW = so.Agents(so.Gaussian(1.0), agents=4, shifts=SHIFTS)
PROBLEM = so.Problem(so.Quadratic([1.0] * DIM), LAW, x0=[0.0] * DIM)


def excess(lr: float, number: int) -> Estimate:
    """E f of TopKEF over that of DSGD."""
    sent, plain = (mean("loss", page, PROBLEM, number, horizon=5.0) for page in (so.TopKEF(lr, k=1), so.DSGD(lr)))
    return sent / plain


def measure(size: float = 1.0) -> list[Finding]:
    coarse, fine = excess(0.02, paths(40_000, size)), excess(0.005, paths(4000, size))
    return [
        finding("η = 0.02: E f / E f of DSGD", (1.0, 3.0), coarse),
        finding("η = 0.005: E f / E f of DSGD", (0.9, 1.3), fine),
    ]
