"""The SDE of SignSGD follows its training loss on networks.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, on networks of other sizes and data.
Measured: the gap between the training losses of SDE and optimizer, in units of the range of the loss, with the signs of
true batches of 16 examples; beside it, on the MLP, the SDE with independent normal coordinates that the papers
integrate, and the drift alone.
Refuted by: a gap of more than a tenth of the range at some time.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import NETWORKS, compared, findings, spread

LR = 0.002


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name in NETWORKS:
        report = compared(so.SignSGD(LR), name, so.Minibatch(16), size)
        found += findings(name, report, flow=name == "MLP")
        if name == "MLP":
            closed = compared(so.SignSGD(LR), name, so.DiagonalMinibatch(16), size, sde="order1")
            found += [spread(name, report), *(f.rather() for f in findings("MLP, independent normal noise", closed)),
                      spread("MLP, independent normal noise", closed).rather()]  # fmt: skip
    return found
