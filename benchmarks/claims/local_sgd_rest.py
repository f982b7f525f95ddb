"""Meeting every H steps only leaves the variance of Local SGD at rest as it is, but unequal agents pull its mean away.

Source: derived here, exactly on quadratics. That unequal agents drift is known since Karimireddy et al. (2020),
arXiv:1910.06378, recalled. For f_i = h_i (x - c_i)²/2 the mean at rest is Σ w_i c_i/Σ w_i, w_i = 1 - (1 - ηh_i)^H: off
the minimum by (η/2)(H - 1) Σ h_i² (x* - c_i)/Σ h_i to first order. The variance is ησ²/(2hN) for every H.
Measured: E x² at rest over that on f = x²/2, η = 0.02; E x less the minimum over the exact and the first-order formula
for two agents, h = 1 and 4, c = 1 and -1, η = 0.01, H = 8; and E x of the SDE of order 1, at the minimum.
Refuted by: a quotient other than 1, up to the order of η.
"""

from __future__ import annotations

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths, run

LR, LINE = 0.02, so.Quadratic([1.0])
SLOW, ROUND = 0.01, 8
CURVES, CENTRES, MINIMUM = np.array([1.0, 4.0]), np.array([1.0, -1.0]), -0.6


def unequal() -> so.Problem:
    """Agents with two examples each, whose targets lie 0.6 apart."""
    a = np.repeat(np.sqrt(CURVES), 2)
    targets = a * (np.repeat(CENTRES, 2) + np.tile([0.3, -0.3], 2))
    return so.Problem(so.LinearRegression(a[:, None], targets), so.Agents(so.Minibatch(1), agents=2), x0=[MINIMUM])


def bias(size: float, kind: str) -> Estimate:
    """E x at rest less the minimum."""
    number = paths(20_000, size)
    e = run(so.LocalSGD(SLOW, ROUND), unequal(), number, kind, horizon=4.0)
    return Estimate(float(e.mean[-1, 0]) - MINIMUM, float(np.sqrt(e.cov[-1, 0, 0] / number)))


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for agents, steps in ((1, 8), (4, 1), (4, 8)):
        problem = so.Problem(LINE, so.Agents(so.Gaussian(1.0), agents=agents), x0=[0.0])
        level = mean("norm2", so.LocalSGD(LR, steps), problem, paths(20_000, size), horizon=8.0)
        what = f"N = {agents}, H = {steps}: E x² / formula"
        found.append(finding(what, (0.93, 1.07), level / (0.5 * LR / agents)))
    w = 1.0 - (1.0 - SLOW * CURVES) ** ROUND
    exact = float(w @ CENTRES / w.sum()) - MINIMUM
    first = 0.5 * SLOW * (ROUND - 1) * float(CURVES**2 @ (MINIMUM - CENTRES) / CURVES.sum())
    off = bias(size, "discrete")
    found.append(finding("unequal agents: bias / exact", (0.95, 1.05), off / exact))
    found.append(finding("unequal agents: bias / first order", (0.9, 1.1), off / first))
    found.append(finding("unequal agents: bias of the SDE / exact", (-0.05, 0.05), bias(size, "sde") / exact).rather())
    return found
