"""What an objective takes from the user: functions of their own, data, and what is refused by name."""

import numpy as np
import pytest
from landscapes import FEATURES, LABELS, MATRIX, TARGETS

import sdeopt as so
from sdeopt.objectives.contract import Smooth


def test_objective_says_what_it_lacks():
    f = so.Objective(grad=lambda x: 2 * x, dim=3)
    assert f.lacks("value") == "Objective has no value"
    assert f.lacks("hvp") == "Objective has no hvp"
    assert f.lacks("grad") is None
    with pytest.raises(ValueError, match="value"):
        f.value(f.start)
    with pytest.raises(ValueError, match="hvp"):
        f.hvp(f.start, f.start)
    assert repr(f) == "Objective(grad, dim=3)"


def test_an_objective_without_a_dimension_is_not_made():
    with pytest.raises(TypeError, match="abstract.* dim"):
        type("Own", (Smooth,), {})()


def test_objective_keeps_what_the_user_knows():
    f = so.Objective(grad=lambda x: 2 * x, dim=2, start=[1, 2], optimum=[0, 0], minimum=0)
    assert f.start.tolist() == [1.0, 2.0] and f.optimum.tolist() == [0.0, 0.0] and f.minimum == 0.0
    assert so.Objective(grad=lambda x: 2 * x, dim=2).optimum is None


def test_errors_of_the_user_reach_the_user():
    class Own(Exception):
        pass

    def broken(x):
        raise Own("mine")

    with pytest.raises(Own, match="mine"):
        so.Objective(grad=broken, dim=2)


def test_objective_leaves_a_user_function_free_to_write_into_its_argument():
    def careless(x):
        x *= 2.0
        return x

    f = so.Objective(grad=careless, dim=2)
    assert f.start.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: so.Quadratic([[1.0, 0.1], [0.0, 1.0]]), ValueError, "H must be symmetric"),
        (lambda: so.Quadratic([[1.0, 0.1]]), ValueError, "H must be a square matrix"),
        (lambda: so.Quadratic([1.0, np.nan]), ValueError, "H must be finite"),
        (lambda: so.Quadratic("a"), TypeError, "H must be an array"),
        (lambda: so.Quadratic([1.0], center=[1.0, 2.0]), ValueError, "center must have shape"),
        (lambda: so.EmbeddedSaddle([[1.0, 2.0], [3.0, 4.0]]), ValueError, "H must be symmetric"),
        (lambda: so.EmbeddedSaddle(quartic=0.0), ValueError, "quartic must be in"),
        (lambda: so.EmbeddedSaddle(cubic=np.inf), ValueError, "cubic must be in"),
        (lambda: so.Rosenbrock(scale=0.0), ValueError, "scale must be in"),
        (lambda: so.Rosenbrock(stiffness="a"), TypeError, "stiffness must be a number"),
        (lambda: so.DoubleWell(dim=0), ValueError, "dim must be at least 1"),
        (lambda: so.DoubleWell(dim=1.5), TypeError, "dim must be an integer"),
        (lambda: so.DoubleWell(height=-1.0), ValueError, "height must be in"),
        (lambda: so.LinearRegression(FEATURES), TypeError, "y must be given"),
        (lambda: so.LinearRegression(FEATURES, TARGETS[:5]), ValueError, r"y must have shape \(12,\)"),
        (lambda: so.LinearRegression(TARGETS, TARGETS), ValueError, "X must have 2 dimension"),
        (lambda: so.LinearRegression(FEATURES, TARGETS, l2=-1.0), ValueError, "l2 must be in"),
        (lambda: so.LinearRegression(FEATURES * np.nan, TARGETS), ValueError, "X must be finite"),
        (lambda: so.Logistic(FEATURES, TARGETS), ValueError, "y must hold the labels 0 and 1, or -1 and 1"),
        (lambda: so.Logistic(FEATURES, np.where(LABELS > 0, 2.0, 1.0)), ValueError, "labels"),
        (lambda: so.Logistic(np.ones((3, 1)), [-1, 0, 1]), ValueError, "labels"),
        (lambda: so.MatrixFactorization(MATRIX, rank=4), ValueError, "rank must be at most 3"),
        (lambda: so.MatrixFactorization(MATRIX, rank=0), ValueError, "rank must be at least 1"),
        (lambda: so.MatrixSensing([MATRIX], [1.0], rank=4), ValueError, "rank must be at most 3"),
        (lambda: so.MatrixSensing([MATRIX], [1.0, 2.0], rank=1), ValueError, "y must have shape"),
        (lambda: so.MatrixSensing(MATRIX, TARGETS[:4], rank=1), ValueError, "sensors must have 3 dimension"),
        (lambda: so.MatrixFactorization(TARGETS, rank=1), ValueError, "target must have 2 dimension"),
        (lambda: so.DiagonalLinearNetwork(FEATURES, MATRIX), ValueError, "y must have 1 dimension"),
        (lambda: so.Objective(grad=1.0, dim=2), TypeError, "grad must be a function"),
        (lambda: so.Objective(grad=lambda x: x, value=3, dim=2), TypeError, "value must be a function"),
        (lambda: so.Objective(grad=lambda x: x[:1], dim=2), ValueError, r"grad must return shape \(2,\)"),
        (lambda: so.Objective(grad=lambda x: list(x), dim=2), TypeError, "grad must return a NumPy array"),
        (lambda: so.Objective(grad=lambda x: x / 0.0 * 0.0, dim=2), ValueError, "grad at start must be finite"),
        (lambda: so.Objective(grad=lambda x: x, value=lambda x: x, dim=2), ValueError, "value must return one number"),
        (lambda: so.Objective(grad=lambda x: x, value=lambda x: np.inf, dim=2), ValueError, r"value\(start\)"),
        (lambda: so.Objective(grad=lambda x: x, hvp=lambda x, v: 1.0, dim=2), TypeError, "hvp must return"),
        (lambda: so.Objective(grad=lambda x: x, dim=2, start=[1.0]), ValueError, "start must have shape"),
        (lambda: so.Objective(grad=lambda x: x, dim=0), ValueError, "dim must be at least 1"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_bad_input_is_refused_by_name(build, error, words):
    with pytest.raises(error, match=words):
        build()


def test_data_are_copied_and_read_only():
    X = FEATURES.copy()
    f = so.LinearRegression(X, TARGETS)
    X[0, 0] = 1e6
    assert f.X[0, 0] == FEATURES[0, 0]
    for a in (f.X, f.y, f.squares, f.optimum):
        with pytest.raises(ValueError, match="read-only"):
            a[0] = 0.0


def test_printing_is_short():
    assert repr(so.LinearRegression(FEATURES, TARGETS)) == "LinearRegression(X=<12x4 array>, y=<12 array>, l2=0.0)"
    assert repr(so.Rosenbrock()) == "Rosenbrock(scale=0.5, stiffness=1.0)"
