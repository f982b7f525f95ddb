"""What lanes do not know runs on vectors, and what those do not know is interpreted: the same numbers, and a word."""

from __future__ import annotations

import functools
import warnings
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest

import sdeopt as so
from sdeopt import core
from sdeopt.core import matvec
from sdeopt.engine import fallback
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

WHOLE = np.array([[2, 1], [1, 3]])
SINGLE, DOUBLE = WHOLE.astype(np.float32), WHOLE.astype(float)
BYTE, FLOAT32, FLOAT16 = np.uint8(200), np.float32(0.1), np.float16(0.1)
TABLE = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
TEN = 10


def power_of_a_count(x):
    s = 0.0
    for i in range(4):
        s = s + 2.0**-i * i**3
    return s * x


def square_of_a_count(x):
    s = 0
    for i in range(4):
        s = s + i * i + i**2
    return s * x


@numba.njit
def jitted(x):
    return 2.0 * x


class Doubled:
    def __call__(self, x):
        return 2.0 * x

    def method(self, x):
        return 2.0 * x


def scaled(k, x):
    return k * x


DOUBLED = Doubled()
COMPILED: dict[str, Any] = {
    "numbers of NumPy": lambda x: FLOAT32 * x + 0.01 * BYTE * x,
    "an own function of Numba": lambda x: jitted(x) + x,
    "a function of Numba itself": jitted,
    "attributes of a package and of a module": lambda x: x * so.core.total(x * x) + x * core.total(x * x),
    "powers and products beyond 64 bits": lambda x: (
        1e-20 * TEN**20 * x + 1e-20 * 10**20 * x + 1e-20 * (10000000000 * (TEN * TEN) * 100000000) * x + TEN**-2 * x
    ),
    "a square at run time": square_of_a_count,
    "matrices of whole numbers and of single precision": lambda x: matvec(WHOLE, x) + matvec(SINGLE, x),
    "np.argmax": lambda x: x * (1.0 + np.argmax(x)),
}
INTERPRETED: dict[str, Any] = {
    "an instance": (Doubled(), "Doubled object at .* is no plain function; write a def around it"),
    "a bound method": (DOUBLED.method, "bound method .* is no plain function"),
    "a partial": (functools.partial(scaled, 2.0), "partial.* is no plain function"),
    "a ufunc": (np.sin, "ufunc 'sin'> is no plain function"),
    "an instance inside": (lambda x: DOUBLED(x), "Doubled object at .* has no value that a key could hold"),
    "a power at run time": (power_of_a_count, r"line \d+: .*float\(n\) \*\* k, so it runs interpreted"),
    "a negative power at run time": (lambda x: len(x) ** -1 * x, r"float\(n\) \*\* k, so it runs interpreted"),
    "narrow numbers alone": (lambda x: 0.01 * (BYTE - 7) * x, r"write float\(a\) or int\(a\), so it runs"),
    "a float32 number times a whole one": (lambda x: FLOAT32 * 3 * x, r"write float\(a\) or int\(a\), so it runs"),
    "a float16 number": (lambda x: FLOAT16 * x, "what Numba does not know.*to have it compiled"),
}


def kernels(grad: Any, **options: Any) -> tuple[Kernel, Kernel]:
    """The kernel of a run with this gradient, and the interpreted one."""
    problem = so.Problem(so.Objective(grad=grad, dim=2), so.Gaussian(0.5), x0=[1.0, 0.5])
    run = plan(so.SGD(0.1), problem, steps=3, rng=0, observables={"up": lambda x: x[0] > 0.9}, **options)
    return Kernel(run), Kernel(replace(run, interpreted=True))


@pytest.mark.parametrize("what", COMPILED)
def test_what_compiles_has_the_bits_of_plain_python(what: str) -> None:
    """With an observable that is a truth value."""
    made, plain = kernels(COMPILED[what])
    assert made.mode in ("lanes", "vectors")
    assert np.array_equal(made(0, 9), plain(0, 9))


RARE = ("a negative power at run time", "a float32 number times a whole one", "a float16 number")


@pytest.mark.parametrize("what", [pytest.param(w, marks=pytest.mark.slow if w in RARE else ()) for w in INTERPRETED])
def test_what_does_not_is_interpreted_and_says_so_once(what: str) -> None:
    grad, words = INTERPRETED[what]
    fallback._say_once.cache_clear()
    with pytest.warns(so.InterpretedWarning, match=words) as said:
        made, plain = kernels(grad)
    assert [w.filename for w in said] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernels(grad)
    assert made.mode == "interpreted"
    assert np.array_equal(made(0, 9), plain(0, 9))


def test_the_probability_of_a_truth_value() -> None:
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])
    e = so.simulate(so.SGD(0.5), problem, steps=1, paths=4000, rng=0, observables={"up": lambda x: x[0] > 0.25})
    assert abs(e.observables["up"][0][-1] - 0.3085) < 0.04  # P(N(0, 1/4) > 1/4) = Φ(-1/2), five standard errors


def constant_in_time(t, x):
    return TABLE[int(t / 0.125)] + 0.0 * x


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [True, False])
def test_a_table_has_an_end(lanes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five entries of 1/8 of time each; on vectors, where what lanes know is not known, as well."""
    if not lanes:
        monkeypatch.setattr("sdeopt.engine.kernels.lane_width", lambda run: 0)
    sde = so.SDE(constant_in_time, lambda t, x: 0.0, dim=1)
    within = so.integrate(sde, [0.0], horizon=0.625, dt=0.125, paths=3, rng=0)
    assert within.final[:, 0].tolist() == [15.0 / 8.0] * 3
    with pytest.raises(IndexError, match="out of bounds"):
        so.integrate(sde, [0.0], horizon=0.75, dt=0.125, paths=3, rng=0)
    if lanes:  # each takes seconds to compile
        with pytest.raises(IndexError, match="out of bounds"):  # it looks at the end of the last step
            so.integrate(sde, [0.0], horizon=0.625, dt=0.125, paths=3, scheme="weak2", rng=0)


def from_the_end(t, x):
    return TABLE[-1 - int(t / 0.5)] * x


def test_an_index_may_count_from_the_end() -> None:
    e = so.integrate(so.SDE(from_the_end, lambda t, x: 0.0, dim=1), [1.0], horizon=1.0, steps=2, paths=1, rng=0)
    assert float(e.final[0, 0]) == (1.0 + 5.0 / 2.0) * (1.0 + 4.0 / 2.0)


def test_without_numba_a_run_is_interpreted(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
kernel = Kernel(plan(so.SGD(0.1), problem, steps=3, rng=0))
"""
    compiled: dict[str, Any] = {}
    exec(script, compiled)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    mode, numbers = fresh(script + "print(kernel.mode, kernel(0, 3).tobytes().hex())").split()
    assert (compiled["kernel"].mode, mode) == ("lanes", "interpreted")
    assert compiled["kernel"](0, 3).tobytes().hex() == numbers
