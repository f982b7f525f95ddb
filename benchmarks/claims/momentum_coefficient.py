"""The drift of x under momentum is -(M + ηρ₁ (∇f - M)): the coefficient of ηρ₁ is 1.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, the SDEs of Adam, with P⁻¹ in front. 1 gives the mean of m',
on which the step moves. The modified equation of Li, Tai & E (2019), arXiv:1811.01558, and arXiv:2509.21614 have 1/2;
at weak order 1 any coefficient will do.
Measured, without noise and without the preconditioner: x' = x - ηm', m' = m + ηρ₁ (∇f - m) on f = x²/2 with ρ₁ = 2
against the flow whose equation for m holds to second order: the order in η of its error in x at t = 2.
Refuted by: an order of 1, which the coefficient 0 has as well. Instead: with 1/2 the order is 2.
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, run
from sdeopt.theory import transition

SPEED, HORIZON = 2.0, 2.0


def steps(lr: float) -> float:
    """x at the end; m' = βm + (1 - β)∇f is the buffer of heavy ball times 1 - β."""
    fade = SPEED * lr
    page = so.HeavyBall(lr * fade, momentum=1.0 - fade)
    problem = so.Problem(so.Quadratic([1.0]), x0=[1.0])
    return float(run(page, problem, 1, steps=round(HORIZON / lr)).final[0, 0])


def flow(lr: float, coefficient: float) -> float:
    """x at the end of dx = -[m + cηρ(x - m)] dt, dm = [ρ(x - m) + ηρ/2 (m + ρ(x - m))] dt."""
    c, half = coefficient * lr * SPEED, 0.5 * lr * SPEED
    A = np.array([[c, 1.0 - c], [-SPEED - half * SPEED, SPEED - half * (1.0 - SPEED)]])
    return float((transition(A, np.zeros((2, 2)), HORIZON)[0] @ [1.0, 0.0])[0])


def order(coefficient: float) -> Finding:
    lrs = (0.01, 0.005)
    first, second = (Estimate(abs(steps(lr) - flow(lr, coefficient))) for lr in lrs)
    return finding(
        f"coefficient {coefficient:g}: order of the error of x", (1.9, math.inf), exponent(lrs, first, second)
    )


def measure(size: float = 1.0) -> list[Finding]:
    return [order(1.0), order(0.5).rather()]
