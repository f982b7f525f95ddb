"""Compression multiplies the loss of distributed SGD at rest by 1 + ω; the learning rate η/(1 + ω) undoes it.

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009, to leading order in η, ω the constant of an
unbiased compressor.
Measured: E f at rest for 4 equal agents on f = |x|²/2 in 4 dimensions, rand-k over no compression, divided by 1 + ω;
and with the smaller learning rate.
Refuted by: a quotient other than 1.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths
from sdeopt.theory import dcsgd_rule, rand_k_omega

DIM, AGENTS, LR = 4, 4, 0.02
PROBLEM = so.Problem(so.Quadratic([1.0] * DIM), so.Agents(so.Gaussian(1.0), agents=AGENTS), x0=[0.0] * DIM)


def loss(lr: float, k: int, size: float) -> Estimate:
    return mean("loss", so.DCSGDRandK(lr, k=k), PROBLEM, paths(20_000, size), steps=round(4.0 / lr))


def measure(size: float = 1.0) -> list[Finding]:
    plain = loss(LR, DIM, size)
    found = []
    for k in (2, 1):
        omega = rand_k_omega(DIM, k)
        what = f"ω = {omega:g}: E f / (1 + ω) E f uncompressed"
        found.append(finding(what, (0.95, 1.05), loss(LR, k, size) / plain / (1.0 + omega)))
    slow = loss(LR * dcsgd_rule(rand_k_omega(DIM, 1)), 1, size)
    return [*found, finding("ω = 3, η/(1 + ω): E f / E f uncompressed", (0.95, 1.05), slow / plain)]
