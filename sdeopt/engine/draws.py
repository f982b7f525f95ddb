"""Which raw draws a run needs in one step: their nested shape, kinds, strides and streams.

A step of the optimizer draws the noise of each sample of the gradient that it sees and, where the page has ``own``, its
own randomness; an SDE draws its Brownian increments; a sampled SDE draws whole sets of the step's own. The normals that
stand for the same thing in both columns, the first of each sample and the page's own, share a stream. Beside a sampled
SDE the optimizer's uniforms, which pick examples, are those of the first of its draws in the step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from sdeopt.core.observables import growth
from sdeopt.core.traits import several

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = [
    "APART", "COMMON", "GIVEN", "SOME", "Draw", "draws", "heavy", "in_common", "kinds", "moments", "orders",
    "unmet_need",
]  # fmt: skip

COMMON, SOME, APART = "common random numbers", "some common draws", "independent draws"

GIVEN = ("fractional", "epoched", "stable", "increments")  # made for whole paths before the loop, see ``given``
CODES = {"normal": 0, "uniform": 1, "epochs": 3} | dict.fromkeys(GIVEN, 2)


class Draw(NamedTuple):
    """One vector of draws, ``fine`` to a step of the optimizer.

    A normal of ``stride`` s is made of s fine ones, a uniform is the first of them.
    """

    kind: str
    size: int
    stride: int
    stream: str
    fine: int
    parameters: tuple[Any, ...] = ()

    @property
    def code(self) -> int:
        """The kind as `machine.draws.fill` knows it."""
        return CODES[self.kind]

    @property
    def number(self) -> int:
        """What else it asks: of epochs the number of examples."""
        return int(self.parameters[0]) if self.kind == "epochs" else self.stride


def draws(run: Run) -> tuple[Any, list[Draw]]:
    """Nested shape of the draws of one step of the loop, and what each vector is."""
    fine, sampled = run.resolution, run.kind == "sde" and run.model.drift is None
    if run.kind == "sde" and not sampled:
        return _brownian(run)
    copies, stride = ((4 if run.scheme == "heun" else 2), fine // run.substeps) if sampled else (1, fine)
    picks = _picks_together(run)
    vectors = []
    for copy in range(copies):
        for source, entries in _sources(run):
            first = next((i for i, entry in enumerate(entries) if entry[0] == "normal"), -1)
            for i, (kind, size, *parameters) in enumerate(entries):
                alike = source == "own" or i == first
                shared = copy == 0 and (picks if kind == "uniform" else alike)
                private = kind == "uniform" or not shared
                stream = f"{_private(source, copy, sampled or shared)}.{i}" if private else _shared(source, i)
                # a private draw of the optimizer is one a step; a sampled SDE takes one per integrator step
                alone = not shared and not sampled
                vectors.append(Draw(kind, size, 1 if alone else stride, stream, 1 if alone else fine, (*parameters,)))
    shape = _nest(run, lambda entry: entry[1])
    return (shape if copies == 1 else (shape,) * copies), vectors


def _picks_together(run: Run) -> bool:
    """Whether an optimizer shares uniforms with the sampled SDE beside it: one set a step, of the many that it takes.

    An optimizer alone does not: its batches are the same whatever it is compared with.
    """
    return run.model.drift is None and run.resolution > 1


def in_common(run: Run) -> str:
    """Which draws the columns of a comparison share, in words; ``run`` is either of them."""
    drawn = {entry[0] for entry in run.problem.noise.draws(run.problem.objective)}
    if "normal" in drawn or not drawn:
        return COMMON
    return SOME if "uniform" in drawn and _picks_together(run) else APART


def unmet_need(run: Run) -> str | None:
    """What an SDE needs and does not get from noise that is not Brownian, as "need: reason", or None."""
    if run.kind != "sde" or all(vector.kind not in GIVEN for vector in draws(run)[1]):
        return None
    if run.model.drift is None:
        return "independent steps of finite variance: the moments of one step do not give the law of several"
    if run.method.schedules:
        return "a constant lr: over a time dt its noise does not grow like √dt, as the change of clock assumes"
    return None


def heavy(run: Run) -> bool:
    """Whether an SDE is driven by a Lévy motion without a variance."""
    return run.kind == "sde" and any(v.kind == "stable" and v.parameters[0] < 2.0 for v in draws(run)[1])


def moments(run: Run) -> float:
    """The largest p such that E|x|^q of a run is finite for all q < p, as far as the law of the noise says.

    A step that moves x by a bounded distance leaves every moment, and so does a Brownian motion.
    """
    if run.kind == "sde" and run.model.drift is not None:
        tails = [v.parameters[0] for v in draws(run)[1] if v.kind == "stable" and v.parameters[0] < 2.0]
        return float(min(tails, default=math.inf))
    return math.inf if run.method.limited else float(run.problem.noise.moments)


def orders(run: Run) -> tuple[float, dict[str, float]]:
    """Where the moments of x end, and those of every observable, at the order of x over its growth."""
    order = moments(run)
    if math.isinf(order):
        return order, dict.fromkeys(run.observables, order)
    grown = {name: growth(f, run.problem) for name, f in run.observables.items()}
    return order, {name: order / r if r > 0.0 else math.inf for name, r in grown.items()}


def kinds(run: Run) -> Any:
    """Kinds of the draws of one step of the optimizer, nested as ``z`` is."""
    return _nest(run, lambda entry: entry[0])


def _sources(run: Run) -> list[tuple[str, Any]]:
    """Where the draws of a step come from, and what they are: (kind, size, parameters...) each."""
    (objective, noise), page = run.oracle, run.method
    samples = [("gradient" if n == 1 else f"gradient{n}", noise.draws(objective)) for n in range(1, page.samples + 1)]
    return [*samples, ("own", page.own(objective, noise))] if hasattr(page, "own") else samples


def _nest(run: Run, of: Any) -> Any:
    """``of`` every draw of a step, nested as ``z`` is."""
    groups = [tuple(of(entry) for entry in entries) for _, entries in _sources(run)]
    seen = (*groups[: run.method.samples],) if several(run.method) else groups[0]
    return (seen, groups[-1]) if hasattr(run.method, "own") else seen


def _shared(source: str, i: int) -> str:
    return f"own.{i}" if source == "own" else source


def _private(source: str, copy: int, sampled: bool) -> str:
    """Stream of a draw that the columns do not share."""
    if sampled:
        return f"sampled.{copy}" if source == "gradient" else f"sampled.{copy}.{source}"
    return "noise" if source == "gradient" else source


def _brownian(run: Run) -> tuple[Any, list[Draw]]:
    """The increments that the diffusion names."""
    objective, noise, fine = run.problem.objective, run.problem.noise, run.resolution
    stride = fine // run.substeps
    vectors, nested = [], []
    for n, name in enumerate(run.model.brownian):
        entries = _increment(run, name, objective, noise)
        for i, (kind, size, *parameters) in enumerate(entries):
            again = run.model.brownian[:n].count(name)
            if again:  # an increment named twice is two increments
                stream = f"{name}{again + 1}.{i}"
            elif i == 0 and name != "own" and (name == "gradient2" or n == 0):
                stream = name if name == "gradient2" else "gradient"
            else:
                stream = f"{name}.{i}"
            vectors.append(Draw(kind, size, stride, stream, fine, (*parameters,)))
        nested.append(entries[0][1] if len(entries) == 1 else tuple(entry[1] for entry in entries))
    return nested[0] if len(nested) == 1 else tuple(nested), vectors


def _increment(run: Run, name: str, objective: Any, noise: Any) -> list[Any]:
    """(kind, size, parameters...) of the vectors of one named increment."""
    if name == "state":
        return [("normal", objective.dim)]
    if name == "own":
        # a normal for a uniform too, of which the diffusion takes the distribution function
        page: Any = run.method
        own = page.own(objective, noise)
        return [("normal", size) if kind == "uniform" else (kind, size, *rest) for kind, size, *rest in own]
    sizes = noise.brownian("gradient" if name in ("gradient2", "epoched") else name, objective)
    steps = noise.epoch(objective) if name == "epoched" else 0
    if steps:
        return [("epoched", size, steps) for size in sizes]
    return [("normal", size) if isinstance(size, int) else size for size in sizes]
