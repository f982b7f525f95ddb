"""SAM moves weight from a sharp minimum to a flat one, though the flat one is higher.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203: SAM minimises f + ρE|∇f + ξ|, under noise that grows with the
curvature; both favour flat minima. The valley is ours: f' = (x³ - x)(1 - x/2)², of curvature 9/2 at -1 and 1/2 at 1,
which is higher by 4/15. The theorem wants ρ ~ √η, and SGD's SDE suffices at ρ ~ η.
Measured: the share of paths with x > 0 at t = 200, from the sharp minimum, η = 0.05, Gaussian noise of variance 4,
ρ = 1/2, less that of SGD; and either share over the one in the stationary law of the SDE, exp(2∫b/D)/D.
Refuted by: a share of SAM that is not above that of SGD; a quotient other than 1, up to the order of η.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run

LR, SCALE, RHO, FAR = 0.05, 2.0, 0.5, 3.5
VALLEY = so.Objective(
    dim=1,
    value=lambda x: (x**4 / 4 - x**2 / 2 - x**5 / 5 + x**3 / 3 + x**6 / 24 - x**4 / 16)[0],
    grad=lambda x: (x**3 - x) * (1.0 - 0.5 * x) ** 2,
    hvp=lambda x, v: ((3 * x**2 - 1) * (1.0 - 0.5 * x) ** 2 - (x**3 - x) * (1.0 - 0.5 * x)) * v,
    start=[-1.0],
)
PROBLEM = so.Problem(VALLEY, so.Gaussian(SCALE))


def stationary(rho: float) -> float:
    """The weight of x > 0 in the stationary law: b = -g - ρh E u and D = η Var(ξ + ρh u) with u = sign(g + ξ)."""
    x = np.linspace(-FAR, FAR, 4001)
    g, h = (x**3 - x) * (1.0 - 0.5 * x) ** 2, (3.0 * x**2 - 1.0) * (1.0 - 0.5 * x) ** 2 - (x**3 - x) * (1.0 - 0.5 * x)
    u, density = erf(g / (np.sqrt(2.0) * SCALE)), np.exp(-0.5 * (g / SCALE) ** 2) / np.sqrt(2.0 * np.pi)
    b = -g - rho * h * u
    D = LR * (SCALE**2 + 4.0 * rho * h * SCALE * density + rho**2 * h**2 * (1.0 - u**2))
    exponent = 2.0 * np.concatenate([[0.0], np.cumsum(0.5 * ((b / D)[1:] + (b / D)[:-1]) * np.diff(x))])
    p = np.exp(exponent - exponent.max()) / D
    return float(p[x > 0.0].sum() / p.sum())


def measure(size: float = 1.0) -> list[Finding]:
    flat = {}
    for page in (so.SGD(LR), so.SAM(LR, rho=RHO)):
        right = run(page, PROBLEM, paths(4000, size), horizon=200.0).final[:, 0] > 0.0
        flat[type(page).__name__] = Estimate(float(right.mean()), float(right.std() / np.sqrt(len(right))))
    sgd, sam = flat.values()
    more = Estimate(sam.value - sgd.value, math.hypot(sam.stderr, sgd.stderr))
    return [
        finding("share in the flat valley: SAM less SGD", (0.02, 1.0), more),
        finding("SGD: share / SDE's", (0.8, 1.2), sgd / stationary(0.0)),
        finding("SAM: share / SDE's", (0.8, 1.2), sam / stationary(RHO)),
    ]
