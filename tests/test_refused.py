"""What the fuzz suite found first, each with the sentence that is said now."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from command import run

import sdeopt as so
from sdeopt.core import checks

HUGE = 10**400
BOWL = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
SGD = so.SGD(lr=0.1)
OU = so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1)


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Lines:
    def __repr__(self) -> str:
        return "first\nsecond"


class Refuses:
    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")


def simulated(**given: Any) -> Any:
    return so.simulate(SGD, BOWL, **({"steps": 2, "paths": 4, "rng": 0} | given))


SENTENCES: dict[str, tuple[Callable[[], Any], str]] = {
    "a number beyond all floats": (
        lambda: so.SGD(lr=HUGE),
        f"SGD: lr must be in (0, inf), got 1{'0' * 76}...",
    ),
    "a number that Python does not write": (
        lambda: so.SGD(lr=10**5000),
        "SGD: lr must be in (0, inf), got <int that cannot be written>",
    ),
    "a number whose square is infinite": (
        lambda: so.Laplace(1e300),
        "scale must be at most 1e+150 in size, so that its square is finite, got 1e+300",
    ),
    "times where one is asked for": (
        lambda: so.theory.fractional_ou_variance(1.0, 0.5, 0.3, np.array([1.0, 1.0])),
        "t must be a number, got array([1., 1.])",
    ),
    "times of a stable law": (
        lambda: so.theory.levy_ou_scale(1.0, 0.1, 1.5, 0.5, [1.0, 2.0]),
        "t must be a number, got [1.0, 2.0]",
    ),
    "an exponent beyond all floats": (
        lambda: so.theory.levy_ou_scale(1.0, 0.1, 1e-300, 0.5, 1.0),
        "alpha must be large enough for a scale that a float holds, got 1e-300",
    ),
    "a flow too fast to follow": (
        lambda: so.theory.widening_flow(1e17, 0.5, 4, 0.1, [0.0, 1.0]),
        "radius and v must be small enough for the flow to be followed to t = 1, got radius = 1e+17, v = 0.5, "
        "d sigma² = 0.04: it falls too fast",
    ),
    "a function for a flag": (
        lambda: so.theory.rand_k_stationary(0.1, 1.0, 1.0, 1, 0.0, discrete=abs),
        "discrete must be True or False, got <built-in function abs>",
    ),
    "a step of no length": (
        lambda: so.Adagrad(lr=1e-320),
        "Adagrad: lr must be larger, a step of it takes 0 units of time",
    ),
    "what cannot be written": (
        lambda: so.SGD(lr=Broken()),
        "SGD: lr must be a number, got <Broken that cannot be written>",
    ),
    "what is written in two lines": (lambda: so.SGD(lr=Lines()), "SGD: lr must be a number, got first second"),
    "what cannot become an array": (
        lambda: so.Rademacher(Refuses()),
        "scale must be an array of numbers, got {Refuses}",
    ),
    "entries whose squares are infinite": (
        lambda: so.Quadratic([1e-300, 1e300]),
        "H must be at most 1e+150 in size, so that squares are finite, got an entry of 1e+300",
    ),
    "long doubles beyond all floats": (
        lambda: so.Quadratic(np.array([1.0, 1.0], dtype=np.longdouble) * np.longdouble("1e4000")),
        "H must be finite, got 2 NaN or infinite entries",
    ),
    "a covariance whose gap overflows": (
        lambda: so.Gaussian(cov=[[1e149, -1e149], [1e149, 1e149]]),
        "cov must be symmetric, got an asymmetry of 2 of its largest entry",
    ),
    "a vector that no memory holds": (
        lambda: so.DoubleWell(dim=10**12),
        "dim must be at most 100000000, got 1000000000000",
    ),
    "more paths than can be counted": (
        lambda: simulated(paths=HUGE),
        "the run would take at least over 1e308 years (2 steps for each of over 1e308 paths): take a shorter horizon, "
        "fewer steps, substeps or paths, or a larger dt or lr; the limit is a year",
    ),
    "a kind that is an array": (
        lambda: simulated(kind=np.array([1.0, 2.0])),
        "unknown kind array([1., 2.]) (known: discrete, sde)",
    ),
    "an executor that is a number": (
        lambda: simulated(executor=3),
        "executor must be a concurrent.futures.Executor or None, got 3",
    ),
    "a bar that is a number": (
        lambda: simulated(progress=3),
        "progress must be True, False, None or a function of (done, total), got 3",
    ),
    "a folder that is a number": (
        lambda: so.sweep(SGD, BOWL, {"lr": [0.1]}, steps=2, paths=4, rng=0, folder=3.0),
        "folder must be a folder, got 3.0",
    ),
    "a variance that is an array": (
        lambda: so.Noise(lambda x, z: z, var=np.array([1.0, 2.0])),  # type: ignore[arg-type]
        "var must be a function, got array([1., 2.])",
    ),
    "a mean that no float holds": (
        lambda: so.theory.averaged_ou(1e100, 1.0, 1e150, 1.0),
        "lr, h, scale, time, start must be of sizes whose products and quotients floats hold",
    ),
    "observables that are no names": (
        lambda: simulated(observables=[[1.0], None]),
        "unknown observable [1.0] (known: loss, norm2, grad_norm2, sharpness, class_losses)",
    ),
    "a seed that is a time": (
        lambda: so.sweep(SGD, BOWL, {"lr": [0.1]}, steps=2, paths=4, rng=np.timedelta64(1, "s")),
        "rng must be an int, a SeedSequence, a Generator or None, got np.timedelta64(1,'s')",
    ),
    "levels that are a number": (
        lambda: so.svag(SGD, BOWL, levels=np.array(2.0), steps=2, paths=50, rng=0),
        "levels must be a tuple of integers, got array(2.)",
    ),
    "a seed in two lines": (
        lambda: so.atlas(BOWL, SGD, so.Gaussian(0.5), gradients=2, paths=4, folder="cells", rng=Lines()),
        "a folder needs rng=0 or another integer, else nothing in it is found again, got first second",
    ),
    "no problem": (
        lambda: so.diagnose(0.0, [[1.0, 1.0]]),  # type: ignore[arg-type]
        "problem must be a sdeopt.Problem, got 0.0",
    ),
    "a negative seed that Python does not write": (
        lambda: simulated(rng=-(10**5000)),
        "rng must not be negative, got <int that cannot be written>",
    ),
    "an observable that looks beyond its end": (
        lambda: simulated(observables={"far": lambda x: x[17]}),
        "observables['far'] fails, IndexError: index 17 is out of bounds for axis 0 with size 2",
    ),
    "a scale that looks beyond its end": (
        lambda: so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(lambda x: x[17])),
        "scale fails, IndexError: index 17 is out of bounds for axis 0 with size 2",
    ),
    "a learning rate of no dimension": (
        lambda: so.SGD(lr=np.array(2.0)),
        "SGD: lr must be one number for all coordinates, for parameter groups are not supported, got array(2.)",
    ),
    "a file that is a number": (lambda: simulated().save(3.0), "file must be a file, got 3.0"),
    "a file without a name": (lambda: so.load(""), "file must be the name of a file, got ''"),
    "a message of many entries": (
        lambda: so.Objective(grad=lambda x: np.full(1000, np.nan), dim=1000),
        f"grad at start must be finite, got array([{'nan, ' * 14}...",
    ),
    "a flag that is a function": (
        lambda: so.integrate(OU, [1.0], horizon=1.0, dt=0.5, paths=2, rng=0, extrapolate=3.0),  # type: ignore[arg-type]
        "extrapolate must be True or False, got 3.0",
    ),
    "no rule": (
        lambda: so.derive(so.SGD, limit=5),  # type: ignore[arg-type]
        "limit must be a mapping of names to texts, got 5",
    ),
}


@pytest.mark.parametrize("what", SENTENCES)
def test_it_is_refused_in_this_sentence(what: str) -> None:
    call, sentence = SENTENCES[what]
    with pytest.raises((ValueError, TypeError)) as told:
        call()
    said = re.sub(r"<[^<]*\.Refuses object at 0x[0-9a-f]+>", "{Refuses}", str(told.value))
    assert said == sentence


LINES = {
    "a learning rate below all steps": (
        ["simulate", "sgd", "--lr", "1e-320"],
        "the run would take at least over 1e308 years",
    ),
    "a number beyond all floats": (["simulate", "sgd", "--x0", f"{HUGE},1"], "x0 must be in (-inf, inf), got 1000"),
    "a vector that no memory holds": (
        ["simulate", "sgd", "--objective", "double-well:dim=10000000000"],
        "dim must be at most 100000000, got 10000000000",
    ),
}


@pytest.mark.parametrize("what", LINES)
def test_the_command_line_refuses_in_one_line(what: str) -> None:
    words, begins = LINES[what]
    result = run(*words, "--quiet")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"sdeopt: {begins}") and result.stderr.count("\n") == 1


FILES = {
    "more values than a grid has": (
        "[grid]\nlr = { geomspace = [0.01, 1.0, 100000000000] }",
        "words.toml: grid lr must be at most 1000000, got 100000000000",
    ),
    "a method that is a number": ("method = [1.0]", "words.toml: method must be a text or a list of them, got [1.0]"),
    "objectives that are numbers": (
        'objective = [1, "a"]',
        "words.toml: objective must be a text or a list of them, got [1, 'a']",
    ),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_of_a_sweep_is_refused_in_one_line(what: str, toml: Callable[[str], str]) -> None:
    text, sentence = FILES[what]
    file = toml(text if "method" in text else f'method = "sgd"\n{text}')
    result = run("sweep", file, "--quiet")
    assert (result.exit_code, result.stderr) == (2, f"sdeopt: {Path(file).parent}/{sentence}\n")


def test_a_file_whose_parts_have_another_shape_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    simulated().save(file)
    with np.load(file) as kept:
        parts = dict(kept)
    np.savez(file, **parts | {"times": np.zeros((2, 2, 2))})
    with pytest.raises(ValueError, match="is damaged: it does not hold the parts of a Ensemble$"):
        so.load(file)


def test_the_fewest_degrees_of_freedom_are_a_law() -> None:
    assert so.StudentT(5e-324).factor == 0.0  # type: ignore[attr-defined]
    assert so.StudentT(2e-21).factor == pytest.approx(2e-21, rel=1e-15)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("interpreted")
def test_an_equation_can_be_printed() -> None:
    """The page of an ensemble asked for an optimizer, which an equation has not, and for one start."""
    one = so.integrate(OU, [1.0], horizon=1.0, dt=0.5, paths=4, rng=0, extrapolate=True)
    many = so.integrate(OU, [[1.0], [2.0]], horizon=1.0, dt=0.5, rng=0)
    assert "SDE(dim=1, diagonal noise), x0 = [1]" in str(one) and "dt = 0.5 and 0.25" in str(one)
    assert "2 points, one for each path" in str(many)


@pytest.mark.parametrize("nu", [2.5e3, 1e4, 1e8, 1e16, 1e100])
def test_many_degrees_of_freedom_are_normal(nu: float) -> None:
    """A difference of two logarithms of Γ left 1e-11 of ν = 10⁴, and nothing right of ν = 10¹⁷."""
    mpmath.mp.dps = 400
    exact = mpmath.gamma(mpmath.mpf(nu) / 2 + 0.5) / mpmath.gamma(mpmath.mpf(nu) / 2) if nu < 1e9 else None
    factor = float(2 / mpmath.sqrt(mpmath.pi) * (mpmath.sqrt(mpmath.mpf(nu) / 2) if exact is None else exact))
    assert so.StudentT(nu).factor == pytest.approx(factor, rel=1e-15)  # type: ignore[attr-defined]


def test_an_extrapolated_variance_below_zero_has_no_root() -> None:
    """Two step sizes weighted 2 and -1 may leave less than nothing of a variance of four paths."""
    e = so.integrate(OU, [1.0], horizon=1.0, steps=2, paths=4, extrapolate=True, rng=0)
    assert "?" in str(replace(e, cov=-np.abs(e.cov) - 1.0))


def test_of_many_names_the_closest_are_given() -> None:
    """All methods, or all columns of a report in many dimensions, would be no sentence."""
    names = [f"mean x{i}" for i in range(1000)]
    with pytest.raises(ValueError) as error:
        checks.choice("quantity", "mean x1000", names)
    begin = "unknown quantity 'mean x1000'; did you mean 'mean x100'? (known: 1000, the closest mean x100, "
    assert str(error.value).startswith(begin) and len(str(error.value)) < 200
