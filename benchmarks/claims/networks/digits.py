"""SDEs follow SGD, SAM, SignSGD and AdamW on an MLP on digits; without noise, or with independent noise, they do not.

Source: Li, Tai & E, arXiv:1811.01558 (SGD); Monzio Compagnoni et al., arXiv:2301.08203 (SAM), arXiv:2411.15958
(SignSGD, AdamW); normal noise with independent coordinates as Malladi et al., arXiv:2205.10287, and they integrate it.
Measured: the gap between the training losses, in units of the range of the loss, in 60 steps with batches of 8 of 1438
images, 2410 parameters. SGD by the exact covariance of the batches, the others by the SDE "sampled"; beside them the
drift alone, and where there is a formula the SDE with independent normal noise; tr Cov x, which does not count for
AdamW: weights of pixels that few images use are outside its regime (see `so.Adam`).
Refuted by: a gap of the SDE of more than 0.05 of the range at some time; of those beside it, one that stays within.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import apart, compared, loss, spread

CLOSE, BATCH = 0.05, 8
PAGES = {"SGD": so.SGD(0.3), "SAM": so.SAM(0.2, rho=0.2), "SignSGD": so.SignSGD(0.01), "AdamW": so.AdamW(0.01)}
CLOSED = {"SGD": "order1", "SignSGD": "order1", "AdamW": "full"}  # SDEs with a formula for independent normal noise


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, page in PAGES.items():
        report = compared(page, "digits MLP", so.Minibatch(BATCH), size, close=CLOSE, substeps=4, flow=True)
        found += [loss(name, report), apart(f"{name}, drift alone", report, flow=True)]
        found.append(spread(name, report).rather() if name == "AdamW" else spread(name, report))
        if name in CLOSED:
            law, what = so.DiagonalMinibatch(BATCH), f"{name}, independent noise"
            report = compared(page, "digits MLP", law, 0.25 * size, CLOSED[name], CLOSE)
            found += [apart(what, report), spread(what, report).rather()]
    return found
