"""Scion's batch is free up to 1/(1 - β) times: with κη and 1 - β' = κ(1 - β) it learns as much from as many examples;
beyond, where no momentum is left to give up, it learns less.

Source: Islamov et al. (2026), arXiv:2603.21191, whose theorem 4.1 the rule of `sdeopt.scale` follows, for regimes of
the batch at a fixed number of examples; that one kept law joins the first of them, up to where β' is 0, is derived here
from the SDE.
Measured: E f at rest on f = (x - 0.3)²/2 from 8000 examples, radius 1, σ = 4 for one, η = 0.001 and β = 0.98 with
batches of 1: over that with κ = 2 and 5 by the rule, and with κ = 5 by the linear rule, which keeps β; and E f at κ =
400, β' = 0, where η' = 0.4, over that before.
Refuted by: a quotient other than 1 by the rule, up to 1 - β' = 0.1; one below 1.1 by the linear rule, below 1.5 at κ =
400.
"""

from __future__ import annotations

import math
import warnings

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

BEFORE, SIGMA, EXAMPLES = so.Scion(0.001, 0.98), 4.0, 8_000
BOWL = so.Quadratic([1.0], center=[0.3])


def loss(page: so.Scion, batch: int, size: float) -> Estimate:
    """E f when the examples are used up."""
    problem = so.Problem(BOWL, so.Gaussian(SIGMA / math.sqrt(batch)), x0=[0.3])
    return mean("loss", page, problem, paths(16_000, size), steps=EXAMPLES // batch)


def measure(size: float = 1.0) -> list[Finding]:
    start, found = loss(BEFORE, 1, size), []
    for kappa in (2, 5):
        after = so.scale(BEFORE, batch=(1, kappa)).after
        found.append(finding(f"κ = {kappa}, rule: E f / before", (0.9, 1.1), loss(after, kappa, size) / start))
    linear = so.scale(BEFORE, batch=(1, 5)).naive
    found.append(finding("κ = 5, β as it was: E f / before", (1.1, math.inf), loss(linear, 5, size) / start))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that β' is cut at 0
        cut = so.scale(BEFORE, batch=(1, 400)).after
    return [*found, finding("κ = 400, β' = 0: E f / before", (1.5, math.inf), loss(cut, 400, size) / start)]
