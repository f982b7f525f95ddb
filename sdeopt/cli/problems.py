"""The one way from words to a problem, for every command."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import isfile
from pathlib import Path
from typing import Any

from sdeopt.cli.own import OWN, load, told
from sdeopt.core import checks, foreign
from sdeopt.core.problem import Problem
from sdeopt.core.spec import numbers, split
from sdeopt.networks import spec as networks
from sdeopt.noise import Minibatch
from sdeopt.noise import spec as noises
from sdeopt.objectives import spec as objectives

__all__ = ["objective_of", "over_data", "problem_of"]


def objective_of(spec: str) -> Any:
    """The objective or the network that ``spec`` names, or what FILE.py:FUNCTION makes."""
    own = OWN.fullmatch(spec)
    if own:
        return alone(call_function(Path(own[1]), own[2]))
    if spec.partition(":")[0].strip().lower() in networks.NAMES:
        return alone(networks.parse(spec))
    name = split(spec)[0]
    try:
        checks.choice("objective", name, (*objectives.FORMS, *networks.NAMES))
    except ValueError as error:
        raise ValueError(_meant(spec) or f"{error}; one of your own is FILE.py:FUNCTION") from None
    return alone(objectives.parse(spec))


def _meant(spec: str) -> str | None:
    """What to say of words that mean a file, but name no function of it as FILE.py:FUNCTION does."""
    file, _, name = spec.partition(":")
    module, _, dotted = file.partition(".")
    for at, function in ((file, name), (f"{file}.py", name), (f"{module}.py", dotted)):
        if at.endswith(".py") and isfile(at):
            example = f"{at}:{function if function.isidentifier() else 'make'}"
            return f"objective of a file must be FILE.py:FUNCTION, such as {example}, got {spec!r}"
    return None


def alone(objective: Any) -> Any:
    """The objective; for a network PyTorch is told to use one thread, since paths run in as many as there are cores."""
    if getattr(objective, "costly", False):
        import torch

        torch.set_num_threads(1)
    return objective


def call_function(file: Path, name: str) -> Any:
    """What the function ``name`` of ``file`` returns: an objective, or (module, loss, X, y) of a `TorchObjective`."""
    there = vars(load(file, "objective"))
    own = [key for key, f in there.items() if getattr(f, "__module__", None) == file.stem and callable(f)]
    make = there[checks.choice(f"function of {file.name}", name, own)]
    with told(f"objective: {file}:{name}", file):
        found = make()
    if hasattr(found, "lacks"):
        return found
    if not isinstance(found, (tuple, list)) or len(found) != 4:
        raise TypeError(f"{file.name}:{name} must return (module, loss, X, y) or an objective, got {_returned(found)}")
    from sdeopt.objectives import TorchObjective

    return TorchObjective(*found)


def _returned(found: Any) -> str:
    """What a function returned, of several things how many, and the first that has a way to go."""
    if not isinstance(found, (tuple, list)):
        return foreign.told(found)
    ways = [foreign.told(thing) for thing in found if foreign.way_of(type(thing)) and not callable(thing)]
    return f"{len(found)} things" + (f", among them {ways[0]}" if ways else f": {checks.short(found)}")


def over_data(objective: Any) -> bool:
    """Whether its gradient can be that of a minibatch."""
    return bool(objective.lacks("batch_grad") is None)


def problem_of(words: Mapping[str, Any], example: tuple[str, str]) -> Problem:
    """What is named by "objective", "noise", "batch" and "x0"; else the ``example``, an objective and a noise law.

    An objective over data that is named without a law is seen by minibatches, of one example where nobody says.
    """
    spec, law, batch, x0 = (words.get(name) for name in ("objective", "noise", "batch", "x0"))
    if batch is not None and law is not None:
        raise ValueError(f"--batch {batch} is itself the noise, so give it or --noise, not both")
    objective = objective_of(spec or example[0])
    if law is None and batch is None and getattr(objective, "law", None) is not None:  # a stream, which draws by itself
        return Problem(objective, x0=None if x0 is None else numbers("x0", x0.split(",")))
    by_batches = law is None and (batch is not None or (spec is not None and over_data(objective)))
    noise: Any = Minibatch(1 if batch is None else batch) if by_batches else noises.parse(law or example[1])
    return Problem(objective, noise, None if x0 is None else numbers("x0", x0.split(",")))
