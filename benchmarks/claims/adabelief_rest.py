"""AdaBelief rests at the level of Adam: its second moment, of γ - m', is that of the noise, up to β₁²·2/(1 + β₁).

Source: Zhuang et al. (2020), arXiv:2010.07468, recalled; the factor is derived here: γ - m' = β₁(γ - m), where m has
the variance s²(1 - β₁)/(1 + β₁) at rest. Steps, and with them E x², are divided by its root.
Measured: E x² of AdaBelief at rest times β₁√(2/(1 + β₁)), over E x² of Adam, on f = x²/2, s = 1, η = 0.005, β₁ = 0.9
and 0.5, β₂ = 0.99.
Refuted by: a quotient other than 1, up to the order of η.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths

PROBLEM = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for beta in (0.9, 0.5):
        own, adam = (
            mean("norm2", cls(0.005, beta1=beta, beta2=0.99), PROBLEM, paths(20_000, size), steps=1000)
            for cls in (so.AdaBelief, so.Adam)
        )
        factor = beta * math.sqrt(2.0 / (1.0 + beta))
        found.append(finding(f"β₁ = {beta:g}: E x² over Adam's, corrected", (0.94, 1.06), own / adam / (1.0 / factor)))
    return found
