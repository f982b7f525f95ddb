"""The words and intervals of results: what is written of a number, and what an interval covers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sdeopt.results import words
from sdeopt.results.estimate import Estimate, jackknife


@pytest.mark.parametrize(
    ("value", "half", "sign", "text"),
    [
        (-0.0027879, 0.00035288, "+", "-0.0028 ± 0.0004"),
        (0.5, 0.0123, "+", "+0.500 ± 0.012"),
        (0.5, 0.0123, "", "0.500 ± 0.012"),
        (-7.37e-4, 8.9e-5, "+", "-7.4e-4 ± 9e-5"),
        (1.0e-6, 5.0e-6, "+", "+1e-6 ± 5e-6"),
        (0.25, 0.0, "+", "+0.25 ± 0"),
        (0.0, 0.0, "+", "+0 ± 0"),
        (12.345, 20.0, "+", "+1e1 ± 2e1"),
        (np.nan, 1.0, "+", "-"),
        (0.25, np.nan, "+", "+0.25 ± ?"),
    ],
)
def test_intervals_are_written_to_the_digit_that_is_known(value: float, half: float, sign: str, text: str) -> None:
    assert words.interval(value, half, sign) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.25, "1.25"), (1e-5, "1e-5"), (1.23456e10, "1.235e10"), (math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "-")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert words.number(value) == text


def test_the_ends_of_an_interval_are_told_apart() -> None:
    assert words.ends(1.0, 2.0) == "[1, 2]"
    assert words.ends(0.123456, 0.123457) == "[0.123456, 0.123457]"
    assert words.ends(2.5, math.inf) == "[2.5, ∞]"
    assert Estimate.exact(2.0).ends == "exact"


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.5, 0.4877, 0.5123, "0.500 ± 0.012"),
        (0.5, 0.49, 0.58, "0.5 [0.49, 0.58]"),  # lopsided
        (0.0, 0.0, 0.17, "0 [0, 0.17]"),
        (2.5, 2.5, 2.5, "2.5 ± 0"),
        (0.75, 0.75 - 1.1e-16, 0.75, "0.75 ± 0"),  # rounding, lopsided
        (2.5, math.nan, math.nan, "2.5 ?"),
        (2.5, 2.0, math.inf, "2.5 [2, ∞]"),
        (math.inf, 2.0, math.inf, "∞"),
        (math.nan, math.nan, math.nan, "-"),
    ],
)
def test_a_value_stands_with_its_interval(value: float, low: float, high: float, text: str) -> None:
    assert words.known(value, low, high) == text


def test_shares_say_on_which_side_they_are_known() -> None:
    assert words.percent(0.0, 0.031) == "within 3.1 %" and words.off(0.0, 0.031) == "< 3.1 %"
    assert words.percent(0.02, 0.031) == "2 to 3.1 %" and words.off(0.02, 0.031) == "2-3.1 %"
    assert words.percent(0.02, math.inf) == "at least 2 %" and words.off(0.02, math.inf) == "> 2 %"
    assert words.percent(0.0, math.inf) == "unknown" and words.most(200.0) == "over 10000 %"


@pytest.mark.parametrize(
    ("x", "low", "high"),
    [
        (0.1003, "10.03 %", "10.1 %"),  # above a margin of 10 % also in words
        (0.09996, "9.99 %", "9.996 %"),
        (0.100004, "10 %", "10.1 %"),
        (0.07421, "7.42 %", "7.43 %"),
        (0.07, "7 %", "7 %"),
        (12.3456, "1234 %", "1235 %"),
        (0.0, "0 %", "0 %"),
    ],
)
def test_bounds_are_rounded_outward(x: float, low: str, high: str) -> None:
    assert (words.least(x), words.most(x)) == (low, high)


def test_numbers_of_paths_are_rounded_up() -> None:
    assert [words.count(n) for n in (1.0, 12.0, 12_345.0, 2e9, math.inf)] == [
        "1", "12", "13_000", "over 1e9", "over 1e9",
    ]  # fmt: skip


def test_every_verdict_has_one_tone() -> None:
    assert sum(map(len, words.VERDICTS.values())) == len(words.TONES)
    assert (words.tone("agree"), words.tone("wrong"), words.tone("ok")) == ("good", "bad", "")
    with pytest.raises(KeyError):
        words.tone("perhaps")


def test_the_jackknife_of_a_quotient_covers_it() -> None:
    """θ = E a/E b = 1/2, 400 intervals of 95 % from 40 samples each.

    For a coverage of 94 to 95 % a number of hits outside [350, 398] has a probability below 5e-7, by the binomial law.
    """
    rng = np.random.default_rng(3)
    hits = 0
    for samples in np.array([1.0, 2.0]) + 0.3 * rng.standard_normal((400, 40, 2)):
        found = jackknife(lambda m: float(m[0] / m[1]), samples)
        hits += found.low <= 0.5 <= found.high
    assert 350 <= hits <= 398


def test_the_jackknife_of_a_mean_is_student_s_interval() -> None:
    from scipy.stats import ttest_1samp

    sample = np.random.default_rng(0).standard_normal(9)
    found, known = jackknife(float, sample), ttest_1samp(sample, 0.0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(known), rel=1e-12)
    assert found.stderr == pytest.approx(sample.std(ddof=1) / 3.0, rel=1e-12)
