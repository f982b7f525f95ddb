"""On an MLP with a hundred thousand parameters SDEs follow SGD, and Muon on its matrices with AdamW on its vectors.

Source: SGD: Li, Tai & E, arXiv:1811.01558; Muon with AdamW: Jordan et al. (2024), whose SDE is that of all methods.
Measured: the gap between the losses of 1000 of the training images, in units of the range of the loss in time, in 60
steps with batches of 64 of 4000 images of MNIST, float32, 784-128-10, which has 101,770 parameters, against the SDE
"sampled" at two integrator steps for one, on draws of its own; tr Cov x at the end.
Refuted by: a gap of more than a tenth of the range at some time; of tr Cov x of more than a quarter, under SGD.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, seed
from benchmarks.claims.networks import trained
from benchmarks.claims.networks.trained import within
from sdeopt.results.judging import quantile
from sdeopt.results.pages import TRACE

STEPS, BATCH, SAVES, SUBSTEPS = 60, 64, 4, 2
PATHS = 12
LARGE: dict[str, Callable[[], Any]] = {"MLP": lambda: so.networks.mlp("mnist", (128,), dtype="float32")}
PAGES = {
    "SGD": so.SGD(0.2),
    "Muon, AdamW on vectors": so.Layered(so.Muon(0.02, beta=0.9), so.AdamW(0.002)),
}


def columns(page: Any, problem: so.Problem, number: int) -> list[so.Ensemble]:
    """Optimizer and SDE, on draws of their own."""
    settings: dict[str, Any] = {"steps": STEPS, "paths": number, "save_at": SAVES, "progress": False}
    sde = {"sde": "sampled", "substeps": SUBSTEPS}
    return [
        so.simulate(page, problem, kind, **settings, rng=seed(page, kind), **more)
        for kind, more in (("discrete", {}), ("sde", sde))
    ]  # fmt: skip


def measure(size: float = 1.0) -> list[Finding]:
    problem, number = so.Problem(LARGE["MLP"](), so.Minibatch(BATCH)), max(4, round(PATHS * size))
    found = []
    for name, page in PAGES.items():
        both = columns(page, problem, number)
        watched = next(observed for observed in both[0].observables if observed != TRACE)
        (first, error), (second, other) = (e.observables[watched] for e in both)
        half = quantile(np.full(len(first), number), trained.FALSE_ALARM / len(first)) * np.hypot(error, other)
        scale = np.ptp(first)
        found.append(within(name, (second - first) / scale, half / scale, trained.CLOSE))
        if TRACE in both[0].observables:
            here, there = (Estimate(*(float(a[-1]) for a in e.observables[TRACE])) for e in both)
            row = finding(f"{name}: tr Cov x, SDE / optimizer", trained.SPREAD, there / here)
            found.append(row if name == "SGD" else row.rather())
    return found
