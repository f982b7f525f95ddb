"""Below some ε DP-SignSGD ends at a lower loss than DP-SGD, above it at a higher one.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226. With equal learning rates the two meet where the noise of the
private gradient is s = √(π/2) (derived here, from (η/4) L d s² and (η/4) L d √(π/2) s).
Measured: E f of DP-SGD over that of DP-SignSGD at rest, on the problem of `dp_epsilon`, at the ε of the meeting, half
and twice as large.
Refuted by: quotients that are not above 1, at 1 and below 1.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.dp_epsilon import LR, loss
from benchmarks.claims.frame import Finding, finding
from sdeopt.theory.private import abadi_sigma, private_scale

MEETING = math.sqrt(math.pi / 2.0)


def crossing() -> float:
    """ε at which s = √(π/2): z is proportional to 1/ε."""
    rest = private_scale(0.1, 4, 1.0, 0.0)
    z = 4.0 * math.sqrt(MEETING**2 - rest**2)
    return abadi_sigma(1.0, 1e-5, 1000, 0.01) / z


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for factor, claimed in ((0.5, (1.5, math.inf)), (1.0, (0.9, 1.1)), (2.0, (-math.inf, 0.75))):
        epsilon = factor * crossing()
        z = abadi_sigma(epsilon, 1e-5, 1000, 0.01)
        quotient = loss(so.DPSGD(LR, clip=1.0, sigma_dp=z), size) / loss(so.DPSignSGD(LR, clip=1.0, sigma_dp=z), size)
        found.append(finding(f"ε = {epsilon:.3f}: E f of DP-SGD / DP-SignSGD", claimed, quotient))
    return found
