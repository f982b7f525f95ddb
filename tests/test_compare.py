"""Comparing the columns: right pages agree, planted errors are found, and the intervals are what they say."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats
from tilted import ALMOST_NEVER, START, TILTED, BlackBox, H, after, black_box, integrator, optimizer

import sdeopt as so
from sdeopt.core import Positive, grad, method, noise_var, noisy_grad, root_cov
from sdeopt.core.method import REGISTRY
from sdeopt.engine.blocks import Task, fold
from sdeopt.engine.simulate import plan
from sdeopt.results import judging, paired, sums


def planted(**functions: Callable[..., Any]) -> Any:
    """SGD with some of its functions replaced, outside the registry."""
    base = {name: vars(so.SGD)[name] for name in ("step", "drift", "diffusion")} | functions

    class Planted(NamedTuple):
        lr: Positive
        step = base["step"]
        drift = base["drift"]
        diffusion = base["diffusion"]

    page = method(order=1)(Planted)
    REGISTRY.pop("Planted")
    return page


def exact(system: tuple[Any, Any], steps: int) -> Any:
    """x₁, x₂, f, |x|², |∇f|², C₁₁, C₂₂, C₁₂, tr C of a one-step system: a report's columns."""
    mean, cov = after(system, steps)
    second = cov + np.outer(mean, mean)
    forms = [np.sum(M * second) for M in (H / 2, np.eye(2), H @ H)]
    return np.array([*mean, *forms, cov[0, 0], cov[1, 1], cov[0, 1], np.trace(cov)])


@pytest.fixture(scope="module")
def report() -> Any:
    return so.compare(so.SGD(lr=0.05), TILTED, steps=40, paths=4000, save_at=20, rng=0)


def test_sgd_agrees_with_its_sde(report: Any) -> None:
    # true gaps: at most 7 % of the scale (variances), margin 10 %; a wrong verdict is beyond 5 standard errors
    assert report.verdict == "agree", str(report)
    assert {row.verdict for row in report.rows} == {"agree"}
    assert report.within == (max(row.low for row in report.rows), max(row.high for row in report.rows))


def test_the_flow_is_told_apart_by_the_variances(report: Any) -> None:
    told = {row.quantity for row in report.rows if row.flow_verdict == "differ"}
    assert {"var x₁", "var x₂"} <= told
    assert np.all(report.flow[:, report.column("var x₁")] == 0.0)


def test_the_flow_solves_the_equation_without_noise(report: Any) -> None:
    # trapezoidal steps of dt = 0.05/8 on x' = -h x: relative error h³ dt² t/6 = 1.04e-4 at h = t = 2
    x = np.exp(-np.outer(report.times, np.diag(H))) * START
    np.testing.assert_allclose(report.flow[:, :2], x, rtol=1.06e-4)


def test_theory_is_the_sde_in_time(report: Any) -> None:
    # all values at all saves, exact OU against simulation with dt = lr/8, whose own bias is below 4e-5
    z = (report.sde - report.theory)[1:, :-1] / report.sde_stderr[1:, :-1]
    assert np.isfinite(z).all()
    assert np.abs(z).max() < ALMOST_NEVER + 0.5  # of 180 values
    np.testing.assert_allclose(report.theory[0, :2], START, rtol=1e-12)


def test_theory_is_the_exact_second_moment(report: Any) -> None:
    # ten thousand Heun steps instead of 320: the gap to the solution is O(dt²)
    fine = exact(integrator(0.05, report.times[-1] / 1e4, "heun"), 10_000)
    np.testing.assert_allclose(report.theory[-1, :-1], fine, rtol=1e-6, atol=1e-9)


def test_no_stationary_level_before_the_run_has_reached_it() -> None:
    long = so.compare(so.SGD(lr=0.1), TILTED, steps=40, paths=8, substeps=2, rng=0)
    short = so.compare(so.SGD(lr=0.1), TILTED, steps=4, paths=8, substeps=2, rng=0)
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
        ({"drift": _uphill}, {"mean x₁", "mean x₂", "loss"}),
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
    run = plan(so.SGD(lr=0.05), TILTED, "sde", steps=steps, save_at=1, rng=1, **given)
    columns = (replace(run, kind="discrete", resolution=32), replace(run, resolution=32))
    one = functools.partial(_alone, d=2)
    return fold(Task(columns, one), paths, lambda a, b: a + b)  # type: ignore[no-any-return]


def _alone(first: int, a: Any, b: Any, d: int) -> list[paired.Paired]:
    return [paired.reduce(first, a, b, d=d, keep=0)]


def scores(comparisons: int) -> Any:
    """Errors of so many comparisons' gaps in standard errors, (comparisons, 9 quantities): every exact gap is known."""
    parts = [paired.estimates(p, 2) for p in chunks(comparisons * 256, steps=20)]
    truth = exact(integrator(0.05, 0.05 / 8, "heun"), 20 * 8) - exact(optimizer(0.05), 20)
    return np.array([(e.gap[-1, :-1] - truth) / e.gap_stderr[-1, :-1] for e in parts])


@pytest.mark.slow
def test_stated_intervals_cover_the_exact_gap() -> None:
    # 1000 comparisons: of 95 % intervals 92-98 % cover, 4.3 deviations each way (9 quantities: 1e-4)
    q = judging.quantile(np.array([256.0]), 0.05)
    covered = (np.abs(scores(1000)) < q).mean(axis=0)
    assert (np.abs(covered - 0.95) <= 0.03).all(), covered


def test_intervals_cover_the_exact_gap() -> None:
    # 160 comparisons of 256 paths with a known gap. If the coverage is 95 %, fewer than 134 of 160 intervals cover with
    # probability 1e-7 (9 quantities: 1e-6). mean z² is 1 ± 0.12: it leaves [0.4, 1.7] by chance with probability 1e-6,
    # and standard errors too small by a factor √2 are found.
    z, q = scores(160), judging.quantile(np.array([256.0]), 0.05)
    assert (np.abs(z) < q).sum(axis=0).min() >= stats.binom.ppf(1e-7, 160, 0.95)
    mean_square = (z**2).mean(axis=0)
    assert mean_square.min() > 0.4 and mean_square.max() < 1.7
    assert np.abs(z.mean(axis=0)).max() * np.sqrt(160) < ALMOST_NEVER + 0.5  # t-like tails


def test_merged_chunks_have_the_exact_gap_and_the_pooled_covariance() -> None:
    parts = chunks(1000, steps=10)  # the last chunk is smaller
    together = paired.estimates(functools.reduce(paired.merge, parts), 2)
    truth = exact(integrator(0.05, 0.05 / 8, "heun"), 80) - exact(optimizer(0.05), 10)
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


@pytest.mark.parametrize("paths", [20, 100])
@pytest.mark.parametrize("lost", [0, 7])
@pytest.mark.parametrize("traced", [False, True])
def test_statistics_are_those_of_each_save_alone(
    paths: int, lost: int, traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, paths, 5, 4)) + 1.0
    a[:lost, 2:], b[lost : 2 * lost, 3:] = np.nan, np.nan
    reduce = functools.partial(paired.reduce, 0, d=2, keep=0, vectors=True, traced=traced)
    whole = reduce(a, b)
    monkeypatch.setattr(sums, "NUMBERS", 1)
    one = reduce(a, b)
    for x, y in zip(whole[:7], one[:7], strict=True):
        for name in ("count", "mean", "square", "product"):
            np.testing.assert_array_equal(getattr(x, name), getattr(y, name))
    np.testing.assert_array_equal(whole.peak, one.peak)
    assert whole.groups is not None and one.groups is not None
    np.testing.assert_array_equal(whole.groups.total, one.groups.total)
    there = ~(np.isnan(a) | np.isnan(b)).any(axis=2)
    for s in range(5):
        x, y = a[there[:, s], s], b[there[:, s], s]
        n, (dx, dy) = len(x), (x - x.mean(axis=0), y - y.mean(axis=0))
        psi = [np.column_stack([e[:, :2] ** 2, e[:, 0] * e[:, 1]]) * n / (n - 1) for e in (dx, dy)]
        gap, turned = y - x, psi[1] - psi[0]
        columns = 4 - traced
        np.testing.assert_allclose(whole.difference.square[s], n * gap[:, :columns].var(axis=0), rtol=1e-12)
        np.testing.assert_allclose(whole.second.product[s], dy[:, :2].T @ dy[:, :2], rtol=1e-12)
        np.testing.assert_allclose(whole.influence_difference.square[s, :3], n * turned.var(axis=0), rtol=1e-12)
        trace = x[:, 3].mean() if traced else psi[0][:, :2].sum(axis=1).mean()
        np.testing.assert_allclose(whole.first_influence.mean[s, 3], trace, rtol=1e-12)
        np.testing.assert_allclose(whole.groups.total[:, s, 2:].sum(axis=0), turned.sum(axis=0), atol=1e-11)
        np.testing.assert_allclose(
            whole.peak[s, columns : columns + 3], ((turned - turned.mean(axis=0)) ** 2).max(axis=0), rtol=1e-11
        )


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
    """Euler–Maruyama with dt = lr/2 is half as far off as the optimizer: what it leaves is twice the change at dt/2."""
    page, still = so.SGD(lr=0.1), so.Problem(BlackBox(), so.NoNoise(), x0=START)
    reports = {
        name: so.compare(page, still, steps=6, paths=50, substeps=4, scheme=name, tolerance=0.12, rng=0)
        for name in ("euler", "heun")
    }
    assert reports["heun"].verdict == "differ"
    assert (reports["euler"].verdict, reports["euler"].decision.why) == ("open", "step size")
    assert "the step size of the SDE stands in the way: try substeps=8" in " ".join(str(reports["euler"]).split())
    low, high = reports["euler"].within
    assert low < 0.1 and high == pytest.approx(reports["heun"].within[1], rel=0.02)


def test_bounds_are_quantiles_of_student_for_all_quantities_and_saves(report: Any) -> None:
    comparisons = 20 * 8  # saves after t = 0; 2 means, 3 observables, 3 covariance entries
    assert report.meta["comparisons"] == comparisons
    s = report.sizes
    high = s.size + stats.t.isf(0.05, 3999) * s.stderr + s.left
    low = s.size - stats.t.isf(0.05 / comparisons / 2, 3999) * s.stderr - s.left
    np.testing.assert_allclose(report.within, (low.max(), high.max()), rtol=1e-12)
    i = [q.name for q in report.quantities].index("var x₁")
    column = report.column("var x₁")
    np.testing.assert_allclose(s.size[:, i], np.abs(report.gap / report.margin * 0.1)[1:, column], rtol=1e-9)
