"""SDEs of RMSpropW and AdamW follow their training losses on networks; that of Malladi et al. does not follow Adam.

Source: Monzio Compagnoni et al. (2025), arXiv:2411.15958, and Malladi et al. (2022), arXiv:2205.10287, which holds
where the noise dominates; on networks of other sizes and data.
Measured: the gap between the training losses of SDE and optimizer, in units of the range of the loss, with true batches
of 16 examples (SDE "sampled"); on the MLP beside it the SDE of Malladi et al. for Adam, and "full", both with
independent normal noise.
Refuted by: a gap of more than a tenth of the range at some time; for Malladi et al. one that stays below.
"""

from __future__ import annotations

import sdeopt as so
from benchmarks.claims.frame import Finding
from benchmarks.claims.networks.trained import NETWORKS, compared, findings

LR, DECAY = 0.002, 0.1
PAGES = {
    "RMSpropW": so.RMSpropW(LR, beta=0.98, weight_decay=DECAY),
    "AdamW": so.AdamW(LR, 0.9, 0.98, weight_decay=DECAY),
}


def measure(size: float = 1.0) -> list[Finding]:
    found = []
    for name, page in PAGES.items():
        for network in NETWORKS:
            found += findings(f"{name}, {network}", compared(page, network, so.Minibatch(16), size, sde="sampled"))
    for sde in ("full", "malladi"):
        report = compared(so.Adam(LR, 0.9, 0.98), "MLP", so.DiagonalMinibatch(16), size, sde=sde)
        found += [f.rather() for f in findings(f"Adam, MLP, SDE {sde!r}", report)]
    return found
