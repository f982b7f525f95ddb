"""On a network the loss of DP-SGD suffers more from a small ε than that of DP-SignSGD, and SDEs follow both.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226, on a network of other size and data.
Measured: the gap between the training losses of SDE and optimizer on the MLP, in units of the range of the loss, and
the training loss at ε = 1/2 over that at ε = 8, DP-SGD's over DP-SignSGD's, after 60 steps with batches of 8 of 455
examples, C = 1, and the closed form of the noise multiplier at δ = 1e-5. The learning rates, 0.5 and 0.02, end at the
same loss at ε = 8. With much smaller ones the runs are still on their way, and there the noise slows the signs down.
Refuted by: a gap of more than a tenth of the range at some time; a quotient of quotients below 1.
"""

from __future__ import annotations

import math
from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, seed
from benchmarks.claims.networks.trained import NETWORKS, STEPS, compared, loss
from sdeopt.theory.private import abadi_sigma

BATCH, EXAMPLES, EPSILONS = 8, 455, (0.5, 8.0)
PAGES = {"DP-SGD": (so.DPSGD, 0.5, 0.2), "DP-SignSGD": (so.DPSignSGD, 0.02, 0.004)}  # and a small learning rate


def private(page: Any, lr: float, epsilon: float) -> Any:
    """The page with the noise that the budget asks for."""
    return page(lr, clip=1.0, sigma_dp=abadi_sigma(epsilon, 1e-5, STEPS, BATCH / EXAMPLES))


def last(page: Any, size: float) -> Estimate:
    """The training loss of the optimizer at the end."""
    f, paths = NETWORKS["MLP"](), max(8, round(64 * size))
    run = so.simulate(page, so.Problem(f, so.Minibatch(BATCH)), steps=STEPS, paths=paths, save_at=1, rng=seed(page),
                      observables={"train loss": f.observables()["train loss"]}, progress=False)  # fmt: skip
    value, stderr = run.observables["train loss"]
    return Estimate(float(value[-1]), float(stderr[-1]))


def growth(rate: int, size: float) -> Estimate:
    """Of the loss from the large ε to the small one, that of DP-SGD over that of DP-SignSGD."""
    grown = []
    for page, *rates in PAGES.values():
        small, large = (last(private(page, rates[rate], epsilon), size) for epsilon in EPSILONS)
        grown.append(small / large)
    return grown[0] / grown[1]


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, (page, lr, _) in PAGES.items():
        for epsilon in EPSILONS:
            report = compared(private(page, lr, epsilon), "MLP", so.Minibatch(BATCH), size / 32)
            found.append(loss(f"{name}, ε = {epsilon:g}", report))
    what, claimed = "growth of the loss from ε = 8 to 1/2, DP-SGD / DP-SignSGD", (1.0, math.inf)
    found.append(finding(what, claimed, growth(0, size)))
    found.append(finding(f"{what}, learning rates 0.2 and 0.004", claimed, growth(1, size)).rather())
    return found
