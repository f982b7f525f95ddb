"""What the user brings is tried before anything compiles, and refused in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.observables import position

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))


@pytest.mark.parametrize(
    ("error", "words", "observables"),
    [
        (TypeError, r"observables\['a'\] must return one real number, got None", {"a": lambda x: None}),
        (
            ValueError,
            r"observables\['a'\] must return one number, got an array of shape \(2,\)",
            {"a": lambda x: x * x},
        ),
        (TypeError, r"observables\['a'\] must return one real number, got .*1j", {"a": lambda x: x[0] + 1j}),
        (TypeError, r"observables\['a'\] must return one real number, got 'x'", {"a": lambda x: "x"}),
        (ValueError, "must not be called 'mean x₁', which is a quantity of the run", {"mean x₁": lambda x: x[0]}),
        (ValueError, "must not be called 'tr Cov x'", {"tr Cov x": lambda x: x[0]}),
        (ValueError, r"must not be called 'norm2', which is .x.²; a list", {"norm2": lambda x: x[0]}),
        (ValueError, "observables must have names of their own, got '1' twice", {1: lambda x: x[0], "1": np.sum}),
        (ValueError, "observables must have names of their own, got 'loss' twice", ["loss", "loss"]),
    ],
)
def test_observables_that_are_refused(error: Any, words: str, observables: Any) -> None:
    with pytest.raises(error, match=words):
        so.simulate(so.SGD(0.1), PROBLEM, steps=2, observables=observables)


def writes(x: Any) -> Any:
    x *= 2.0
    return x[0]


def writes_sometimes(x: Any) -> Any:
    if x[0] < 0.95:
        x[0] = 0.0
    return 1.0 * x


@pytest.mark.parametrize("lanes", [True, False])
@pytest.mark.filterwarnings("ignore::sdeopt.InterpretedWarning")
def test_what_writes_into_its_argument_writes_into_a_copy(lanes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """x' = x/2 twice from (1, 1); where x₁ < 0.95 the gradient has a first entry of 0."""
    if not lanes:
        monkeypatch.setattr("sdeopt.engine.kernels.lane_width", lambda run: 0)
    problem = so.Problem(so.Objective(grad=writes_sometimes, dim=2))
    e = so.simulate(so.SGD(0.5), problem, steps=2, paths=2, rng=0, observables={"twice": writes})
    assert e.mean.tolist() == [[1.0, 1.0], [0.5, 0.5], [0.5, 0.25]]
    assert e.observables["twice"][0].tolist() == [2.0, 1.0, 1.0]


def sometimes(value: Any) -> Any:
    return lambda x: 1.0 * x if x[0] > 0.9 else value


@pytest.mark.parametrize(
    ("error", "words", "value"),
    [
        (ValueError, r"must return a vector of shape \(2,\), got \(\)", 0.5),
        (TypeError, "real numbers", np.array([1j, 0])),
    ],
    ids=["number", "complex"],
)
@pytest.mark.usefixtures("interpreted")
def test_a_gradient_that_turns_into_something_else_is_refused(error: Any, words: str, value: Any) -> None:
    problem = so.Problem(so.Objective(grad=sometimes(value), dim=2))
    with pytest.raises(error, match=words):
        so.simulate(so.SGD(0.5), problem, steps=3, paths=1, rng=0, observables=[])


@pytest.mark.parametrize(
    ("error", "words", "options"),
    [
        (
            TypeError,
            "grad at start must be .* real ones, got complex numbers",
            {"grad": lambda x: 1j * x},
        ),
        (
            TypeError,
            "hvp at start must be .* real ones",
            {"grad": lambda x: x, "hvp": lambda x, v: 1j * v},
        ),
        (TypeError, "value must return one real number, got .*j", {"grad": lambda x: x, "value": lambda x: 1j * x[0]}),
        (ValueError, r"value must return one number, got an array of shape \(2,\)", {"grad": abs, "value": abs}),
    ],
)
def test_objectives_that_are_refused(error: Any, words: str, options: Any) -> None:
    with pytest.raises(error, match=words):
        so.Objective(dim=2, **options)


def test_an_equation_of_complex_numbers_is_refused() -> None:
    sde = so.SDE(lambda t, x: 1j * x, lambda t, x: 1.0, dim=1)
    with pytest.raises(TypeError, match="drift at x0 must be an array of numbers, real ones, got complex numbers"):
        so.integrate(sde, [1.0], horizon=1.0, steps=2)


@pytest.mark.parametrize(
    ("value", "grad"),
    [
        (lambda x: 0.5 * np.sum(x * x), lambda x: 2.0 * x),
        (lambda x: np.sum(x), lambda x: -np.ones(2)),
        (lambda x: 0.0, lambda x: 1.0 * x),
    ],
    ids=["factor", "sign", "constant"],
)
def test_a_gradient_of_something_else_is_refused(value: Any, grad: Any) -> None:
    with pytest.raises(ValueError, match="grad must be the gradient of value: along one direction"):
        so.Objective(value=value, grad=grad, dim=2)


@pytest.mark.parametrize(
    ("value", "grad", "start"),
    [
        (lambda x: np.sum(np.abs(x)), np.sign, [0.0, 0.0]),
        (lambda x: np.sum(np.maximum(x, 0.0)), lambda x: np.where(x > 0.0, 1.0, 0.0), [0.0, 1e-4]),
        (lambda x: 1e9 + 0.5 * np.sum(x * x), lambda x: 1.0 * x, [1e-3, 0.0]),
        (lambda x: np.exp(3.0 * x[0]), lambda x: np.array([3.0 * np.exp(3.0 * x[0]), 0.0]), [2.0, 0.0]),
        (lambda x: np.float32(np.sum(x)), lambda x: np.ones(2), [100.0, 1.0]),
        (lambda x: 0.5 * np.sum(x * x), lambda x: 1.0 * x, [0.0, 0.0]),
    ],
    ids=["kink", "corner", "round-off", "steep", "single", "minimum"],
)
def test_a_gradient_that_differences_cannot_judge_is_taken(value: Any, grad: Any, start: Any) -> None:
    so.Objective(value=value, grad=grad, dim=2, start=start)


NAMES = ("mean x₁", "mean x₂", "loss", "mine", "var x₁", "var x₁₂", "cov x₁,x₂", "tr Cov x")


@pytest.mark.parametrize(
    ("asked", "found"),
    [("loss", 2), ("f(x)", 2), ("mine", 3), ("mean x2", 1), ("mean x₂", 1), ("var x12", 5), ("cov x1 x2", 6),
     ("cov x1,x2", 6), ("tr Cov x", 7)],
)  # fmt: skip
def test_a_quantity_goes_by_the_name_that_was_given(asked: str, found: int) -> None:
    assert position(asked, NAMES) == found


@pytest.mark.parametrize("asked", ["nothing", "var x3", 3])
def test_a_quantity_that_is_not_there_is_refused(asked: Any) -> None:
    with pytest.raises(ValueError, match="unknown quantity"):
        position(asked, NAMES)
