"""From the words of the command line to the arguments of ``so.simulate``, ``so.compare`` and ``so.certify``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from sdeopt.cli import lengths
from sdeopt.cli.own import method_of
from sdeopt.cli.problems import problem_of
from sdeopt.cli.schedules import schedule
from sdeopt.core import checks
from sdeopt.core.problem import Problem
from sdeopt.core.spec import number, numbers, split
from sdeopt.optimizers.registry import lookup, methods
from sdeopt.results.files import locate
from sdeopt.wrappers import EMA, L2, Averaged, Clipped, Layered, Rescaled

__all__ = [
    "AROUND", "LR", "SEED", "Job", "complete", "fields", "hyperparameters", "read", "scheduled", "settings", "stem",
    "wrap",
]  # fmt: skip

LR, SEED = 0.05, 0
LIMITED = 0.001  # learning rate on networks of methods whose steps are of bounded length: there are many coordinates
PASSED = (  # as they are, where given
    "kind", "sde", "scheme", "dt", "substeps", "save_at", "tolerance", "precision", "max_paths", "seconds",
    "checkpoint", "judge", "alpha",
)  # fmt: skip

AROUND = {  # what stands around any method
    "l2": "Around any other method: coupled decay, added to its gradient",
    "max_norm": "Around any method: the length to which its gradient is clipped",
    "ema": "Around any method: the decay of an exponential average of its positions",
}


class Job(NamedTuple):
    """A run that is ready: arguments of the function, where the files go, and a remark for the output."""

    method: Any
    problem: Problem
    arguments: dict[str, Any]
    stem: str | None
    remark: str | None


def hyperparameters() -> dict[str, str]:
    """Option -> help, for every hyperparameter of any method of the registry."""
    registry: dict[str, Any] = methods()
    owners: dict[str, list[str]] = {}
    for name, cls in sorted(registry.items()):
        for field in cls._fields:
            default = cls._field_defaults.get(field)
            owners.setdefault(field, []).append(name if default is None else f"{name} ({default:g})")
    texts = {field: ", ".join(names) for field, names in owners.items()}
    around = {field: f"{texts[field]}; {text}" if field in texts else text for field, text in AROUND.items()}
    return {_dashed(field): text for field, text in (texts | around).items()} | {
        "--lr": f"Learning rate.  [default: {LR}, or what METHOD needs; on networks {LIMITED} if its steps are bounded]"
    }


def read(command: str, words: Mapping[str, Any]) -> Job:
    """Return the run that the words describe; a ``ValueError`` or ``TypeError`` says which of them make no sense."""
    file = stem(words["out"])
    cls = method_of(words["method"])
    problem = problem_of(words, cls.shown if words["objective"] is words["noise"] is None else cls.example)
    network = getattr(problem.objective, "costly", False)
    lrs = {"lrs": numbers("lrs", words["lrs"].split(","))} if words.get("lrs") is not None else {}
    largest = {"lr": lrs["lrs"][0]} if lrs and words["lr"] is None else {}
    method = wrap(cls(**fields(cls, words, network) | largest), words)
    arguments = {key: words[key] for key in PASSED if words.get(key) is not None} | lrs | settings(words)
    length = {key: words[key] for key in ("horizon", "steps") if words.get(key) is not None}
    said, length = bool(length), length or lengths.default(command, method, problem, arguments)
    steps = lengths.steps_of(length, method.clock)
    if words.get("horizon") is None and command != "certify":
        length = lengths.fit(length, steps, method.clock)
    arguments |= length
    if words["schedule"] is not None:
        method = scheduled(method, words["schedule"], steps * method.clock)
    if words["paths"] is not None:
        arguments["paths"] = words["paths"]
    elif command == "simulate":
        budget = lengths.DEMONSTRATION if words["objective"] is None else lengths.BUDGET
        arguments["paths"] = lengths.paths(lengths.chosen(method, problem, arguments), budget)
    remark = lengths.remark(not said and network and steps, words["paths"] is None and arguments.get("paths"))
    return Job(method, problem, arguments, file, None if words["quiet"] else remark)


def settings(words: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that are not passed on as they are."""
    found: dict[str, Any] = {"progress": False if words["quiet"] else None}
    found["rng"] = SEED if words["seed"] is None else checks.integer("seed", words["seed"], high=2**128)
    if words.get("observables") is not None:
        found["observables"] = [name.strip() for name in words["observables"].split(",")]
    if words["threads"] is not None:
        found["executor"] = ThreadPoolExecutor(checks.integer("threads", words["threads"], low=1))
    if words.get("warm"):
        found["warm"] = True
    return found


def _dashed(field: str) -> str:
    return "--" + field.replace("_", "-")


def stem(out: str | None) -> str | None:
    """Where the files go; a missing folder, or a name that no file can have, is noticed before the work, not after."""
    if out is not None and not locate(out).parent.is_dir():
        raise ValueError(f"out: there is no folder {str(Path(out).parent)!r}")
    return None if out is None else out.removesuffix(".npz")


def fields(cls: Any, words: Mapping[str, Any], network: bool = False) -> dict[str, float]:
    """The hyperparameters that were given; one that the method does not have is refused.

    On a network a page's own example says only what has no other default; the learning rate is that of networks.
    """
    given = {option[2:].replace("-", "_") for option in hyperparameters()} & {w for w in words if words[w] is not None}
    for field in sorted(given):
        if field not in cls._fields and field not in AROUND:
            has = ", ".join(map(_dashed, cls._fields))
            raise ValueError(f"{cls.__name__} has no {_dashed(field)}, its hyperparameters are {has}")
    own = {field: words[field] for field in given if field in cls._fields}
    at = {} if given & set(cls.at) else cls.at
    if network:
        rate = {"lr": LIMITED} if cls.limited and "lr" in cls._fields else {}
        at = {field: value for field, value in cls.at.items() if field not in ("lr", *cls._field_defaults)} | rate
    return complete(cls, at | own, _dashed)


def complete(cls: Any, given: Mapping[str, float], said: Callable[[str], str] = str) -> dict[str, float]:
    """With the usual learning rate where none is given; what has no default and no value is refused, as it is said."""
    found = ({"lr": LR} if "lr" in cls._fields else {}) | dict(given)
    missing = [said(field) for field in cls._fields if field not in cls._field_defaults and field not in found]
    if missing:
        raise ValueError(f"{cls.__name__} needs {' and '.join(missing)}, for which there is no default")
    return found


def wrap(method: Any, words: Mapping[str, Any]) -> Any:
    """The method with what stands around it: another for the vectors of a network, decay and clipping, an average."""
    if words.get("rest") is not None:
        method = Layered(method, _rest(words["rest"], method.lr))
    if words.get("rescaled"):
        method = Rescaled(method)
    for field, wrapper in (("l2", L2), ("max_norm", Clipped), ("ema", EMA)):
        if words.get(field) is not None and field not in method._fields:
            method = wrapper(method, words[field])
    return Averaged(method) if words.get("averaged") else method


def scheduled(method: Any, spec: str, horizon: float | None) -> Any:
    """The method with the schedule ``spec`` of its learning rates, of a run of this length."""
    rates = [field for field in ("lr", "rest_lr") if field in method._fields]
    return method._replace(**{rate: schedule(spec, getattr(method, rate), horizon) for rate in rates})


def _rest(spec: str, lr: float) -> Any:
    """The method ``name:field=value,...``, by default with the same learning rate."""
    name, places, given = split(spec)
    cls = lookup(name)
    if places or not set(given) <= set(cls._fields):
        has = ", ".join(cls._fields)
        raise ValueError(f"rest must be METHOD:name=value,..., with names of {cls.__name__} among {has}, got {spec!r}")
    return cls(**{"lr": lr} | {field: number(f"rest: {field}", text) for field, text in given.items()})
