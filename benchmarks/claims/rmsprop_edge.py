"""Without noise RMSprop ends on a quadratic at its edge of stability: ηh/√v = 2 and |x| = η/2 in every coordinate.

Source: Cohen et al. (2025), arXiv:2410.24206, recalled: that RMSprop stays where the sharpness of the preconditioned
problem is 2, its v made by the oscillation. The case of f = Σ h_i x_i²/2 is derived here: with x' = -x each step, ηh/√v
is 2, and v is the mean of g² = h²x², so that |x| = η/2, whatever h is. The loss stays at η² Σ h_i/8. (ε = 0.)
Measured: after 20,000 steps from x = 1 with h = 1, 10, 100, η = 0.01 and β = 0.99 and 0.9: the smallest and the largest
ηh/√v over 2, and |x| over η/2. Beside it gradient descent with ηh = 1.9 and 2.1: what is left of x after 1000 steps.
Refuted by: a quotient other than 1; gradient descent that does not go to 0 below the edge and away above it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding

LR, H = 0.01, np.array([1.0, 10.0, 100.0])


def end(page: Any, h: Any, steps: int) -> Any:
    """The state after so many steps from 1."""
    o = so.Problem(so.Quadratic(h)).oracle
    y = page.init(np.ones(len(h)), o) if hasattr(page, "init") else np.ones(len(h))
    for k in range(steps):
        y = page.step(k, y, o, ())
    return y


def measure(size: float = 1.0) -> list[Finding]:
    found, exact = [], (0.999, 1.001)
    for beta in (0.99, 0.9):
        x, v = end(so.RMSprop(LR, beta, 0.0), H, 20_000)
        for what, quotients in (("ηh/√v / 2", LR * H / np.sqrt(v) / 2.0), ("|x| / (η/2)", np.abs(x) / (0.5 * LR))):
            for which, number in (("smallest", quotients.min()), ("largest", quotients.max())):
                found.append(finding(f"RMSprop, β = {beta:g}: {which} {what}", exact, Estimate(float(number))))
    for edge, claimed in ((1.9, (0.0, 1e-6)), (2.1, (1e6, math.inf))):
        (left,) = np.abs(end(so.SGD(edge), [1.0], 1000))
        found.append(finding(f"gradient descent, ηh = {edge:g}: |x| after 1000 steps", claimed, Estimate(float(left))))
    return found
