"""The claims about networks, at toy sizes: what they find is what their comparisons say."""

from __future__ import annotations

import functools
import importlib
import math
import re
from typing import Any

import numpy as np
import pytest
from slow_bowl import Bowl

import sdeopt as so

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = [pytest.mark.extras("torch", "sklearn"), pytest.mark.usefixtures("one_thread")]

import benchmarks.claims.networks as claims  # noqa: E402
from benchmarks.claims import runner  # noqa: E402
from benchmarks.claims.networks import larger_text, svag_adam, trained  # noqa: E402
from benchmarks.claims.networks.__main__ import HEAD  # noqa: E402
from sdeopt.results.judging import quantile  # noqa: E402

NAMES = runner.names(claims)
COUNTS = {
    "adaptive": 10,
    "digits": 18,
    "distributed": 4,
    "larger": 15,
    "larger_beside": 10,
    "larger_cnn": 15,
    "larger_text": 15,
    "private": 6,
    "sam": 9,
    "signsgd": 8,
    "square_root": 5,
    "svag_adam": 2,
}


def report(page: Any, **settings: Any) -> so.Report:
    """On a bowl, where "train loss" is |x|²."""
    problem = so.Problem(Bowl(), so.Gaussian([0.2, 0.5, 1.0]), x0=[1.0, 1.0, 1.0])
    grid: dict[str, Any] = {"steps": 20, "paths": 200, "substeps": 4, "save_at": 4, "rng": 0}
    observables = {"train loss": lambda x: float(np.sum(x * x))}
    return so.compare(page, problem, judge="observables", observables=observables, **grid | settings)


def test_a_gap_is_measured_in_the_range_of_the_loss() -> None:
    near, far = report(so.SGD(0.01)), report(so.SGD(0.6), substeps=16)
    holds, fails, flow = trained.loss("near", near), trained.loss("far", far), trained.loss("far", far, flow=True)
    i = far.column("train loss")
    scale = np.maximum(np.ptp(far.discrete[:, i]), far.discrete_sd[:, i])
    ratio = far.gap[:, i] / scale
    assert fails.measured == pytest.approx(ratio[np.argmax(np.abs(ratio))], rel=1e-6)
    assert (holds.verdict, fails.verdict) == ("holds", "fails")
    assert not fails.low <= trained.CLOSE * np.sign(fails.measured) <= fails.high
    ratio = (far.flow - far.discrete)[:, i] / scale
    assert flow.measured == pytest.approx(ratio[np.argmax(np.abs(ratio))], rel=1e-6)


def test_a_loss_is_told_apart_where_it_is_known_to_be_lower() -> None:
    noisy = report(so.SGD(0.2), paths=1000, tolerance=0.015)
    i = noisy.column("train loss")
    scale = np.maximum(np.ptp(noisy.discrete[:, i]), noisy.discrete_sd[:, i])
    sde, flow = trained.apart("sde", noisy), trained.apart("flow", noisy, flow=True)
    ends = (
        (noisy.flow - noisy.discrete)[:, i]
        + quantile(noisy.counts, 0.001 / noisy.meta["comparisons"]) * noisy.discrete_stderr[:, i]
    ) / scale
    assert (sde.verdict, flow.verdict) == ("fails", "holds")
    assert flow.high == pytest.approx(ends.min(), rel=1e-6) and flow.claimed[1] == -0.015


def test_the_spread_is_that_of_all_parameters() -> None:
    r = report(so.SGD(0.05))
    found, i = trained.spread("bowl", r), r.column("tr Cov x")
    assert found.measured == pytest.approx(r.sde[-1, i] / r.discrete[-1, i], rel=1e-12)
    assert found.high - found.low == pytest.approx(2 * 1.96 * r.gap_stderr[-1, i] / r.discrete[-1, i], rel=1e-4)


def test_the_networks_are_those_of_the_papers() -> None:
    made = {name: make() for name, make in trained.NETWORKS.items()}
    modules = [type(f.module(f.start)).__name__ for f in made.values()]
    assert list(made) == modules == ["MLP", "CNN", "ResNet", "Transformer"]
    mlp, cnn, resnet, transformer = (f.dim for f in made.values())
    head = " ".join(HEAD.split())  # wherever its lines break
    assert f"MLP and Transformer have {mlp} and {transformer} parameters" in head
    assert f"CNN and ResNet {cnn} and {resnet}, on digits" in head
    assert f"`digits` has {trained.DIGITS['digits MLP']().dim}" in head


@pytest.mark.parametrize("level", [1, 5])
def test_svag_amplifies_the_covariance_of_gradients_alone(level: int) -> None:
    """At level 1 it is Adam; g = a g₁ + b g₂ has a + b = 1 and a² + b² = l."""
    page, f = svag_adam.amplified(level), so.Quadratic([1.0, 2.0])
    o, x = so.Problem(f, so.Gaussian(1.0)).oracle, np.array([0.4, -0.8])
    z = (np.array([1.0, 0.0]),), (np.array([0.0, 1.0]),)
    _, m, v = y = page.step(0, page.init(x, o), o, z)
    seen = m / (1.0 - page.beta1) - f.grad(x)  # of ξ₁ in the first entry and of ξ₂ in the second
    assert (seen.sum(), seen @ seen) == (pytest.approx(1.0), pytest.approx(level))
    np.testing.assert_allclose(v, (1.0 - page.beta2) * (seen + f.grad(x)) ** 2)
    if level == 1:
        adam = so.Adam(*svag_adam.ADAM)
        wanted = adam.step(1, adam.step(0, adam.init(x, o), o, z[0]), o, z[1])
        np.testing.assert_allclose(page.step(1, y, o, z[::-1]), wanted, rtol=1e-12)


def test_another_text_than_that_of_the_page_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(larger_text, "text", lambda: "of a later release")
    words = r"its text, pydoc_data\.topics, is another in Python 3\.\d+\.\w+ than in 3\.11\.7"
    assert re.match(words, str(runner.lacking("larger_text", claims)))
    with pytest.raises(ValueError, match=f"larger_text cannot be measured here: {words}"):
        larger_text.windows()


@pytest.mark.parametrize("flow", [False, True])
def test_a_claim_finds_what_compare_does(flow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit by bit, but for what half the step changes, which no claim is about."""
    toy, law = so.networks.mlp("breast_cancer", (2,), holdout=0.8), so.Minibatch(16)
    monkeypatch.setitem(trained.NETWORKS, "MLP", lambda: toy)
    monkeypatch.setattr(trained, "STEPS", 8)
    monkeypatch.setattr(importlib.import_module("sdeopt.comparison.block"), "PATHS_FLOW", 2)
    found = trained.compared(so.SignSGD(0.01), "MLP", law, 20 / 1024, flow=flow)
    there = so.compare(
        so.SignSGD(0.01), so.Problem(toy, law), steps=8, paths=20, substeps=2, save_at=8, sde="sampled", rng=0,
        observables={"train loss": toy.observables()["train loss"]}, judge="observables", progress=False,
    )  # fmt: skip
    ways = (trained.loss, trained.spread, functools.partial(trained.loss, flow=True))
    for way in ways[: 3 if flow else 2]:
        assert way("", found) == way("", there)
    assert np.isnan(found.flow).all() != flow


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_claim_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one small network in the place of all, 8 steps and 8 paths, 2 for the flow and for half the dt."""
    for what in ("PATHS_FLOW", "PATHS_CHANGE"):
        monkeypatch.setattr(importlib.import_module("sdeopt.comparison.block"), what, 2)
    toy = so.networks.mlp("breast_cancer", (2,), holdout=0.8)
    small = dict.fromkeys(trained.NETWORKS, lambda: toy)
    if name in ("distributed", "private"):  # that say how many examples and parameters there are
        small = trained.NETWORKS
    module = importlib.import_module(f"benchmarks.claims.networks.{name}")
    for owner in {trained, module}:
        for what, value in {
            "NETWORKS": small,
            "DIGITS": {"digits MLP": lambda: toy},
            "NETWORK": lambda: toy,
            "LEVELS": (2,),
            "STEPS": 8,
            "SUBSTEPS": 2,
        }.items():
            if hasattr(owner, what):
                monkeypatch.setattr(owner, what, value)
    outcome = runner.run(name, 0.001, claims)
    assert len(outcome.findings) == COUNTS[name]
    assert outcome.verdict in ("holds", "fails", "inconclusive") and "Source" in outcome.text
    assert all(math.isfinite(f.measured) and f.low <= f.measured <= f.high for f in outcome.findings)
