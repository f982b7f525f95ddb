"""SAM moves weight from a sharp minimum to a flat one, though the flat one is higher.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203: SAM minimises f + ρE|∇f + ξ|, under noise that grows with the
curvature; both favour flat minima. Their SDE, for ρ ~ √η on a fixed horizon, drops ρ²f'''/2 from the drift, which at
rest is as large as the noise (ρ²/η is of order 1): the law of weights is that of all moments of a step (derived here).
Measured: the share of paths with x > 0 at t = 200, from the sharp minimum of f' = (x³ - x)(1 - x/2)², of curvature 9/2
at -1 and 1/2 at 1, which is higher by 4/15; η = 0.05, Gaussian noise of variance 4, ρ = 0.2 and 0.5. Less that of SGD;
over the stationary law exp(2∫b/D)/D of a step's own mean and variance; and, instead, over that of the paper's SDE.
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


def stationary(rho: float, order1: bool = False) -> float:
    """The weight of x > 0 in the stationary law, for steps along a + c u + ξ with u = sign(f' + ξ).

    f'(x + ρu) = a + c u exactly, for u = ±1; the SDE of order 1 has f' for a, and ρf'' for c.
    """
    x = np.linspace(-FAR, FAR, 4001)
    g, ahead, behind = slope(x), slope(x + rho), slope(x - rho)
    a, c = (g, rho * bend(x)) if order1 else (0.5 * (ahead + behind), 0.5 * (ahead - behind))
    u, density = erf(g / (np.sqrt(2.0) * SCALE)), np.exp(-0.5 * (g / SCALE) ** 2) / np.sqrt(2.0 * np.pi)
    b, D = -a - c * u, LR * (SCALE**2 + 4.0 * c * SCALE * density + c**2 * (1.0 - u**2))
    exponent = 2.0 * np.concatenate([[0.0], np.cumsum(0.5 * ((b / D)[1:] + (b / D)[:-1]) * np.diff(x))])
    p = np.exp(exponent - exponent.max()) / D
    return float(p[x > 0.0].sum() / p.sum())


def share(page: Any, size: float) -> Estimate:
    """Of the paths that are in the flat valley."""
    right = run(page, PROBLEM, paths(4000, size), horizon=200.0).final[:, 0] > 0.0
    return Estimate(float(right.mean()), float(right.std() / np.sqrt(len(right))))


def measure(size: float = 1.0) -> list[Finding]:
    sgd = share(so.SGD(LR), size)
    found = [finding("SGD: share / law", (0.8, 1.2), sgd / stationary(0.0))]
    for rho in (0.2, 0.5):
        sam = share(so.SAM(LR, rho=rho), size)
        more = Estimate(sam.value - sgd.value, math.hypot(sam.stderr, sgd.stderr))
        found += [
            finding(f"ρ = {rho:g}: share in the flat valley, SAM less SGD", (0.02, 1.0), more),
            finding(f"ρ = {rho:g}: share / law", (0.8, 1.2), sam / stationary(rho)),
            finding(f"ρ = {rho:g}: share / law of order1", (1.1, math.inf), sam / stationary(rho, True)).rather(),
        ]
    return found
