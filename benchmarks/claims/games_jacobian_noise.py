"""On bilinear games with noisy couplings SEG of one sample contracts like 2ρ E λ², of two like 2ρ (E λ)², SHGD like the
latter over ρ.

Source: derived here; Compagnoni et al. (2024), arXiv:2402.12508, of which the abstract was read, has SDEs of SEG whose
second sample is another one. A sample with the coupling λ, f = λxy, turns (x, y) by 90° and stretches it by λ: with one
sample E|z|² is multiplied by 1 - 2ηρ m₂ + η²ρ² m₄ + η² m₂ in a step, m_k = E λ^k; with two by 1 - 2ηρ μ² + η²ρ² m₂² +
η² m₂; under SHGD, which sees the mean Jacobian μ, by 1 - 2ημ² + η²μ² m₂.
Measured: log E|z|² over these on couplings μ + N(0, 1), η = 0.02, ρ = 1/4, after 100 steps; with μ = 0 as well, where
only one sample contracts; and by the SDEs, for SEG the sampled one: its SDE order1 is of additive noise, whose drift
has no E λ² in it.
Refuted by: a quotient other than 1; for μ = 0 growth with one sample, none with two.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

LR, RHO, STEPS = 0.02, 0.25, 100
ONE = (0.93, 1.07)


def turned(z: Any) -> Any:
    """F of f = xy."""
    return np.array([z[1], -z[0]])


def problem(mu: float) -> so.Problem:
    law = so.Noise(lambda z, w: w[0] * turned(z), draws=("normal", 1), root_cov=lambda z, dw: dw[0] * turned(z))
    return so.Problem(so.BilinearGame(mu), law, x0=[1.0, 0.0])


def growth(page: Any, mu: float, size: float, kind: str = "discrete", **words: Any) -> Estimate:
    """Of log E|z|² per step."""
    square = mean("norm2", page, problem(mu), paths(40_000, size), kind, steps=STEPS, **words)
    return Estimate(math.log(square.value) / STEPS, square.stderr / square.value / STEPS)


def formula(page: Any, mu: float) -> float:
    """Log of the factor of a step, λ ~ N(μ, 1)."""
    m2, m4 = mu**2 + 1.0, mu**4 + 6.0 * mu**2 + 3.0
    pull, push = {
        so.SEG: (RHO * m2, RHO**2 * m4),
        so.SEGIndependent: (RHO * mu**2, RHO**2 * m2**2),
        so.SHGD: (mu**2, (mu**2 - 1.0) * m2),
    }[type(page)]
    return math.log(1.0 - 2.0 * LR * pull + LR**2 * (push + m2))


def measure(size: float = 1.0) -> list[Finding]:
    pages = (so.SEG(LR, rho=RHO), so.SEGIndependent(LR, rho=RHO), so.SHGD(LR))
    found = []
    for page in pages:
        what = f"{type(page).__name__}, μ = 1: log E|z|² / formula"
        found.append(finding(what, ONE, growth(page, 1.0, size) / formula(page, 1.0)))
    for page, sde in zip(pages, ("sampled", "order1", "order1"), strict=True):
        quotient = growth(page, 1.0, size, "sde", sde=sde, substeps=4) / formula(page, 1.0)
        found.append(finding(f"SDE {sde} of {type(page).__name__}, μ = 1: the same", (0.9, 1.1), quotient))
    for page, range_ in ((pages[0], (-math.inf, 0.0)), (pages[1], (0.0, math.inf))):
        found.append(finding(f"{type(page).__name__}, μ = 0: log E|z|² per step, times 1000", range_,
                             growth(page, 0.0, size) / 1e-3))  # fmt: skip
    return found
