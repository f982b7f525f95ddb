"""The SDEs of SAM, USAM and DNSAM follow their training losses on networks.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203, with diagonal noise, on networks of other sizes and data.
Measured: the gap between the training losses of SDE and optimizer, in units of the range of the loss, and tr Cov x of
the MLP, at ρ = √η/2, with true batches of 16 examples (ResNet: 64). They have no closed form for what the steps do
with them, so the SDEs are "sampled": those of the paper, with the moments of the true step. The ResNet has hardly begun
to learn after 60 steps.
Refuted by: a gap of more than a tenth of the range at some time.
"""

from __future__ import annotations

import math

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import compared, loss, minibatch, spread

LR, OTHERS = 0.05, {"CNN": 0.2, "ResNet": 0.1, "Transformer": 0.05}
TIMES = {"ResNet": 0.25}  # the usual paths, for under SAM its runs differ less than under the others


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for page in (so.SAM, so.USAM, so.DNSAM):
        report = compared(page(LR, rho=0.5 * math.sqrt(LR)), "MLP", minibatch("MLP"), size)
        found += [loss(f"{page.__name__}, MLP", report), spread(f"{page.__name__}, MLP", report)]
    for name, lr in OTHERS.items():
        report = compared(so.SAM(lr, rho=0.5 * math.sqrt(lr)), name, minibatch(name), TIMES.get(name, 1.0) * size)
        found.append(loss(f"SAM, {name}", report))
    return found
