"""NGN and NGN-M converge for constants over five decades, where heavy ball diverges beyond lr = 2(1 + β)/h.

Source: Islamov et al. (2025), arXiv:2508.15071, and Orvieto & Xiao (2024), arXiv:2407.04358: robust to the choice of c.
On a quadratic without noise NGN is the implicit Euler method, x' = x/(1 + ch); heavy ball's limit is Polyak's.
Measured: |x| after 200 steps on f = x²/2 from 1, for c = 0.1 to 10 000 and β = 0.9; where heavy ball turns unstable.
Refuted by: |x| of NGN or NGN-M above 1e-3; a limit of heavy ball other than 3.8.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, bracket, finding, run

PROBLEM = so.Problem(so.Quadratic([1.0]), x0=[1.0])


def left(page: Any, steps: int = 200) -> float:
    """|x| at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", so.DivergedWarning)
        x = float(abs(run(page, PROBLEM, 2, steps=steps).final[0, 0]))
    return x if math.isfinite(x) else math.inf


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for c in (0.1, 1.0, 10.0, 100.0, 10_000.0):
        for page in (so.NGN(c), so.NGNM(c, beta=0.9)):
            what = f"{type(page).__name__}, c = {c:g}: |x| after 200 steps"
            found.append(finding(what, (0.0, 1e-3), Estimate(left(page))))
    turn = bracket("heavy ball: stable up to lr =", (3.79, 3.81), lambda lr: left(so.HeavyBall(lr, 0.9), 3000) < 1.0,
                   (1.0, 10.0))  # fmt: skip
    return [*found, turn]
