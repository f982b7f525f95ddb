"""SDEs of first order with curvature in the drift diverge on quadratics at the step sizes at which SGD and compressed
SGD do, and on cosh nearer to the minimum, by less than a factor of 2; those of order 1 and 2 diverge at neither.

Source: the abstract of Monzio Compagnoni, Islamov, Orvieto & Gorbunov (2025), arXiv:2506.00181; its formulas were not
seen. The SDEs "curvature" and the numbers here are derived: with the variance σ² + a g² on f = x²/2 SGD is stable in
mean square if η(1 + a) < 2 and rests at E x² = ησ²/(2 - η(1 + a)); compressed SGD if η(1 + ω/N) < 2; on f = cosh x - 1
SGD diverges where sinh x₀ > 2x₀/η.
Measured: E x² after one step from 1 for a = 0.1 on both sides of η = 1.82; the levels at rest for η = 0.4, a = 1/2;
E|x|² after a step of eight agents that send one entry of two, η = 1.9 (the limit is 1.78); the error of Var x of signs
at rest, curvature over order 1; on cosh, η = 1/2, the start from which curvature diverges over that of SGD; whether
order 1 and 2 return from beyond; whether the normalised method does.
Refuted by: growth where an SDE of curvature or its optimizer should fall, or the reverse; order 1 or 2 growing; a level
of curvature that is not SGD's; an error of signs that is not halved; limits on cosh that differ by a factor of 2.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from scipy.optimize import brentq

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, bracket, compared, finding, mean, paths, run
from sdeopt.core import exp

LINE = so.Quadratic([1.0])
COSH = so.Objective(
    dim=1,
    value=lambda x: (0.5 * (exp(x) + exp(-x)) - 1.0)[0],
    grad=lambda x: 0.5 * (exp(x) - exp(-x)),
    hvp=lambda x, v: 0.5 * (exp(x) + exp(-x)) * v,
)
RISES, FALLS = (1.0, math.inf), (0.0, 1.0)


def one_step(page: Any, problem: so.Problem, sde: str | None, size: float) -> Estimate:
    """E|x|² over |x₀|² after the time of one step; of the optimizer without an SDE."""
    number = paths(60_000, size)
    words = {"kind": "sde", "sde": sde, "substeps": 16} if sde else {}
    return mean("norm2", page, problem, number, steps=1, **words) / float(problem.x0 @ problem.x0)


def growth(size: float) -> list[Finding]:
    found = []
    line = so.Problem(LINE, so.AffineGaussian(0.0, 0.1), x0=[1.0])
    agents = so.Problem(so.Quadratic([1.0, 1.0]), so.Agents(so.NoNoise(), agents=8), x0=[1.0, 1.0])
    for page, problem, unstable in (
        (so.SGD(1.7), line, False),
        (so.SGD(1.9), line, True),
        (so.DCSGDRandK(1.9, 1), agents, True),
    ):
        label = f"{type(page).__name__}, η = {page.lr:g}"
        for sde in (None, "curvature"):
            what = f"{label}, {sde or 'optimizer'}: E|x|² / |x₀|²"
            found.append(finding(what, RISES if unstable else FALLS, one_step(page, problem, sde, size)))
        for sde in [name for name in ("order1", "order2") if unstable and name in page.sdes]:
            found.append(finding(f"{label}, {sde}: E|x|² / |x₀|²", FALLS, one_step(page, problem, sde, size)))
    return found


def levels(size: float) -> list[Finding]:
    page, problem = so.SGD(0.4), so.Problem(LINE, so.AffineGaussian(0.5, 0.5), x0=[0.0])
    wanted, found = 0.4 * 0.25 / (2.0 - 0.4 * 1.5), []
    for sde, claimed in ((None, (0.97, 1.03)), ("curvature", (0.97, 1.03)), ("order1", FALLS), ("order2", FALLS)):
        words = {"kind": "sde", "sde": sde, "substeps": 32} if sde else {}
        level = mean("norm2", page, problem, paths(40_000, size), horizon=8.0, **words)
        found.append(finding(f"SGD at rest, {sde or 'optimizer'}: E x² / formula", claimed, level / wanted))
    return found


def error_of_signs(sde: str, size: float) -> Estimate:
    """SDE less optimizer in the variance at rest."""
    problem = so.Problem(LINE, so.Agents(so.Gaussian(1.0), agents=1), x0=[0.0])
    report = compared(so.DSignSGD(0.8), problem, paths(60_000, size), sde, horizon=8.0)
    i = report.column("var x₁")
    return Estimate(abs(float(report.gap[-1, i])), float(report.gap_stderr[-1, i]))


def returns(page: Any, start: float, sde: str | None = None) -> bool:
    """Whether a run without noise on cosh x - 1 comes back from there."""
    words = {"kind": "sde", "sde": sde, "substeps": 128} if sde else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", so.DivergedWarning)
        problem = so.Problem(COSH, so.Agents(so.NoNoise(), agents=1), x0=[start])
        end = run(page, problem, 2, steps=400, **words).final[0, 0]
    return bool(abs(end) < 1.0)


def cosh() -> list[Finding]:
    page, limit = so.SGD(0.5), brentq(lambda x: math.sinh(x) - 4.0 * x, 1.0, 6.0)
    beyond = 1.2 * limit
    ours = bracket("", FALLS, lambda x: returns(page, x, "curvature"), (1.0, beyond), 8)
    quotient = Estimate(ours.measured / limit, 0.25 * (ours.high - ours.low) / limit)
    found = [
        bracket("SGD on cosh: limit / formula", (0.98, 1.02), lambda u: returns(page, u * limit), (0.8, 1.2), 8),
        finding("curvature on cosh: limit / SGD's", (0.5, 1.0), quotient),
    ]
    for name, one, sde in (
        ("order1", page, "order1"),
        ("order2", page, "order2"),
        ("DCSGDNormalised", so.DCSGDNormalised(1.0, 1), None),
    ):
        back = Estimate(float(returns(one, beyond, sde)))
        found.append(finding(f"{name} on cosh: 1 if it returns from 1.2 times the limit", (1.0, 1.0), back))
    return found


def measure(size: float = 1.0) -> list[Finding]:
    quotient = error_of_signs("curvature", size) / error_of_signs("order1", size)
    signs = finding("signs at rest, η = 0.8: error of Var x, curvature / order1", (-math.inf, 0.5), quotient)
    return [*growth(size), *levels(size), signs, *cosh()]
