"""The atlas of noise regimes, on toys whose answers are known."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import run, succeeded

import sdeopt as so
from sdeopt.atlases import atlas as module
from sdeopt.atlases.pages import times
from sdeopt.atlases.regimes import Regime
from sdeopt.atlases.seen import watch_step
from sdeopt.core import dot
from sdeopt.results.estimate import Estimate

LINE = so.Problem(so.Quadratic([1.0]), x0=[0.0])
MATRICES = ("Adafactor", "Muon", "SOAP", "ScionSpectral", "Shampoo")  # methods that x must be a matrix for
SHORT = {"gradients": 200, "lrs": [0.1], "paths": 2000, "tuning": 50, "rng": 0}
LAWS = {"normal": so.Gaussian(0.5), "Cauchy": so.StudentT(1.0, 0.5)}


@pytest.fixture(scope="module")
def toy() -> so.Atlas:
    return so.atlas(LINE, [so.SGD(0.1), so.SignSGD(0.1)], LAWS, **SHORT)


@pytest.mark.slow
def test_the_loss_at_rest_is_exact(toy: so.Atlas) -> None:
    """E x²/2 of SGD is η²σ²/(1 - (1 - η)²)/2; of a square of a normal the median is 0.4549 of its mean.

    Six standard errors, 2e-9 each.
    """
    level = 0.5 * 0.1**2 * 0.25 / (1.0 - 0.9**2)
    loss, median = (toy.at(name, "SGD", "normal") for name in ("loss", "median"))
    assert abs(loss.value - level) < 6.0 * loss.stderr and loss.stderr < 0.04 * level
    assert loss.low < level < loss.high
    assert abs(median.value - 0.454936 * level) < 6.0 * median.stderr
    assert abs(toy.at("spread", "SGD", "normal").value - 2.0 * level) < 12.0 * loss.stderr


@pytest.mark.slow
def test_under_cauchy_noise_sgd_has_no_spread_and_signs_have_one(toy: so.Atlas) -> None:
    """At rest E x² of SignSGD is η/(2ℓ) to leading order in η, ℓ = 2/(πσ) the slope of E sign: 10 % is η's share."""
    spread = toy.at("spread", "SGD", "Cauchy")
    assert (spread.status, spread.reason) == ("undecided", "no mean: the tails of the noise are too heavy")
    assert math.isnan(spread.low) and math.isnan(toy.at("loss", "SGD", "Cauchy").value)
    signs = toy.at("spread", "SignSGD", "Cauchy")
    assert signs.status == "ok"
    assert signs.value == pytest.approx(0.1 / (2.0 * 2.0 / (math.pi * 0.5)), rel=0.2)
    assert toy.best("Cauchy") == ("SignSGD",) and toy.best("normal") == ("SGD",)
    assert toy.at("error", "SGD", "Cauchy").status == "missing"
    assert "has no covariance" in toy.at("error", "SGD", "Cauchy").reason


@pytest.mark.slow
def test_the_sde_of_sgd_is_off_by_half_the_learning_rate(toy: so.Atlas) -> None:
    """Var x: η²σ²/(1 - (1 - η)²) and ησ²/2, which is η/2 less."""
    error = toy.at("error", "SGD", "normal")
    assert error.low < 0.05 < error.high < 0.1


def test_the_learning_rate_is_the_best_of_trials_on_other_paths() -> None:
    problem = so.Problem(so.Quadratic([1.0]), x0=[1.0])
    found = so.atlas(problem, so.SGD(0.1), LAWS, gradients=40, lrs=[0.01, 0.1, 0.3, 1.0], paths=60, tuning=400, rng=5)
    assert found.lr[0, 0] == 0.1 and not found.at_edge("SGD", "normal")
    edge = so.atlas(problem, so.SGD(0.1), so.Gaussian(0.5), gradients=40, lrs=[0.001, 0.01], paths=60, tuning=60, rng=5)
    assert edge.lr.tolist() == [[0.01]] and edge.at_edge("SGD", "Gaussian(scale=0.5)") and "0.01*" in str(edge)
    seeds = found.meta["seeds"]
    assert seeds[0] != seeds[1]
    for seed, measured, paths in ((seeds[1], None, 400), (seeds[0], found.at("median", "SGD", "normal"), 60)):
        grid = so.sweep(
            so.SGD(0.1), so.Problem(problem.objective, so.Gaussian(0.5), [1.0]), {"lr": [0.01, 0.1, 0.3, 1.0]},
            steps=40, paths=paths, measures=["median"], rng=seed,
        )  # fmt: skip
        assert int(grid["median"].value[0, 0].argmin()) == 1
        assert measured is None or measured.value == grid["median"].value[0, 0, 1]


def test_trials_have_paths_of_their_own() -> None:
    for rng in (0, np.random.SeedSequence(7), None):
        plan = module._plan(LINE, 10, [0.1], 60, 20, None, rng, None)
        trial, report = plan.settings(5, trial=True), plan.settings(5, trial=False)
        assert trial.seed != report.seed and (trial.paths, report.paths) == (20, 60)


def test_methods_are_compared_at_equal_gradients_seen() -> None:
    """Without noise f falls by 0.81 a step: a tenth is left after 11 of them, of USAM's with two gradients each."""
    problem = so.Problem(so.Quadratic([1.0]), x0=[1.0])
    found = so.atlas(problem, [so.SGD(0.1), so.USAM(0.1, rho=1e-9)], so.NoNoise(), **SHORT | {"paths": 20})
    assert found.meta["steps"] == {"SGD": 200, "USAM": 100}
    assert [found.at("time", m, "NoNoise()").value for m in ("SGD", "USAM")] == pytest.approx([11.0, 22.0])
    never = so.atlas(problem, so.SGD(0.1), so.NoNoise(), **SHORT | {"paths": 20, "gradients": 10})
    assert never.at("time", "SGD", "NoNoise()").value == math.inf
    bowl = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(1.0))
    for name, cls in so.methods().items():
        if getattr(cls, "family", "") != "minimax" and name not in (*MATRICES, "PCNSGD"):
            page: Any = cls
            seen = watch_step(page(**{"lr": 0.05} | page.at), bowl).gradients
            assert seen == {"SAM": 2, "USAM": 2, "DNSAM": 2, "LocalSGD": 4, "FedAvgM": 4, "DiLoCo": 4}.get(name, 1), (
                name
            )
    assert watch_step(so.SGD(0.1), so.Problem(so.Quadratic([1.0]), so.Agents(so.Gaussian(1.0), 3))).gradients == 1


@pytest.mark.slow
def test_ties_are_called_ties() -> None:
    twins = {"one": so.SGD(0.1), "other": so.DSGD(0.1), "worse": so.SGLD(0.1, temperature=50.0)}
    found = so.atlas(LINE, twins, {"normal": so.Gaussian(0.5)}, **SHORT | {"gradients": 40, "paths": 200})
    assert found.best("normal") == ("one", "other")
    assert "one, other (tied)" in str(found)
    assert found.ranking("normal") == ("one", "other", "worse")


def test_a_loss_is_above_the_minimum() -> None:
    f = so.Objective(
        dim=1, value=lambda x: 0.5 * dot(x, x) + 7.0, grad=lambda x: x, start=[1.0], minimum=7.0, optimum=[0.0]
    )
    plain = so.Problem(so.Quadratic([1.0]), x0=[1.0])
    raised, flat = (so.atlas(p, so.SGD(0.1), so.Gaussian(0.5), **SHORT | {"paths": 60}) for p in (so.Problem(f), plain))
    for name in ("median", "loss", "time"):
        for end in ("value", "low", "high"):
            assert getattr(raised[name], end)[0, 0] == pytest.approx(getattr(flat[name], end)[0, 0], rel=1e-9), name
    assert (raised.meta["minimum"], raised.meta["level"]) == (7.0, pytest.approx(0.05))


@pytest.mark.slow
def test_settings_of_a_law_choose_and_set_the_methods() -> None:
    law = so.Batch(so.Gaussian(0.5), 4)
    pages = [so.SGD(0.1), so.DPSGD(0.1), so.DPSignSGD(0.1)]
    found = so.atlas(
        LINE, pages, {"loud": (law, {"sigma_dp": 8.0}), "plain": law}, **SHORT | {"gradients": 40, "paths": 60}
    )
    assert found.ranking("loud")[:1] == ("DPSignSGD",) and len(found.ranking("plain")) == 3
    assert found.at("loss", "SGD", "loud").status == "missing"
    assert found.at("loss", "SGD", "loud").reason == "it has no sigma_dp, which this regime is about"
    assert found.at("loss", "DPSGD", "loud").value > 4.0 * found.at("loss", "DPSGD", "plain").value


def test_sdes_are_compared_under_the_named_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_run_laws", lambda *_: False)
    found = so.atlas(LINE, so.SGD(0.1), LAWS, compare=["Cauchy"], **SHORT)
    assert found.meta["compared"] == ["Cauchy"]
    assert found.at("error", "SGD", "normal").reason == "not compared under this law: compare= names those that are"
    assert found.at("error", "SGD", "Cauchy").reason == "not run"
    with pytest.raises(ValueError, match="unknown compare .normale.; did you mean .normal.?"):
        so.atlas(LINE, so.SGD(0.1), LAWS, compare=["normale"], **SHORT)


def test_it_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"gradients": 10, "lrs": [0.1, 0.2], "paths": 60, "tuning": 10, "rng": 0, "folder": tmp_path}
    made, laws = itertools.count(), {"normal": so.Gaussian(0.5), "louder": so.Gaussian(1.0)}

    def stop(done: int, total: int) -> None:
        assert total == 8
        if next(made) == 4:  # the first law has four cells
            raise KeyboardInterrupt

    with pytest.warns(so.PartialWarning):
        partial = so.atlas(LINE, so.SGD(0.1), laws, progress=stop, **small)
    assert partial.meta["partial"] and repr(partial).endswith(", partial)")
    assert partial.at("loss", "SGD", "normal").status == "ok"
    assert (partial.at("loss", "SGD", "louder").status, partial.best("louder")) == ("missing", ())
    assert str(partial)
    whole = so.atlas(LINE, so.SGD(0.1), laws, **small)
    monkeypatch.setattr("sdeopt.sweeps.schedule.compute", None)  # nothing is left to compute
    again = so.atlas(LINE, so.SGD(0.1), laws, **small)
    fresh = {key: value for key, value in small.items() if key != "folder"}
    monkeypatch.undo()
    for other in (again, so.atlas(LINE, so.SGD(0.1), laws, **fresh)):
        assert other.to_json() == whole.to_json()


def test_what_cannot_run_is_left_out_or_refused() -> None:
    small = {"gradients": 10, "lrs": [0.1], "paths": 60, "tuning": 10, "rng": 0}
    found = so.atlas(LINE, [so.SGD(0.1), so.SGDA(0.1)], so.Gaussian(0.5), **small)
    assert found.methods == ("SGD",) and "SGDA needs players" in found.meta["left out"]["SGDA"]
    assert "Left out: SGDA: players" in str(found)
    game = so.Problem(so.BilinearGame(1.0))
    blind = so.Problem(so.Objective(dim=1, grad=lambda x: x))
    for wrong, sentence in (
        ({"methods": so.SGDA(0.1)}, "no method can be run under any of the laws: the discrete SGDA needs players"),
        ({"methods": so.SGD(so.Cosine(0.1, horizon=1.0))}, "methods must have a constant lr, which is tuned"),
        ({"lrs": [0.1, 0.1]}, "lrs must be positive and grow"),
        ({"gradients": 1}, "gradients must be"),
        ({"rng": None, "folder": "x"}, "a folder needs rng=0"),
        ({"problem": game}, "problem must be one of minimisation, got a game"),
        ({"problem": blind}, "problem must have an f\\(x\\)"),
    ):
        arguments: dict[str, Any] = {"problem": LINE, "methods": so.SGD(0.1), "laws": so.Gaussian(0.5)} | small | wrong
        with pytest.raises(ValueError, match=sentence):
            so.atlas(**arguments)
    with pytest.raises(TypeError, match="laws must be one law or several"):
        so.atlas(LINE, so.SGD(0.1), [0.5], **small)


def test_paths_that_diverge_are_last() -> None:
    """|1 - η h| = 2 at h = 30 and η = 0.1: lost after some hundred steps."""
    steep = so.Problem(so.Quadratic([30.0]), x0=[1.0])
    found = so.atlas(steep, [so.SGD(0.1), so.SignSGD(0.1)], {"normal": so.Gaussian(0.5)}, **SHORT | {
        "gradients": 2000, "paths": 60})  # fmt: skip
    assert found.at("diverged", "SGD", "normal").value == 1.0
    assert (found.at("median", "SGD", "normal").value, found.at("median", "SGD", "normal").status) == (
        math.inf, "diverged"
    )  # fmt: skip
    assert found.best("normal") == ("SignSGD",) and found.ranking("normal") == ("SignSGD", "SGD")


def test_how_many_times_as_high() -> None:
    first, second = (Estimate(v, 0.1, low, high) for v, low, high in ((1.0, 0.8, 1.25), (3.0, 2.5, 4.0)))
    assert times(first, second) == "[2, 5]"
    assert times(first._replace(low=0.0), second) == "[2, ∞]"
    assert str(Regime(so.Gaussian(0.5), {"k": 2.0})) == "Gaussian(scale=0.5), k = 2"


@pytest.mark.slow
def test_every_measure_is_drawn(toy: so.Atlas) -> None:
    for measure in toy.measures:
        ax = toy.plot(measure=measure)
        assert [label.get_text() for label in ax.get_xticklabels()] == list(LAWS)
        assert ax.collections[0].get_array().shape == (2, 2)


def test_the_command_line_is_the_python_function(tmp_path: Path) -> None:
    words = ["--gradients", "10", "--lrs", "0.1,0.2", "--paths", "60", "--tuning", "10", "--seed", "3", "--quiet"]
    said = succeeded("atlas", "sgd", "--objective", "quadratic:1,2", "--law", "gaussian:0.5", *words, "--json")
    laws = {"gaussian:0.5": so.Gaussian(0.5)}
    want = so.atlas(
        so.Problem(so.Quadratic([1.0, 2.0])), so.SGD(0.05), laws, gradients=10, lrs=[0.1, 0.2], paths=60, tuning=10,
        rng=3,
    )  # fmt: skip
    assert said.stdout.strip() == want.to_json()
    shown = succeeded(
        "atlas", "sgd", "--objective", "quadratic:1,2", "--law", "gaussian:0.5", *words, "--out", str(tmp_path / "a")
    )
    assert "gaussian:0.5" in shown.stdout
    assert len(list(tmp_path.glob("a-*.png"))) == 6 and so.load(tmp_path / "a.npz").to_json() == want.to_json()
    assert (tmp_path / "a.csv").read_text().count("\n") == 7
    assert run("atlas", "sgdd").exit_code == 2


def test_the_quick_one_has_three_methods_and_three_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_run_laws", lambda *_: False)
    found = so.atlas(LINE, **module_quick(), rng=0)
    assert (found.methods, len(found.laws)) == (("SGD", "SignSGD", "HeavyBall"), 3)


def module_quick() -> dict[str, Any]:
    from sdeopt.atlases.regimes import quick

    return quick(LINE)
