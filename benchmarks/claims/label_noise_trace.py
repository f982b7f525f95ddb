"""Among minimisers label noise drives SGD to those of small tr ∇²f, at times T = kη², by dY/dT = -(δ²/4n) P ∇tr ∇²f.

Source: Blanc et al. (2020), arXiv:1904.09080, Damian, Ma & Lee (2021), arXiv:2106.06530, and Li, Wang & Arora (2022),
arXiv:2110.06914, of which the abstract was read; flow and constant are derived for `theory.label_noise_flow`. On
u² - v² = 1 it is solved by u v = u₀ v₀ exp(-4δ²T), tr ∇²f = 4(u² + v²).
Measured: with δ = 0.5 from u v = 0.84, at T = 0.64: the fall of E|x|² over that by the flow, for η = 0.02 and 0.01, for
the SDE, and for two examples and three weights; how far tr ∇²f falls by the flow, and the flow over its closed form.
Refuted by: a quotient other than 1 by more than the order of η tr ∇²f. (E|x|² itself came first; a factor 2
in the flow would hardly have shown in it, so its fall is measured.)
"""

from __future__ import annotations

import math

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

SCALE, TIME = 0.5, 0.64
ONE = so.DiagonalLinearNetwork([[1.0]], [1.0])
TWO = so.DiagonalLinearNetwork([[1.0, -0.5, 0.3], [0.2, 0.8, -0.6]], [0.9, -0.4])


def on(objective: so.DiagonalLinearNetwork, start: list[float], noise: float = SCALE) -> so.Problem:
    """The problem with the start moved to where its gradient flow ends."""
    return so.Problem(objective, so.LabelNoise(noise), x0=so.theory.flow_limit(objective, start))


def fall(problem: so.Problem, lr: float, size: float, kind: str = "discrete") -> Estimate:
    """How far E|x|² has fallen at T, over how far it falls by the flow."""
    (_, y), _ = so.theory.label_noise_flow(problem.objective, problem.x0, SCALE, [0.0, TIME])
    steps = round(TIME / lr**2)
    words = {"substeps": 1} if kind == "sde" else {}
    e, start = (
        mean("norm2", so.SGD(lr), problem, paths(2000, size), kind, steps=steps, **words),
        problem.x0 @ problem.x0,
    )
    return Estimate(start - e.value, e.stderr) / float(start - y @ y)


def measure(size: float = 1.0) -> list[Finding]:
    one, two = on(ONE, [1.2, 0.7]), on(TWO, [1.1, 0.6, 0.8, 0.5, 0.9, 0.7])
    found = []
    for lr in (0.02, 0.01):
        found.append(finding(f"η = {lr:g}: fall of E|x|² / flow", (0.9, 1.1), fall(one, lr, size)))
    found.append(finding("SDE, η = 0.02: fall of E|x|² / flow", (0.9, 1.1), fall(one, 0.02, size, "sde")))
    found.append(finding("two examples, η = 0.02: fall of E|x|² / flow", (0.9, 1.1), fall(two, 0.02, size)))
    _, (first, last) = so.theory.label_noise_flow(TWO, two.x0, SCALE, [0.0, TIME])
    found.append(finding("two examples: tr ∇²f at T / at 0, by the flow", (0.0, 0.9), Estimate(last / first)))
    product = np.prod(one.x0) * math.exp(-4.0 * SCALE**2 * TIME)
    _, (_, trace) = so.theory.label_noise_flow(ONE, one.x0, SCALE, [0.0, TIME])
    exact = 4.0 * math.sqrt(1.0 + 4.0 * product**2)
    found.append(
        finding("one example: tr ∇²f of the flow / closed form", (0.999999, 1.000001), Estimate(trace / exact))
    )
    return found
