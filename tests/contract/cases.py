"""What the contract tests run a page on, and how they look at its draws: nothing here knows a method by name."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import replace
from typing import Any

import numpy as np

import sdeopt as so
from sdeopt.core import method
from sdeopt.engine import draws, states
from sdeopt.engine.simulate import plan
from sdeopt.noise.spec import parse as law
from sdeopt.objectives.spec import parse as objective

PAGES: dict[str, Any] = so.methods()
EXAMPLE = tuple(inspect.signature(method).parameters[side].default for side in ("objective", "noise"))


def of_every_family() -> set[str]:
    """The page with the most parts in each family: those that run every time, the others with ``--slow``."""
    return set({page.family: name for name, page in sorted(PAGES.items(), key=lambda p: len(p[1].parts))}.values())


def ordinary(cls: Any) -> bool:
    """Whether the method makes sense on any smooth objective with additive noise."""
    return bool(cls.example == EXAMPLE)


def problem(cls: Any, default: so.Problem) -> so.Problem:
    """``default``, or what the page says it needs."""
    return default if ordinary(cls) else so.Problem(objective(cls.example[0]), law(cls.example[1]))


def suited(sde: Any, problem: so.Problem) -> so.Problem:
    """``problem``, with the noise that a Lévy motion belongs to where the SDE is driven by one."""
    return replace(problem, noise=so.AlphaStable(1.5, 0.5)) if "levy" in sde.brownian else problem


def heavy(cls: Any) -> so.Problem:
    """The page's example with noise of infinite variance in the place of its Gaussian."""
    kind, text = cls.example[0], cls.example[1].replace("gaussian:", "student-t:nu=1.5,scale=")
    return so.Problem(objective(kind), law(text))


def run(page: Any, problem: so.Problem, kind: str, sde: str | None = None, **grid: Any) -> Any:
    return plan(page, problem, kind, sde=sde, **({"steps": 2, "substeps": 1, "observables": [], "rng": 0} | grid))


def flat(y: Any) -> Any:
    """One vector of a nest of vectors."""
    return np.concatenate([flat(member) for member in y] or [[]]) if isinstance(y, tuple) else np.asarray(y)


def sizes(y: Any) -> list[int]:
    return [np.size(part) for part in (y if isinstance(y, tuple) else (y,))]


def parted(y: Any, like: Any) -> Any:
    """A flat state cut into the parts of ``like``."""
    return tuple(np.split(y, np.cumsum(sizes(like))[:-1])) if isinstance(like, tuple) else y


def nest(shape: Any, values: Any) -> Any:
    """Flat draws nested as the functions of a page receive them."""
    return states.slicer(shape)(np.asarray(values, dtype=float), 0)


def drawn(run: Any, point: np.random.Generator) -> Any:
    """Some draws of a step of the optimizer, or increments of the SDE."""
    shape, vectors = draws.draws(run)
    values = [point.random(v.size) if v.kind == "uniform" else point.standard_normal(v.size) for v in vectors]
    return nest(shape, np.concatenate([*values, []]))


def first_state(page: Any, problem: so.Problem, steps: int = 0) -> Any:
    """The state after some steps with draws that average out."""
    x, o = np.array(problem.x0), problem.oracle
    y = page.init(x, o) if hasattr(page, "init") else x
    todo = run(page, problem, "discrete")
    shape, vectors = draws.draws(todo)
    for i in range(steps):
        values = [np.full(v.size, 0.37) if v.kind == "uniform" else sign(v.size) * (-1.0) ** i for v in vectors]
        y = page.step(i, y, o, nest(shape, np.concatenate([*values, []])))
    return y


def sign(n: int) -> Any:
    return (-1.0) ** np.arange(n)


def product(rules: list[list[tuple[float, float]]]) -> list[tuple[Any, float]]:
    """The product of one-dimensional rules of (point, weight)."""
    nodes = itertools.product(*rules)
    return [(np.array([z for z, _ in node]), float(np.prod([w for _, w in node]))) for node in nodes]
