"""Scaling on networks: how many paths evidence takes, what is matched, two methods on one network, the command line."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from command import content

import sdeopt as so
from sdeopt.engine import progress, work
from sdeopt.engine.tensors import streamed
from sdeopt.scaling import evidence

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = [pytest.mark.extras("torch", "sklearn"), pytest.mark.usefixtures("one_thread")]


class Directions(torch.nn.Module):
    """h/|h| of a layer without bias, whose length has no part in the loss."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(5, 4, bias=False)

    def forward(self, X: Any) -> Any:
        h = self.layer(X)
        return h / h.norm(dim=1, keepdim=True)


def test_growth_is_measured_in_single_precision_too() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 5)), rng.integers(0, 4, 300)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module, other = Directions(), torch.nn.Linear(5, 4, bias=False)

    def found(net: Any, dtype: str) -> dict[str, float]:
        f = so.TorchObjective(net, torch.nn.functional.cross_entropy, X, y, dtype=dtype)
        conditions = so.scale(so.SGD(0.1), problem=so.Problem(f, so.Minibatch(4)), batch=(4, 8)).conditions
        return {c.name: c.value for c in conditions}

    double = found(module, "float64")
    assert double["growth"] > 0.0 and found(module, "float32") == pytest.approx(double, rel=1e-3)
    assert "growth" not in found(other, "float32")


@pytest.fixture(params=[None, "float32"])
def problem(request: pytest.FixtureRequest) -> so.Problem:
    return so.Problem(so.networks.mlp("breast_cancer", (2,), dtype=request.param), so.Minibatch(4))


def test_a_network_gets_the_paths_that_the_budget_affords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work as counted, here the products alone, so many whole multiples of 256 where there is one; toys get 40 000.

    Of 64·32 + 32·10 weights: there as many an example, twice as many back but for the first layer; saves pass over all.
    """
    for other in ("CALL", "MADE"):
        monkeypatch.setattr(work, other, 0.0)
    there = 64 * 32 + 32 * 10
    network = so.Problem(so.networks.mlp("digits"), so.Minibatch(4))
    toy = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0))

    def affordable(on: so.Problem, steps: int, budget: float) -> int:
        runs = evidence._runs(so.scale(so.SGD(0.1), batch=(4, 8), problem=on), None, steps, None, 0)
        saves = sum(len(run.saves) for run in runs)
        each = work.PRODUCT * (steps * (4 + 8) * (2 * there + 32 * 10) + saves * 1438 * there)
        monkeypatch.setattr(evidence, "BUDGET", budget * each)
        return evidence.affordable(runs, False)

    assert [affordable(network, 20, n) for n in (600.1, 200.1, 3.0)] == [512, 200, 64]
    monkeypatch.setattr(evidence, "BUDGET", 40.0)
    runs = evidence._runs(so.scale(so.SGD(0.1), batch=(4, 8), problem=toy), None, 100, None, 0)
    assert evidence.affordable(runs, False) == 40_000
    monkeypatch.setattr(evidence, "BUDGET", 0.01)
    e = so.scale(so.SGD(0.1), batch=(4, 8), problem=network).evidence(steps=4, rng=0, progress=False)
    assert e.meta["paths"] == evidence.LEAST


def test_equal_numbers_of_examples_are_matched(problem: so.Problem) -> None:
    e = so.scale(so.AdamW(0.01), batch=(4, 8), problem=problem).evidence(steps=8, paths=4, rng=0, progress=False)
    assert (4 * e.steps[0] == 8 * e.steps[1]).all() and (e.steps[1] == e.steps[2]).all()
    assert e.meta["after"]["noise"] == "Minibatch(batch=8, replace=True)"
    assert np.isfinite(e.before).all()


def test_rules_of_practice_stand_beside(problem: so.Problem) -> None:
    """Each has the bounds that it has in the place of the naive rule, whose draws it takes."""
    scaled = so.scale(so.AdamW(0.01), batch=(4, 8), problem=problem)
    grid: dict[str, Any] = {"steps": 8, "paths": 64, "rng": 0, "progress": False}
    e = scaled.evidence(**grid)
    made = [so.AdamW(0.014142135623731), so.AdamW(0.01, beta2=0.998001)]
    for rival, method in zip(e.meta["rivals"], made, strict=True):
        there = dataclasses.replace(scaled, naive=method).evidence(**grid)
        assert rival["method"] == repr(method) and rival["rule"] in str(e)
        assert (rival["low"], rival["high"], rival["verdict"]) == (*there.naive_within, there.naive_verdict)
    assert "lr = 0.01414" in str(e) and "beta2 = 0.998" in str(e)
    assert [rival["rule"] for rival in e.meta["rivals"]] == ["η' = √κ η", "η' = η, β₂' = β₂^κ"]
    linear = so.scale(so.SGD(0.1), batch=(4, 8), problem=problem)
    assert list(evidence.rivals(linear)) == ["η' = √κ η"]
    toy = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0))
    assert evidence.rivals(so.scale(so.AdamW(0.01), batch=(4, 8), problem=toy)) == {}


def test_two_methods_on_one_network(problem: so.Problem) -> None:
    method = so.EMA(so.Layered(so.Muon(0.02), so.AdamW(0.01)), 0.5)
    e = so.scale(method, batch=(4, 8), problem=problem).evidence(steps=4, paths=4, rng=0, progress=False)
    assert e.meta["after"]["method"].startswith("EMA(Layered(matrices=Muon(lr=0.04, beta=0.9,")
    assert e.steps.tolist() == [[0, 2, 4], [0, 1, 2], [0, 1, 2]] and np.isfinite(e.after).all()


def test_the_command_knows_the_method_of_the_rest() -> None:
    words = ["--rest", "adamw:lr=0.01", "--lr", "0.02", "--beta", "0.95", "--weight-decay", "0"]
    found = content(
        "scale", "muon", *words, "--batch", "4", "8", "--objective", "mlp:breast_cancer,widths=2", "--steps", "4",
        "--paths", "4", "--quiet",
    )  # fmt: skip
    after: dict[str, Any] = found["scaling"]["after"]
    assert (after["lr"], after["beta"], after["rest_beta1"]) == (0.04, 0.9, 0.8)
    assert found["evidence"]["steps"][0] == [0, 2, 4]


def test_the_command_chooses_the_batch_of_a_longer_run() -> None:
    found = content("scale", "scion", "--lr", "0.02", "--batch", "64", "256", "--examples", "1000000", "8000000")
    assert found["scaling"]["after"] == {"lr": 0.01, "beta": 0.9, "radius": 1.0}
    assert found["scaling"]["change"]["examples"] == [1_000_000, 8_000_000]


def test_evidence_on_many_parameters_keeps_projections(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same losses and traces, of the same paths; and what takes long is told, products for the conditions too."""
    told: list[str] = []
    monkeypatch.setattr(progress.Progress, "log", lambda self, seconds: told.append(self._label))
    f = so.networks.mlp("breast_cancer", (3,), dtype="float32")
    scaling = so.scale(so.SGD(0.05), problem=so.Problem(f, so.Minibatch(4)), batch=(4, 8))
    assert told == ["largest curvature"]
    whole = scaling.evidence(steps=4, paths=6, rng=0, progress=False)
    monkeypatch.setattr(streamed, "LARGE", f.dim - 1)
    few = scaling.evidence(steps=4, paths=6, rng=0, progress=False)
    assert few.kinds.count("mean") == few.meta["projections"] == 8 < whole.kinds.count("mean")
    for name in (whole.names[whole.kinds.index("observable")], "tr Cov x"):
        i, j = few.column(name), whole.column(name)
        for side in ("before", "after", "naive", "gap_stderr"):
            assert getattr(few, side)[:, i] == pytest.approx(getattr(whole, side)[:, j], rel=1e-5, abs=1e-12)
    assert "projections of x" in str(few) and "projections of x" not in str(whole)
