"""The noise multiplier that a privacy budget asks for is proportional to 1/ε.

Source: Abadi et al. (2016), arXiv:1607.00133, theorem 1, for small ε; the laws of `dp_epsilon` rest on it.
Measured: the power of ε in the multiplier that an accountant of privacy loss distributions gives, q = 0.01, T = 1000,
δ = 1e-5.
Refuted by: a power other than -1, above all where budgets are in use, ε from 1 to 8. Where it is weaker the losses
1/ε² and 1/ε flatten as well.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding

BUDGETS = (0.02, 0.1, 1.0, 8.0)


def measure(size: float = 1.0) -> list[Finding]:
    z = [Estimate(so.privacy.sigma(epsilon, 1e-5, 1000, 0.01)) for epsilon in BUDGETS]
    pairs = zip(zip(BUDGETS, BUDGETS[1:], strict=False), zip(z, z[1:], strict=False), strict=True)
    return [
        finding(f"power of ε in z between ε = {low:g} and {high:g}", (-1.1, -0.9), exponent((low, high), *pair))
        for (low, high), pair in pairs
    ]
