"""What diverges or was cut is said by a warning, once, at the line that asked for the run."""

from __future__ import annotations

import signal
import warnings
from typing import Any

import pytest
from command import run

import sdeopt as so

BOWL = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
WELL = so.Problem(so.DoubleWell(dim=1), so.Gaussian(6.0), x0=[0.5])
LEFT = "paths diverged (some |x_i| above 1e50, or NaN): means are of those that are left"


def told(call: Any) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        call()
    return found


def test_simulate_says_how_many_paths_diverged() -> None:
    (found,) = told(lambda: so.simulate(so.SGD(lr=3.0), BOWL, steps=400, paths=4, rng=0))
    assert (found.category, str(found.message), found.filename) == (so.DivergedWarning, f"4 of 4 {LEFT}", __file__)


@pytest.mark.usefixtures("interpreted")
def test_integrate_says_it_too() -> None:
    cubic = so.SDE(lambda t, x: x * x * x, lambda t, x: 0.0 * x, dim=1)
    (found,) = told(lambda: so.integrate(cubic, [3.0], horizon=4.0, dt=0.5, paths=2, scheme="euler", rng=0))
    assert (found.category, str(found.message)) == (so.DivergedWarning, f"2 of 2 {LEFT}")


def test_compare_says_it_of_both_columns() -> None:
    (found,) = told(lambda: so.compare(so.SGD(lr=0.11), WELL, steps=60, paths=200, substeps=2, rng=0))
    discrete, sde = [int(word) for word in str(found.message).split() if word.isdigit()][:2]
    assert str(found.message) == f"{discrete} discrete and {sde} SDE of 200 {LEFT}" and discrete > 0


def test_a_sweep_says_it_in_its_table_only() -> None:
    assert told(lambda: so.sweep(so.SGD(lr=0.1), WELL, {"lr": [0.11]}, steps=60, paths=50, rng=0)) == []
    assert told(lambda: so.sweep(so.SGD(lr=0.1), WELL, {"lr": [0.11]}, steps=60, paths=50, measures=["error"])) == []


def test_what_ends_well_says_nothing() -> None:
    assert told(lambda: so.simulate(so.SGD(lr=0.1), BOWL, steps=4, paths=4, rng=0)) == []


def test_ctrl_c_says_that_the_result_is_partial() -> None:
    def interrupt(done: int, total: int) -> None:
        if done >= 512:
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        found = told(lambda: so.simulate(so.SGD(lr=0.1), BOWL, steps=4, paths=256 * 40, rng=0, progress=interrupt))
    finally:
        signal.signal(signal.SIGINT, before)
    said = [(one.category, str(one.message)) for one in found]
    assert said == [(so.PartialWarning, "interrupted: the result is of what was finished")]


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_the_command_line_says_it_in_one_line(quiet: list[str]) -> None:
    result = run("simulate", "sgd", "--lr", "3", "--steps", "400", "--paths", "4", *quiet)
    assert (result.exit_code, result.stderr) == (0, f"sdeopt: 4 of 4 {LEFT}\n")
