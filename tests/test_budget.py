"""A comparison within a budget: a pilot on paths of its own chooses, one fresh block is judged and can be repeated."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tilted import TILTED, black_box

import sdeopt as so
from sdeopt.comparison import budget
from sdeopt.comparison import forecast as forecasting
from sdeopt.core import matvec, where
from sdeopt.engine import work
from sdeopt.engine.simulate import plan
from sdeopt.engine.tally import Tally, noting, tallied
from sdeopt.results import paired, quantities
from sdeopt.results.columns import labels

GRID: dict[str, Any] = {"steps": 20, "rng": 0, "save_at": 5, "progress": False}


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """A fortieth of the budget: what chooses is the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budget, "WORK", 1.0)
        yield


@pytest.fixture(scope="module")
def chosen() -> Any:
    return so.compare(so.SGD(lr=0.05), TILTED, **GRID)


def test_the_block_is_that_of_explicit_words(chosen: Any) -> None:
    meta = chosen.meta
    again = so.compare(so.SGD(lr=0.05), TILTED, paths=meta["paths"], substeps=meta["substeps"], **GRID)
    for name in ("discrete", "sde", "gap", "gap_stderr", "flow"):
        np.testing.assert_array_equal(getattr(again, name), getattr(chosen, name))
    assert again.meta["pilot"] == 0
    assert f"paths={meta['paths']}, substeps={meta['substeps']}, rng=0 (chosen by" in " ".join(str(chosen).split())


def test_threads_do_not_choose(chosen: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert so.compare(so.SGD(lr=0.05), TILTED, executor=pool, **GRID).to_json() == chosen.to_json()


def test_a_smooth_sde_needs_two_substeps_and_a_fixed_number_stays(chosen: Any) -> None:
    assert chosen.meta["substeps"] == 2
    assert so.compare(so.SGD(lr=0.05), TILTED, substeps=4, **GRID).meta["substeps"] == 4


def test_the_paths_of_the_pilot_are_not_those_of_the_block(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were they numbered from 0, the changes would be those of the first paths of the block."""
    monkeypatch.setattr(budget, "APART", 0)
    pooled = so.compare(so.SGD(lr=0.05), TILTED, **GRID)
    assert (pooled.change != chosen.change).any()


def test_a_pilot_of_few_paths_is_believed_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard errors of fewer than 256 paths are themselves uncertain: four times the forecast is run."""
    counts, page = [], so.SGD(lr=0.05)
    monkeypatch.setattr(budget, "PILOT", (255, 255))
    monkeypatch.setattr(budget, "LARGE", math.inf)
    for few in (256, 255):
        monkeypatch.setattr(forecasting, "FEW", few)
        monkeypatch.setattr(budget, "_whole", round)
        counts.append(so.compare(page, TILTED, substeps=4, **GRID).meta["paths"])
    assert counts[0] == pytest.approx(4.0 * counts[1], rel=1e-2)


def test_a_pilot_is_doubled_while_the_block_would_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the block is more than four times the pilot, and up to a fifth of the budget."""
    page, found = so.SGD(lr=0.05), {}
    monkeypatch.setattr(budget, "PILOT", (256, 256))
    monkeypatch.setattr(budget, "WORK", 18.0)
    for large, most in ((math.inf, 0.2), (4.0, 0.2), (4.0, 1e-4)):
        monkeypatch.setattr(budget, "LARGE", large)
        monkeypatch.setattr(budget, "DOUBLED", most)
        found[large, most] = so.compare(page, TILTED, **GRID).meta
    alone, doubled, poor = found.values()
    assert (alone["pilot"], poor["pilot"]) == (256, 256)
    assert poor["paths"] == alone["paths"] > 4 * 256
    assert doubled["pilot"] in (512, 1024, 2048)
    assert doubled["paths"] <= 8 * doubled["pilot"]  # twice what is asked
    assert doubled["paths"] + doubled["pilot"] < alone["paths"]


def test_a_doubled_pilot_is_one_pilot() -> None:
    """Its paths go on where those of the first half end, and both halves are measured as one."""
    runs = budget.block.columns(plan(so.SGD(lr=0.05), TILTED, "sde", steps=20, rng=0, save_at=5, substeps=2))
    halves = [budget.pilot.both(runs, 128, False, first, None, False, None) for first in (7, 135)]
    whole, _ = budget.pilot.try_steps(runs, 256, False, 7, None, False, None)
    merged, one = paired.estimates(paired.merge(*halves), 2), paired.estimates(whole, 2)
    for name in ("paths", "first", "second", "gap"):
        np.testing.assert_allclose(getattr(merged, name), getattr(one, name), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(merged.gap_stderr, one.gap_stderr, rtol=0.1, atol=1e-12)  # about means of 128 paths


def test_a_doubled_pilot_may_ask_for_smaller_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Near the margin a first pilot finds that no number of paths decides at any step size, which tells none apart."""
    monkeypatch.setattr(budget, "WORK", 6.0)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    report = so.compare(so.SGD(0.08), problem, steps=30, rng=3, progress=False)
    assert report.verdict == "agree" and report.meta["substeps"] > 2


def test_where_nothing_can_be_judged_nothing_is_run_for() -> None:
    """A noise without a fourth moment, and an observable that is no number on any path."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.StudentT(2.5, 0.5), x0=[1.0, -1.0])
    with pytest.warns(so.DivergedWarning):
        nowhere = so.compare(so.SGD(0.05), TILTED, observables={"root": lambda x: np.sqrt(x[0] - 10.0)}, **GRID)
    for report in (so.compare(so.SGD(0.1), problem, **GRID), nowhere):
        assert report.verdict == "not judged" and report.meta["paths"] <= 2 * report.meta["pilot"]


def test_by_the_clock_a_checkpoint_holds_the_number_that_was_chosen(tmp_path: Path) -> None:
    """What is read from disk takes no time; and it is compiled before the clock starts."""
    call: dict[str, Any] = {"seconds": 0.3, "checkpoint": tmp_path, **GRID}
    first = so.compare(so.SGD(lr=0.05), TILTED, **call)
    assert so.compare(so.SGD(lr=0.05), TILTED, **call).to_json() == first.to_json()
    (tmp_path / "verdict.npz").unlink()
    assert so.compare(so.SGD(lr=0.05), TILTED, **call).to_json() == first.to_json()


def test_a_change_has_noise_in_common_with_the_gap_on_its_own_paths() -> None:
    """Three columns of one law, 31 coordinates. Beside the gap's own noise the change would often seem to be one."""
    random, d, seen = np.random.default_rng(0), 31, np.zeros((20, 2))
    kinds, names = labels(d, ())
    judged = quantities.choose_judged(kinds, names, False, "all", False)
    for row in seen:
        a, b, c = random.standard_normal((3, 160, 5, d))
        main, change = (paired.reduce(0, *two, d=d, keep=0, vectors=True) for two in ((a, b), (b, c)))
        both = paired.estimates(main, d)
        scales, halved = quantities.scales(both, kinds, np.arange(5.0)), paired.estimates(change, d)
        for i, fresh in enumerate((False, True)):
            refined = quantities.Change(halved, change.groups, 2.0, False, fresh)
            row[i] = quantities.apart(both, main.groups, scales, judged, 0, refined).left.max()
    assert (seen[:, 0] == 0.0).all()
    assert (seen[:, 1] > 0.01).sum() > 5


@pytest.mark.slow
def test_a_pilot_that_single_paths_dominate_asks_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adam from a cold start, whose early variances few paths make: on 2048, as was forecast, nothing was judged."""
    monkeypatch.setattr(budget, "WORK", 18.0)
    bowl = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    report = so.compare(so.Adam(**so.Adam.at), bowl, horizon=10.0, rng=0, progress=False)
    assert (report.verdict, report.meta["paths"]) == ("agree", 8 * report.meta["pilot"])  # twice that


@pytest.mark.slow
def test_a_smaller_budget_affords_fewer_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    page, counts = so.SignSGD(lr=0.3), []
    for seconds in (1e-3, 3.0):
        monkeypatch.setattr(budget, "WORK", seconds)
        counts.append(
            so.compare(page, black_box(), steps=2, save_at=1, rng=0, progress=False, substeps=2).meta["paths"]
        )
    assert budget.PILOT[0] <= counts[0] < counts[1]


def test_time_in_the_place_of_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which the pilot takes a second: so much for its path-steps, and three seconds for all."""
    clock = itertools.count()
    monkeypatch.setattr(budget.time, "perf_counter", lambda: float(next(clock)))
    report = so.compare(so.SGD(lr=0.05), TILTED, seconds=3.0, substeps=2, **GRID)
    pilot = report.meta["pilot"]
    assert report.meta["paths"] <= 2.0 * pilot * 7 / 3
    assert "and the clock" in str(report)


@pytest.mark.parametrize("given", [{"seconds": 0.0}, {"seconds": 1.0, "paths": 100}])
def test_budgets_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="seconds"):
        so.compare(so.SGD(lr=0.05), black_box(), steps=2, **given)


def test_a_pilot_of_hours_is_refused_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "costs", lambda runs, progress: [40.0] * len(runs))
    monkeypatch.setattr(budget.pilot, "try_steps", lambda *given: pytest.fail("it has begun"))
    with pytest.raises(ValueError, match="a pilot of 64 paths, the fewest, would take about 2.1 hours"):
        so.compare(so.SGD(lr=0.05), TILTED, **GRID)


def test_operations_are_counted() -> None:
    """Entries, multiplications of a product, the cube of a decomposition; numbers taken out of arrays count on."""
    tally = Tally()
    x = noting(np.ones(5), tally)
    y = x * 2.0 + x
    assert (tally.calls, tally.entries, tally.dear) == (2, 10, 0)
    np.sqrt(y) / y[0]
    assert (tally.calls, tally.entries, tally.dear) == (4, 20, 10)
    matvec(np.ones((3, 5)), x)
    assert (tally.calls, tally.entries) == (9, 35)
    np.ones((3, 5)) @ x
    assert tally.entries == 50
    np.linalg.inv(noting(np.eye(4), tally))
    assert tally.entries == 114
    where(x > 2.0, x[0] + x[1], x)
    assert tally.entries == 125
    sum_of_two = first = x[0]
    sum_of_two += x[1]
    assert (tally.entries, first, sum_of_two) == (126, 1.0, 2.0)


def test_what_is_made_entry_by_entry_is_counted() -> None:
    """In an array of its own, by a helper that calls itself: d squares, d - 1 sums and a vector of them twice."""

    def squares(x: Any) -> Any:
        out = np.zeros(x.size)
        for i in range(x.size):
            out[i] = x[i] * x[i]
        return out

    def summed(a: Any, n: int) -> Any:
        return a[0] if n == 1 else a[n - 1] + summed(a, n - 1)

    def page(x: Any) -> Any:
        a = squares(x)
        return a + a, summed(a, x.size)

    counted = tallied(page, np.ones(5))
    assert (counted.calls, counted.numbers, counted.entries) == (5 + 4 + 1, 5 + 4, 5 + 4 + 5)
    assert type(squares(np.ones(2))) is np.ndarray  # the functions themselves are left as they are


def test_functions_of_math_are_counted_as_numpys_are() -> None:
    """By attribute and by name, with a base too; each takes as long as 200 sums."""

    def page(x: Any) -> Any:
        return np.sin(x[0]) + math.sin(x[1]) + log(x[1], 2.0)

    counted = tallied(page, np.ones(2))
    assert (counted.calls, counted.entries) == (2 + 2 + 1 + 1, 2 + 3 * 200 + 1)


@pytest.mark.parametrize("d", [2, 20])
def test_what_a_path_step_costs(d: int) -> None:
    """x - η (H(x - c) + σz): six operations on d entries, and every fine normal of z."""
    run = plan(so.SGD(0.1), so.Problem(so.Quadratic(np.ones(d)), so.Gaussian(0.5)), steps=1, substeps=4)
    rates = work.RATES["lanes"]
    assert work.price(run).step == pytest.approx(4 * d * work.NORMAL + rates.step + 6 * d * rates.entry, rel=1e-12)


def test_what_runs_in_python_costs_more() -> None:
    def of(problem: Any) -> float:
        return work.cost(plan(so.SGD(0.1), problem, "sde", steps=1))

    assert of(black_box()) > 300 * of(TILTED)
