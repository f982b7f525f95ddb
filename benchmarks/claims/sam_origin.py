"""Without noise SAM is attracted to the origin wherever it is a critical point, also from a saddle or a maximum.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203: on quadratics the term -ρH·HX/|HX| pulls every direction
inward, and outweighs -HX where |HX| < ρ|h| for all h < 0; so SAM can be trapped by the saddle at the origin of a
bounded landscape which gradient descent leaves.
Measured: how many starts on circles around the origin end there (a limit cycle of the size of η counts as the origin),
for a maximum and for an embedded saddle, and how many of gradient descent do.
Refuted by: a start of SAM within the region that escapes. Gradient descent must leave.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, run, share

RHO = 0.3
LANDSCAPES = {
    "a maximum, H = diag(-1, -2)": so.Quadratic([-1.0, -2.0]),
    "an embedded saddle": so.EmbeddedSaddle([-1.0, 1.0]),
}


def ends(page: Any, objective: Any, starts: int) -> list[bool]:
    """For starts with |Hx| = 0.9 ρ min |h|: whether the run ends at the origin."""
    hits = []
    for angle in 2.0 * np.pi * (np.arange(starts) + 0.5) / starts:
        direction = np.array([np.cos(angle), np.sin(angle)])
        slope = objective.hessian(np.zeros(2)) @ direction
        problem = so.Problem(objective, x0=0.9 * RHO / np.linalg.norm(slope) * direction)
        hits.append(bool(np.linalg.norm(run(page, problem, 1, steps=2000).final[0]) < 0.02))
    return hits


def measure(size: float = 1.0) -> list[Finding]:
    starts = max(4, round(200 * size))
    found = []
    for name, objective in LANDSCAPES.items():
        found += [
            share(f"SAM, {name}: share that ends at 0", (0.95, 1.0), ends(so.SAM(0.01, rho=RHO), objective, starts)),
            share(f"gradient descent, {name}", (0.0, 0.05), ends(so.SGD(0.01), objective, starts)),
        ]
    return found
