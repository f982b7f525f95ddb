"""A run's length is bounded as its memory is: what nobody would live to see is refused at once, with its time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

import sdeopt as so
from sdeopt.engine import duration

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
EQUATION = so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1)
SGD = so.SGD(lr=0.1)
YEARS = r"the run would take at least (\S+|over 1e308) years \("

LONG: dict[str, Callable[[], Any]] = {
    "substeps": lambda: so.simulate(SGD, PROBLEM, "sde", steps=1, substeps=2**62),
    "horizon": lambda: so.simulate(SGD, PROBLEM, horizon=1e300),
    "horizon over lr": lambda: so.simulate(so.SGD(lr=1e-300), PROBLEM, horizon=1e300),
    "dt": lambda: so.simulate(SGD, PROBLEM, "sde", steps=1, dt=1e-300),
    "steps": lambda: so.simulate(SGD, PROBLEM, steps=10**400),
    "paths": lambda: so.simulate(SGD, PROBLEM, steps=10**6, paths=10**12),
    "many paths": lambda: so.simulate(SGD, PROBLEM, steps=1, paths=10**400),
    "compare": lambda: so.compare(SGD, PROBLEM, horizon=1e300),
    "compare dt": lambda: so.compare(SGD, PROBLEM, steps=1, dt=1e-300),
    "certify": lambda: so.certify(SGD, PROBLEM, horizon=1e300),
    "certify lr": lambda: so.certify(so.SGD(lr=1e-300), PROBLEM, horizon=1e300),
    "integrate": lambda: so.integrate(EQUATION, [1.0], horizon=1e300, dt=1.0),
    "integrate dt": lambda: so.integrate(EQUATION, [1.0], horizon=1e300, dt=1e-300),
    "integrate steps": lambda: so.integrate(EQUATION, [1.0], horizon=1.0, steps=2**62),
    "integrate paths": lambda: so.integrate(EQUATION, [1.0], horizon=1.0, steps=10**6, paths=10**12),
    "sweep": lambda: so.sweep(SGD, PROBLEM, {}, horizon=1e300),
}


@pytest.mark.parametrize("kind", LONG)
def test_what_would_take_years_is_refused_at_once(kind: str) -> None:
    began = time.monotonic()
    with pytest.raises(ValueError, match=YEARS):
        LONG[kind]()
    assert time.monotonic() - began < 5.0


def test_many_paths_of_integrate_are_refused_for_their_memory() -> None:
    with pytest.raises(ValueError, match=r"the run would take about \d+ GiB of memory"):
        so.integrate(EQUATION, [1.0], horizon=1.0, steps=10, paths=10**12)


def test_the_time_is_that_of_its_path_steps() -> None:
    """2 ns for each of 2⁶² steps are 292 years; two threads take half as long for many paths."""
    years = duration.COST * 2.0**62 / (365.25 * 86400.0)
    assert round(years) == 292
    for paths, workers in ((1, 1), (1000, 1), (1000, 4)):
        with pytest.raises(ValueError, match=YEARS) as said:
            duration.check(2.0**62, paths, workers)
        found = float(re.findall(r"least (\S+) years", str(said.value))[0])
        assert found == pytest.approx(years * paths / workers, rel=0.01)
    duration.check(0.99 * duration.YEAR / duration.COST)
    with pytest.raises(ValueError, match=YEARS):
        duration.check(1.01 * duration.YEAR / duration.COST)


def test_the_cost_is_a_floor() -> None:
    """The cheapest run there is takes longer, CPU time of two threads."""
    so.simulate(SGD, PROBLEM, steps=10, paths=256, rng=0, observables=[])
    began = time.process_time()
    so.simulate(SGD, PROBLEM, steps=4000, paths=2048, rng=0, observables=[], save_at=1)
    assert time.process_time() - began > duration.COST * 4000 * 2048
