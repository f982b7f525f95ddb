"""Sweeps: what is measured, against closed forms and against `simulate` and `compare`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

import sdeopt as so
from sdeopt.comparison import budget
from sdeopt.results.estimate import Estimate, mean, median, share
from sdeopt.sweeps.measures import of_paths

BOWL = so.Quadratic([1.0, 2.0])
PROBLEM = so.Problem(BOWL, so.Gaussian(0.5), x0=[1.0, -1.0])
PATHS = 4096


def at(found: so.Sweep, measure: str, *index: int) -> Estimate:
    """One number of a sweep of one method on one problem."""
    return Estimate(*(array[(0, 0, *index)].item() for array in found[measure]))


@pytest.fixture(scope="module")
def stationary() -> so.Sweep:
    return so.sweep(so.SGD(lr=0.1), PROBLEM, {"lr": [0.1, 0.4]}, horizon=20.0, paths=PATHS, rng=0)


def exact(lr: float) -> np.ndarray:
    """Variances of SGD on the bowl at stationarity: C = (1 - lr h)² C + lr² σ²."""
    h = np.array([1.0, 2.0])
    return lr**2 * 0.25 / (1.0 - (1.0 - lr * h) ** 2)


@pytest.mark.parametrize(("i", "lr"), [(0, 0.1), (1, 0.4)])
def test_the_spread_and_the_loss_of_sgd_are_exact(stationary: so.Sweep, i: int, lr: float) -> None:
    """Six standard errors: 2e-9 each. Those of an average of squared normals are known too, here to 20 %."""
    C = exact(lr)
    spread, loss = at(stationary, "spread", i), at(stationary, "loss", i)
    assert abs(spread.value - C.sum()) < 6.0 * spread.stderr
    assert abs(loss.value - 0.5 * (C * [1.0, 2.0]).sum()) < 6.0 * loss.stderr
    assert spread.stderr == pytest.approx(math.sqrt(2.0 * (C**2).sum() / PATHS), rel=0.2)
    assert (spread.status, loss.status) == ("ok", "ok")
    width = 2.0 * 1.9605 * loss.stderr  # to the first order in the skewness, 2 at most, over √n
    assert loss.high - loss.low == pytest.approx(width, rel=0.01)
    assert 0.0 < loss.high + loss.low - 2.0 * loss.value < 0.1 * width  # the upper end is further: f is skewed so


def test_a_cell_is_what_simulate_computes() -> None:
    """With the seed of the sweep, whatever the place on the grid."""
    found = so.sweep(so.SGD(lr=0.1), PROBLEM, {"lr": [0.3, 0.2], "scale": [0.5, 1.0]}, steps=12, paths=200, rng=7)
    problem = so.Problem(BOWL, so.Gaussian(1.0), x0=[1.0, -1.0])
    e = so.simulate(so.SGD(lr=0.2), problem, steps=12, paths=200, rng=found.meta["rng"])
    loss, stderr = (column[-1] for column in e.observables["loss"])
    np.testing.assert_allclose(
        [at(found, "loss", 1, 1).value, at(found, "loss", 1, 1).stderr], [loss, stderr], rtol=1e-12
    )
    assert at(found, "spread", 1, 1).value == pytest.approx(np.trace(e.cov[-1]), rel=1e-12)


def test_a_spread_that_still_grows_is_undecided() -> None:
    """A flat direction: tr Cov x = k lr² σ² doubles from half the time to the end."""
    flat = so.Problem(so.Quadratic([0.0, 0.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    spread = at(so.sweep(so.SGD(lr=0.1), flat, {}, steps=40, paths=1000, rng=0), "spread")
    assert spread.status == "undecided"
    assert "not stationary" in spread.reason
    assert abs(spread.value - 2 * 40 * 0.01 * 0.25) < 6.0 * spread.stderr


@pytest.mark.usefixtures("interpreted")
def test_the_time_to_a_level_is_a_step_of_the_optimizer() -> None:
    """Without noise x shrinks by 0.9 and 0.8 a step; f(x_9) > 0.08 > f(x_10)."""
    quiet = so.Problem(BOWL, so.NoNoise(), x0=[1.0, -1.0])
    f = [0.5 * 0.81**k + 0.64**k for k in range(12)]
    assert f[9] > 0.08 > f[10]
    found = so.sweep(so.SGD(lr=0.1), quiet, {}, horizon=3.0, paths=20, level=0.08, rng=0)
    assert at(found, "time") == pytest.approx((1.0, 0.0, 1.0, 1.0, "ok", ""))
    never = so.sweep(so.SGD(lr=0.1), quiet, {}, horizon=0.9, paths=20, level=0.08, rng=0)
    assert at(never, "time").value == math.inf
    assert at(never, "time").status == "undecided"
    assert "100 % of the paths never reach" in at(never, "time").reason


def test_paths_that_diverge_are_counted_and_mark_what_is_left() -> None:
    """|1 - lr h| = 5 with h = 2: a factor of 10^50 after 72 steps."""
    found = so.sweep(so.SGD(lr=0.1), PROBLEM, {"lr": [0.1, 3.0]}, steps=100, paths=100, rng=0)
    assert at(found, "diverged", 0) == share(0, 100)
    assert at(found, "diverged", 1) == share(100, 100)
    assert (at(found, "loss", 0).status, at(found, "loss", 1).status) == ("ok", "diverged")
    assert math.isnan(at(found, "loss", 1).value)
    assert at(found, "spread", 1).reason.startswith("100 of 100 paths diverged")


def test_noise_without_a_variance_leaves_the_loss_of_sgd_undecided() -> None:
    laws = so.Problem(BOWL, so.StudentT(nu=1, scale=0.5))
    found = so.sweep(so.SGD(lr=0.1), laws, {"nu": [1.0, 9.0]}, horizon=5.0, paths=2000, rng=0)
    assert found["loss"].status[0, 0].tolist() == ["undecided", "ok"]
    assert found["loss"].reason[0, 0, 0] == "no mean: the tails of the noise are too heavy"
    assert np.isnan(found["loss"].value[0, 0, 0])


def test_the_weak_error_of_sgd_is_the_one_in_closed_form() -> None:
    """var x: lr²σ²/(1 - (1 - lr)²), and lr σ²/2 of the SDE: lr/2 = 0.15 of the first is missing, the largest gap."""
    line = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[0.0])
    found = so.sweep(so.SGD(lr=0.3), line, {}, horizon=6.0, paths=1500, measures=["error"], rng=0)
    error = at(found, "error")
    assert error.low < 0.15 < error.high < 0.22
    report = so.compare(so.SGD(lr=0.3), line, horizon=6.0, paths=1500, rng=0)
    assert (error.status == "ok") == (report.verdict in ("agree", "differ"))


def test_the_error_is_that_of_the_sde_that_is_named() -> None:
    words = {"paths": 100, "substeps": 2, "rng": 3}
    found = {sde: so.sweep(so.SGD(lr=0.1), PROBLEM, {}, steps=8, measures=["error"], sde=sde, **words)
             for sde in ("order2", None)}  # fmt: skip
    for sde, s in found.items():
        assert at(s, "error").high == so.compare(so.SGD(lr=0.1), PROBLEM, steps=8, sde=sde, **words).within[1]
        assert ("order2" in str(s)) == (sde == "order2")
    assert at(found["order2"], "error").low < 0.1 < at(found[None], "error").low


def test_an_error_without_paths_is_what_compare_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "WORK", 0.5)
    found = so.sweep(so.SGD(lr=0.1), PROBLEM, {}, steps=8, measures=["error"], rng=3)
    report = so.compare(so.SGD(lr=0.1), PROBLEM, steps=8, rng=3)
    assert (at(found, "error").low, at(found, "error").high) == report.within
    assert "of an error as many as decide within a budget of work" in " ".join(str(found).split())
    timed = so.sweep(so.SGD(lr=0.1), PROBLEM, {}, steps=8, seconds=0.2, measures=["error"], rng=3)
    assert (at(timed, "error").status, timed.meta["chosen"]) == ("ok", "as many as decide within 0.2 s")


def test_the_median_has_the_interval_of_order_statistics() -> None:
    """The ranks of the tables for n = 10: 2 and 9, with 97.9 %."""
    values = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 7.0, 6.0, 9.0, 8.0, math.inf])
    assert median(values)[:4] == pytest.approx((5.0, (9.0 - 2.0) / 3.919928, 2.0, 9.0))
    assert 1.0 - 2.0 * binom.cdf(1, 10, 0.5) == pytest.approx(0.979, abs=1e-3)
    assert median(values[:5])[2:4] == (0.0, math.inf)  # five say nothing with 95 %


def test_a_path_that_diverged_counts_in_the_median() -> None:
    """Of 25 losses 1, 2, ..., 14 and 11 that are lost the 13th is the median; with 13 lost there is none."""
    rows = np.array([[1.0, k, 1.0, 1.0, 1.0] for k in range(1, 15)] + [[0.0] + [np.nan] * 4] * 11)
    assert of_paths(rows, None, None)["median"].value == 13.0
    lost = of_paths(rows[2:], None, None)["median"]  # 12 are left, 11 lost: the 12th
    assert lost.value == 14.0
    gone = of_paths(rows[4:], None, None)["median"]
    assert (gone.value, gone.status, gone.reason) == (math.inf, "diverged", "half of the paths diverged, or more")


def test_a_share_has_the_interval_of_clopper_and_pearson() -> None:
    """3 of 10: [0.0667, 0.6525], as in the tables; 0 of n: 1 - 0.025^{1/n}."""
    assert share(3, 10)[2:4] == pytest.approx((0.0667, 0.6525), abs=5e-5)
    assert share(0, 50)[2:4] == pytest.approx((0.0, 1.0 - 0.025 ** (1 / 50)))
    assert share(50, 50)[2:4] == pytest.approx((0.025 ** (1 / 50), 1.0))


@pytest.mark.usefixtures("interpreted")
def test_a_cell_asks_the_law_for_its_moments_not_the_paths_for_their_tail() -> None:
    """E f of SGD is infinite for nu <= 2 and its variance for nu <= 4, whatever is seen; a sign moves by lr."""
    laws, grid = so.Problem(BOWL, so.StudentT(nu=1, scale=0.5)), {"nu": [1.5, 2.0, 3.0, 4.0, 9.0]}
    found = so.sweep([so.SGD(lr=0.1), so.SignSGD(lr=0.1)], laws, grid, horizon=2.0, paths=120, rng=0)
    marks = ["undecided"] * 4 + ["ok"]
    for measure in ("loss", "spread"):
        assert found[measure].status[0, 0].tolist() == marks
        assert np.isnan(found[measure].value[0, 0]).tolist() == [True, True, False, False, False]
        assert np.isnan(found[measure].low[0, 0]).tolist() == [True, True, True, True, False]
    assert found["loss"].status[1, 0].tolist() == ["ok"] * 5
    assert found["loss"].reason[0, 0, 2] == "no interval: the tails of the noise are too heavy for a variance"


def test_a_mean_of_few_paths_or_of_one_has_no_interval() -> None:
    rng = np.random.default_rng(0)
    assert mean(rng.normal(size=2000) ** 2).status == "ok"
    assert mean(rng.normal(size=2000)).status == "ok"  # wider than the value, and an interval all the same
    assert "of the variance" in mean(rng.standard_cauchy(2000) ** 2).reason
    assert mean(rng.normal(size=15)).reason == "no interval: fewer than 16 paths"
    assert mean(rng.normal(size=15), order=2.6).reason.startswith("no interval: fewer than 200 paths")
    assert mean(np.array([1.0])).status == "undecided"
    assert mean(np.zeros(5))[:5] == (0.0, 0.0, 0.0, 0.0, "ok")


def test_a_spread_needs_a_hundred_paths() -> None:
    """Of fewer its interval covers 91 % where x has the tails of Laplace; without noise it is exact."""
    for paths, law, status in (
        (99, so.Gaussian(0.5), "undecided"),
        (100, so.Gaussian(0.5), "ok"),
        (4, so.NoNoise(), "ok"),
    ):
        found = so.sweep(so.SGD(lr=0.5), so.Problem(BOWL, law), {}, steps=20, paths=paths, measures=["spread"], rng=0)
        assert found["spread"].status.item() == status
        assert np.isnan(found["spread"].low.item()) == (status == "undecided")


def test_light_tails_are_seldom_taken_for_heavy_ones() -> None:
    """Squares of 100 000 normals, 200 at a time: n^{-1/2} = 7 % by `intervals.allowed_share`, 1 % expected."""
    squares = np.random.default_rng(1).normal(size=(500, 200)) ** 2
    doubted = sum("of the variance" in mean(values).reason for values in squares)
    assert doubted < 20  # binomial(500, 0.01): 1e-6


@pytest.mark.usefixtures("interpreted")
def test_the_loss_needs_an_objective_with_values() -> None:
    f = so.Objective(grad=lambda x: x, dim=2)
    found = so.sweep(so.SGD(lr=0.1), so.Problem(f, so.Gaussian(0.5)), {}, steps=5, paths=50, level=1.0, rng=0)
    assert [at(found, name).status for name in ("loss", "time", "diverged")] == ["failed", "failed", "ok"]
    assert "Objective has no value" in at(found, "loss").reason


def test_intervals_cover_as_often_as_they_say() -> None:
    """1000 sets each; 95 % is 950 ± 34 at five standard deviations (6e-7). Exact intervals of counts cover more."""
    rng = np.random.default_rng(2)
    logs = rng.exponential(size=(1000, 400))
    means, medians = [mean(values) for values in logs], [median(values) for values in logs]
    shares = [share(int(count), 400) for count in rng.binomial(400, 0.1, size=1000)]
    for found, truth, most in ((means, 1.0, 984), (medians, math.log(2.0), 1000), (shares, 0.1, 1000)):
        assert 916 <= sum(e.low <= truth <= e.high for e in found) <= most
