"""SDE and optimizer agree for SGD, SAM, SignSGD and AdamW on an MLP of 2410 parameters, with the noise of true batches.

Source: Li, Tai & E, arXiv:1811.01558 (SGD); Monzio Compagnoni et al., arXiv:2301.08203 (SAM), arXiv:2411.15958
(SignSGD, AdamW).
Measured: the gap between the training losses, in units of the range of the loss, at 60 steps with batches of 32 of 1438
images, SGD by the exact covariance of the batches, the others by the SDE "sampled"; tr Cov x, and both for the drift
alone and, where there is a formula, for the SDE with independent normal noise.
Refuted by: a gap of more than a tenth of the range at some time.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import compared, findings, spread

PAGES = {"SGD": so.SGD(0.2), "SAM": so.SAM(0.2, rho=0.1), "SignSGD": so.SignSGD(0.002), "AdamW": so.AdamW(0.002)}
CLOSED = {"SGD": "order1", "SignSGD": "order1", "AdamW": "full"}  # SDEs with a formula for independent normal noise


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, page in PAGES.items():
        report = compared(page, "digits MLP", so.Minibatch(32), size)
        found += [*findings(name, report, flow=True), spread(name, report)]
        if name in CLOSED:
            closed, what = (
                compared(page, "digits MLP", so.DiagonalMinibatch(32), size, sde=CLOSED[name]),
                "independent noise",
            )
            found += [f.rather() for f in (*findings(f"{name}, {what}", closed), spread(f"{name}, {what}", closed))]
    return found
