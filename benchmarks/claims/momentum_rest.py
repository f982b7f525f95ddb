"""Momentum leaves the level of SGD at η/(1 - μ) as it is, to leading order; SGLD adds its temperature, Adagrad cools.

Source: Li, Tai & E (2019), arXiv:1811.01558, for heavy ball and Nesterov; Welling & Teh (2011) for SGLD; of Adagrad
(Duchi, Hazan & Singer, 2011) the steps fall like 1/√k, and so does the level (derived here, to leading order).
Measured: E x² at rest on f = x²/2, s = 1, over ηs²/(2(1 - μ)) for μ = 0.9 and over T + ηs²/2 for SGLD; of Adagrad E x²
at k = 4000 over that at k = 1000.
Refuted by: a quotient other than 1, up to the order of η; one other than 1/2 for Adagrad.
"""

from __future__ import annotations

from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

PROBLEM = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])


def level(page: Any, steps: int, size: float) -> Estimate:
    return mean("norm2", page, PROBLEM, paths(10_000, size), steps=steps)


def measure(size: float = 1.0) -> list[Finding]:
    lr, mu, T = 0.002, 0.9, 0.05
    rest = 0.5 * lr / (1.0 - mu)
    found = [
        finding(f"{type(page).__name__}: E x² / formula", (0.93, 1.07), level(page, 600, size) / rest)
        for page in (so.HeavyBall(lr, momentum=mu), so.Nesterov(lr, momentum=mu))
    ]
    gibbs = level(so.SGLD(0.02, temperature=T), 400, size) / (T + 0.02 / 2.0)
    found.append(finding("SGLD: E x² / (T + ηs²/2)/h", (0.95, 1.05), gibbs))
    first, second = (level(so.Adagrad(0.5), steps, size) for steps in (1000, 4000))
    return [*found, finding("Adagrad: E x² at k = 4000 over k = 1000", (0.45, 0.55), second / first)]
