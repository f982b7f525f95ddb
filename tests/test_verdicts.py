"""The verdict of a comparison: whole intervals against margins, and the paths that would decide."""

from __future__ import annotations

import numpy as np
import pytest
from tilted import ALMOST_NEVER

from sdeopt.comparison import verdict


def decide(gap: list[float], stderr: list[float], q: float = 4.0) -> verdict.Decision:
    return verdict.judge(np.array(gap), np.array(stderr), np.ones(len(gap)), q, 1000.0)


def test_verdicts_are_statements_about_whole_intervals() -> None:
    assert decide([0.5, -0.9], [0.1, 0.02]).verdict == "agree"
    assert decide([0.5, -1.5], [0.1, 0.1]).verdict == "differ"
    assert decide([0.5, 0.7], [0.1, 0.1]).verdict == "inconclusive"
    assert decide([1.0], [0.0]).verdict == "agree"
    assert decide([np.nan, 0.0], [np.nan, 0.0]).verdict == "agree"
    assert decide([np.nan], [np.nan]) == verdict.Decision("inconclusive", np.inf)


def test_needed_paths_shrink_the_interval_to_the_margin() -> None:
    inside = decide([0.5, 0.6], [0.2, 0.2])
    assert inside.needs == pytest.approx(1000 * (4 * 0.2 / 0.4) ** 2)
    outside = decide([1.2, 0.0], [0.1, 0.5])
    assert outside.needs == pytest.approx(1000 * (4 * 0.1 / 0.2) ** 2)


def test_a_gap_at_the_margin_is_called_different_at_the_stated_rate() -> None:
    # the worst case of a true gap within the margin, 50 paths, 20 000 repetitions: rate 0.005 ± 0.0005
    q = verdict.quantile(np.array([50.0]), 0.01)
    random = np.random.default_rng(0)
    sample = 1.0 + random.standard_normal((20_000, 50))
    gap, stderr = sample.mean(axis=1), sample.std(axis=1, ddof=1) / np.sqrt(50)
    called = [
        verdict.judge(g, s, np.ones(1), q, 50.0).verdict for g, s in zip(gap[:, None], stderr[:, None], strict=True)
    ]
    assert abs(called.count("differ") / 20_000 - 0.005) < ALMOST_NEVER * 0.0005


def test_scales_of_means_and_covariances() -> None:
    kinds = ("mean", "observable", "variance", "trace", "diverged")
    discrete = np.array([[1.0, 3.0, 0.0, 0.0, 0.0], [0.2, 1.0, 0.04, 0.04, 0.0], [0.1, 1.5, 0.01, 0.01, 0.5]])
    sd = np.array([[0.0, 0.0, 0.0], [1.5, 0.2, 0.0], [0.1, 5.0, 0.0]])
    sd = np.hstack([sd[:, :2], np.full((3, 3), np.nan)])
    expected = [[0.9, 2.0, 0.04, 0.04, 1.0], [1.5, 2.0, 0.04, 0.04, 1.0], [0.9, 5.0, 0.01, 0.01, 1.0]]
    np.testing.assert_allclose(verdict.margins(discrete, sd, kinds, 0.1), 0.1 * np.array(expected), rtol=1e-9)


def test_a_constant_may_be_off_by_round_off() -> None:
    kinds = ("mean", "variance", "trace", "diverged")
    margin = verdict.margins(np.array([[3.0, 0.0, 0.0, 0.0]]), np.array([[0.0, np.nan, np.nan, np.nan]]), kinds, 0.1)
    assert 1e-14 < margin[0, 0] < 1e-12 and 0.0 < margin[0, 1] < 1e-24
