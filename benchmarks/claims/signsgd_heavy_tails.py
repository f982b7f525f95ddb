"""SignSGD survives noise of infinite variance: at rest E x² = η/(2ℓh/σ), while no learning rate helps SGD.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, for Student's t, here ν = 1, without a mean: ℓ = 2/π, twice
the density of the noise at 0. For SGD: sums of Cauchy numbers are Cauchy; at rest x/(σ/h) is one, for every η.
Measured: E x² of SignSGD over η/(2ℓ); how often |x| > σ/h for SGD at two learning rates, one half in theory, and for
SignSGD.
Refuted by: SignSGD away from the formula or often beyond σ/h; SGD whose share beyond falls with η.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, finding, mean, paths, run, share

PROBLEM = so.Problem(so.Quadratic([1.0]), so.StudentT(1.0, 1.0), x0=[0.0])


def beyond(page: Any, claimed: tuple[float, float], size: float) -> Finding:
    what = f"{type(page).__name__}, η = {page.lr:g}: share of |x| > σ/h"
    return share(what, claimed, np.abs(run(page, PROBLEM, paths(40_000, size), horizon=10.0).final[:, 0]) > 1.0)


def measure(size: float = 1.0) -> list[Finding]:
    sign = so.SignSGD(0.02)
    level = mean("norm2", sign, PROBLEM, paths(40_000, size), horizon=10.0) / (sign.lr / (2.0 * 2.0 / math.pi))
    return [
        finding("SignSGD, η = 0.02: E x² / formula", (0.95, 1.05), level),
        beyond(sign, (0.0, 0.01), size),
        beyond(so.SGD(0.1), (0.48, 0.52), size),
        beyond(so.SGD(0.01), (0.48, 0.52), size),
    ]
