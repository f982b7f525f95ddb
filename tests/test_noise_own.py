"""A law of the user's own: its moments reach the run, what it leaves out is refused, what contradicts itself too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core import where
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

BOWL = so.Quadratic([1.0, 2.0])
H, ETA, STEPS = np.array([1.0, 2.0]), 0.1, 10
SIGMAS = 5.7  # of 4 numbers a test: a false alarm below 1e-7


def uniform(x: Any, u: Any) -> Any:
    return 2.0 * u - 1.0


def multiplied(x: Any, z: Any) -> Any:
    return 0.8 * x * z


def mixed(x: Any, z: Any) -> Any:
    return where(z[1] < 0.25, 2.0, 0.5) * z[0]


def shared(x: Any, u: Any) -> Any:
    return (2.0 * u[0] - 1.0) * x


LAWS: dict[str, tuple[so.Noise, float, float]] = {  # E ξ² = a + b x²
    "uniform": (so.Noise(uniform, draws="uniform"), 1.0 / 3.0, 0.0),
    "multiplicative": (so.Noise(multiplied), 0.0, 0.64),
    "mixture": (so.Noise(mixed, draws=("normal", "uniform")), 0.25 * 4.0 + 0.75 * 0.25, 0.0),
    "one for all": (so.Noise(shared, draws=("uniform", 1)), 0.0, 1.0 / 3.0),
}


SECONDS = {"one": lambda x: x[0] * x[0], "two": lambda x: x[1] * x[1]}
CASES = [("discrete", name) for name in LAWS] + [("sde", "uniform"), ("sde", "mixture")]
CASES += [pytest.param("sde", name, marks=pytest.mark.slow) for name in ("multiplicative", "one for all")]


@pytest.mark.parametrize("name", LAWS)
def test_second_moments_are_those_of_the_recursion(name: str) -> None:
    """E x² of x' = x - η (h x + ξ), with E ξ² = a + b x²."""
    law, a, b = LAWS[name]
    problem = so.Problem(BOWL, law, x0=[1.0, -1.0])
    e = so.simulate(so.SGD(ETA), problem, steps=STEPS, paths=20_000, save_at=1, observables=SECONDS, rng=3)
    wanted = np.ones(2)
    for _ in range(STEPS):
        wanted = ((1.0 - ETA * H) ** 2 + ETA**2 * b) * wanted + ETA**2 * a
    for value, (mean, stderr) in zip(wanted, e.observables.values(), strict=True):
        assert abs(mean[-1] - value) < SIGMAS * stderr[-1] < 0.1 * value


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_it_is_compiled_to_the_bits_of_plain_python(kind: str, name: str) -> None:
    run = plan(so.SGD(ETA), so.Problem(BOWL, LAWS[name][0]), kind, steps=4, substeps=2, observables=SECONDS, rng=1)
    kernel = Kernel(run)
    assert kernel.mode == "lanes"
    assert np.array_equal(kernel(0, 4), Kernel(replace(run, interpreted=True))(0, 4))


def test_a_root_is_the_noise_of_the_sde() -> None:
    """dX = -h X dt + √η s X dW: E X² = x0² exp((η s² - 2h) t), with Heun's error far below the noise."""
    law = so.Noise(multiplied, root_cov=lambda x, dw: 0.8 * x * dw, var=lambda x: 0.64 * x * x)
    problem = so.Problem(so.Quadratic([1.0]), law)
    square = {"square": lambda x: x[0] * x[0]}
    e = so.simulate(
        so.SGD(ETA), problem, "sde", horizon=1.0, substeps=16, paths=20_000, save_at=1, observables=square, rng=4
    )
    mean, stderr = e.observables["square"]
    assert e.meta["sde"] == "order1"
    assert abs(mean[-1] - np.exp(ETA * 0.64 - 2.0)) < SIGMAS * stderr[-1] < 0.05 * mean[-1]


def test_without_a_root_the_sampled_sde_runs_and_others_are_refused_by_name() -> None:
    problem = so.Problem(BOWL, LAWS["uniform"][0])
    found = so.simulate(so.SGD(ETA), problem, "sde", steps=2, paths=4, rng=0, observables=SECONDS)
    assert found.meta["sde"] == "sampled"
    with pytest.raises(
        ValueError, match=r"needs root_cov: Noise has no root_cov: give it one, so.Noise\(root_cov=...\)"
    ):
        so.simulate(so.SGD(ETA), problem, "sde", sde="order1", steps=2, rng=0)
    heavy = so.Noise(lambda x, z: z[0] / z[1], draws=("normal", "normal"), moments=1.0)
    with pytest.raises(ValueError, match="needs noise_var: Noise has no variance, for its moments end at 1"):
        so.simulate(so.SGD(ETA), so.Problem(BOWL, heavy), "sde", sde="sampled", steps=2, rng=0)


def test_theory_of_a_constant_covariance_is_for_laws_that_have_one() -> None:
    root = {"root_cov": lambda x, dw: dw / np.sqrt(3.0), "draws": "uniform"}
    run = {"steps": 3, "paths": 40, "rng": 0, "substeps": 4}
    known = so.compare(so.SGD(ETA), so.Problem(BOWL, so.Noise(uniform, additive=True, **root)), **run)
    unknown = so.compare(so.SGD(ETA), so.Problem(BOWL, so.Noise(uniform, **root)), **run)
    gauss = so.compare(so.SGD(ETA), so.Problem(BOWL, so.Gaussian(np.sqrt(1.0 / 3.0))), **run)
    np.testing.assert_allclose(known.theory, gauss.theory, rtol=1e-12)
    assert np.isfinite(known.theory).any() and np.isnan(unknown.theory).all()


@pytest.mark.parametrize(
    ("error", "words", "make"),
    [
        (TypeError, "sample must be a function, got 3", lambda: so.Noise(3)),
        (TypeError, "var must be a function", lambda: so.Noise(multiplied, var=1.0)),
        (ValueError, "unknown kind of draws 'cauchy'", lambda: so.Noise(multiplied, draws="cauchy")),
        (ValueError, r"noise with memory, 'AR\(1\)', has no place", lambda: so.Noise(multiplied, draws="AR(1)")),
        (TypeError, 'draws must be "normal", "uniform", a pair', lambda: so.Noise(multiplied, draws=3)),
        (ValueError, "moments must be in", lambda: so.Noise(multiplied, moments=-1.0)),
        (TypeError, "additive must be True or False", lambda: so.Noise(multiplied, additive=1.0)),
    ],
)
def test_arguments_that_are_refused(error: Any, words: str, make: Any) -> None:
    with pytest.raises(error, match=words):
        make()


LAST = [0.0]


def raw(x: Any, u: Any) -> Any:
    return u


def remembered(x: Any, z: Any) -> Any:
    LAST[0] = 0.9 * LAST[0] + z[0]
    return LAST[0] + 0.0 * x


@pytest.mark.parametrize(
    ("words", "law"),
    [
        (
            "sample must have mean 0, at start coordinate 2 of 4096 samples gives 0.498",
            so.Noise(lambda x, u: u, draws="uniform"),
        ),
        ("var must be the variance of sample", so.Noise(lambda x, z: z, var=lambda x: 0.0 * x + 2.0)),
        ("root_cov must have the variance of sample", so.Noise(lambda x, z: z, root_cov=lambda x, dw: 2.0 * dw)),
        (r"sample must return a finite vector of shape \(2,\)", so.Noise(lambda x, z: z[0])),
        ("sample fails, ValueError: sample gives another answer when it is called twice", so.Noise(remembered)),
        ("additive must be False for a sample that depends on x", so.Noise(multiplied, additive=True)),
    ],
)
def test_laws_that_contradict_themselves_are_refused(words: str, law: so.Noise) -> None:
    with pytest.raises(ValueError, match=words):
        so.Problem(BOWL, law)
