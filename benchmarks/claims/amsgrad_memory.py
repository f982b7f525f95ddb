"""AMSGrad remembers the largest gradient: from far away it comes to rest lower than Adam, by noise over start.

Source: Reddi, Kale & Kumar (2018), arXiv:1904.09237, recalled: steps do not grow again. That it costs nothing but time
and lowers the level at rest is derived here: with u the largest mean of squares, x moves by -(η/√u)(hx + ξ), so that
E x² is (η/2h) s²/√u at rest, against (η/2h) s of Adam.
Measured: E x² after 20,000 steps, on f = x²/2 from x₀ = 20, where √u is 20, η = 0.01, β = (0.5, 0.9), s = 1.
Refuted by: a quotient to (η/2) s²/20, or for Adam to (η/2) s, other than 1 up to the order of η and of the noise in u.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

FAR = 20.0
PROBLEM = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[FAR])


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page, level in ((so.AMSGrad(0.01, 0.5, 0.9), 1.0 / FAR), (so.Adam(0.01, 0.5, 0.999), 1.0)):
        own = mean("norm2", page, PROBLEM, paths(4_000, size), steps=20_000)
        found.append(finding(f"{type(page).__name__}: E x² over its level", (0.88, 1.12), own / (0.005 * level)))
    return found
