"""One seed gives one result: functions that draw at random, or answer twice differently, are refused."""

from __future__ import annotations

import functools
import itertools
import random
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numpy.random import normal, standard_normal

import sdeopt as so
from sdeopt.core import Positive, grad, method
from sdeopt.core.chance import refuse_random, steady

GENERATOR = np.random.default_rng(0)
TABLE = GENERATOR.standard_normal(2)  # drawn once: an array like any other


def by_module(t: Any, x: Any) -> Any:
    return -x + np.random.normal(size=1)


def by_generator(t: Any, x: Any) -> Any:
    return -x + GENERATOR.normal()


def by_name(t: Any, x: Any) -> Any:
    return -x * normal()


def by_standard_library(t: Any, x: Any) -> Any:
    return -x * random.random()


def by_import(t: Any, x: Any) -> Any:
    import random as chance

    return -x * chance.gauss(0.0, 1.0)


def by_helper(t: Any, x: Any) -> Any:
    return by_module(t, x)


def by_default(t: Any, x: Any, draw: Any = standard_normal) -> Any:
    return -x * draw()


def inside(t: Any, x: Any) -> Any:
    return (lambda: -x * np.random.random())()


@numba.njit
def compiled(t: Any, x: Any) -> Any:
    return -x * np.random.random()


class Holder:
    """An object that a function asks for a number."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.table = self.rng.standard_normal(2)

    def draw(self) -> Any:
        return self.rng.standard_normal()

    def fixed(self, t: Any, x: Any) -> Any:
        return -x * self.table[0]


HOLDER = Holder()


def by_holder(t: Any, x: Any) -> Any:
    return -x * HOLDER.draw()


class Instance:
    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, t: Any, x: Any) -> Any:
        return -x * self.rng.random()

    def drift(self, t: Any, x: Any) -> Any:
        return self(t, x)


RANDOM = [
    by_module, by_generator, by_name, by_standard_library, by_import, by_helper, by_default, by_holder, inside,
    compiled, Instance(), Instance().drift, functools.partial(by_module), functools.partial(Instance()),
]  # fmt: skip


@pytest.mark.parametrize("f", RANDOM, ids=lambda f: getattr(f, "__name__", repr(type(f).__name__)))
def test_functions_that_draw_are_refused(f: Any) -> None:
    with pytest.raises(ValueError, match="f draws at random, by .*, so that one seed would give several results"):
        refuse_random("f", f)


def plain(t: Any, x: Any) -> Any:
    return -x * np.linalg.norm(TABLE) * np.sqrt(np.float64(2.0))


@pytest.mark.parametrize(
    "f", [plain, np.sin, abs, functools.partial(plain, 0.0), numba.njit(plain), HOLDER.fixed, len, None]
)
def test_functions_that_do_not_are_taken(f: Any) -> None:
    refuse_random("f", f)


def test_a_function_that_keeps_state_is_found_by_calling_it_twice() -> None:
    count = itertools.count()
    with pytest.raises(ValueError, match="drift gives another answer when it is called twice"):
        steady("drift", lambda t, x: x + next(count), 0.0, np.ones(2))
    assert np.isnan(steady("drift", lambda t, x: x * np.nan, 0.0, np.ones(2))).all()


def test_it_is_refused_wherever_a_function_is_given() -> None:
    def page() -> Any:
        @method(order=1)
        class Random(NamedTuple):
            lr: Positive

            def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
                return x - self.lr * grad(o, x) * np.random.random()

        return Random

    bowl = so.Problem(so.Quadratic([1.0, 2.0]))
    states = itertools.count()
    places: dict[str, Any] = {
        "drift draws": lambda: so.SDE(by_module, lambda t, x: 1.0, dim=1),
        "diffusion draws": lambda: so.SDE(lambda t, x: -x, by_module, dim=1),
        "drift gives another": lambda: so.integrate(
            so.SDE(lambda t, x: x + next(states), lambda t, x: 1.0, dim=1), [1.0], horizon=1.0, dt=0.1, paths=2
        ),
        "diffusion gives another": lambda: so.integrate(
            so.SDE(lambda t, x: -x, lambda t, x: x + next(states), dim=1), [1.0], horizon=1.0, dt=0.1, paths=2
        ),
        "grad draws": lambda: so.Objective(grad=lambda x: x + GENERATOR.normal(), dim=2),
        "grad gives another": lambda: so.Objective(grad=lambda x: x + next(states), dim=2),
        "vjp draws": lambda: so.Game(grad=lambda z: z, vjp=lambda z, v: v * normal(), minimisers=1, dim=2),
        "scale draws": lambda: so.Problem(so.Quadratic([1.0]), so.Gaussian(lambda x: 1.0 + np.random.random())),
        "shape draws": lambda: so.Schedule(0.1, lambda t: 1.0 + 0.0 * np.random.random()),
        r"observables\['a'\] draws": lambda: so.simulate(
            so.SGD(0.1), bowl, steps=2, observables={"a": lambda x: normal()}
        ),
        "Random.step draws": page,
    }
    for reason, make in places.items():
        with pytest.raises(ValueError, match=reason):
            make()
