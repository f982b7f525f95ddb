"""How long runs of the command line are, and on how many paths, where nobody says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdeopt.comparison.budget import LEVELS, PILOT, at_once
from sdeopt.core import checks
from sdeopt.engine import duration
from sdeopt.engine.planning import plan
from sdeopt.engine.work import costs

__all__ = ["BUDGET", "DEMONSTRATION", "PATHS", "chosen", "default", "fit", "paths", "remark", "steps_of"]

HORIZONS = {"simulate": 10.0, "compare": 10.0, "certify": 1.0}  # by the end gaps are gone on what converges
STEPS = (200, 100, 50, 25)  # on networks, whose learning rates say nothing of how long people train
NETWORK = 120.0  # work of a comparison on a network, a minute on two cores, unless the fewest steps cost more
PATHS = (4000, 2000, 1000, 500, 250, 125, 64)
BUDGET, DEMONSTRATION = 120.0, 15.0  # work of a run on a problem that was named, and on the method's own
PLANNED = ("sde", "scheme", "dt", "substeps", "save_at", "observables", "horizon", "steps", "rng")


def default(command: str, method: Any, problem: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The length: continuous time, or on networks the most of `STEPS` that a budget affords."""
    if command == "certify" or not getattr(problem.objective, "costly", False):
        return {"horizon": HORIZONS[command]}
    for steps in STEPS[:-1]:
        given = dict(arguments) | {"steps": steps}
        if command == "simulate":
            affords = PATHS[-1] * chosen(method, problem, given) <= BUDGET
        else:
            run = planned(method, problem, "sde", {"substeps": LEVELS[0]} | given if "dt" not in given else given)
            affords = at_once(run, max(int(given.get("paths", PILOT[0])), 2)) <= NETWORK
        if affords:
            return {"steps": steps}
    return {"steps": STEPS[-1]}


def planned(method: Any, problem: Any, kind: str, arguments: Mapping[str, Any]) -> Any:
    """The run that the arguments describe."""
    return plan(method, problem, kind, **{name: arguments[name] for name in PLANNED if name in arguments})


def chosen(method: Any, problem: Any, arguments: Mapping[str, Any]) -> float:
    """Work of one path of `simulate`."""
    run = planned(method, problem, arguments.get("kind", "discrete"), arguments)
    return float(sum(costs((run,), arguments["progress"])))


def paths(each: float, budget: float = BUDGET) -> int:
    """The default number of paths: the largest in ``PATHS`` within the budget, for paths of so much work ``each``."""
    return next((n for n in PATHS if n * each <= budget), PATHS[-1])


def remark(steps: Any, paths: Any) -> str | None:
    """What was chosen, in words; what was not is false."""
    if steps and paths:
        return (
            f"{steps} steps and {paths} paths, the default for a network of this cost; --steps and --paths set others"
        )
    what = f"{steps} steps, the default for a network" if steps else f"{paths} paths, the default for a problem"
    return f"{what} of this cost; --{'steps' if steps else 'paths'} sets another number" if steps or paths else None


def fit(length: dict[str, Any], steps: int, clock: float) -> dict[str, Any]:
    """The default horizon, or the nearest number of steps where the learning rate does not divide it."""
    whole = "steps" in length or abs(steps * clock - length["horizon"]) < 1e-6 * length["horizon"]
    return length if whole else {"steps": max(steps, 1)}


def steps_of(length: Mapping[str, Any], clock: float) -> int:
    """Number of optimizer steps."""
    if "steps" in length:
        return checks.integer("steps", length["steps"], low=1)
    return duration.whole(checks.positive("horizon", length["horizon"]) / clock)
