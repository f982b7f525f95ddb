"""Without noise a saddle attracts SAM from |x| < ρ, however steep it falls, and USAM wherever ρ|h| > 1.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203: along an eigenvector h < 0 SAM is attracted where
|HX| < ρ|h|, and USAM if ρ > 1/|h|.
Measured: by bisection, the distance from the saddle f = hx²/2 below which SAM falls into it, and the ρ from which USAM
does.
Refuted by: a distance other than ρ, or one that depends on h; a ρ other than 1/|h|.
"""

from __future__ import annotations

from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Finding, bracket, run

STEPS = 4000
NEAR = (0.999, 1.001)  # the edge is a point


def falls(page: Any, h: float, x: float) -> bool:
    """Whether the saddle catches a run that begins at x."""
    problem = so.Problem(so.Quadratic([h]), x0=[x])
    end = run(page, problem, 1, steps=STEPS).final[0, 0]
    return abs(float(end)) < abs(x)


def measure(size: float = 1.0) -> list[Finding]:
    rho = 0.3
    found = []
    for h in (-0.5, -2.0):
        what = f"SAM, h = {h:g}: |x₀|/ρ at the edge of attraction"

        def caught(edge: float, h: float = h) -> bool:
            return falls(so.SAM(0.01, rho=rho), h, edge * rho)

        found.append(bracket(what, NEAR, caught, (0.5, 1.5)))
    for h in (-0.5, -2.0):
        what = f"USAM, h = {h:g}: ρ|h| from which it is attracted"

        def stays(edge: float, h: float = h) -> bool:
            return falls(so.USAM(0.01, rho=edge / abs(h)), h, 1.0)

        found.append(bracket(what, NEAR, stays, (0.5, 1.5)))
    return found
