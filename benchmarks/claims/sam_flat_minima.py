"""SAM moves weight from a sharp minimum to a flat one, though the flat one is higher.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203: SAM minimises f + ρE|∇f + ξ|, under noise that grows with the
curvature; both favour flat minima. The theorem wants ρ ~ √η. The valley is ours: f' = (x³ - x)(1 - x/2)², of curvature
9/2 at -1 and 1/2 at 1, which is higher by 4/15.
Measured: the share of paths with x > 0 at t = 200, from the sharp minimum, η = 0.05, Gaussian noise of variance 4, for
ρ = 0.2 and 0.5, less that of SGD; and either share over the one in the stationary law of the SDE, exp(2∫b/D)/D, for
SGD and for ρ = 0.2, which is near √η.
Refuted by: a share of SAM that is not above that of SGD; a quotient other than 1, up to the order of η.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, paths, run
from sdeopt.core import Vector

LR, SCALE, FAR = 0.05, 2.0, 3.5


def value(x: Vector) -> Any:
    """f, by Horner's scheme."""
    return (x * x * (((x / 24.0 - 0.2) * x + 0.1875) * x * x + x / 3.0 - 0.5))[0]


def slope(x: Vector) -> Any:
    """f'."""
    return x * (x * x - 1.0) * (1.0 - 0.5 * x) * (1.0 - 0.5 * x)


def bend(x: Vector) -> Any:
    """f''."""
    return (1.0 - 0.5 * x) * ((3.0 * x * x - 1.0) * (1.0 - 0.5 * x) - x * (x * x - 1.0))


VALLEY = so.Objective(dim=1, value=value, grad=slope, hvp=lambda x, v: bend(x) * v, start=[-1.0])
PROBLEM = so.Problem(VALLEY, so.Gaussian(SCALE))


def stationary(rho: float) -> float:
    """The weight of x > 0 in the stationary law: b = -g - ρh E u and D = η Var(ξ + ρh u) with u = sign(g + ξ)."""
    x = np.linspace(-FAR, FAR, 4001)
    g, h = slope(x), bend(x)
    u, density = erf(g / (np.sqrt(2.0) * SCALE)), np.exp(-0.5 * (g / SCALE) ** 2) / np.sqrt(2.0 * np.pi)
    b = -g - rho * h * u
    D = LR * (SCALE**2 + 4.0 * rho * h * SCALE * density + rho**2 * h**2 * (1.0 - u**2))
    exponent = 2.0 * np.concatenate([[0.0], np.cumsum(0.5 * ((b / D)[1:] + (b / D)[:-1]) * np.diff(x))])
    p = np.exp(exponent - exponent.max()) / D
    return float(p[x > 0.0].sum() / p.sum())


def share(page: Any, size: float) -> Estimate:
    """Of the paths that are in the flat valley."""
    right = run(page, PROBLEM, paths(4000, size), horizon=200.0).final[:, 0] > 0.0
    return Estimate(float(right.mean()), float(right.std() / np.sqrt(len(right))))


def measure(size: float = 1.0) -> list[Finding]:
    sgd = share(so.SGD(LR), size)
    found = [finding("SGD: share / SDE's", (0.8, 1.2), sgd / stationary(0.0))]
    for rho in (0.2, 0.5):
        sam = share(so.SAM(LR, rho=rho), size)
        more = Estimate(sam.value - sgd.value, math.hypot(sam.stderr, sgd.stderr))
        found.append(finding(f"ρ = {rho:g}: share in the flat valley, SAM less SGD", (0.02, 1.0), more))
        if rho < 0.5:
            found.append(finding(f"ρ = {rho:g}: share / SDE's", (0.8, 1.2), sam / stationary(rho)))
    return found
