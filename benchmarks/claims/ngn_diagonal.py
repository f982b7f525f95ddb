"""NGN-MD ends within twice the distance with a constant 10,000 times as large, where Adam's loss grows with its
learning rate; NGN-D, a step size for every coordinate, has a largest constant.

Source: Islamov et al. (2025), arXiv:2508.15071, read: NGN-MDv1 is robust to c where Adam is not (experiments), NGN-D
has theorems for c <= 1/(2L). That it diverges beyond c = 2d/((d - 2)h) on h|x|²/2 from d equal entries is derived here.
Measured: E f after 400 steps on f = |x|²/2, d = 4, from (1, ..., 1), Gaussian noise of the gradient of σ = ½ (the loss
is seen without noise), β = (0.9, 0.99): for c = 1 to 1000 over c = 0.1; the same of Adam; the c at which NGN-D turns
unstable without noise, d = 10, h = 1.
Refuted by: a quotient of NGN-MD above 4, of Adam below half of that of its learning rates at 1; a turn of NGN-D at
another c than 2.5.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, bracket, finding, mean, paths, run

NOISY = so.Problem(so.Quadratic(np.ones(4)), so.Gaussian(0.5), x0=np.ones(4))
EQUAL = so.Problem(so.Quadratic(np.ones(10)), x0=np.ones(10))
BETAS = (0.9, 0.99)


def converges(c: float) -> bool:
    """Whether NGN-D comes nearer in 50 steps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", so.DivergedWarning)
        x = run(so.NGND(c), EQUAL, 2, steps=50).final[0]
    return bool(np.isfinite(x).all() and float(x @ x) < 10.0)


def measure(size: float = 1.0) -> list[Finding]:
    number = paths(4_000, size)
    level = mean("loss", so.NGNMD(0.1, *BETAS), NOISY, number, steps=400)
    found = []
    for c in (1.0, 10.0, 100.0, 1000.0):
        own = mean("loss", so.NGNMD(c, *BETAS), NOISY, number, steps=400) / level
        found.append(finding(f"NGN-MD, c = {c:g}: E f over that at c = 0.1", (0.5, 4.0), own))
    adam = [mean("loss", so.Adam(lr, *BETAS), NOISY, number, steps=400) for lr in (1.0, 0.1)]
    found.append(finding("Adam, η = 1: E f over that at η = 0.1", (5.0, math.inf), adam[0] / adam[1]))
    return [*found, bracket("NGN-D: stable up to c =", (2.49, 2.51), converges, (1.0, 10.0), 14)]
