"""The networks, and what a comparison on one of them finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding
from sdeopt.comparison.verdict import _decide, _decide_flow

__all__ = ["NETWORKS", "STEPS", "compared", "findings", "spread"]

CLOSE = 0.1  # of the range that a loss has in time: SDE and optimizer agree if they stay that close at every save
STEPS, SAVES, SUBSTEPS = 60, 8, 4
PATHS, FEWER = 128, 32  # of the MLP, and of the networks that cost more
WORDS = {"agree": "holds", "differ": "fails", "inconclusive": "inconclusive"}

# 360 to 455 examples, 101 to 874 parameters: the whole training set enters every step of an SDE with exact covariance
NETWORKS: dict[str, Callable[[], Any]] = {
    "MLP": lambda: so.networks.mlp("breast_cancer", (8,)),
    "CNN": lambda: so.networks.cnn("digits", (4,), holdout=0.8),
    "ResNet": lambda: so.networks.resnet("digits", channels=4, blocks=1, groups=2, holdout=0.8),
    "Transformer": lambda: so.networks.transformer("digits", width=8, holdout=0.8),
}
DIGITS: dict[str, Callable[[], Any]] = {"digits MLP": lambda: so.networks.mlp("digits")}  # 2410 parameters, 1438 images


def compared(method: Any, name: str, law: Any, size: float, sde: str | None = None) -> so.Report:
    """Optimizer and SDE on the network ``name`` by the training loss, at every eighth of the run."""
    f = (NETWORKS | DIGITS)[name]()
    paths = max(8, round((PATHS if name == "MLP" else FEWER) * size))
    return so.compare(
        method, so.Problem(f, law), steps=STEPS, paths=paths, substeps=SUBSTEPS, save_at=SAVES, sde=sde,
        observables={"train loss": f.observables()["train loss"]}, judge="observables", tolerance=CLOSE, rng=0,
        progress=False,
    )  # fmt: skip


def findings(name: str, report: so.Report, flow: bool = False) -> list[Finding]:
    """The training loss, in units of its range in time, and the spread of the parameters, SDE against optimizer.

    The first is taken at the save where it is worst, and judged at all of them as the report judges. With ``flow`` the
    loss of the drift alone too, as what is found beside.
    """
    i = report.column("train loss")
    gaps = [(name, report.gap[:, i], report.gap_stderr[:, i], _decide(report, i), False)]
    if flow:
        apart = report.flow[:, i] - report.discrete[:, i]
        gaps.append((f"{name}, drift alone", apart, report.discrete_stderr[:, i], _decide_flow(report, i), True))
    found = []
    for what, gap, stderr, decision, beside in gaps:
        scale = report.margin[:, i] / report.meta["tolerance"]
        worst = int(np.nanargmax(np.abs(gap / scale)))
        value, half = gap[worst] / scale[worst], report.meta["quantile"] * stderr[worst] / scale[worst]
        ends, word = (float(value - half), float(value + half)), WORDS[decision.verdict]
        found.append(Finding(f"{what}: gap in the loss", (-CLOSE, CLOSE), float(value), *ends, word, beside))
    return found


def spread(name: str, report: so.Report, claimed: tuple[float, float] = (0.8, 1.25)) -> Finding:
    """tr Cov x at the end, SDE over optimizer."""
    i = report.column("tr Cov x")
    first = float(report.discrete[-1, i])
    return finding(f"{name}: tr Cov x, SDE / optimizer", claimed,
                   Estimate(float(report.sde[-1, i]) / first, float(report.gap_stderr[-1, i]) / first))  # fmt: skip
