"""Grids of sweeps: whose field an axis is, what is built from it, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.sweeps.axes import axes, fields, place
from sdeopt.sweeps.cells import Settings
from sdeopt.sweeps.grid import lay_out

BOWL = so.Quadratic([1.0, 2.0])
GAUSSIAN = so.Problem(BOWL, so.Gaussian(0.5))
STUDENT = so.Problem(BOWL, so.StudentT(nu=3, scale=0.5))
SETTINGS = Settings(horizon=1.0, steps=None, paths=10, level=None, substeps=16, seed=0)


def cells(methods: list[Any], problems: list[so.Problem], grid: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    return lay_out(methods, problems, axes(grid, methods, problems), SETTINGS, ["run"])


@pytest.mark.parametrize(
    ("law", "field", "value", "shown"),
    [
        (so.Gaussian([0.5, 1.0]), "scale", 2.0, "Gaussian(scale=2.0)"),
        (so.StudentT(nu=3, scale=0.5), "nu", 2.0, "StudentT(nu=2.0, scale=0.5)"),
        (so.AlphaStable(1.5), "alpha", 1.2, "AlphaStable(alpha=1.2, scale=1.0)"),
        (so.Minibatch(4), "batch", 8, "Minibatch(batch=8, replace=True)"),
        (so.Batch(so.StudentT(nu=3), 4), "nu", 5.0, "Batch(law=StudentT(nu=5.0, scale=1.0), batch=4)"),
        (so.Batch(so.Gaussian(0.5), 4), "batch", 2, "Batch(law=Gaussian(scale=0.5), batch=2)"),
        (so.Agents(so.Gaussian(0.5), agents=4), "scale", 1.0, "Agents(Gaussian(scale=1.0), agents=4)"),
        (so.Agents(so.Gaussian(0.5), agents=4), "agents", 2, "Agents(Gaussian(scale=0.5), agents=2)"),
        (so.Agents(so.Minibatch(4), agents=4), "agents", 2, "Agents(Minibatch(batch=4, replace=True), agents=2)"),
        (so.Agents(so.Minibatch(4), agents=2), "batch", 3, "Agents(Minibatch(batch=3, replace=True), agents=2)"),
        (
            so.Agents([so.Gaussian(0.5), so.StudentT(nu=3)], shifts=[[1.0], [-1.0]]),
            "nu",
            4.0,
            "Agents([Gaussian(scale=0.5), StudentT(nu=4.0, scale=1.0)], shifts=[[1.0], [-1.0]])",
        ),
    ],
)
def test_a_law_is_built_anew_with_another_value(law: Any, field: str, value: Any, shown: str) -> None:
    assert field in fields(law)
    assert repr(place(law, field, value)) == shown
    assert place(law, "momentum", 0.9) is law


def test_methods_and_objectives_have_their_fields() -> None:
    assert place(so.AdamW(lr=0.1), "beta2", 0.9) == so.AdamW(lr=0.1, beta2=0.9)
    assert repr(place(so.DoubleWell(dim=2), "height", 3.0)) == "DoubleWell(dim=2, height=3.0)"
    assert fields(so.Objective(grad=lambda x: x, dim=2)) == []
    data = so.Logistic([[1.0], [2.0], [0.5]], [1, 0, 1])
    assert place(data, "l2", 0.5).grad(np.ones(1)) == pytest.approx(data.grad(np.ones(1)) + 0.49)


def test_the_points_are_all_combinations_in_order() -> None:
    found, points = cells([so.SGD(lr=0.1)], [STUDENT], {"lr": [0.1, 0.2], "nu": [2.0, 3.0, 4.0]})
    said = [(found[p["run"]].method.lr, found[p["run"]].problem.noise.nu) for p in points]
    assert said == [(0.1, 2.0), (0.1, 3.0), (0.1, 4.0), (0.2, 2.0), (0.2, 3.0), (0.2, 4.0)]


def test_what_lacks_a_field_is_run_once() -> None:
    """SGD has no rho, Gaussian noise no nu."""
    methods = [so.SGD(lr=0.1), so.SAM(lr=0.1)]
    found, points = cells(methods, [GAUSSIAN, STUDENT], {"rho": [0.1, 0.2], "nu": [2.0, 3.0]})
    assert len(points) == 16
    assert len(found) == (1 + 2) + (2 + 4)
    assert len({p["run"] for p in points[:4]}) == 1
    assert len({p["run"] for p in points[12:]}) == 4


def test_problems_are_built_once_and_keep_a_start_of_their_own() -> None:
    f = so.DoubleWell(dim=2)
    problems = [so.Problem(f, so.Gaussian(0.5)), so.Problem(f, so.Gaussian(0.5), x0=[0.3, 0.2])]
    found, _ = cells([so.SGD(lr=0.1)], problems, {"height": [1.0, 2.0], "lr": [0.1, 0.2]})
    assert len(found) == 8
    assert len({id(cell.problem) for cell in found.values()}) == 4
    starts = {tuple(cell.problem.x0) for cell in found.values()}
    assert starts == {tuple(f.start), (0.3, 0.2)}


def test_owners_tell_apart_what_two_have() -> None:
    both = so.Problem(so.Rosenbrock(), so.Gaussian(0.5))
    found, _ = cells([so.SGD(lr=0.1)], [both], {"noise.scale": [0.1], "objective.scale": [2.0]})
    (cell,) = found.values()
    assert (cell.problem.noise.scale, cell.problem.objective.scale) == (0.1, 2.0)


@pytest.mark.parametrize(
    ("problem", "grid", "says"),
    [
        (GAUSSIAN, {"nu": [1.0]}, "unknown axis 'nu'"),
        (STUDENT, {"nuu": [1.0]}, "did you mean 'nu'?"),
        (STUDENT, {"noise.lr": [1.0]}, "unknown axis noise. 'lr'"),
        (STUDENT, {"law.nu": [1.0]}, "unknown owner of an axis 'law'"),
        (STUDENT, {"lr": [0.1], "method.lr": [0.2]}, "names one axis twice: 'lr' and 'method.lr'"),
        (STUDENT, {"nu": []}, "nu must have at least one value"),
        (STUDENT, {"nu": [1.0, 2.0, 1]}, "nu has the value 1 twice"),
        (STUDENT, {"nu": [1.0, -1.0]}, "grid, nu = -1.0: nu must be in (0, inf)"),
        (STUDENT, {"nu": [0.0]}, "nu must be in (0, inf)"),
        (STUDENT, {"lr": [0.1, float("nan")]}, "grid, lr = nan: SGD: lr must be in (0, inf)"),
        (STUDENT, {"scale": [[0.5, 1.0, 2.0]]}, "scale has 3 entries, but Quadratic has dim 2"),
        (STUDENT, {"lr": [0.1, 2.5]}, "SGD(lr=2.5): horizon must be at least one step of the optimizer, 2.5, got 1"),
        (so.Problem(so.Rosenbrock(), so.Gaussian(1.0)), {"scale": [1.0]}, "say which, as in noise.scale"),
        (STUDENT, {"lr": np.geomspace(0.1, 1.0, 1001), "nu": np.linspace(1.0, 2.0, 1000)}, "at most 1000000 points"),
    ],
)  # fmt: skip
def test_a_grid_that_makes_no_sense_is_refused_before_anything_runs(
    problem: so.Problem, grid: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        so.sweep(so.SGD(lr=0.1), problem, grid, horizon=1.0, paths=10, rng=0, progress=lambda *_: pytest.fail("it ran"))


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"grid": [("lr", [0.1])]}, TypeError, "grid must be a mapping"),
        ({"grid": {"lr": 0.1}}, TypeError, "lr must be a list of values, got 0.1"),
        ({"grid": {"lr": "0.1"}}, TypeError, "lr must be a list of values"),
        ({"grid": {1: [0.1]}}, TypeError, "names as keys, got 1"),
        ({"methods": []}, TypeError, "methods must be one method or several"),
        ({"methods": ["sgd"]}, TypeError, "got 'sgd'"),
        ({"methods": so.SGD, "grid": {"lr": [0.1]}}, TypeError, "pass an instance, SGD(lr=...)"),
        ({"methods": [so.SGD(lr=0.1), so.SGD(lr=0.1)]}, ValueError, "methods must differ"),
        ({"problems": [GAUSSIAN, GAUSSIAN]}, ValueError, "problems must differ"),
        ({"problems": BOWL}, TypeError, "problems must be one problem or several"),
        ({"horizon": -1.0}, ValueError, "horizon must be in (0, inf)"),
        ({"horizon": None}, ValueError, "exactly one of horizon and steps"),
        ({"steps": 4}, ValueError, "exactly one of horizon and steps"),
        ({"paths": 1}, ValueError, "paths must be at least 2"),
        ({"paths": 10, "seconds": 1.0}, ValueError, "give paths or seconds, not both"),
        ({"paths": None, "seconds": 0.0}, ValueError, "seconds must be"),
        ({"measures": "loss"}, TypeError, "measures must be some of loss"),
        ({"measures": ["los"]}, ValueError, "did you mean 'loss'?"),
        ({"measures": ["loss", "loss"]}, ValueError, "named once each"),
        ({"measures": ["time"]}, ValueError, "'time' and a level belong together"),
        ({"measures": ["loss"], "level": 0.1}, ValueError, "'time' and a level belong together"),
        ({"substeps": 1}, ValueError, "substeps must be at least 2"),
        ({"sde": "order2"}, ValueError, "sde is for the measure 'error' alone, got sde='order2' and loss, spread"),
        ({"measures": ["error"], "sde": "order3"}, ValueError, "SGD(lr=0.1): unknown sde 'order3'; did you mean"),
        ({"rng": -1}, ValueError, "rng must not be negative"),
        ({"rng": None, "folder": "cells"}, ValueError, "a folder needs rng=0 or another integer"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(more: dict[str, Any], error: type[Exception], says: str) -> None:
    given = {"methods": so.SGD(lr=0.1), "problems": STUDENT, "grid": {}, "horizon": 1.0, "rng": 0} | more
    with pytest.raises(error, match=re.escape(says)):
        so.sweep(given.pop("methods"), given.pop("problems"), given.pop("grid"), **given)


def test_labels_are_what_tells_apart() -> None:
    def labels(methods: Any, problems: Any) -> tuple[Any, Any]:
        found = so.sweep(methods, problems, {}, steps=1, paths=2, rng=0)
        return found.coordinates["method"], found.coordinates["problem"]

    assert labels([so.SGD(lr=0.1), so.SGD(lr=0.2)], GAUSSIAN)[0] == ("SGD(lr=0.1)", "SGD(lr=0.2)")
    two = [GAUSSIAN, so.Problem(BOWL, so.Gaussian(1.0))]
    assert labels(so.SGD(lr=0.1), two)[1] == ("Gaussian(scale=0.5)", "Gaussian(scale=1.0)")
    assert labels({"slow": so.SGD(lr=0.1)}, {"bowl": GAUSSIAN}) == (("slow",), ("bowl",))


def test_a_fresh_seed_is_in_the_table() -> None:
    found = so.sweep(so.SGD(lr=0.1), GAUSSIAN, {}, steps=3, paths=8)
    again = so.sweep(so.SGD(lr=0.1), GAUSSIAN, {}, steps=3, paths=8, rng=found.meta["rng"])
    assert found.value.tobytes() == again.value.tobytes()
    assert found.value.tobytes() != so.sweep(so.SGD(lr=0.1), GAUSSIAN, {}, steps=3, paths=8).value.tobytes()
