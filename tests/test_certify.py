"""The certificate of SGD, where every gap is known: its numbers, its paths, its intervals, and how it is kept."""

from __future__ import annotations

import importlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tilted import ALMOST_NEVER, LRS, START, TILTED, H, after, integrator, optimizer

import sdeopt as so
from sdeopt.certificate.ladder import rungs
from sdeopt.certificate.rung import Rung
from sdeopt.core import sin
from sdeopt.results.words import count

MODULE = importlib.import_module("sdeopt.certificate.certify")


def end(system: tuple[Any, Any], steps: int) -> Any:
    """x₁, x₂, C₁₁, C₂₂, C₁₂, tr C of a one-step system."""
    mean, cov = after(system, steps)
    return np.array([*mean, cov[0, 0], cov[1, 1], cov[0, 1], np.trace(cov)])


def exact(c: so.Certificate, noise: float = 1.0) -> Any:
    """Gaps (L, 6) of the SDE on the certificate's grid."""
    m = c.meta
    return np.array(
        [
            end(integrator(lr, lr / fine, noise=noise), steps * fine) - end(optimizer(lr), steps)
            for lr, steps, fine in zip(m["lrs"], m["steps"], m["substeps"], strict=True)
        ]
    )


@pytest.fixture(scope="module")
def sgd() -> so.Certificate:
    return so.certify(so.SGD(0.1), TILTED, LRS, horizon=2.0, rng=0)


def test_sgd_is_certified(sgd: so.Certificate) -> None:
    # true slopes at the two smallest steps 1.00 and 2.03, half-widths below 0.1: wrong beyond 5 standard errors
    assert (sgd.verdict, sgd.means, sgd.covariance) == ("certified", "certified", "right"), str(sgd)
    mean, cov = sgd.rows[:2]
    assert 0.9 < mean.slope.value < 1.1
    assert 1.75 < cov.slope.value < 2.25
    assert max(mean.slope.half, cov.slope.half) <= 0.1
    assert sgd.needs is None


def test_the_baselines_pass_in_means_and_fail_in_the_covariance(sgd: so.Certificate) -> None:
    found = {(row.model, row.kind): row for row in sgd.rows}
    for model in ("flow", "noise x2"):
        assert found[model, "mean"].verdict == "certified", str(sgd)
        assert found[model, "covariance"].verdict == "wrong", str(sgd)
        assert abs(found[model, "covariance"].slope.value - 1.0) < 0.25


def test_the_gaps_are_the_exact_ones(sgd: so.Certificate) -> None:
    assert (np.abs(sgd.gap[:, :6] - exact(sgd)) <= ALMOST_NEVER * sgd.gap_stderr[:, :6]).all()
    assert (np.abs(sgd.loud_gap[:, :6] - exact(sgd, 2.0)) <= ALMOST_NEVER * sgd.loud_stderr[:, :6]).all()
    assert (np.abs(sgd.flow_gap[:, :6] - exact(sgd, 0.0)) <= ALMOST_NEVER * sgd.flow_stderr[:, :6]).all()


def test_the_mean_against_the_flow_is_sharp(sgd: so.Certificate) -> None:
    # on a quadratic the averages over ±W leave the noise of the gap alone
    assert (sgd.flow_stderr[:, :2] < 0.2 * sgd.discrete_stderr[:, :2]).all()


def test_paths_grow_where_they_are_needed(sgd: so.Certificate) -> None:
    short = so.certify(so.SGD(0.1), TILTED, LRS, horizon=2.0, rng=0, paths=256, max_paths=256)
    assert short.paths.tolist() == [256.0] * 3
    assert short.verdict == "inconclusive"
    assert short.covariance == "inconclusive"
    assert short.needs is not None
    assert 500 < short.needs < 20_000  # that which was enough above, and an estimate within a factor of 3
    assert f"needs N = {count(short.needs)}" in str(short)
    grown = so.certify(so.SGD(0.1), TILTED, LRS, horizon=2.0, rng=0, paths=256)
    assert grown.paths[-1] > 256
    assert max(row.slope.half for row in grown.rows[:2]) <= 0.1


def test_a_budget_of_work_in_the_place_of_a_number_of_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it affords depends on nothing but the call; a number of paths is no budget."""
    words: dict[str, Any] = {"lrs": LRS, "horizon": 1.0, "rng": 3, "paths": 256, "precision": 1e-3}
    counts = []
    for budget in (1e-9, 0.2, 0.2, 0.4):
        monkeypatch.setattr(MODULE, "BUDGET", budget)
        counts.append(so.certify(so.SGD(0.1), TILTED, **words).paths.tolist())
    assert counts[0] == [256.0] * 3
    assert counts[1] == counts[2] and 3 * 256 < sum(counts[1]) < sum(counts[3])
    assert so.certify(so.SGD(0.1), TILTED, **words, max_paths=512).paths[-1] == 512.0
    prices = [rung.price for rung in map(Rung, rungs(so.SGD(0.1), TILTED, LRS, 1.0, 8, None, None, 3))]
    assert sum(p * n for p, n in zip(prices, counts[3], strict=True)) <= 0.4


def test_paths_that_were_added_later_are_the_same_paths() -> None:
    words: dict[str, Any] = {"lrs": LRS, "horizon": 1.0, "rng": 3}
    at_once = so.certify(so.SGD(0.1), TILTED, paths=1024, max_paths=1024, **words)
    grown = so.certify(so.SGD(0.1), TILTED, paths=512, max_paths=1024, precision=1e-3, **words)
    assert grown.paths[1:].tolist() == at_once.paths[1:].tolist() == [1024.0, 1024.0]
    assert np.allclose(grown.discrete[1:], at_once.discrete[1:], rtol=1e-12, atol=1e-15, equal_nan=True)
    assert np.allclose(grown.gap[1:], at_once.gap[1:], rtol=1e-9, atol=1e-15, equal_nan=True)


def test_threads_do_not_change_a_bit() -> None:
    words: dict[str, Any] = {"lrs": LRS, "horizon": 1.0, "rng": 3, "paths": 512, "max_paths": 1024, "precision": 0.01}
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(3) as three:
        found = [so.certify(so.SGD(0.1), TILTED, executor=pool, **words).to_json() for pool in (one, three)]
    assert found[0] == found[1]


def test_learning_rates_have_draws_of_their_own() -> None:
    c = so.certify(so.SGD(0.1), TILTED, LRS, horizon=1.0, paths=32, max_paths=32, rng=0)
    assert len({tuple(words) for words in c.meta["entropy"]}) == 3


def stop_at(total: int) -> Any:
    """A progress function that presses Ctrl-C in the round of so many paths."""

    def press(done: int, paths: int) -> None:
        if paths == total:
            raise KeyboardInterrupt

    return press


@pytest.mark.filterwarnings("ignore::sdeopt.PartialWarning")
def test_ctrl_c_leaves_what_is_finished() -> None:
    words: dict[str, Any] = {"lrs": LRS, "horizon": 1.0, "rng": 3, "paths": 310, "max_paths": 610, "precision": 0.01}
    with pytest.raises(KeyboardInterrupt):
        so.certify(so.SGD(0.1), TILTED, progress=stop_at(310), **words)
    c = so.certify(so.SGD(0.1), TILTED, progress=stop_at(300), **words)
    assert c.meta["partial"]
    assert c.paths.tolist() == [310.0, 310.0 + 256.0, 310.0]  # one chunk of the second learning rate was done
    assert "interrupted" in str(c)


def test_a_spent_budget_ends_the_run() -> None:
    c = so.certify(so.SGD(0.1), TILTED, LRS, horizon=1.0, rng=3, paths=300, seconds=1e-9, precision=0.01)
    assert c.paths.tolist() == [300.0] * 3


def first_sine(x: Any) -> Any:
    return sin(x[0])


def test_observables_take_the_place_of_coordinates_and_silent_noise_that_of_statistics() -> None:
    calm = so.Problem(so.Quadratic(H), x0=START)
    c = so.certify(so.SGD(0.1), calm, LRS, horizon=1.0, paths=32, rng=0, observables={"sin x1": first_sine})
    assert [row.quantity for row in c.rows[:2]] == ["sin x1", "var x₁"]
    gaps = [np.sin(end(integrator(h, h / n), k * n)[0]) - np.sin((1.0 - h) ** k)
            for h, k, n in zip(LRS, c.meta["steps"], c.meta["substeps"], strict=True)]  # fmt: skip
    assert np.allclose(c.gap[:, 2], gaps, rtol=1e-9)
    assert (c.means, c.covariance, c.verdict) == ("certified", "inconclusive", "inconclusive")
    assert c.rows[1].reason == "there is no gap"
    assert c.paths.tolist() == [32.0] * 3


@pytest.mark.parametrize(
    "seeds", [pytest.param(100, marks=pytest.mark.slow), pytest.param(400, marks=pytest.mark.study)]
)
def test_stated_intervals_cover_the_exact_slopes(seeds: int) -> None:
    """The 95 % intervals hold the exact value in 95 % of seeds, of either slope, to 2.75 deviations each way."""
    hits = np.zeros(2)
    for seed in range(seeds):
        c = so.certify(so.SGD(0.1), TILTED, LRS, horizon=1.0, paths=512, max_paths=512, rng=seed)
        truth = exact(c)
        for k, row in enumerate(c.rows[:2]):
            slope = np.log(truth[-2, row.column] / truth[-1, row.column]) / np.log(2.0)
            hits[k] += abs(row.slope.value - slope) < row.slope.half
    assert (np.abs(hits / seeds - 0.95) <= 2.75 * np.sqrt(0.95 * 0.05 / seeds)).all(), hits


@pytest.mark.slow
def test_the_clearest_gap_of_many_is_not_judged_on_the_paths_that_chose_it() -> None:
    """Of eight alike, it is on average as large as they are, within five deviations; those paths would make it 1.3."""
    alike = so.Problem(so.Quadratic(np.ones(8)), so.Gaussian(1.0), x0=np.ones(8))
    excess = []
    for seed in range(40):  # so few paths tell no gap from zero, and the choice is made at the largest step
        c = so.certify(so.SignSGD(0.8), alike, [0.8, 0.4, 0.2], horizon=0.8, paths=64, max_paths=64, rng=seed)
        gaps, judged = np.abs(c.gap[0, np.array(c.kinds) == "mean"]), c.meta["judged"][0]
        excess.append((np.abs(c.gap[0, judged]) - gaps.mean()) / c.gap_stderr[0, judged])
    assert np.mean(excess) < 5.0 / np.sqrt(40.0), np.mean(excess)


# ---- showing and keeping


def test_it_prints_its_numbers(sgd: so.Certificate) -> None:
    text = str(sgd)
    assert repr(sgd) == "Certificate(SGD, SDE order1: certified)"
    assert "certified: means certified, covariance right" in text
    assert "means say nothing about the diffusion" in text
    assert all(f"{lr:g}" in text for lr in LRS)
    assert max(map(len, text.splitlines())) <= 118


def test_it_survives_a_file(sgd: so.Certificate, tmp_path: Path) -> None:
    sgd.save(tmp_path / "c.npz")
    assert so.Certificate.load(tmp_path / "c.npz").to_json() == sgd.to_json()


def test_json_holds_the_slopes(sgd: so.Certificate) -> None:
    content = json.loads(sgd.to_json())
    assert content["rows"][0]["slope"]["value"] == sgd.rows[0].slope.value
    assert content["rows"][2]["shift"]["value"] is None
    assert np.allclose(np.array(content["gap"], dtype=float), sgd.gap, equal_nan=True)


def test_it_draws_a_panel_per_quantity(sgd: so.Certificate) -> None:
    import matplotlib.pyplot as plt

    ax = sgd.plot()
    panels = ax.figure.axes
    assert len(panels) == 2
    assert ax.get_xscale() == ax.get_yscale() == "log"
    lines = [line for line in panels[1].lines if len(line.get_xdata()) == 3]
    assert any(np.allclose(line.get_ydata(), np.abs(sgd.gap[:, sgd.meta["judged"][1]])) for line in lines)
    _, alone = plt.subplots()
    assert sgd.plot(alone) is alone
