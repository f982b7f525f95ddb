"""On networks SDEs follow DSignSGD and DCSGD; noise without a mean stops DCSGD from learning, and DSignSGD not.

Source: Monzio Compagnoni et al. (2025), arXiv:2502.17009, on networks of other sizes and data.
Measured: the gap between the training losses of SDE and optimizer on the MLP, in units of the range of the loss, with 5
agents that hold a fifth of the data each, batches of 8, and gradients rounded at random to multiples of half their
length (dithering with two levels); with Cauchy noise of scale 0.1 on each agent's gradient of the whole data, the share
of runs that halve the training loss in 100 steps.
Refuted by: a gap of more than a tenth of the range at some time; most runs of DCSGD learn, or of DSignSGD do not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Finding, share
from benchmarks.claims.networks.trained import NETWORKS, compared, loss

AGENTS = 5
PAGES = {"DSignSGD": so.DSignSGD(0.002), "DCSGD": so.DCSGDDithering(0.1, levels=2.0)}


def learned(page: Any, size: float) -> Any:
    """Which runs halve the loss under Cauchy noise."""
    f = NETWORKS["MLP"]()
    problem = so.Problem(f, so.Agents(so.StudentT(1.0, 0.1), agents=AGENTS))
    run = so.simulate(page, problem, steps=100, paths=max(4, round(100 * size)), save_at=1, observables=[], rng=1)
    return f.value(np.nan_to_num(run.final.T, nan=1e6)) < 0.5 * f.value(f.start)


def measure(size: float = 1.0) -> list[Finding]:
    found, law = [], so.Agents(so.Minibatch(8), agents=AGENTS)
    for name, page in PAGES.items():
        found.append(loss(f"{name}, MLP", compared(page, "MLP", law, size / 32, sde="sampled")))
    for name, claimed in (("DSignSGD", (0.9, 1.0)), ("DCSGD", (0.0, 0.5))):
        found.append(share(f"{name}, Cauchy noise: share that learns", claimed, learned(PAGES[name], size)))
    return found
