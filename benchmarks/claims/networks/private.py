"""On a network the loss of DP-SGD suffers more from a small ε than that of DP-SignSGD, and SDEs follow both.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226, on a network of other size and data.
Measured: the gap between the training losses of SDE and optimizer on the MLP, in units of the range of the loss, and
the training loss at ε = 1/2 over that at ε = 8, DP-SGD's over DP-SignSGD's, after 60 steps with batches of 8 of 455
examples, C = 1, and the closed form of the noise multiplier at δ = 1e-5.
Refuted by: a gap of more than a tenth of the range at some time; a quotient of quotients below 1.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding
from benchmarks.claims.networks.trained import STEPS, compared, findings
from sdeopt.theory.private import abadi_sigma

BATCH, EXAMPLES = 8, 455
PAGES = {"DP-SGD": (so.DPSGD, 0.2), "DP-SignSGD": (so.DPSignSGD, 0.004)}


def last(report: so.Report) -> Estimate:
    """The training loss of the optimizer at the end."""
    i = report.column("train loss")
    return Estimate(float(report.discrete[-1, i]), float(report.discrete_stderr[-1, i]))


def measure(size: float = 1.0) -> list[Finding]:
    found, growth = [], {}
    for name, (page, lr) in PAGES.items():
        ends = []
        for epsilon in (0.5, 8.0):
            sigma = abadi_sigma(epsilon, 1e-5, STEPS, BATCH / EXAMPLES)
            report = compared(page(lr, clip=1.0, sigma_dp=sigma), "MLP", so.Minibatch(BATCH), 0.25 * size)
            found += findings(f"{name}, ε = {epsilon:g}", report)
            ends.append(last(report))
        growth[name] = ends[0] / ends[1]
    quotient = growth["DP-SGD"] / growth["DP-SignSGD"]
    return [*found, finding("growth of the loss from ε = 8 to 1/2, DP-SGD / DP-SignSGD", (1.0, math.inf), quotient)]
