"""What NumPy would cast to float with a loss is refused by name, wherever an array is given."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from equations import GBM

import sdeopt as so
from sdeopt.theory.level import Level

HERMITIAN = np.array([[2.0, 1j], [-1j, 2.0]])
VALLEY = so.Problem(so.Quadratic([1.0, 2.0]), x0=[1.0, 1.0])
PLACES = {
    "H": lambda a: so.Quadratic(a),
    "center": lambda a: so.Quadratic([1.0, 2.0], center=a),
    "x0": lambda a: so.Problem(so.Quadratic([1.0, 2.0]), x0=a),
    "scale": lambda a: so.Gaussian(a),
    r"scale\(x\)": lambda a: so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(lambda x: a)),
    "xs": lambda a: so.diagnose(VALLEY, a),
    "save_at": lambda a: so.simulate(so.SGD(0.1), VALLEY, steps=3, save_at=a),
}
WRONG = {
    "complex": np.array([1.0, 1j]),
    "masked": np.ma.masked_array([1.0, 2.0], [True, False]),
    "dates": np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"),
    "durations": np.array([1, 2], dtype="timedelta64[s]"),
    "strings": np.array(["1.0", "2.0"]),
    "objects": np.array([1.0, None]),
    "flags": np.array([True, False]),
    "ragged": [[1.0], [1.0, 2.0]],
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("place", PLACES)
def test_arrays_of_other_things_than_numbers_are_refused(place: str, kind: str) -> None:
    with warnings.catch_warnings(), pytest.raises(TypeError, match=f"{place} must be a") as error:
        warnings.simplefilter("error")  # no cast that only warns
        PLACES[place](WRONG[kind])
    assert "\n" not in str(error.value)


def test_a_hermitian_matrix_is_not_its_real_part() -> None:
    with pytest.raises(TypeError, match="H must be an array of numbers, real ones, got complex numbers"):
        so.Quadratic(HERMITIAN)
    with pytest.raises(TypeError, match="cov must be an array of numbers, real ones, got complex numbers"):
        so.Gaussian(cov=HERMITIAN)


@pytest.mark.parametrize("kind", ["complex", "masked", "dates", "objects"])
def test_integrate_and_its_functions(kind: str) -> None:
    wrong = WRONG[kind]
    with pytest.raises(TypeError, match="x0 must be a"):
        so.integrate(so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=2), wrong, horizon=1.0, dt=0.1)
    with pytest.raises(TypeError, match="dW must be a"):
        so.integrate(GBM, [1.0], horizon=1.0, dW=wrong.reshape(1, 2, 1))
    for drift, diffusion in ((lambda t, x: wrong, lambda t, x: 1.0), (lambda t, x: -x, lambda t, x: wrong)):
        with pytest.raises(TypeError, match="(drift|diffusion) at x0 must be a"):
            so.integrate(so.SDE(drift, diffusion, dim=2), [1.0, 1.0], horizon=1.0, dt=0.1)


def test_a_duration_is_no_number() -> None:
    with pytest.raises(TypeError, match="dim must be an integer"):
        so.SDE(lambda t, x: x, lambda t, x: x, dim=np.timedelta64(2, "s"))
    with pytest.raises(TypeError, match="horizon must be a number"):
        so.integrate(GBM, [1.0], horizon=np.timedelta64(2, "s"), dt=0.1)


def test_integers_and_flags_of_data_are_numbers() -> None:
    assert so.Quadratic(np.array([1, 2], dtype=np.uint8)).dim == 2
    assert so.Quadratic(np.array([1, 2], dtype=np.float16)).dim == 2
    X, y = np.array([[1.0], [2.0], [3.0]]), np.array([True, False, True])
    assert so.Logistic(X, y).value(np.zeros(1)) == so.Logistic(X, y.astype(float)).value(np.zeros(1))


def test_times_of_a_level_are_numbers() -> None:
    with pytest.raises(TypeError, match="t must be an array of numbers"):
        Level(lr=0.1, decay=1.0, noise=1.0, square=1.0).at(1j, 0.1, 1.0)
