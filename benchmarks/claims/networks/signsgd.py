"""The SDE of SignSGD follows its training loss on networks.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, on networks of other sizes and data.
Measured: the gap between the training losses of SDE and optimizer, in units of the range of the loss, with the signs of
true batches of 16 examples (ResNet: 64), and tr Cov x of the MLP; beside them, on the MLP, the SDE with independent
normal coordinates that the papers integrate, and the drift alone. The ResNet has hardly begun to learn after 60 steps,
and its runs differ most.
Refuted by: a gap of more than a tenth of the range at some time.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import BATCH, compared, loss, minibatch, spread

LR = {"MLP": 0.002, "CNN": 0.01, "ResNet": 0.002, "Transformer": 0.002}


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, lr in LR.items():
        report = compared(so.SignSGD(lr), name, minibatch(name), size, flow=name == "MLP")
        found.append(loss(name, report))
        if name == "MLP":
            law, what = so.DiagonalMinibatch(BATCH), "MLP, independent normal noise"
            closed = compared(so.SignSGD(lr), name, law, size / 16, sde="order1")
            found += [spread(name, report), loss("MLP, drift alone", report, flow=True).rather(),
                      loss(what, closed).rather(), spread(what, closed).rather()]  # fmt: skip
    return found
