"""From the file of ``sdeopt sweep`` to the arguments of ``so.sweep``; ``sdeopt sweep --help`` has its keys."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from sdeopt.cli.own import method_of
from sdeopt.cli.problems import problem_of
from sdeopt.cli.words import AROUND, SEED, complete, hyperparameters, stem, wrap
from sdeopt.core import checks
from sdeopt.sweeps.axes import LIMIT, OWNERS

__all__ = ["Grid", "read"]

HORIZON = 10.0
NUMBER, WHOLE, TEXT, LIST = ((int, float), "a number"), ((int,), "an integer"), ((str,), "a text"), ((list,), "a list")
TEXTS = ((str, list), "a text or a list of them")
KEYS: dict[str, tuple[tuple[type, ...], str]] = {
    "method": TEXTS, "objective": TEXTS, "noise": TEXTS, "batch": WHOLE, "x0": LIST, "horizon": NUMBER, "steps": WHOLE,
    "paths": WHOLE, "seconds": NUMBER, "measures": TEXTS, "level": NUMBER, "substeps": WHOLE, "sde": TEXT,
    "seed": WHOLE, "threads": WHOLE, "processes": WHOLE, "folder": TEXT, "out": TEXT, "grid": ((dict,), "a table"),
}  # fmt: skip
PASSED = ("horizon", "steps", "paths", "seconds", "level", "substeps", "sde", "folder")  # as they are, where given
SPACES: dict[str, Any] = {"geomspace": np.geomspace, "linspace": np.linspace}


class Grid(NamedTuple):
    """A sweep that is ready: arguments of the function, its pool if one was asked for, and where the files go."""

    methods: Any
    problems: dict[str, Any]
    grid: dict[str, Any]
    arguments: dict[str, Any]
    executor: Executor | None
    stem: str | None


def read(file: str, typed: Mapping[str, Any]) -> Grid:
    """The sweep that the file describes; what is ``typed`` wins. Errors name the file and the key."""
    words = _content(file) | {key: value for key, value in typed.items() if value is not None}
    if "method" not in words:
        raise ValueError(f'{file} must name a method, as in method = "sgd"')
    if "threads" in words and "processes" in words:
        raise ValueError("give threads or processes, not both")
    classes = [method_of(name) for name in _several(words["method"])]
    if not classes:
        raise ValueError(f"method in {file} must name a method or several, got []")
    arguments = {key: words[key] for key in PASSED if key in words}
    if not {"horizon", "steps"} & set(words):
        arguments["horizon"] = HORIZON
    if "measures" in words:
        arguments["measures"] = _several(words["measures"])
    grid = _grid(file, words.get("grid", {}))
    return Grid(
        [_method(cls, words, classes, grid) for cls in classes],
        _problems(classes, words),
        grid,
        arguments | {"rng": words.get("seed", SEED)},
        _pool(words),
        stem(words.get("out")),
    )


def _content(file: str) -> dict[str, Any]:
    import tomllib

    with open(file, "rb") as stream:
        try:
            content = tomllib.load(stream)
        except ValueError as error:
            raise ValueError(f"{file} is not TOML: {error}") from None
    for name in _several(content.get("method", [])):
        if isinstance(name, str):  # else it is refused below
            method_of(name)  # whose hyperparameters are keys, also where it is a page in a file
    fields = [option[2:].replace("-", "_") for option in hyperparameters()]
    kinds = KEYS | dict.fromkeys(fields, NUMBER)
    words = {}
    for key, value in content.items():
        name = checks.choice(f"key in {file}", key.replace("-", "_"), kinds)
        types, said = kinds[name]
        if not isinstance(value, types) or isinstance(value, bool):
            raise ValueError(f"{file}: {key} must be {said}, got {checks.short(value)}")
        inner = value if isinstance(value, list) else []
        if str in types and not all(isinstance(one, str) for one in inner):
            raise ValueError(f"{file}: {key} must be {said}, got {checks.short(value)}")
        words[name] = [checks.number(f"{file}: {key}", one) for one in inner] if name == "x0" else value
    return words


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _method(cls: Any, words: Mapping[str, Any], classes: list[Any], grid: Mapping[str, Any]) -> Any:
    """The method with the hyperparameters of the file that it has, which are those that are not on the grid."""
    fields = [option[2:].replace("-", "_") for option in hyperparameters()]
    given = {field: words[field] for field in fields if field in words}
    for field in given:
        if field not in AROUND and not any(field in one._fields for one in classes):
            names = ", ".join(one.__name__ for one in classes)
            raise ValueError(f"none of the methods {names} has a {field}")
        if {field, f"method.{field}"} & set(grid):
            raise ValueError(f"{field} is on the grid, so give no {field} = {checks.short(given[field])} besides")
    own = {field: value for field, value in given.items() if field in cls._fields}
    needed = [field for field in cls._fields if field != "lr" and field not in cls._field_defaults]
    first = {field: grid[name][0] for field in needed for name in (field, f"method.{field}") if grid.get(name)}
    return wrap(cls(**complete(cls, first | own)), given)  # the grid puts its values there


def _problems(classes: list[Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Label -> problem, for all pairs of an objective and a noise law; for the rest what the methods' pages say."""
    if ("objective" not in words or "noise" not in words) and len({cls.example for cls in classes}) > 1:
        missing = "objective" if "objective" not in words else "noise"
        if missing == "objective" or "batch" not in words:
            raise ValueError(f"{missing} must be given, since the pages of these methods name different ones")
    x0 = None if "x0" not in words else ",".join(map(str, words["x0"]))
    objectives, laws = (_several(words.get(key)) for key in ("objective", "noise"))
    found = {}
    for objective, noise in product(objectives, laws):
        parts = [spec for spec, all_of_them in ((objective, objectives), (noise, laws)) if len(all_of_them) > 1]
        label = " ".join(parts) or " ".join(spec for spec in (objective, noise) if spec) or "the method's own"
        if label in found:
            raise ValueError(f"the problem {label!r} is named twice")
        said = {"objective": objective, "noise": noise, "batch": words.get("batch"), "x0": x0}
        found[label] = problem_of(said, classes[0].example)
    return found


def _grid(file: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Axis -> values; ``noise.scale = [...]`` is a table in a table to TOML."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        inner = value.items() if key in OWNERS and isinstance(value, dict) else ()
        found |= {f"{key}.{name.replace('-', '_')}": _values(file, f"{key}.{name}", values) for name, values in inner}
        if not inner:
            found[key.replace("-", "_")] = _values(file, key, value)
    return found


def _values(file: str, name: str, value: Any) -> Any:
    """A list, or the numbers that a table such as { geomspace = [0.01, 1.0, 9] } stands for."""
    if isinstance(value, list):
        return value
    kind = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
    if kind not in SPACES or not isinstance(value[kind], list) or len(value[kind]) != 3:
        raise ValueError(
            f"{file}: grid {name} must be a list, {{ linspace = [from, to, number] }} or {{ geomspace = ... }}, "
            f"got {checks.short(value)}"
        )
    first, last = (checks.number(f"{file}: grid {name}", v, low=0.0 if kind == "geomspace" else -np.inf,
                                 open_low=kind == "geomspace") for v in value[kind][:2])  # fmt: skip
    numbers = SPACES[kind](first, last, checks.integer(f"{file}: grid {name}", value[kind][2], low=1, high=LIMIT))
    whole = all(isinstance(v, int) for v in value[kind]) and np.allclose(numbers, np.rint(numbers), rtol=1e-12)
    return [round(v) for v in numbers.tolist()] if whole else numbers.tolist()


def _pool(words: Mapping[str, Any]) -> Executor | None:
    import multiprocessing

    if "threads" in words:
        return ThreadPoolExecutor(checks.integer("threads", words["threads"], low=1))
    if "processes" in words:
        count = checks.integer("processes", words["processes"], low=1)
        return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))
    return None
