"""The networks, and what a comparison on one of them finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import NORMAL, Estimate, Finding, finding, judged, seed
from sdeopt.comparison import block
from sdeopt.engine.blocks import Task, fold, records
from sdeopt.engine.planning import plan
from sdeopt.engine.run import Run, lacking
from sdeopt.engine.simulate import describe
from sdeopt.results import paired
from sdeopt.results.judging import quantile
from sdeopt.results.pages import TRACE

__all__ = ["NETWORKS", "STEPS", "apart", "below", "compared", "followed", "loss", "minibatch", "spread", "within"]

CLOSE = 0.1  # of the range that a loss has in time: SDE and optimizer agree if they stay that close at every save
SPREAD = (0.8, 1.25)  # the traces of the covariances agree if their quotient is in there
STEPS, SAVES, SUBSTEPS = 60, 8, 2
PATHS, FEWER = {"MLP": 1024, "digits MLP": 64, "ResNet": 128}, 32  # of these, and of the others
BATCH, LARGER = 16, {"ResNet": 64}  # whose loss varies most between runs
FALSE_ALARM = 0.001  # of a whole report: its intervals are that wide

NETWORKS: dict[str, Callable[[], Any]] = {
    "MLP": lambda: so.networks.mlp("breast_cancer", (8,)),
    "CNN": lambda: so.networks.cnn("digits", (4,), holdout=0.8),
    "ResNet": lambda: so.networks.resnet("digits", channels=4, blocks=1, groups=2, holdout=0.8),
    "Transformer": lambda: so.networks.transformer("breast_cancer", width=8, holdout=0.8),
}
DIGITS: dict[str, Callable[[], Any]] = {"digits MLP": lambda: so.networks.mlp("digits")}  # 2410 parameters, 1438 images


def minibatch(name: str) -> so.Minibatch:
    """The batches that the network ``name`` is trained with."""
    return so.Minibatch(LARGER.get(name, BATCH))


def compared(
    method: Any,
    name: str,
    law: Any,
    size: float,
    sde: str | None = None,
    close: float = CLOSE,
    substeps: int = SUBSTEPS,
    flow: bool = False,
) -> so.Report:
    """Optimizer and SDE on the network ``name`` by the training loss, at every eighth of the run, as `so.compare` does.

    Half the step is tried on two paths, for no finding is of it, and the flow is run if a finding is.
    """
    problem = so.Problem((NETWORKS | DIGITS)[name](), law)
    sde = formula(method, problem) if sde is None else sde
    f = problem.objective
    paths = max(8, round(PATHS.get(name, FEWER) * size))
    run = plan(
        method, problem, "sde", steps=STEPS, substeps=substeps, save_at=SAVES, sde=sde, rng=0,
        observables={"train loss": f.observables()["train loss"]},
    )  # fmt: skip
    both, halved, straight = (columns := block.columns(run))[:2], columns[1:3], columns[3]

    def folded(runs: tuple[Run, ...], count: int) -> paired.Paired:
        task = Task(runs, partial(block.REDUCE, d=run.kept, vectors=False), block.BYTES * run.kept)
        return fold(task, count, paired.merge, progress=False)  # type: ignore[no-any-return]

    judging = {"judge": "observables", "heavy": False, "tolerance": close, "alpha": 0.05}
    line = block.straight(straight, None, False, None) if flow else records(straight, 1, progress=False)[0]
    report = block.assemble(columns, folded(both, paths), folded(halved, 2), line, describe(columns[1]) | judging)
    return report if flow else replace(report, flow=np.full_like(report.flow, np.nan))


def formula(method: Any, problem: so.Problem) -> str:
    """The method's own SDE where it has a closed form on this problem, whatever that costs, else "sampled"."""
    own = plan(method, problem, "sde", steps=1, sde=method.default_sde)
    return str(method.default_sde) if lacking(own) is None else "sampled"


def gaps(report: so.Report, flow: bool) -> tuple[Any, Any]:
    """Of the training loss at all saves, in units of its range in time, and their ±: SDE or flow less optimizer."""
    i = report.column("train loss")
    gap, stderr = report.gap[:, i], report.gap_stderr[:, i]
    if flow:
        gap, stderr = report.flow[:, i] - report.discrete[:, i], report.discrete_stderr[:, i]
    scale = np.fmax(np.ptp(report.discrete[:, i]), report.discrete_sd[:, i])
    return gap / scale, quantile(report.counts, FALSE_ALARM / report.meta["comparisons"]) * stderr / scale


def loss(name: str, report: so.Report, flow: bool = False) -> Finding:
    """The gap in the loss of the SDE, or of its flow, where it is largest; it fails or holds at all saves together."""
    return within(name, *gaps(report, flow), report.meta["tolerance"])


def within(name: str, gap: Any, half: Any, close: float) -> Finding:
    """That gaps in the loss at some saves are all at most ``close``."""
    size = np.abs(gap)
    worst = int(np.nanargmax(size))
    ends = float(gap[worst] - half[worst]), float(gap[worst] + half[worst])
    word = "fails" if (size - half > close).any() else "holds" if (size + half <= close).all() else "inconclusive"
    return Finding(f"{name}: gap in the loss", (-close, close), float(gap[worst]), *ends, word)


def apart(name: str, report: so.Report, flow: bool = False) -> Finding:
    """That the loss of the SDE, or of its flow, is too low at some save: the one where that is plainest."""
    return below(name, *gaps(report, flow), report.meta["tolerance"])


def below(name: str, gap: Any, half: Any, close: float) -> Finding:
    """That the gap in the loss is below -``close`` at some save."""
    plain = 1 + int(np.nanargmin((gap + half)[1:]))  # after the start, where all are the same
    ends = float(gap[plain] - half[plain]), float(gap[plain] + half[plain])
    return judged(f"{name}: gap in the loss", (-np.inf, -close), float(gap[plain]), *ends)


def spread(name: str, report: so.Report) -> Finding:
    """tr Cov x at the end, SDE over optimizer."""
    i = report.column("tr Cov x")
    first = float(report.discrete[-1, i])
    ratio = Estimate(float(report.sde[-1, i]) / first, float(report.gap_stderr[-1, i]) / first)
    return finding(f"{name}: tr Cov x, SDE / optimizer", SPREAD, ratio)


def followed(name: str, page: Any, problem: so.Problem, steps: int, number: int, learnt: float) -> list[Finding]:
    """On a larger network: the gap in the loss, that something is learnt, and tr Cov x at the end.

    Optimizer and SDE "sampled" at two integrator steps for one, on draws of their own.
    """
    settings: dict[str, Any] = {"steps": steps, "paths": number, "save_at": 4, "progress": False}
    sde = {"sde": "sampled", "substeps": SUBSTEPS}
    both = [
        so.simulate(page, problem, kind, **settings, rng=seed(page, kind), **more)
        for kind, more in (("discrete", {}), ("sde", sde))
    ]  # fmt: skip
    watched = next(observed for observed in both[0].observables if observed != TRACE)
    (first, error), (second, other) = (e.observables[watched] for e in both)
    half = quantile(np.full(len(first), number), FALSE_ALARM / len(first)) * np.hypot(error, other)
    scale = np.ptp(first)
    here, there, end = *map(total_variance, both), student(first[-1], error[-1], number)
    row = finding(f"{name}: tr Cov x, SDE / optimizer", SPREAD, there / here)
    return [
        within(name, (second - first) / scale, half / scale, CLOSE),
        finding(f"{name}: loss at the end / at the start", (0.0, learnt), end / float(first[0])),
        row if name == "SGD" else row.rather(),
    ]


def total_variance(e: so.Ensemble) -> Estimate:
    """tr Cov x at the end: of large networks as observed, else the mean of |x - x̄|² P/(P - 1)."""
    if TRACE in e.observables:
        value, stderr = (float(a[-1]) for a in e.observables[TRACE])
        return student(value, stderr, len(e.final))
    x = e.final
    parts = ((x - x.mean(axis=0)) ** 2).sum(axis=1) * len(x) / (len(x) - 1)
    return student(parts.mean(), parts.std(ddof=1) / np.sqrt(len(x)), len(x))


def student(value: float, stderr: float, number: int) -> Estimate:
    """An estimate from few paths, its error so much larger that the normal interval is Student's."""
    return Estimate(float(value), float(stderr * quantile(np.array([float(number)]), 0.05) / NORMAL))
