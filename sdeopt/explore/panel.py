"""What the page shows: from the words of its fields to the numbers of a picture, and to a verdict."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sdeopt as so
from sdeopt.core import checks
from sdeopt.core.method import FAMILIES
from sdeopt.core.problem import Problem
from sdeopt.core.spec import number
from sdeopt.core.traits import SAMPLED
from sdeopt.noise import spec as noises
from sdeopt.objectives import spec as objectives
from sdeopt.optimizers.registry import lookup, methods
from sdeopt.results.document import is_call, state_method
from sdeopt.results.words import tone

__all__ = ["choices", "judge", "picture"]

Array = NDArray[np.float64]
Query = Mapping[str, str]
OWN = "the method's own"
OBJECTIVES = ("quadratic:1,2", "quadratic:1,20", "rosenbrock", "double-well:dim=2", "bilinear-game:1", OWN)
LAWS = {
    "gaussian": "gaussian:{scale}",
    "laplace": "laplace:{scale}",
    "rademacher": "rademacher:{scale}",
    "student-t": "student-t:{scale},nu={tail}",
    "alpha-stable": "alpha-stable:{scale},alpha={tail}",
    "none": "none",
    OWN: "",
}
LR, SCALE, TAIL = 0.05, 0.5, 1.8
PATHS, SUBSTEPS, SAVES, STEPS = 200, 4, 40, 2000  # the last: steps that a run may take
DRAWN, BINS, GRID, LEVELS = 12, 36, 40, 12  # paths, bars, points of a side, contours


def choices() -> dict[str, Any]:
    """What can be chosen: methods with their hyperparameters, objectives, laws of the noise."""
    registry: dict[str, Any] = methods()
    order = list(FAMILIES)
    pages = sorted(registry.values(), key=lambda page: (order.index(page.family), page.__name__.lower()))
    told = [
        {
            "name": page.__name__,
            "family": FAMILIES[page.family],
            "fields": [_field(page, name) for name in page._fields],
            "sdes": [page.default_sde, *(name for name in (*page.sdes, SAMPLED.name) if name != page.default_sde)],
            "objective": OWN if page.family == "minimax" or page.example[0] != "quadratic:1,2" else OBJECTIVES[0],
            "noise": OWN if page.example[1] != "gaussian:0.5" else "gaussian",
        }
        for page in pages
    ]
    return {"methods": told, "objectives": OBJECTIVES, "noises": list(LAWS), "scale": SCALE, "tail": TAIL}


def _field(page: Any, name: str) -> dict[str, Any]:
    """A hyperparameter: where it begins, and between what a slider moves it, by factors if it is a size."""
    first = page.at.get(name, page._field_defaults.get(name, LR))
    first = first if isinstance(first, (int, float)) else LR
    bounds = page.bounds[name]
    share = bounds.high == 1.0
    middle = first or 0.01
    low, high = (0.0, 0.9999) if share else (middle / 100.0, middle * 100.0)
    if bounds.whole:
        low, high = max(bounds.low, 0.0), 20.0
    return {
        "name": name,
        "value": first,
        "low": low,
        "high": high,
        "log": not (share or bounds.whole),
        "whole": bounds.whole,
    }


def _read(query: Query) -> tuple[Any, Problem, dict[str, Any]]:
    """Method, problem, and how long with which SDE; what makes no sense is refused in the words of the library."""
    cls = lookup(query.get("method", "SGD"))
    method = cls(**{"lr": LR} | {name: number(name, query[name]) for name in cls._fields if name in query})
    where = checks.choice("objective", query.get("objective", OBJECTIVES[0]), OBJECTIVES)
    law = checks.choice("noise", query.get("noise", "gaussian"), tuple(LAWS))
    batch = checks.integer("batch", _whole("batch", query.get("batch", "1")), low=1)
    scale = checks.positive("scale", number("scale", query.get("scale", str(SCALE)))) / math.sqrt(batch)
    tail = checks.positive("tail", number("tail", query.get("tail", str(TAIL))))
    steps = checks.integer("steps", _whole("steps", query.get("steps", "200")), low=1, high=STEPS + 1)
    sde = query.get("sde", cls.default_sde)
    said = LAWS[law].format(scale=f"{scale:.6g}", tail=f"{tail:.6g}") or cls.example[1]
    return (
        method,
        Problem(objectives.parse(cls.example[0] if where == OWN else where), noises.parse(said)),
        {"steps": steps, "sde": sde},
    )


def _whole(name: str, text: str) -> Any:
    """A number; whole ones also where they are written as 1e3."""
    value = number(name, text)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _note(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a run gives, and what it warned of; or the sentence in which it is refused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = run()
        except (ValueError, TypeError, ImportError, MemoryError) as error:
            return {"error": str(error)}
    return found | {"notes": list(dict.fromkeys(str(one.message) for one in caught))}


def picture(query: Query) -> dict[str, Any]:
    """Both columns: their loss with bands, some paths over contours, and the law of x₁ at the end."""
    return _note(lambda: _picture(query))


def _picture(query: Query) -> dict[str, Any]:
    method, problem, run = _read(query)
    columns = {
        kind: so.simulate(
            method, problem, kind, **run, paths=PATHS, substeps=SUBSTEPS, save_at=min(SAVES, run["steps"]),
            keep_paths=True, rng=0, progress=False,
        )
        for kind in ("discrete", "sde")
    }  # fmt: skip
    seen = next(iter(columns["discrete"].observables), None)
    shown = {"observable": seen or "x₁", "formula": state_method(type(method)), "code": _code(method, problem, run)}
    courses = {kind: _course(e, seen) for kind, e in columns.items()}
    finals = [e.final[:, 0][np.isfinite(e.final[:, 0])] for e in columns.values()]
    return shown | {"course": courses, "law": _law(finals), "plane": _plane(problem, columns)}


def _course(e: Any, seen: str | None) -> dict[str, Any]:
    value = e.mean[:, 0] if seen is None else e.observables[seen][0]
    low, high = (end[:, 0] if seen is None else end for end in e.interval(seen)[:2])
    return {"t": e.times, "value": value, "low": low, "high": high}


def _law(finals: list[Array]) -> dict[str, Any] | None:
    """Two histograms over the same bins."""
    if not all(map(len, finals)):
        return None
    low, high = np.quantile(np.concatenate(finals), [0.002, 0.998])
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    bars = [np.histogram(final, edges)[0] / (len(final) * (edges[1] - edges[0])) for final in finals]
    return {"edges": edges, "discrete": bars[0], "sde": bars[1]}


def _plane(problem: Problem, columns: Mapping[str, Any]) -> dict[str, Any] | None:
    """Some paths of both columns, and contours around them; None unless x is in the plane."""
    from contourpy import contour_generator

    if problem.dim != 2:
        return None
    paths = {kind: e.paths[:DRAWN] for kind, e in columns.items()}
    points = np.concatenate([p.reshape(-1, 2) for p in paths.values()])
    low, high = np.nanquantile(points, [0.005, 0.995], axis=0)
    room = 0.1 * np.fmax(high - low, 0.1)
    x, y = (np.linspace(a, b, GRID) for a, b in zip(low - room, high + room, strict=True))
    lines: list[Array] = []
    objective: Any = problem.objective
    if objective.lacks("value") is None:
        f = np.array([[objective.value(np.array([a, b])) for a in x] for b in y])
        made = contour_generator(x, y, f)
        for level in np.unique(np.quantile(f, np.linspace(0.03, 0.97, LEVELS))):
            lines += made.lines(level)
    return {"x": [x[0], x[-1]], "y": [y[0], y[-1]], "contours": lines, **paths}


def judge(query: Query) -> dict[str, Any]:
    """How far off the SDE is, in a sentence of the report, and the closed form beside it."""
    return _note(lambda: _judge(query))


def _judge(query: Query) -> dict[str, Any]:
    method, problem, run = _read(query)
    report = so.compare(
        method, problem, **run, paths=PATHS, substeps=SUBSTEPS, save_at=min(SAVES, run["steps"]), rng=0, progress=False
    )
    i = report.kinds.index("observable") if "observable" in report.kinds else 0
    exact = report.theory[:, i]
    theory = {"t": report.times, "value": exact} if np.isfinite(exact).any() else None
    return {"answer": report.answer, "tone": tone(report.verdict), "theory": theory}


def _code(method: Any, problem: Problem, run: Mapping[str, Any]) -> str:
    """The Python that gives the verdict; the parts of problems whose words are no Python are named in a comment."""
    parts = [repr(method), repr(problem.objective), repr(problem.noise)]
    if not all(map(is_call, parts)):
        return (
            f"# {parts[0]} on {parts[1]} with {parts[2]}: see `sdeopt compare {type(method).__name__.lower()} --help`"
        )
    named = [re.sub(r"\b([A-Z]\w*)\(", r"so.\1(", part) for part in parts]
    return (
        f"import sdeopt as so\n\nmethod = {named[0]}\nproblem = so.Problem({named[1]}, {named[2]})\n"
        f"report = so.compare(method, problem, steps={run['steps']}, sde={run['sde']!r}, paths={PATHS}, "
        f"substeps={SUBSTEPS}, save_at={min(SAVES, run['steps'])}, rng=0)\n"
        "print(report)\nreport.plot().figure.savefig('compare.png')\n"
    )
