"""What does not run on SIMD lanes runs on vectors, with the same result, and says so in one line."""

import warnings

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core import where
from sdeopt.engine import fallback
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan


def by_if(x):
    if x[0] * x[0] < 1.0:
        return 1.0 * x
    return 0.25 * x


def by_where(x):
    return where(x[0] < 1.0, where(x[0] > -1.0, 1.0 * x, 0.25 * x), 0.25 * x)


def is_up(x):
    if x[0] > 0.0:
        return 1.0
    return 0.0


def scaled(x, z):
    return 0.5 * z


def by_dot(x):
    return np.dot(np.eye(1), x)


def line_of(f):
    """The first line of the body."""
    return f.__code__.co_firstlineno + 1


def said(grad, *kinds):
    """The mode of each kind of run, and what is warned of."""
    fallback._say_once.cache_clear()
    objective = so.Objective(grad=grad, dim=1)
    problem = so.Problem(objective, so.Gaussian(0.5), x0=[2.0])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        made = [Kernel(plan(so.SGD(0.1), problem, kind, steps=20, rng=0, observables=[])) for kind in kinds]
    assert {w.category for w in told} <= {so.OnePathWarning}
    return [kernel.mode for kernel in made], [str(w.message) for w in told], [kernel(0, 40) for kernel in made]


def test_an_if_is_explained_once():
    modes, lines, results = said(by_if, "discrete", "discrete")
    assert modes == ["vectors"] * 2
    assert lines == [
        f"Objective (test_fallback.py, line {line_of(by_if)}: if x[0] * x[0] < 1.0:) decides by a value of a path, "
        "with if, while, and, or, or not, so it runs one path at a time on vectors, some times slower than on SIMD "
        "lanes; write sdeopt.core.where(condition, a, b), one in the other for several conditions"
    ]
    modes, lines, remedied = said(by_where, "discrete")
    assert (modes, lines) == (["lanes"], [])
    assert remedied[0].tobytes() == results[0].tobytes()


def test_it_says_whose_function_it_is():
    problem = so.Problem(so.Quadratic([1.0]), so.Noise(scaled, draws="normal"))
    run = plan(so.SGD(0.1), problem, steps=2, rng=0, observables={"up": is_up})
    owners = {is_up: "observables['up']", scaled: "Noise", so.SGD.step: "SGD", by_dot: "Quadratic"}
    lines = {f: max(at for *_, at in f.__code__.co_lines() if at) for f in owners}
    assert {f: fallback._subject(run, f"at {f.__code__.co_filename} ({at})") for f, at in lines.items()} == owners


@pytest.mark.slow
def test_other_reasons_are_named():
    modes, lines, _ = said(by_dot, "discrete")
    assert modes == ["vectors"]
    assert len(lines) == 1
    place = f"Objective (test_fallback.py, line {line_of(by_dot)}: return np.dot(np.eye(1), x))"
    assert lines[0].startswith(f"{place} does what lanes do not know, dot(array")


@pytest.mark.parametrize(("mode", "who"), [("lanes", "lanes do not"), ("vectors", "Numba does not")])
def test_an_error_without_a_place_is_one_line_too(mode, who):
    line = fallback.explain("Quadratic", mode, ValueError("broken"))
    assert line.startswith(f"Quadratic does what {who} know, so it runs ")
    assert "\n" not in line
