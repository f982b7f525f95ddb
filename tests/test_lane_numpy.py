"""NumPy's and Python's functions on lanes: with no word of a slower way, and with the bits of one path at a time."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import fallback
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

THREE, HALF = 3, 0.5  # constants that the code refers to


def powers(x: Any) -> Any:
    """Of entries, of vectors, by fractions, and one of another."""
    entries = np.array([x[0] ** 2, x[1] ** THREE, 0.01 * x[2] ** -1])
    vectors = x**3 - 0.1 * x**2 + x**0 + 0.01 * x**7 + 0.001 * x**-2
    fractions = np.abs(x) ** 0.7 + (1 + x * x) ** 2.0 + (1 + x * x) ** -HALF + 2.0**x
    words = np.power(np.abs(x), 1.3) + np.power(x, 2) + 0.1 * np.power(x, 3.0)
    return 0.1 * (entries + vectors + fractions + words + np.abs(x) ** np.abs(x) + np.abs(x[0]) ** x)


def rounding(x: Any) -> Any:
    """And choices, and sums."""
    whole = np.floor(x) + np.ceil(3 * x) + np.rint(5 * x) + np.trunc(7 * x) + np.fabs(x) + np.square(x)
    chosen = np.clip(x, -0.5, 0.5) + np.clip(x, None, 0.1) + np.clip(x, 0.0, None) + np.where(x > 0, x, 0.1 * x)
    return 0.1 * (whole + chosen + x * np.sum(x * x) + np.mean(x))


def transcendental(x: Any) -> Any:
    """NumPy's and those of Python's math."""
    numpys = np.exp(-x * x) + np.log(1 + x * x) + np.tanh(x) + np.sin(x) * np.cos(x) + np.tan(0.1 * x)
    more = np.expm1(-x * x) + np.log1p(x * x) + np.sinh(x) / np.cosh(x) + np.arctan(x)
    return numpys + more + np.array([math.exp(-x[0] * x[0]), math.tanh(x[1]), math.log(1 + x[2] * x[2])])


def some(x: Any) -> Any:
    """One of each kind, which compile in a tenth of the time."""
    return np.exp(-x * x) + np.floor(3 * x) + np.clip(x, -0.5, 0.5) + x**3 * np.sum(x * x) + math.tanh(x[0])


def run_of(grad: Any) -> Any:
    problem = so.Problem(so.Objective(grad=grad, dim=3), so.Gaussian(0.5), x0=[0.7, -0.4, 1.3])
    return plan(so.SGD(0.01), problem, steps=20, rng=0, observables={"first": lambda x: x[0] ** 2})


@pytest.mark.parametrize(
    "grad", [some, *(pytest.param(f, marks=pytest.mark.slow) for f in (powers, rounding, transcendental))]
)
def test_a_function_has_the_bits_of_one_path_at_a_time(grad: Any) -> None:
    run = run_of(grad)
    fallback._say_once.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lanes = Kernel(run)
    assert lanes.mode == "lanes"
    vectors = Kernel(replace(run, lanes=False))
    assert vectors.mode == "vectors"
    paths = lanes(0, 40)
    assert np.isfinite(paths).all()
    assert paths.tobytes() == vectors(0, 40).tobytes()


@pytest.mark.slow
def test_a_power_that_the_code_does_not_state_is_left_to_vectors() -> None:
    fallback._say_once.cache_clear()
    with pytest.warns(so.OnePathWarning, match=r"lanes do not know, pow\(Pack\(0, \d+\), int64\)"):
        kernel = Kernel(run_of(lambda x: x * sum([x[0] ** i for i in range(3)])))
    assert kernel.mode == "vectors"


@pytest.mark.slow
def test_objectives_that_are_made_for_one_path_at_a_time_say_nothing() -> None:
    """Nobody can write those of the package otherwise."""
    data = so.LinearRegression([[1.0], [2.0], [-1.0], [0.5]], [1.0, -1.0, 0.5, 0.0])
    fallback._say_once.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernel = Kernel(plan(so.SGD(0.1), so.Problem(data, so.Reshuffled(2), x0=[1.0]), steps=4, rng=0))
    assert kernel.mode == "vectors"
