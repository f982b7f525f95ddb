"""Under a schedule ψ the loss of SignSGD near a minimum fades as exp(-2μ∫ψ√(2/π)/σ), beside a level that follows ψ:
with ψ = (1 + t)^{-1/2} it falls below that of a constant rate, with (1 + t)^{-2}, whose ∫ψ is finite, it stays above.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, whose bound under schedules we know from memory only: the
rate with ∫ψ in the place of t, and both conditions. Derived here from the linear SDE of the third phase, S = f - f*:
E S_t <= S₀ E(0, t) + (ηL/2) ∫ψ² E(s, t) ds, E(s, t) = exp(-2μ∫[ψ√(2/π)/σ + ημψ²/(πσ²)]) from s to t, L = tr H and σ
the largest; in one dimension with f = hx²/2 and L = μ = h it is an equality of that SDE.
Measured: E f of SignSGD and of its SDE over the formula on f = x²/2, σ = 1, η = 0.005, from x = 0.3, for
ψ = (1 + t)^{-1/2} and (1 + t)^{-2} at t = 20 and for a cosine at its end, t = 10; their losses over that of a constant
rate at t = 20; E f over the bound on H = diag(1, 2), σ = (1/2, 1), ψ = (1 + t)^{-1/2}, t = 20, from (0.15, 0.15).
Refuted by: a quotient other than 1 by more than the terms left out (η, and x² in the slope of erf); a loss under
(1 + t)^{-1/2} that is not below half of that of a constant rate, under (1 + t)^{-2} one that is not above twice; a loss
above the bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scipy.integrate import solve_ivp

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

LR, START = 0.005, 0.3
SCHEDULES: dict[str, tuple[Any, float]] = {
    "(1 + t)^{-1/2}": (so.Power(LR, 0.5), 20.0),
    "(1 + t)^{-2}": (so.Power(LR, 2.0), 20.0),
    "cosine": (so.Cosine(LR, horizon=10.0), 10.0),
}


def bound(
    first: float, lr: float, psi: Callable[[float], float], t: float, mu: float, trace: float, sigma: float
) -> float:
    """The right-hand side at t, from S₀ = ``first``: of dS/dt = -2μ[ψ√(2/π)/σ + ημψ²/(πσ²)] S + ηLψ²/2."""
    slow, fast = math.sqrt(2.0 / math.pi) / sigma, lr * mu / (math.pi * sigma**2)

    def rate(s: float, y: Any) -> Any:
        p = float(psi(s))
        return -2.0 * mu * (slow * p + fast * p * p) * y + 0.5 * lr * trace * p * p

    return float(solve_ivp(rate, (0.0, t), [first], rtol=1e-9, atol=1e-13).y[0, -1])


def loss(rate: Any, t: float, number: int, kind: str = "discrete", problem: so.Problem | None = None) -> Estimate:
    line = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[START])
    words = {"substeps": 2} if kind == "sde" else {}
    return mean("loss", so.SignSGD(rate), problem or line, number, kind, horizon=t, **words)


def measure(size: float = 1.0) -> list[Finding]:
    number, found, seen = paths(20_000, size), [], {}
    for name, (schedule, t) in SCHEDULES.items():
        formula = bound(0.5 * START**2, LR, schedule.factor, t, 1.0, 1.0, 1.0)
        seen[name] = loss(schedule, t, number)
        found.append(finding(f"ψ = {name}: E f / formula", (0.94, 1.06), seen[name] / formula))
        sde = loss(schedule, t, number, "sde") / formula
        found.append(finding(f"ψ = {name}, SDE: E f / formula", (0.94, 1.06), sde))
    constant = loss(LR, 20.0, number)
    for name, claimed in (("(1 + t)^{-1/2}", (0.0, 0.5)), ("(1 + t)^{-2}", (2.0, math.inf))):
        found.append(finding(f"ψ = {name}: E f / that of a constant rate", claimed, seen[name] / constant))
    plane = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[0.15, 0.15])
    root = SCHEDULES["(1 + t)^{-1/2}"][0]
    above = bound(1.5 * 0.15**2, LR, root.factor, 20.0, 1.0, 3.0, 1.0)
    found.append(finding("two dimensions: E f / bound", (0.0, 1.0), loss(root, 20.0, number, problem=plane) / above))
    return found
