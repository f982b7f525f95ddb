"""Gradients and Hessian-vector products of a user's value, derived: against differences, by hand, on lanes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt import core
from sdeopt.core import dot, exp, log, norm, total
from sdeopt.engine import kernels
from sdeopt.engine.simulate import plan

pytest.importorskip("sympy")

A = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 3.0]])
DATA = np.random.default_rng(5).normal(size=(7, 40))
RIGHT = np.sign(DATA[:, 0])
SQUARE = np.random.default_rng(6).normal(size=(40, 40)) / 8.0


def rosenbrock(x: Any) -> Any:
    return (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2


def barrier(x: Any) -> Any:
    return 1.0 - core.log(1.0 + core.total(x * x))


VALUES = {
    "entries": (rosenbrock, 2),
    "elementwise": (lambda x: np.sqrt(1.0 + x[0] ** 2) + np.tanh(x[1]) * np.cos(x[2]), 3),
    "matrix": (lambda x: 0.5 * dot(x, core.matvec(A, x)), 3),
    "sum": (lambda x: 0.25 * total(x * x * x * x), 40),
    "mean": (lambda x: total(x * x) / len(x), 40),
    "lengths": (lambda x: norm(x) * total(exp(-x * x)), 40),
    "nested": (lambda x: 0.1 * total(exp(0.1 * x * total(x))), 5),
    "modules": (barrier, 40),
    "numpy": (lambda x: np.sum(np.abs(x) ** 3) + np.mean(x * x) + np.linalg.norm(x) + np.dot(x, x) * np.sum(x), 40),
    "kinks": (lambda x: np.sum(np.maximum(x, 0.3 * x)) + np.abs(x - 0.1).sum() + np.sum(np.clip(x, -0.5, 0.5)), 40),
    "chosen": (lambda x: np.sum(np.where(np.abs(x) < 0.5, 0.5 * x**2, 0.5 * (np.abs(x) - 0.25))), 40),
    "indicator": (lambda x: np.sum((x > 0.2) * (x - 0.2) ** 2 + np.minimum(x, 0.0) * x), 40),
    "squares": (lambda x: 0.5 * np.mean((DATA @ x - RIGHT) ** 2), 40),
    "logistic": (lambda x: np.mean(np.log1p(np.exp(-RIGHT * (DATA @ x)))) + 0.1 * x @ x, 40),
    "quadratic": (lambda x: 0.5 * x @ SQUARE @ x - np.dot(SQUARE[0], x) + np.sum(SQUARE @ x), 40),
    "network": (
        lambda x: np.sum(np.tanh(SQUARE.T @ np.tanh(SQUARE @ x)) ** 2) + np.sum(SQUARE @ (x / np.sum(x * x))),
        40,
    ),
    "entrywise numpy": (lambda x: np.sum(np.abs(x)) * np.maximum(x[0], x[1]) + np.linalg.norm(x - 1.5) + np.mean(x), 5),
    "slices": (lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2), 6),
    "arrays": (
        lambda x: (
            np.array([x[0] * x[1], np.exp(x[2])]) @ np.array([2.0, 0.5]) + np.sum(A @ x * np.where(x > 0, x, 0.1 * x))
        ),
        3,
    ),
    "logarithms": (lambda x: total(log(1.0 + exp(-x))) + dot(x, x) ** 2, 5),
}


@pytest.mark.parametrize("name", VALUES)
def test_derivatives_are_those_of_differences(name: str) -> None:
    value, d = VALUES[name]
    f, point = so.Objective(value=value, dim=d), np.random.default_rng(3)
    x, v, h = point.normal(size=d), point.normal(size=d), 1e-5
    slope = [(value(x + h * e) - value(x - h * e)) / (2.0 * h) for e in np.eye(d)]
    assert f.grad(x) == pytest.approx(np.array(slope), rel=1e-7, abs=1e-8)
    bend = (f.grad(x + h * v) - f.grad(x - h * v)) / (2.0 * h)
    assert f.hvp(x, v) == pytest.approx(bend, rel=1e-7, abs=1e-7)


def test_rosenbrock_in_three_lines_is_ours() -> None:
    ours, theirs = so.Rosenbrock(scale=1.0, stiffness=100.0), so.Objective(value=rosenbrock, dim=2)
    x, v = np.array([-1.2, 0.7]), np.array([0.3, -2.0])
    assert theirs.grad(x) == pytest.approx(ours.grad(x), rel=1e-13)
    assert theirs.hvp(x, v) == pytest.approx(ours.hvp(x, v), rel=1e-13)


def test_at_a_kink_the_slope_is_the_mean_of_both_sides() -> None:
    f = so.Objective(value=lambda x: np.sum(np.abs(x) + np.maximum(x, 3.0 * x) + np.maximum(x, 0.0)), dim=2)
    assert f.grad(np.array([0.0, 2.0])).tolist() == [2.5, 5.0]
    assert f.hvp(np.array([0.0, 2.0]), np.ones(2)).tolist() == [0.0, 0.0]


LATER = [pytest.param(name, marks=pytest.mark.slow) for name in ("entries", "sum", "kinks", "indicator")]


@pytest.mark.parametrize("name", ["numpy", "chosen", *LATER])
def test_derived_gradients_run_on_lanes(name: str) -> None:
    value, d = VALUES[name]
    problem = so.Problem(so.Objective(value=value, dim=min(d, 4), start=np.full(min(d, 4), 0.4)), so.Gaussian(0.1))
    run = plan(so.SGD(lr=1e-3), problem, "sde", sde="order2", steps=4, substeps=2, save_at=4, observables=[], rng=5)
    compiled = kernels.Kernel(replace(run, lanes=True))
    assert compiled.mode == "lanes"
    assert np.array_equal(compiled(0, 8), kernels.Kernel(replace(run, interpreted=True))(0, 8))


@pytest.mark.parametrize(
    ("value", "dim", "reason"),
    [
        (lambda x: np.max(x), 3, "it calls np.max"),
        (lambda x: total(np.sign(x) * x**2 + np.sign(x - 1.0)), 3, "the value jumps where"),
        (lambda x: x * x, 3, "it returns an array where a number is expected"),
        (lambda x: x[0] ** 2 + x[1] ** 2, 33, "the value takes single entries of x"),
        (lambda x: x[0] if x[0] > 0 else x[1], 2, "the value branches on x0 > 0, .* write where"),
    ],
)
def test_what_cannot_be_differentiated_is_said(value: Any, dim: int, reason: str) -> None:
    with pytest.raises(ValueError, match=rf"value cannot be differentiated, so give grad= as well: .*({reason})"):
        so.Objective(value=value, dim=dim)


def test_an_objective_needs_something_to_go_by() -> None:
    with pytest.raises(TypeError, match="Objective needs value or grad, got neither"):
        so.Objective(dim=2)
    with pytest.raises(TypeError, match="value must be a function, got 3"):
        so.Objective(value=3, dim=2)  # type: ignore[arg-type]
