"""Comparing the columns: right pages agree, planted errors are found, and the intervals are what they say."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

import sdeopt as so
from sdeopt.comparison import laws, paired, verdict
from sdeopt.core import grad, method, noise_var, noisy_grad, root_cov
from sdeopt.core.method import _REGISTRY
from sdeopt.engine.blocks import Task, fold
from sdeopt.engine.simulate import plan

H = np.diag([1.0, 2.0])
SIGMA = np.array([[0.5, 0.2], [0.2, 0.3]])
START = np.array([1.0, -0.8])
ALMOST_NEVER = 5.2  # standard deviations of a normal: two-sided 2e-7


class BlackBox:
    """A quadratic that the engine cannot compile: for few paths, waiting for the compiler costs more than it saves."""

    dim, start = 2, START

    def value(self, x: Any) -> Any:
        return 0.5 * float(x @ H @ x)

    def grad(self, x: Any) -> Any:
        return H @ x

    def lacks(self, question: str) -> str | None:
        return None


def black_box(x0: Any = START) -> so.Problem:
    return so.Problem(BlackBox(), so.Gaussian(cov=SIGMA), x0=x0)


def compiled(x0: Any = START) -> so.Problem:
    return so.Problem(so.Quadratic(H), so.Gaussian(cov=SIGMA), x0=x0)


def planted(**functions: Callable[..., Any]) -> Any:
    """SGD with some of its functions replaced, outside the registry."""
    base = {name: vars(so.SGD)[name] for name in ("step", "drift", "diffusion")} | functions

    class Planted(NamedTuple):
        lr: float
        step = base["step"]
        drift = base["drift"]
        diffusion = base["diffusion"]

    page = method(order=1)(Planted)
    _REGISTRY.pop("Planted")
    return page


# One-step systems x' = A x + noise of covariance V: the columns on a quadratic, without any simulation.


def optimizer(lr: float) -> tuple[Any, Any]:
    return np.eye(2) - lr * H, lr**2 * SIGMA


def integrator(lr: float, dt: float, scheme: str) -> tuple[Any, Any]:
    """One step of the integrator on dX = -H X dt - √lr Σ^{1/2} dW."""
    if scheme == "euler":
        return np.eye(2) - dt * H, dt * lr * SIGMA
    response = np.eye(2) - 0.5 * dt * H
    return np.eye(2) - dt * H + 0.5 * dt**2 * H @ H, dt * lr * response @ SIGMA @ response


def exact(system: tuple[Any, Any], steps: int) -> Any:
    """x₁, x₂, f, |x|², |∇f|², C₁₁, C₂₂, C₁₂, tr C after so many steps from START: a report's columns."""
    A, V = system
    mean, cov = START, np.zeros((2, 2))
    for _ in range(steps):
        mean, cov = A @ mean, A @ cov @ A.T + V
    second = cov + np.outer(mean, mean)
    forms = [np.sum(M * second) for M in (H / 2, np.eye(2), H @ H)]
    return np.array([*mean, *forms, cov[0, 0], cov[1, 1], cov[0, 1], np.trace(cov)])


@pytest.fixture(scope="module")
def report() -> Any:
    return so.compare(so.SGD(lr=0.05), compiled(), steps=40, paths=4000, save_at=20, rng=0)


def test_sgd_agrees_with_its_sde(report: Any) -> None:
    # true gaps: at most 7 % of the scale (variances), margin 10 %; a wrong verdict is beyond 5 standard errors
    assert report.verdict == "agree", str(report)
    assert {row.verdict for row in report.rows} == {"agree"}
    assert report.needs is None


def test_the_flow_is_told_apart_by_the_variances(report: Any) -> None:
    told = {row.quantity for row in report.rows if row.flow_verdict == "differ"}
    assert {"var x₁", "var x₂"} <= told
    assert np.all(report.flow[:, report.column("var x₁")] == 0.0)


def test_the_flow_solves_the_equation_without_noise(report: Any) -> None:
    # trapezoidal steps of dt = 0.05/16 on x' = -h x: relative error h³ dt² t/6 = 2.6e-5 at h = t = 2
    x = np.exp(-np.outer(report.times, np.diag(H))) * START
    np.testing.assert_allclose(report.flow[:, :2], x, rtol=2.7e-5)


def test_theory_is_the_sde_in_time(report: Any) -> None:
    # all values at all saves, exact OU against simulation with dt = lr/16, whose own bias is below 1e-5
    z = (report.sde - report.theory)[1:, :-1] / report.sde_stderr[1:, :-1]
    assert np.isfinite(z).all()
    assert np.abs(z).max() < ALMOST_NEVER + 0.5  # of 180 values
    np.testing.assert_allclose(report.theory[0, :2], START, rtol=1e-12)


def test_theory_is_the_exact_second_moment(report: Any) -> None:
    # ten thousand Heun steps instead of 640: the gap to the solution is O(dt²)
    fine = exact(integrator(0.05, report.times[-1] / 1e4, "heun"), 10_000)
    np.testing.assert_allclose(report.theory[-1, :-1], fine, rtol=1e-6, atol=1e-9)


def test_no_stationary_level_before_the_run_has_reached_it() -> None:
    long = so.compare(so.SGD(lr=0.1), compiled(), steps=40, paths=8, substeps=2, rng=0)
    short = so.compare(so.SGD(lr=0.1), compiled(), steps=4, paths=8, substeps=2, rng=0)
    assert np.isnan(short.stationary).all()
    np.testing.assert_allclose(long.stationary[5:8], 0.1 * np.array([0.5 / 2, 0.3 / 4, 0.2 / 3]), rtol=1e-9)


def test_common_random_numbers_narrow_the_gap(report: Any) -> None:
    apart = np.hypot(report.discrete_stderr, report.sde_stderr)[1:, :-1]
    assert (apart > 5.0 * report.gap_stderr[1:, :-1]).all()


def _wrong_root(self: Any, t: Any, x: Any, o: Any, dw: Any) -> Any:
    return -self.lr * root_cov(o, x, dw)


def _twice_the_covariance(self: Any, t: Any, x: Any, o: Any, dw: Any) -> Any:
    return -np.sqrt(2.0 * self.lr) * root_cov(o, x, dw)


def _uphill(self: Any, t: Any, x: Any, o: Any) -> Any:
    return grad(o, x)


def _ascent_step(self: Any, k: Any, x: Any, o: Any, z: Any) -> Any:
    return x - self.lr * noisy_grad(o, x + 0.5 * grad(o, x), z)  # drift -(I + H/2) ∇f, not -∇f


def _uncorrelated(self: Any, t: Any, x: Any, o: Any, dw: Any) -> Any:
    return -np.sqrt(self.lr) * np.sqrt(noise_var(o, x)) * dw


@pytest.mark.parametrize(
    ("function", "found"),
    [
        ({"diffusion": _wrong_root}, {"var x₁", "var x₂"}),
        ({"diffusion": _twice_the_covariance}, {"var x₁", "var x₂"}),
        ({"drift": _uphill}, {"mean x₁", "mean x₂", "f(x)"}),
        ({"step": _ascent_step}, {"mean x₁", "mean x₂"}),
        ({"diffusion": _uncorrelated}, {"cov x₁,x₂"}),
    ],
    ids=["a root dropped", "factor 2 in the covariance", "sign of the drift", "a Hessian missing", "no off-diagonal"],
)
def test_planted_errors_are_found(function: Any, found: set[str]) -> None:
    page = planted(**function)(lr=0.05)
    report = so.compare(page, black_box(), steps=24, paths=256, substeps=4, save_at=6, rng=0)
    assert report.verdict == "differ"
    assert found <= {row.quantity for row in report.rows if row.verdict == "differ"}, str(report)


def chunks(paths: int, steps: int, **given: Any) -> list[paired.Paired]:
    """The reductions of chunks of 256 paths, each a small comparison by itself."""
    run = plan(so.SGD(lr=0.05), compiled(), "sde", steps=steps, save_at=1, rng=1, **given)
    columns = (replace(run, kind="discrete", resolution=32), replace(run, resolution=32))
    one = functools.partial(_alone, d=2)
    return fold(Task(columns, one), paths, lambda a, b: a + b)  # type: ignore[no-any-return]


def _alone(first: int, a: Any, b: Any, d: int) -> list[paired.Paired]:
    return [paired.reduce(first, a, b, d=d, keep=0)]


def test_intervals_cover_the_exact_gap() -> None:
    # 160 comparisons of 256 paths with a known gap. If the coverage is 95 %, fewer than 134 of 160 intervals cover with
    # probability 1e-7 (9 quantities: 1e-6). mean z² is 1 ± 0.12: it leaves [0.4, 1.7] by chance with probability 1e-6,
    # and standard errors too small by a factor √2 are found.
    parts = [paired.estimates(p, 2) for p in chunks(160 * 256, steps=20)]
    truth = exact(integrator(0.05, 0.05 / 16, "heun"), 20 * 16) - exact(optimizer(0.05), 20)
    z = np.array([(e.gap[-1, :-1] - truth) / e.gap_stderr[-1, :-1] for e in parts])
    q = verdict.quantile(np.array([256.0]), 0.05)
    assert (np.abs(z) < q).sum(axis=0).min() >= stats.binom.ppf(1e-7, 160, 0.95)
    mean_square = (z**2).mean(axis=0)
    assert mean_square.min() > 0.4 and mean_square.max() < 1.7
    assert np.abs(z.mean(axis=0)).max() * np.sqrt(160) < ALMOST_NEVER + 0.5  # t-like tails


def test_merged_chunks_have_the_exact_gap_and_the_pooled_covariance() -> None:
    parts = chunks(1000, steps=10)  # the last chunk is smaller
    together = paired.estimates(functools.reduce(paired.merge, parts), 2)
    truth = exact(integrator(0.05, 0.05 / 16, "heun"), 160) - exact(optimizer(0.05), 10)
    assert together.paths[-1] == 1000
    assert np.abs((together.gap[-1, :-1] - truth) / together.gap_stderr[-1, :-1]).max() < ALMOST_NEVER + 0.5


def test_covariance_gap_and_its_error_against_direct_formulas() -> None:
    random = np.random.default_rng(0)
    a = random.standard_normal((50, 1, 3))
    b = a + 0.1 * random.standard_normal((50, 1, 3))
    e = paired.estimates(paired.reduce(0, a, b, d=3, keep=50), 3)
    i, j = paired.entries(3)
    np.testing.assert_allclose(e.gap[0, 3:9], (np.cov(b[:, 0].T) - np.cov(a[:, 0].T))[i, j], rtol=1e-12)
    da, db = a[:, 0] - a[:, 0].mean(0), b[:, 0] - b[:, 0].mean(0)
    psi = 50 / 49 * (db[:, i] * db[:, j] - da[:, i] * da[:, j])
    np.testing.assert_allclose(e.gap_stderr[0, 3:9], psi.std(axis=0, ddof=1) / np.sqrt(50), rtol=1e-12)
    np.testing.assert_allclose(e.gap_stderr[0, :3], (b - a)[:, 0].std(axis=0, ddof=1) / np.sqrt(50), rtol=1e-12)
    np.testing.assert_allclose(e.first[0, 9], np.trace(np.cov(a[:, 0].T)), rtol=1e-12)


def test_halving_dt_shows_the_bias_of_the_integrator() -> None:
    lr, substeps, steps = 0.2, 2, 8
    page = so.SGD(lr=lr)
    report = so.compare(page, black_box(), steps=steps, paths=256, substeps=substeps, scheme="euler", save_at=1, rng=0)
    coarse = exact(integrator(lr, lr / substeps, "euler"), steps * substeps)
    fine = exact(integrator(lr, lr / substeps / 2, "euler"), 2 * steps * substeps)
    change, stderr = report.change[-1, :-1], report.change_stderr[-1, :-1]
    assert np.abs((change - (fine - coarse)) / stderr).max() < ALMOST_NEVER + 1.0  # 64 paths: heavier tails
    assert abs(change[0]) > 5.0 * stderr[0]  # and it is seen, not lost in noise


def test_a_dt_that_is_too_large_is_not_blamed_on_the_sde() -> None:
    report = so.compare(
        so.SGD(lr=0.6), black_box(), steps=6, paths=256, substeps=2, scheme="euler", tolerance=0.05, rng=0
    )
    row = next(row for row in report.rows if row.quantity == "mean x₂")
    assert row.verdict == "inconclusive" and row.substeps is not None and row.substeps >= 4


@pytest.mark.parametrize("grid", [{"substeps": 1}, {"dt": 0.05}])
def test_one_substep_is_refused_with_the_reason(grid: Any) -> None:
    with pytest.raises(ValueError, match="own one-step moments"):
        so.compare(so.SGD(lr=0.05), black_box(), steps=4, **grid)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"paths": 1}, "paths"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"tolerance": 1.5}, "tolerance"),
        ({"save_at": [0.0]}, "save_at"),
        ({"sde": "order3"}, "unknown sde"),
    ],
)
def test_bad_arguments_are_named(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        so.compare(so.SGD(lr=0.05), black_box(), steps=4, **given)


def test_diverged_paths_are_counted_and_decide() -> None:
    # |1 - lr h| = 4 per step: all discrete paths leave 1e50 before step 90; the SDE does not
    report = so.compare(so.SGD(lr=2.5), black_box(), steps=100, paths=12, substeps=8, save_at=10, rng=0)
    assert report.meta["diverged"] == [12, 0]
    assert report.verdict == "differ"
    assert report.rows[-1].quantity == "diverged" and report.rows[-1].gap == -1.0
    assert report.counts[-1] == 0 and np.isnan(report.discrete[-1, 0])
    assert "diverged: 12 discrete, 0 SDE" in str(report)


def test_without_noise_both_columns_are_exact() -> None:
    problem = so.Problem(BlackBox(), so.NoNoise(), x0=START)
    report = so.compare(so.SGD(lr=0.05), problem, steps=10, paths=3, substeps=4, rng=0)
    assert report.verdict == "agree"
    x = np.outer(1.0 - 0.05 * np.diag(H), np.ones(11)) ** np.arange(11)
    np.testing.assert_allclose(report.discrete[:, :2], (x * START[:, None]).T, rtol=1e-12)
    assert (report.discrete[:, 5:9] == 0.0).all() and (report.gap_stderr[:, 5:9] == 0.0).all()


def test_a_start_at_the_optimum_without_noise() -> None:
    problem = so.Problem(BlackBox(), so.NoNoise(), x0=[0.0, 0.0])
    assert so.compare(so.SGD(lr=0.05), problem, steps=5, paths=2, substeps=2, rng=0).verdict == "agree"


def test_the_number_of_threads_changes_nothing() -> None:
    texts = []
    for workers in (1, 2):
        with ThreadPoolExecutor(workers) as pool:
            report = so.compare(so.SGD(lr=0.05), compiled(), steps=10, paths=600, rng=3, executor=pool)
            texts.append(report.to_json())
    assert texts[0] == texts[1]


def test_another_seed_gives_other_paths_and_no_seed_is_recorded() -> None:
    runs = [so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=2, substeps=2, rng=rng) for rng in (0, 1, None)]
    assert len({run.discrete[-1, 0] for run in runs}) == 3
    fresh = runs[-1]
    again = so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=2, substeps=2, rng=int(fresh.meta["rng"]))
    assert again.discrete[-1, 0] == fresh.discrete[-1, 0]


def test_progress_counts_all_paths_once() -> None:
    seen: list[tuple[int, int]] = []
    so.compare(
        so.SGD(lr=0.05), black_box(), steps=2, paths=100, substeps=2, rng=0, progress=lambda *now: seen.append(now)
    )
    assert seen == [(25, 125), (125, 125)]


def test_ctrl_c_keeps_the_paths_that_are_done() -> None:
    def stop(done: int, total: int) -> None:
        if done == 150 + 256:
            raise KeyboardInterrupt

    report = so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=600, substeps=2, rng=0, progress=stop)
    whole = so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=256, substeps=2, rng=0)
    assert report.meta["partial"] and report.meta["paths"] == 256 and "interrupted" in str(report)
    np.testing.assert_array_equal(report.gap, whole.gap)


def test_ctrl_c_before_there_is_anything_to_report() -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=600, substeps=2, rng=0, progress=stop)


# Verdicts


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


def test_false_alarms_are_shared_by_all_quantities_and_saves(report: Any) -> None:
    comparisons = 20 * 8  # saves after t = 0; 2 means, 3 observables, 3 covariance entries
    assert report.meta["comparisons"] == comparisons
    assert report.meta["quantile"] == pytest.approx(stats.t.isf(0.001 / comparisons / 2, 3999))


# Laws


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
