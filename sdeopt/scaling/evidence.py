"""Evidence for a rule: ensembles at matched steps, and whether their laws coincide.

Step j after the change stands beside step ``speed`` · j before it (rounded). Means, observables and covariances are
compared with the margins, intervals and verdicts of `sdeopt.compare`, in which "before" has the place of the optimizer
and "after" that of the SDE. The three ensembles draw independently of each other; on
networks further rules of practice stand beside, on the draws of the naive one.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.core import checks, notices
from sdeopt.core.contracts import Method
from sdeopt.engine.blocks import Interrupted, Task, fold
from sdeopt.engine.draws import orders
from sdeopt.engine.run import Run, refuse
from sdeopt.engine.simulate import describe, plan, saves
from sdeopt.engine.streams import name_seed, normalise
from sdeopt.engine.tensors.streamed import projected, tall
from sdeopt.engine.work import BUDGET, costs
from sdeopt.results import paired, quantities
from sdeopt.results.bounds import AGREE, Sizes, bounds
from sdeopt.results.columns import labels
from sdeopt.results.judging import CONFIDENCE, decide_chosen
from sdeopt.results.pages import TRACE
from sdeopt.scaling.report import Evidence

if TYPE_CHECKING:
    from sdeopt.scaling.scaling import Scaling

__all__ = ["gather", "rivals"]

SAVES = 20
LEAST, MOST, CHUNK = 64, 40_000, 256  # paths, at least, at most, and of which there are whole multiples


Pairs = tuple[paired.Paired, ...]  # before against after, against naive, and against rivals


def _reduce(first: int, before: Any, *others: Any, d: int, vectors: bool, traced: bool) -> Pairs:
    reduce = functools.partial(paired.reduce, first, before, d=d, keep=0, vectors=vectors, traced=traced)
    return tuple(reduce(other) for other in others)


def _merge(a: Pairs, b: Pairs) -> Pairs:
    return tuple(map(paired.merge, a, b))


def rivals(scaling: Scaling) -> dict[str, Any]:
    """On networks, whose practice knows more rules than the naive one: what they make of the method before.

    η' = √κ η is Krizhevsky's (2014, arXiv:1404.5997); β₂' = β₂^κ and nothing else, by which second moments last as many
    examples, is that of Marek et al. (2025), arXiv:2507.07101. They know of batches, not of what schedules do.
    """
    before, change, f = scaling.before, scaling.change, getattr(scaling.problem, "objective", None)
    kappa = float(change.kappa)
    others = change.alpha != 1 or change.k[0] != change.k[1]
    if not getattr(f, "costly", False) or before.schedules or others or kappa == 1.0:
        return {}
    rates = [name for name in ("lr", "rest_lr") if name in before._fields]
    made = {"η' = √κ η": {name: getattr(before, name) * kappa**0.5 for name in rates}}
    if "beta2" in before._fields:
        made["η' = η, β₂' = β₂^κ"] = {"beta2": before.beta2**kappa}
    found = {name: before._replace(**{k: float(f"{v:.14g}") for k, v in new.items()}) for name, new in made.items()}
    return {name: method for name, method in found.items() if method not in (before, scaling.after, scaling.naive)}


def gather(
    scaling: Scaling, horizon: Any, steps: Any, paths: Any, observables: Any, tolerance: Any, alpha: Any, rng: Any,
    executor: Any, progress: Any,
) -> Evidence:  # fmt: skip
    """Run what `Scaling.evidence` describes."""
    if scaling.problem is None:
        raise ValueError("evidence needs a problem: scale(method, ..., problem=Problem(...))")
    if scaling.change.tau != 1:
        raise ValueError("evidence compares laws, and with other examples=(T, T') the rule does not keep the law of x")
    paths = None if paths is None else checks.integer("paths", paths, low=2)
    tolerance = checks.number("tolerance", tolerance, low=0.0, high=1.0, open_low=True)
    alpha = checks.number("alpha", alpha, low=0.0, high=0.5, open_low=True)
    if rng is None:
        rng = np.random.SeedSequence().entropy  # fresh, and in the result
    other = rivals(scaling)
    runs = _runs(scaling, horizon, steps, observables, rng, tuple(other.values()))
    for run in runs:
        refuse(run)
    heavy = scaling.problem.lacks("noise_var") is not None and not scaling.before.bounded
    if heavy and not isinstance(observables, Mapping):
        raise ValueError(
            f"{scaling.problem.noise!r} has no variance, so means and covariances never settle: give bounded functions "
            "to compare, such as observables={'cos x1': lambda x: cos(x)[0]} with cos from sdeopt.core"
        )
    judge = "observables" if heavy else quantities.default(scaling.problem.dim, len(runs[0].observables))
    vectors = judge == "all" and scaling.problem.dim > quantities.SINGLE
    if tall(scaling.problem) and judge == "observables" and runs[0].observables:
        runs = tuple(map(projected, runs))
    paths = affordable(runs, progress) if paths is None else paths
    few = runs[0].projections
    task = Task(runs, functools.partial(_reduce, d=runs[0].kept, vectors=vectors, traced=bool(few)))
    try:
        found, partial = fold(task, paths, _merge, executor, progress, f"{scaling.before}"), False
    except Interrupted as stop:
        found, partial = stop.result, True
    notices.tell(partial)
    meta = {"rng": name_seed(rng), "tolerance": tolerance, "alpha": alpha, "partial": partial}
    meta |= {"projections": few} if few else {}
    return _evidence(scaling, runs, found, tuple(other), meta | {"heavy": heavy, "judge": judge})


def affordable(runs: tuple[Run, ...], progress: Any) -> int:
    """Paths of all columns within a budget of work."""
    most = BUDGET / sum(costs(runs, not callable(progress) and progress))
    whole = most // CHUNK * CHUNK if most > CHUNK else most
    return int(min(max(whole, LEAST), MOST))


def _runs(
    scaling: Scaling, horizon: Any, steps: Any, observables: Any, rng: Any, others: tuple[Any, ...] = ()
) -> tuple[Run, ...]:  # fmt: skip
    """The three columns, and those of rivals, on the draws of the naive one, saved at matched steps."""
    entropy, speed = normalise(rng), scaling.speed
    base = plan(scaling.before, scaling.problem, horizon=horizon, steps=steps, observables=observables)  # type: ignore[arg-type]
    total = round(base.steps / speed)
    if total < 1:
        raise ValueError(
            f"horizon must be at least one step after the change, {float(speed):g} steps before it, got {base.steps}"
        )
    later = saves(SAVES, total, 1.0)
    earlier = tuple(round(speed * j) for j in later)
    if len(set(earlier)) < len(earlier):  # fewer steps before than saves
        earlier = saves(SAVES, base.steps, 1.0)
        later = tuple(round(k / speed) for k in earlier)

    def column(i: int, method: Method, problem: Any, at: tuple[int, ...]) -> Run:
        own = np.random.SeedSequence(entropy, spawn_key=(i,))
        run = plan(method, problem, steps=at[-1], observables=observables, rng=own)
        return replace(run, saves=at)

    return (
        column(0, scaling.before, scaling.problem, earlier),
        column(1, scaling.after, scaling.problem_after, later),
        *(column(2, method, scaling.problem_after, later) for method in (scaling.naive, *others)),
    )


def _evidence(
    scaling: Scaling, runs: tuple[Run, ...], found: Pairs, others: tuple[str, ...], meta: dict[str, Any]
) -> Evidence:  # fmt: skip
    before, after, naive, *_ = runs
    d, observed = before.kept, tuple(name for name in before.observables if name != TRACE)
    of = [paired.estimates(pair, d, bool(before.projections)) for pair in found]
    rule, other = of[:2]
    kinds, names = labels(d, observed)
    lost = [
        round(float(p.lost.mean[-1, side] * p.lost.count[-1]))
        for p, side in zip((*found[:1], *found), (0, *(1 for _ in found)), strict=True)
    ]
    times = np.array(before.saves) * before.method.clock
    judged = quantities.choose_judged(kinds, names, any(lost), meta["judge"], meta["heavy"])
    scales, begun = quantities.scales(rule, kinds, times), times > 0.0
    ends, seen = zip(*(orders(run) for run in runs), strict=True)
    known = judged, d, min(ends), np.array([min(a[name] for a in seen) for name in observed])
    apart = [
        quantities.apart(both, pair.groups, scales, judged, len(observed)) for both, pair in zip(of, found, strict=True)
    ]
    sizes, naive_sizes, *more = (quantities.without_errors(Sizes(*(a[begun] for a in s)), *known) for s in apart)
    meta |= {
        "before": describe(before),
        "after": describe(after),
        "naive": describe(naive),
        "rule": scaling.rule.name,
        "speed": float(scaling.speed),
        "valid": scaling.valid,
        "paths": int(found[0].lost.count[-1]),
        "diverged": lost[:3],
        "rivals": [_rival(*side, scaling.before, meta) for side in zip(others, runs[3:], more, of[2:], strict=True)],
        "confidence": CONFIDENCE,
    }
    return Evidence(
        meta=meta,
        kinds=kinds,
        names=names,
        times=times,
        steps=np.array([run.saves for run in runs[:3]]),
        counts=np.minimum(rule.paths, other.paths),
        before=rule.first,
        before_stderr=rule.first_stderr,
        after=rule.second,
        after_stderr=rule.second_stderr,
        naive=other.second,
        naive_stderr=other.second_stderr,
        gap=rule.gap,
        gap_stderr=rule.gap_stderr,
        naive_gap=other.gap,
        naive_gap_stderr=other.gap_stderr,
        margin=meta["tolerance"] * scales.scale + scales.rounding,
        quantities=judged,
        sizes=sizes,
        naive_sizes=naive_sizes,
    )


def _rival(
    name: str, run: Run, sizes: Sizes, e: paired.Estimates, before: Any, meta: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """What a report keeps of a rival: its rule, the method, what that changes, the bounds and the verdict."""
    new = {k: v for k, v in run.method._asdict().items() if v != getattr(before, k)}
    every, tolerance, alpha = list(range(sizes.size.shape[1])), meta["tolerance"], meta["alpha"]
    d = decide_chosen(sizes, bounds(sizes, alpha), e.paths, every, tolerance, alpha)
    verdict = "coincide" if d.verdict == AGREE else d.verdict
    return {"rule": name, "method": repr(run.method), "new": new, "low": d.low, "high": d.high, "verdict": verdict}
