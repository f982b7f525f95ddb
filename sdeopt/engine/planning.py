"""The plan of a run: the arguments of `simulate`, checked, become a `Run`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core import observables as observable
from sdeopt.core.contracts import Method
from sdeopt.core.notices import depth
from sdeopt.core.problem import Problem, expect_problem
from sdeopt.core.traits import SAMPLED, expect_method
from sdeopt.engine import duration
from sdeopt.engine.run import Run, lacking
from sdeopt.engine.streams import normalise

__all__ = ["DEFAULT_SUBSTEPS", "count_steps", "examples_drawn", "levels", "paths_of", "plan", "saves", "usual_saves"]

DEFAULT_SUBSTEPS = 8
DEFAULT_SAVES, FEW_SAVES = 100, 20  # the latter where a pass of the objective is dear
DEAR = 16  # times the examples that a step draws: from so many on a pass over all of them is too dear
WHOLE = 1e-6  # relative distance from a whole number of steps that is round-off


def plan(
    method: Method, problem: Problem, kind: str = "discrete", *, horizon: float | None = None, steps: int | None = None,
    dt: float | None = None, substeps: int | None = None, scheme: str = "heun", sde: str | None = None,
    save_at: Any = None, observables: Any = None, rng: Any = None, crossings: Any = None,
) -> Run:  # fmt: skip
    """Check the arguments of `simulate` and return the `Run` that they describe."""
    expect_method(method)
    expect_problem(problem)
    checks.choice("kind", kind, ("discrete", "sde"))
    method.check(problem.objective)
    clock = method.clock
    total = count_steps(horizon, steps, clock)
    for schedule in method.schedules.values():
        if hasattr(schedule, "check"):
            schedule.check(clock, total)
    fine = _substeps(dt, substeps, clock, DEFAULT_SUBSTEPS if kind == "sde" else 1)
    duration.check(total * fine)
    observed = observable.resolve(observables, problem)
    run = Run(
        method=method,
        problem=problem,
        kind=kind,
        sde=_chosen(method, sde),
        steps=total,
        saves=saves(usual_saves(problem) if save_at is None else save_at, total, clock),
        substeps=fine,
        resolution=fine,
        scheme=checks.choice("scheme", scheme, ("heun", "euler")),
        observables=observed,
        entropy=normalise(rng),
        crossings=levels(crossings, observed),
    )
    sampled = replace(run, kind="sde", sde=SAMPLED.name)
    if sde is None and (_dear(run) or lacking(replace(run, kind="sde")) is not None) and lacking(sampled) is None:
        return replace(run, sde=SAMPLED.name)
    if kind == "sde":
        if run.model.unmet is not None and (what := run.model.unmet(method)) is not None:
            raise ValueError(f"the SDE {run.sde!r} was derived where {what}: not so with {method!r}; derive it again")
        for what in _broken(run.model.doc, problem.noise):
            text = f"the SDE {run.sde!r} of {type(method).__name__} assumes {what}"
            warnings.warn(f"{text}: the SDE 'sampled' has its moments", UserWarning, stacklevel=depth())
    return run


def _chosen(method: Any, sde: Any) -> Any:
    """The name of an SDE that the method has; a derived one it has once that was read."""
    names = tuple(dict.fromkeys((*method.sdes, SAMPLED.name)))
    if sde in ("derived", "derived2") and sde not in names:
        how = f"{type(method).__name__}{', order=2' if sde == 'derived2' else ''}"
        raise ValueError(f"sde {sde!r} is known once derive({how}).model was read (known: {', '.join(names)})")
    return checks.choice("sde", method.default_sde if sde is None else sde, names)


def _broken(doc: str, noise: Any) -> list[str]:
    """What the docstring of an SDE says that it assumes, and the noise is not like."""
    found = [f"normal ξ, and {noise!r} is not normal"] if "normal ξ" in doc and not noise.normal else []
    if "the sample's loss is f(x)" in doc and not noise.exact_loss:
        found.append(f"that the sample's loss is f(x), and that of {noise!r} is not")
    return found


def usual_saves(problem: Any, many: int = DEFAULT_SAVES) -> int:
    """The number of saves by default: ``many``, or fewer where a pass of the objective is dear."""
    return min(many, FEW_SAVES) if getattr(getattr(problem, "objective", None), "costly", False) else many


def examples_drawn(run: Run) -> int:
    """Examples that one step of the optimizer draws; 0 where the noise is none of examples."""
    f = run.problem.objective
    return sum(size for kind, size, *_ in run.oracle.noise.draws(f) if kind in ("uniform", "epochs"))


def _dear(run: Run) -> bool:
    """Whether an SDE with coefficients of all examples costs far more than one made of the batches that steps draw."""
    f = run.oracle.objective
    if not getattr(f, "costly", False) or f.lacks("examples") is not None or run.problem.noise.closure:
        return False
    return 0 < DEAR * examples_drawn(run) <= int(f.examples())


def levels(crossings: Any, observed: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Pairs of the name of an observable and its level."""
    if crossings is None:
        return ()
    if not isinstance(crossings, Mapping):
        raise TypeError(f"crossings must be a mapping name of an observable -> level, got {checks.short(crossings)}")
    return tuple(
        (checks.choice("crossing", name, observed), checks.number(f"crossings[{checks.short(name)}]", level))
        for name, level in crossings.items()
    )


def paths_of(problem: Any, paths: Any, default: int, low: int = 1) -> int:
    """The number of paths: as asked for, by default, or that of the starts."""
    if not problem.several:
        return checks.integer("paths", default if paths is None else paths, low=low, high=checks.ENDLESS)
    count = len(problem.x0)
    if paths is not None and checks.integer("paths", paths, low=low) != count:
        raise ValueError(f"paths must be {count}, or left out, for x0 has a start for each of them, got {paths}")
    return checks.integer("the number of starts in x0", count, low=low)


def count_steps(horizon: float | None, steps: int | None, clock: float, nearest: bool = False) -> int:
    """Number of steps; a horizon must be a whole number of them, or is taken to the ``nearest`` one."""
    if (horizon is None) == (steps is None):
        given = f"horizon={checks.short(horizon)}, steps={checks.short(steps)}"
        raise ValueError(f"give exactly one of horizon and steps, got {given}")
    if steps is not None:
        return checks.integer("steps", steps, low=1, high=checks.ENDLESS)
    time = checks.length("horizon", horizon)
    ratio = time / clock
    total = duration.whole(ratio)
    if total < 1:
        raise ValueError(f"horizon must be at least one step of the optimizer, {clock:g}, got {time:g}")
    if not nearest and abs(ratio - total) > WHOLE * ratio:
        below, above = max(math.floor(ratio), 1), math.floor(ratio) + 1
        choices = " or ".join(f"{n * clock:.10g} ({n} steps)" for n in sorted({below, above}))
        raise ValueError(f"horizon must be a whole number of steps of {clock:.6g}, got {time:.10g}: take {choices}")
    return total


def _substeps(dt: float | None, substeps: int | None, clock: float, default: int) -> int:
    if dt is not None and substeps is not None:
        raise ValueError(f"give dt or substeps, not both, got dt={checks.short(dt)}, substeps={checks.short(substeps)}")
    if dt is None:
        return default if substeps is None else checks.integer("substeps", substeps, low=1, high=checks.ENDLESS)
    ratio = clock / checks.positive("dt", dt)
    if duration.whole(ratio) < 1 or abs(ratio - round(ratio)) > WHOLE * ratio:
        raise ValueError(f"dt must divide the optimizer's step {clock:g} into whole parts, got {dt:g}")
    return round(ratio)


def saves(save_at: Any, total: int, clock: float) -> tuple[int, ...]:
    """Step numbers of the saves."""
    if save_at is None:
        save_at = DEFAULT_SAVES
    if isinstance(save_at, (int, np.integer)) and not isinstance(save_at, bool):
        number = checks.integer("save_at", save_at, low=1)
        chosen = np.linspace(0, total, min(number, total) + 1)
    else:
        times = checks.array("save_at", save_at)
        chosen = times / clock
        if chosen.min() < -0.5 or chosen.max() > total + 0.5:
            raise ValueError(f"save_at must lie in [0, {total * clock:g}], got [{times.min():g}, {times.max():g}]")
        if len(np.unique(np.rint(chosen))) < chosen.size:
            near = np.sort(chosen)[np.flatnonzero(np.diff(np.rint(np.sort(chosen))) == 0)[0] :][:2] * clock
            raise ValueError(
                f"save_at must be times of different steps, {clock:.6g} apart, got {near[0]:.10g} and {near[1]:.10g}"
            )
    return tuple(int(k) for k in np.unique(np.rint(chosen)))
