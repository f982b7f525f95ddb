"""Distances between the laws of the two columns, and the floors that equal laws reach."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sdeopt.comparison import laws


def test_distances_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((300, 2)).round(1)  # with ties
    y = (x + 0.3 * random.standard_normal((300, 2)) + [0.2, 0.0]).round(1)
    found = laws.distances(x, y, np.random.default_rng(1))
    assert found is not None
    for i in range(2):
        assert found.w1[i] == pytest.approx(stats.wasserstein_distance(x[:, i], y[:, i]), rel=1e-12)
        assert found.ks[i] == pytest.approx(stats.ks_2samp(x[:, i], y[:, i]).statistic, abs=1e-12)
    single = laws.distances(x[:, :1], y[:, :1], np.random.default_rng(1))
    assert single is not None
    assert single.energy == pytest.approx(stats.energy_distance(x[:, 0], y[:, 0]) ** 2, rel=1e-9)


def test_floors_are_reached_by_equal_laws_one_time_in_twenty() -> None:
    # exchangeable pairs: 200 comparisons, each above its floor with probability 5 %; binomial bounds at 1e-7
    random = np.random.default_rng(0)
    above = np.zeros(3)
    for _ in range(200):
        common = random.standard_normal((60, 1))
        x, y = (common + 0.3 * random.standard_normal((60, 1)) for _ in range(2))
        found = laws.distances(x, y, random)
        assert found is not None
        above += found.w1[0] > found.w1_floor[0], found.ks[0] > found.ks_floor[0], found.energy > found.energy_floor
    assert (above <= stats.binom.isf(1e-7, 200, 0.06)).all()
    assert above[[0, 2]].min() > 0  # KS takes few values and is often at its floor


def test_a_shift_is_far_above_the_floor() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((200, 1))
    found = laws.distances(x, x + 0.5, random)
    assert found is not None
    assert found.w1[0] == pytest.approx(0.5) and found.w1[0] > 2.0 * found.w1_floor[0]
    assert found.energy > 2.0 * found.energy_floor
