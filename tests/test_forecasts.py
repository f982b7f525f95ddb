"""How many paths would decide, of what a pilot has seen: noise is not taken for a gap, nor hope for a verdict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sdeopt.comparison import forecast as forecasting
from sdeopt.engine import memory
from sdeopt.results.bounds import Sizes, bounds, decide, forecast


def _sizes(size: Any) -> Sizes:
    ones = np.ones_like(size)
    return Sizes(size, ones, 1e4 * ones, 0.0 * ones, 0.0 * ones, 0.0 * ones, ones)


def test_noise_of_the_pilot_is_not_forecast_as_a_gap() -> None:
    """In units of a standard error: 40 saves without a gap, with gaps of 5, and with one of 6 at one save alone."""
    noise = np.random.default_rng(0).standard_normal((40, 3))
    gaps = np.stack([np.zeros(40), np.full(40, 5.0), np.where(np.arange(40) == 7, 6.0, 0.0)], axis=1)
    seen = np.abs(gaps + noise)
    shrunk, stderr = forecasting.likely(_sizes(seen))
    nothing, everywhere, once = (seen - shrunk.size).T
    assert seen[:, 0].max() > 2.0 > shrunk.size[:, 0].max()
    assert (0.0 <= nothing).all() and nothing.max() == pytest.approx(forecasting.SHRUNK)
    assert everywhere.max() < 0.3
    assert once[7] == pytest.approx(forecasting.SHRUNK)
    assert stderr[:, 0].max() < 0.7 < 0.95 < stderr[:, 1].min()


def test_what_is_not_known_or_has_no_noise_is_forecast_as_it_is_seen() -> None:
    seen = np.array([[np.nan, np.inf, 2.0], [np.nan, 3.0, 0.0]])
    quiet = _sizes(seen)._replace(stderr=np.array([[np.nan, 1.0, 0.0], [np.nan, 1.0, 0.0]]))
    shrunk, stderr = forecasting.likely(quiet)
    np.testing.assert_array_equal(shrunk.size, seen)
    np.testing.assert_array_equal(stderr, quiet.stderr)


def test_a_forecast_decides() -> None:
    """Gaps of 3 % at all of 40 saves, known to 2 % by a pilot: nearly all of 300 blocks of the size it asks for agree,
    of which one with the probability 0.9 leaves less than 240 with 1e-7. To take the gaps as they are seen asks for
    ten times as many paths, or finds that no number decides."""
    random, agreed, spared = np.random.default_rng(1), 0, []
    for _ in range(300):
        seen = np.abs(0.03 + 0.02 * random.standard_normal((40, 1)))
        pilot = _sizes(seen)._replace(stderr=np.full((40, 1), 0.02), widest=np.full((40, 1), 0.02))
        factor = forecasting.asked(pilot, np.full(40, 1e4), 0.1, 0.05)
        spared.append(factor / forecast(pilot._replace(left=pilot.stderr), np.full(40, 1e4), 0.1, 0.05))
        stderr = 0.02 / math.sqrt(factor)
        agreed += bool((np.abs(0.03 + stderr * random.standard_normal(40)) + 1.645 * stderr <= 0.1).all())
    assert agreed >= 240
    assert np.median(spared) < 0.1


def test_a_step_size_that_decides_alone_asks_for_no_paths() -> None:
    sizes = _sizes(np.full((4, 1), 0.02))._replace(
        stderr=np.full((4, 1), 0.01), widest=np.full((4, 1), 0.01), left=np.full((4, 1), 0.2)
    )
    counts = np.full(4, 1e4)
    without = forecasting.asked(sizes._replace(left=0.0 * sizes.left), counts, 0.1, 0.05)
    assert forecasting.asked(sizes, counts, 0.1, 0.05) == without < 10.0
    assert forecasting.asked(sizes, 0.0 * counts, 0.1, 0.05) == 1.0


def test_single_paths_that_dominate_what_may_decide_are_known() -> None:
    """Of two quantities, 8 and 2 % off at most, on 2048 paths; one of those may have 13 % of an error (`allowance`)."""
    ones = np.ones((1, 2))
    for share, times in (([0.12, 0.12], 1.0), ([0.14, 0.0], 4.0), ([0.0, 0.9], 1.0)):
        sizes = Sizes(
            np.array([[0.08, 0.02]]), 0.0 * ones, 9.0 * ones, 0.0 * ones, 0.0 * ones, np.array([share]), 0.0 * ones
        )
        assert forecasting.doubt(sizes, np.array([2048.0]), 0.05) == times


def test_where_the_step_size_leaves_too_much_no_number_of_paths_is_named() -> None:
    """6 % off, known to 5: no number of paths takes away the 9 that the step size leaves; without it some decide."""
    for left, why, more in ((0.09, "step size", math.inf), (0.0, "paths", 16.0)):
        sizes = _sizes(np.array([[0.06]]))._replace(
            stderr=np.array([[0.05]]), widest=np.array([[0.05]]), left=np.array([[left]])
        )
        found = decide(sizes, bounds(sizes, 0.05), np.array([1e4]), 0.1, 0.05)
        assert (found.verdict, found.why) == ("open", why)
        assert found.more == pytest.approx(more, rel=0.5)


def test_a_budget_of_time_fills_half_of_what_a_run_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "bytes_installed", lambda: 64_000.0)
    assert memory.most_paths(32) == 500
