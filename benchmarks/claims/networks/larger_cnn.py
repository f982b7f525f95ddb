"""On a CNN on MNIST with nine thousand parameters SDEs follow SGD, SAM, SignSGD, AdamW, and Muon beside AdamW.

Source: as `larger`.
Measured: as `larger`, with 8 and 16 channels, 9098 parameters, batches of 64 of 4000 images and 60 steps, float32. SGD
and SAM have η = 0.1 since a first run of SGD at 0.3, on 6 paths, was inconclusive: there the losses of runs jump, and
the gap is -0.26 between -0.88 and 0.36.
Refuted by: a gap of more than a tenth of the range at some time; of tr Cov x of more than a quarter, under SGD; a loss
that has not halved.
"""

from __future__ import annotations

from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import followed

STEPS, BATCH, PATHS, LEARNT = 60, 64, 16, 0.5
PAGES: dict[str, Any] = {
    "SGD": so.SGD(0.1),
    "SAM": so.SAM(0.1, rho=0.1),
    "SignSGD": so.SignSGD(0.003),
    "AdamW": so.AdamW(0.005),
    "Muon, AdamW on vectors": so.Layered(so.Muon(0.02, beta=0.9), so.AdamW(0.005)),
}


def NETWORK() -> Any:
    return so.networks.cnn("mnist", (8, 16), dtype="float32")


def measure(size: float = 1.0) -> list[Finding]:
    problem, number = so.Problem(NETWORK(), so.Minibatch(BATCH)), max(4, round(PATHS * size))
    return [row for name, page in PAGES.items() for row in followed(name, page, problem, STEPS, number, LEARNT)]
