"""On an MLP with a hundred thousand parameters SDEs follow SGD, SAM, SignSGD, AdamW, and Muon beside AdamW.

Source: SGD: Li, Tai & E, arXiv:1811.01558; SAM: Monzio Compagnoni et al., arXiv:2301.08203; SignSGD and AdamW:
arXiv:2411.15958; Muon on the matrices, AdamW on the vectors: Jordan et al. (2024), whose SDE is that of all methods.
Measured: the gap between the losses of 1000 of the training images, in units of the range of the loss in time, in 60
steps with batches of 64 of 4000 images of MNIST, float32, 784-128-10, which has 101,770 parameters, against the SDE
"sampled" at two integrator steps for one, on draws of its own; the loss at the end, and tr Cov x, whose quotient counts
under SGD alone. Learning rates are those at which single runs of the optimizer learnt something.
Refuted by: a gap of more than a tenth of the range at some time; of tr Cov x of more than a quarter, under SGD; a loss
that has not halved.
"""

from __future__ import annotations

from typing import Any

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import followed

STEPS, BATCH, PATHS, LEARNT = 60, 64, 12, 0.5
PAGES: dict[str, Any] = {
    "SGD": so.SGD(0.2),
    "SAM": so.SAM(0.2, rho=0.1),
    "SignSGD": so.SignSGD(0.001),
    "AdamW": so.AdamW(0.002),
    "Muon, AdamW on vectors": so.Layered(so.Muon(0.02, beta=0.9), so.AdamW(0.002)),
}


def NETWORK() -> Any:
    return so.networks.mlp("mnist", (128,), dtype="float32")


def measure(size: float = 1.0) -> list[Finding]:
    problem, number = so.Problem(NETWORK(), so.Minibatch(BATCH)), max(4, round(PATHS * size))
    return [row for name, page in PAGES.items() for row in followed(name, page, problem, STEPS, number, LEARNT)]
