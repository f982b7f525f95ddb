"""SGD with gradients of τ steps ago is stable for ηh < 2 sin(π/(2(2τ + 1))), and louder at rest the longer the delay.

Source: that the learning rate must fall like 1/τ is in Giladi et al. (2019), arXiv:1909.12340, of which the abstract
was read; the bound and the level are derived for `theory.delay_limit` and `theory.delayed_variance`.
Measured: the η at which gradient descent with late gradients on f = x²/2 begins to diverge over the bound, for three
delays; E x² at rest over the level, for noise of variance 1 at η = 0.05; the first over that of SGD at τ = 16.
Refuted by: a quotient other than 1; a level not above that of SGD.
"""

from __future__ import annotations

import functools

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, bracket, finding, mean, paths

LR, DELAYS, LONG = 0.05, (1, 4, 16), 20_000


def stays(share: float, delay: int) -> bool:
    """Whether gradient descent at this share of the bound ends nearer to 0 than it began."""
    lr, o = share * so.theory.delay_limit(1.0, delay), so.Problem(so.Quadratic([1.0])).oracle
    page = so.DelayedSGD(lr, delay)
    y = page.init(np.array([1.0]), o)
    for k in range(LONG):
        y = page.step(k, y, o, ())
        if not abs(y[0][0]) < 1e6:
            return False
    return bool(np.abs(y[1]).max() < 1.0)


def measure(size: float = 1.0) -> list[Finding]:
    found, problem = [], so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])
    for delay in DELAYS:
        inside = functools.partial(stays, delay=delay)
        found.append(bracket(f"τ = {delay}: largest stable η / bound", (0.98, 1.02), inside, (0.9, 1.1), 5))
        level = mean("norm2", so.DelayedSGD(LR, delay), problem, paths(20_000, size), steps=400)
        ratio = level / so.theory.delayed_variance(LR, 1.0, 1.0, delay)
        found.append(finding(f"τ = {delay}: E x² at rest / level", (0.93, 1.07), ratio))
    without = so.theory.delayed_variance(LR, 1.0, 1.0, 0)
    found.append(finding("τ = 16: E x² at rest / that of SGD", (1.5, np.inf), level / without))
    return found
