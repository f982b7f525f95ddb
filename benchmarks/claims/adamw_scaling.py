"""With a batch δ times as large AdamW keeps its loss at rest if learning rate and decay grow by √δ, and only then.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, lemma 3.13; the square root for Adam: Malladi et al. (2022),
arXiv:2205.10287, with 1 - β times δ.
Measured: E f after as many examples, over that of the small batch, δ = 4; H = diag(1, 2), σ = 8, η = 0.005, θ = 1/2,
1 - β = (0.05, 0.02), after 3200 steps of the small batch. With 1 - β times √δ, as the lemma has it, momentum slows by
√δ against the decay: a factor 0.955 in the exact level.
Refuted by: a quotient away from 1 for the rule, or close to 1 for another.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths

DELTA, STEPS, SIGMA = 4.0, 3200, 8.0
LR, DECAY, FADE = 0.005, 0.5, (0.05, 0.02)


def loss(lr: float, decay: float, fade: float, batch: float, steps: float, size: float) -> Estimate:
    """E f with the factors given, on a batch ``batch`` times as large."""
    beta1, beta2 = (1.0 - fade * one for one in FADE)
    page = so.AdamW(lr * LR, beta1, beta2, weight_decay=decay * DECAY)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(SIGMA / batch**0.5), x0=[0.5, -0.35])
    return mean("loss", page, problem, paths(40_000, size), steps=round(steps / batch))


def measure(size: float = 1.0) -> list[Finding]:
    root = DELTA**0.5
    small, early = (loss(1.0, 1.0, 1.0, 1.0, steps, size) for steps in (STEPS, STEPS // 8))
    found = []
    for what, claimed, loss_of in (
        ("η, θ, 1 - β times √δ", (0.9, 1.1), loss(root, root, root, DELTA, STEPS, size)),
        ("η times √δ, θ the same", (1.25, math.inf), loss(root, 1.0, root, DELTA, STEPS, size)),
        ("η times δ, θ the same", (1.25, math.inf), loss(DELTA, 1.0, 1.0, DELTA, STEPS, size)),
    ):
        found.append(finding(f"E f quotient, {what}", claimed, loss_of / small))
    for steps, base in ((STEPS, small), (STEPS // 8, early)):
        what = f"E f quotient after {steps} steps, η, θ times √δ, 1 - β times δ"
        found.append(finding(what, (0.93, 1.07), loss(root, root, DELTA, DELTA, steps, size) / base).rather())
    return found
