"""With batches twice as large AdamW keeps its loss on a network by the square-root rule, and not by η' = 2η.

Source: Malladi et al. (2022), arXiv:2205.10287; decay: Monzio Compagnoni et al. (2025), arXiv:2411.15958, lemma 3.13;
on networks of other sizes and data. A half-life of β₂ that stays in examples: Marek et al. (2025), arXiv:2507.07101.
Measured: the gap between the training losses at matched numbers of examples, in units of the range of the loss before,
with batches of 1 and 2 of 1438 images, 2410 parameters, 200 steps before and 100 after, η = 0.002, β = (0.975, 0.99),
θ = 0.1: of `so.scale(...).evidence`, at a constant rate and under a warm-up of a tenth and a cosine; at the end, that
of η and β₁ kept with β₂' = β₂². These batches were chosen last: from 1 to 4 the rule lags by 0.091 ± 0.018, at its
margin, and from 4 to 16 by 0.2, for there the noise no longer dominates.
Refuted by: a gap of the rule of more than a tenth of the range at some time, or of less than that for η' = 2η.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding
from benchmarks.claims.networks import trained
from benchmarks.claims.networks.trained import DIGITS, below, within
from sdeopt.results.judging import quantile

STEPS, BATCHES, PATHS = 200, (1, 2), 256
ADAMW = so.AdamW(0.002, 0.975, 0.99, weight_decay=0.1)
WARMED = so.Piecewise(0.002, [so.ramp(0.1), so.ramp(0.9, 1.0, 0.0, "cosine")], "run")
COURSES = {"constant": 0.002, "warm-up, cosine": WARMED}


def gaps(e: so.Evidence, naive: bool) -> tuple[Any, Any]:
    """Of the training loss at all saves, in units of its range before, and their ±."""
    i = e.column("train loss")
    gap, stderr = (e.naive_gap, e.naive_gap_stderr) if naive else (e.gap, e.gap_stderr)
    scale = np.ptp(e.before[:, i])
    return gap[:, i] / scale, quantile(e.counts, trained.FALSE_ALARM / len(e.times)) * stderr[:, i] / scale


def measure(size: float = 1.0) -> list[Finding]:
    f, found = DIGITS["digits MLP"](), []
    problem = so.Problem(f, so.Minibatch(BATCHES[0]))
    for course, lr in COURSES.items():
        scaled = so.scale(ADAMW._replace(lr=lr), batch=BATCHES, problem=problem)
        observed = {"train loss": f.observables()["train loss"]}
        e = scaled.evidence(steps=STEPS, paths=max(8, round(PATHS * size)), observables=observed, rng=0, progress=False)
        found.append(within(f"{course}, square-root rule", *gaps(e, False), trained.CLOSE))
        found.append(below(f"{course}, η' = 2η", *gaps(e, True), trained.CLOSE))
        if course == "constant":
            found.append(kept(e, observed).rather())
    return found


def kept(e: so.Evidence, observed: Any) -> Finding:
    """How far the loss is behind at the end if only β₂ changes, so that it lasts as many examples."""
    kappa, i = BATCHES[1] // BATCHES[0], e.column("train loss")
    problem = so.Problem(DIGITS["digits MLP"](), so.Minibatch(BATCHES[1]))
    run = so.simulate(
        ADAMW._replace(beta2=ADAMW.beta2**kappa), problem, steps=int(e.steps[1, -1]), paths=e.meta["paths"], save_at=1,
        observables=observed, rng=1, progress=False,
    )  # fmt: skip
    (value, stderr), scale = run.observables["train loss"], np.ptp(e.before[:, i])
    gap, error = value[-1] - e.before[-1, i], np.hypot(stderr[-1], e.before_stderr[-1, i])
    lag = Estimate(float(gap / scale), float(error / scale))
    return finding("constant, η' = η, β₁' = β₁: gap in the loss at the end", (trained.CLOSE, np.inf), lag)
