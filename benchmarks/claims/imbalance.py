"""Under class imbalance gradient descent raises the loss of the minority at first; per-class normalised steps do not.

Source: Francazi, Baity-Jesi & Lucchi (2022), arXiv:2207.00391 (abstract): descent is not guaranteed to lower the loss
of each class, and normalising the gradient of each class mends that. Without noise only, where the claim is about GD.
Measured: the loss of either class over its start at t = 0.2, logistic regression on 2 examples of one class and 30 of
the other, η = 0.01.
Refuted by: a minority whose loss falls under descent, or rises under PCNSGD.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, run

RARE = np.arange(32) < 2
X = np.column_stack([np.where(RARE, 1.0, 0.6), np.where(RARE, 1.0, -0.2) + 0.1 * np.sin(np.arange(32.0))])
PROBLEM = so.Problem(so.Logistic(X, RARE, l2=0.0), x0=[0.0, 0.0])


def losses(page: Any) -> tuple[float, float]:
    """Of the minority and of the majority, over their start log 2."""
    x = run(page, PROBLEM, 2, horizon=0.2).final[0]
    each = np.log1p(np.exp(-np.where(RARE, 1.0, -1.0) * (X @ x))) / np.log(2.0)
    return float(each[RARE].mean()), float(each[~RARE].mean())


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page, rare in ((so.SGD(0.01), (1.001, 2.0)), (so.PCNSGD(0.01), (0.0, 0.999))):
        name = "gradient descent" if type(page) is so.SGD else "per-class normalised"
        minority, majority = map(Estimate, losses(page))
        found.append(finding(f"{name}: loss of the minority / start", rare, minority))
        found.append(finding(f"{name}: loss of the majority / start", (0.0, 0.999), majority))
    return found
