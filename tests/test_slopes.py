"""Slopes of gaps that are known: their intervals, and the verdicts that a certificate draws from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sdeopt.certificate import fit

STEPS = np.array([0.1, 0.05, 0.025, 0.0125])


def curve(gap: Any, relative: float = 0.003) -> fit.Curve:
    gap = np.asarray(gap, dtype=float)
    return fit.Curve(STEPS[-len(gap) :], gap, relative * np.abs(gap), np.full(len(gap), 10_000.0))


def verdict(c: fit.Curve, claimed: float = 1.0, kind: str = "mean", **more: Any) -> tuple[str, str]:
    settings = {"moved": fit.Slope(0.0, 0.0), "precision": 0.1, "lost": False} | more
    return fit.verdict_of(c, kind, claimed, **settings)


def test_the_slope_of_a_power_is_its_exponent() -> None:
    for p in (0.5, 1.0, 2.0):
        c = curve(-3.0 * STEPS**p)
        assert abs(fit.pair(c).value - p) < 1e-12
        assert abs(fit.fit_slope(c).value - p) < 1e-10


def test_the_half_width_is_that_of_the_delta_method() -> None:
    # two relative errors of 1 %: 1.96 √2 0.01 / ln 2
    assert fit.pair(curve(STEPS, 0.01)).half == pytest.approx(1.96 * np.sqrt(2.0) * 0.01 / np.log(2.0), rel=1e-3)


def test_the_fit_sees_through_the_bend() -> None:
    c = curve(STEPS * np.exp(-4.0 * STEPS))
    assert fit.pair(c).value < 0.96
    assert abs(fit.fit_slope(c).value - 1.0) < 1e-9


def test_intervals_of_slopes_cover() -> None:
    """1000 draws of noisy gaps; 95 % ± 5 standard deviations of a binomial. False alarm: 6e-7 for each of two."""
    rng, truth, hits = np.random.default_rng(0), 2.0 * STEPS**2, np.zeros(2)
    for _ in range(1000):
        c = curve(truth, 0.02)
        c = c._replace(gap=c.gap + c.stderr * rng.standard_normal(4))
        hits += [abs(s.value - 2.0) < s.half for s in (fit.pair(c), fit.fit_slope(c))]
    rate, slack = hits / 1000, 5.0 * np.sqrt(0.95 * 0.05 / 1000)
    assert abs(rate[0] - 0.95) < slack
    assert abs(rate[1] - 0.95) < slack


@pytest.mark.parametrize(
    ("gap", "claimed", "kind", "expected"),
    [
        (STEPS, 1.0, "mean", "certified"),
        (STEPS**2, 1.0, "mean", "certified"),
        (STEPS, 2.0, "mean", "refuted"),
        (STEPS**0.5, 1.0, "mean", "refuted"),
        (STEPS**0, 1.0, "mean", "refuted"),
        (STEPS**2, 2.0, "covariance", "right"),
        (STEPS**3, 2.0, "covariance", "right"),
        (STEPS**1.5, 2.0, "covariance", "wrong"),
        (STEPS, 2.0, "covariance", "wrong"),
    ],
)
def test_verdicts_on_powers(gap: Any, claimed: float, kind: str, expected: str) -> None:
    assert verdict(curve(gap), claimed, kind) == (expected, "")


@pytest.mark.parametrize(
    ("gap", "claimed", "reason"),
    [
        (STEPS * (1.0 - 0.9 * STEPS / STEPS[0]), 1.0, "may still rise"),  # order 1, but bent: 0.69 at the end
        (STEPS * (STEPS - STEPS[-1] * 0.9), 1.0, "too steep"),  # order 1, with a zero just below the ladder
        (STEPS * (STEPS - STEPS[-1] * 1.5), 1.0, "changes sign"),
        (STEPS**0.5 + 200.0 * STEPS**2, 1.0, "still falls"),  # order 1/2, behind a bend
        (0.0 * STEPS, 1.0, "no gap"),
    ],
)
def test_gaps_far_from_their_limit_are_not_judged(gap: Any, claimed: float, reason: str) -> None:
    found, why = verdict(curve(gap, 0.001), claimed)
    assert found == "inconclusive"
    assert reason in why


def test_wide_intervals_lost_gaps_coarse_steps_and_diverged_paths_are_not_judged() -> None:
    assert verdict(curve(STEPS, 0.1)) == ("inconclusive", fit.WIDE)
    assert verdict(curve(STEPS, 0.3)) == ("inconclusive", fit.LOST)
    assert verdict(curve(STEPS), moved=fit.Slope(0.09, 0.01))[1].startswith("dt too large")
    assert verdict(curve(STEPS), moved=fit.Slope(0.09, 0.05))[0] == "certified"
    assert verdict(curve(STEPS), lost=True) == ("inconclusive", "paths diverged")


def test_two_gaps_cannot_refute() -> None:
    assert verdict(curve(STEPS[-2:] ** 0.5))[0] == "inconclusive"
    signs = np.array([1.0, -1.0, 1.0, 1.0])
    assert verdict(curve(signs * STEPS**0.5))[0] == "inconclusive"


@pytest.mark.parametrize("relative", [0.1, 0.5])  # seen, and lost in noise: then by the claim
def test_the_paths_that_are_wanted_give_the_precision(relative: float) -> None:
    c = curve(STEPS, 0.02)
    c = c._replace(stderr=np.array([0.02, 0.02, 0.02, relative]) * c.gap)
    paths = fit.paths_for(c, 1.0, 0.1)
    grown = c._replace(stderr=c.stderr * np.sqrt(c.paths / np.maximum(paths, 1.0)), paths=paths)
    assert fit.pair(grown).half == pytest.approx(0.1, rel=1e-2)
