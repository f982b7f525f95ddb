"""Tuned, DP-SGD and DP-SignSGD lose alike, in proportion to 1/ε; the best learning rate of signs needs no ε, SGD's
does.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226, whose abstract was read, for the orders; the best learning
rates √(2f₀/(LT)) of signs, that over s of SGD, and the losses they leave are derived for `theory.private`.
Measured: the mean of f over T = 2500 steps on f = x²/2 from x = 1, with the noise s = 4 and 16 (ε and ε/4) of a batch
of 4 unclipped, at the best learning rate of the theory, half and twice as much; the parabola a/η + bη + c through the
three has its lowest point at √(a/b). DP-Adam with β₁ = 0, whose noise fills v, is compared with signs.
Refuted by: other powers of ε in the best η than 1 and 0, in the loss there than -1; a quotient of the losses other than
√(π/2) of signs, 1 of DP-Adam, up to what the end of the run leaves out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, exponent, finding, paths, seed
from sdeopt.theory.private import dpsgd_lr, dpsignsgd_lr

STEPS, SAVES, CLIP = 2500, 250, 20.0
NOISE = {1.0: 4.0, 0.25: 16.0}  # ε -> s
PROBLEM = so.Problem(so.Quadratic([1.0]), so.Batch(so.Gaussian(0.1), batch=4), x0=[1.0])
POWERS = {so.DPSGD: 1.0, so.DPSignSGD: 0.0, so.DPAdam: 0.0}
LOSSES = {so.DPSignSGD: math.sqrt(0.5 * math.pi), so.DPAdam: 1.0}


def page(cls: Any, lr: float, s: float) -> Any:
    betas = {"beta1": 0.0, "beta2": 0.995} if cls is so.DPAdam else {}
    return cls(lr, clip=CLIP, sigma_dp=4.0 * s / CLIP, **betas)


def mean_loss(method: Any, size: float) -> Estimate:
    """Of f over the run, path by path."""
    x = so.simulate(method, PROBLEM, steps=STEPS, paths=paths(2000, size), save_at=SAVES, keep_paths=True,
                    observables=[], rng=seed(method)).paths[:, 1:, 0]  # fmt: skip
    each = 0.5 * np.mean(x * x, axis=1)
    return Estimate(float(each.mean()), float(each.std() / math.sqrt(len(each))))


def best(cls: Any, s: float, size: float) -> tuple[Estimate, Estimate]:
    """The best learning rate and the loss there, in the middle of the three."""
    guess = dpsgd_lr(STEPS, s, 1, 0.5) if cls is so.DPSGD else dpsignsgd_lr(STEPS, 1, 0.5)
    low, middle, high = (mean_loss(page(cls, times * guess, s), size) for times in (0.5, 1.0, 2.0))
    left, right = low.value - middle.value, high.value - middle.value  # a - b/2 and b - a/2 in units of the guess
    a, b = 4.0 / 3.0 * (left + 0.5 * right), 4.0 / 3.0 * (right + 0.5 * left)
    ratio = math.sqrt(a / b)
    # d log √(a/b) for each of the three, a = (4 low - 6 middle + 2 high)/3, b = (2 low - 6 middle + 4 high)/3
    slopes = [0.5 * (p / a - q / b) / 3.0 for p, q in ((4.0, 2.0), (-6.0, -6.0), (2.0, 4.0))]
    error = math.hypot(*(slope * e.stderr for slope, e in zip(slopes, (low, middle, high), strict=True)))
    return Estimate(guess * ratio, guess * ratio * error), middle


def measure(size: float = 1.0) -> list[Finding]:
    found, tuned = [], {}
    epsilons = (1.0, 0.25)
    for cls, power in POWERS.items():
        pairs = [best(cls, NOISE[epsilon], size) for epsilon in epsilons]
        tuned[cls] = pairs[0][1]
        name = cls.__name__
        rates, losses = (exponent(epsilons, first, second) for first, second in zip(*pairs, strict=True))
        found.append(finding(f"{name}: power of ε in the best η", (power - 0.1, power + 0.1), rates))
        found.append(finding(f"{name}: power of ε in the loss there", (-1.1, -0.9), losses))
    for cls, quotient in LOSSES.items():
        what = f"{cls.__name__}: loss there / DP-SGD's, over {quotient:.4g}"
        found.append(finding(what, (0.9, 1.1), tuned[cls] / tuned[so.DPSGD] / quotient))
    return found
