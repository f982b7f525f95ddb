"""The words of the command line are those of Python; the default number of paths is that of the help."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from command import content, job, succeeded

import sdeopt as so
from sdeopt.cli import lengths
from sdeopt.cli.lengths import (
    BUDGET,
    DEMONSTRATION,
    PATHS,
    paths,
)  # fmt: skip
from sdeopt.cli.schedules import schedule
from sdeopt.engine.planning import plan
from sdeopt.engine.simulate import DEFAULT_SUBSTEPS
from sdeopt.engine.work import price

DATA = ["--objective", "diagonal-linear-network:n=6,p=3"]
FEW = ["--paths", "2"]  # given, so that the cost of one is not measured


@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_simulate_is_the_python_function(kind: str) -> None:
    words = ["--lr", "0.1", "--steps", "5", "--paths", "300", "--seed", "7", "--x0", "1,-2", "--save-at", "3"]
    names = ["loss", "norm2"] if kind == "discrete" else ["loss", "norm2", "grad_norm2"]
    said = content("simulate", "sgd", "--kind", kind, *words, "--substeps", "4", "--observables", ",".join(names))
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -2.0])
    want = so.simulate(
        so.SGD(lr=0.1), problem, kind, steps=5, paths=300, rng=7, save_at=3, substeps=4, observables=names
    )
    assert said["times"] == want.times.tolist()
    assert said["mean"] == want.mean.tolist()
    assert said["variance"] == np.einsum("nii->ni", want.cov).tolist()
    assert said["observables"]["norm2"]["stderr"] == want.observables["norm2"][1].tolist()
    assert sorted(said["observables"]) == sorted(names)


def test_compare_is_the_python_function() -> None:
    words = ["--lr", "0.1", "--steps", "5", "--paths", "300", "--seed", "7", "--tolerance", "0.2"]
    said = content("compare", "sgd", *words)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    want = so.compare(so.SGD(lr=0.1), problem, steps=5, paths=300, rng=7, tolerance=0.2)
    assert said == json.loads(want.to_json())


def test_defaults_are_those_of_the_help() -> None:
    said = job("compare", "sgd")
    assert said.method == so.SGD(lr=0.05)
    assert repr(said.problem.objective) == "Quadratic(H=[1.0, 2.0], center=[0.0, 0.0])"
    assert repr(said.problem.noise) == "Gaussian(scale=0.5)"
    assert said.arguments == {"horizon": 10.0, "rng": 0, "progress": None}
    assert job("simulate", "sgd").arguments["paths"] == 4000


@pytest.mark.extras("torch")
def test_defaults_on_networks() -> None:
    """A number of steps that the budget affords, a small rate of methods with bounded steps, no example's betas."""
    pytest.importorskip("torch")
    words = ["--objective", "mlp:breast_cancer,widths=3"]
    for method, page in (("adamw", so.AdamW(lr=0.001)), ("sgd", so.SGD(lr=0.05)), ("signum", so.Signum(lr=0.001))):
        assert job("compare", method, *words).method == page
    said = job("compare", "adamw", *words)
    assert (said.arguments["steps"], "horizon" in said.arguments) == (200, False)
    assert said.remark == "200 steps, the default for a network of this cost; --steps sets another number"
    both = job("simulate", "sgd", *words)
    assert both.arguments["steps"] == 200
    assert both.remark is not None and both.remark.startswith(f"200 steps and {both.arguments['paths']} paths, ")
    assert job("compare", "sgd", *words, "--horizon", "1").arguments["horizon"] == 1.0


@pytest.mark.extras("torch")
def test_what_a_network_affords(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    words = ["--objective", "mlp:breast_cancer,widths=3"]
    for budget, steps in ((1e9, 200), (0.0, 25)):
        monkeypatch.setattr(lengths, "NETWORK", budget)
        assert job("compare", "sgd", *words).arguments["steps"] == steps


def test_every_hyperparameter_reaches_the_method() -> None:
    words = ["--lr", "0.1", "--beta1", "0.5", "--beta2", "0.75", "--eps", "1e-3", "--weight-decay", "0.25"]
    want = so.AdamW(lr=0.1, beta1=0.5, beta2=0.75, eps=1e-3, weight_decay=0.25)
    assert job("simulate", "adamw", *words, *FEW).method == want


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--batch", "4"], "Minibatch(batch=4, replace=True)"),
        (["--noise", "minibatch:4,replace=false"], "Minibatch(batch=4, replace=False)"),
        (["--noise", "gaussian:0.1"], "Gaussian(scale=0.1)"),
        ([], "Minibatch(batch=1, replace=True)"),
    ],
)
def test_data_get_the_noise_that_is_asked_for(words: list[str], shown: str) -> None:
    assert repr(job("simulate", "sgd", *DATA, *words, "--paths", "2").problem.noise) == shown


def test_networks_are_objectives_of_every_command() -> None:
    """With a batch and without; a path of a network costs so much that few are run."""
    pytest.importorskip("torch")
    words = ["--objective", "mlp:breast_cancer,widths=2", "--steps", "20"]
    said = job("compare", "sgd", *words)
    assert repr(said.problem.objective) == "TorchObjective(MLP, examples=455, dim=68)"
    assert repr(said.problem.noise) == "Minibatch(batch=1, replace=True)"
    long = job("simulate", "sgd", "--objective", words[1], "--steps", "20000")
    each = 20_000 * price(plan(long.method, long.problem, steps=20_000)).step  # beside it saves are cheap
    assert 64 <= long.arguments["paths"] <= BUDGET / each < 2 * long.arguments["paths"] < 1000
    assert repr(job("simulate", "sgd", *words, "--batch", "8").problem.noise) == "Minibatch(batch=8, replace=True)"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--schedule", "cosine", "--horizon", "2"], so.Cosine(0.1, horizon=2.0)),
        (["--schedule", "cosine:final=0.1", "--steps", "5"], so.Cosine(0.1, horizon=0.5, final=0.1)),
        (["--schedule", "power:0.25", "--steps", "5"], so.Power(0.1, exponent=0.25)),
    ],
)
def test_a_schedule_starts_from_the_learning_rate(words: list[str], shown: Any) -> None:
    assert job("simulate", "sgd", "--lr", "0.1", *words, *FEW).method == so.SGD(lr=shown)


def test_a_cosine_ends_with_the_run_in_the_time_of_the_method() -> None:
    words = ["--lr", "0.01", "--steps", "5", "--schedule", "cosine"]
    assert job("simulate", "heavyball", *words, *FEW).method.lr == so.Cosine(0.01, horizon=5 * np.sqrt(0.01))


@pytest.mark.parametrize(
    ("spec", "phases"),
    [
        ("warmup", [so.ramp(0.1)]),
        ("warmup:0.2", [so.ramp(0.2)]),
        ("warmup-cosine:0.2,final=0.05", [so.ramp(0.2), so.ramp(0.8, 1.0, 0.05, "cosine")]),
        ("wsd:0.25,decay=0.25,final=0.1", [so.ramp(0.25), so.hold(0.5), so.ramp(0.25, 1.0, 0.1)]),
        ("wsd:0,decay=0.5", [so.hold(0.5), so.ramp(0.5, 1.0, 0.0)]),
        ("inverse-root:0.25", [so.ramp(0.25), so.decay(0.75, scale=0.25)]),
        ("step:0.5,0.75,factor=0.5", [so.hold(0.5), so.hold(0.25, 0.5), so.hold(0.25, 0.25)]),
    ],
)
def test_schedules_in_fractions_of_the_run(spec: str, phases: Any) -> None:
    assert schedule(spec, 0.1, 1.0) == so.Piecewise(0.1, phases, "run")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("wsd:0.5,decay=0.6", r"wsd: decay must be in \(0, 0.5\], got 0.6"),
        ("inverse-root:0", "inverse-root: warmup must be"),
        ("warmup:0.1,warmup=0.2", "warmup: warmup is given twice"),
        ("step:0.7,0.5", r"rising fractions of the run between 0 and 1, got \[0.7, 0.5\]"),
        ("step:0.5,factor=2", r"step: factor must be in \[0, 1\]"),
        ("warmup-cosine:0.1,floor=0.1", "floor"),
    ],
)
def test_bad_words_for_schedules(spec: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        schedule(spec, 0.1, 1.0)


@pytest.mark.parametrize("spec", ["power", "power:0.5", "power:exponent=0.5", "Power:0.5"])
def test_a_power_has_the_exponent_of_the_library(spec: str) -> None:
    assert schedule(spec, 0.1, 1.0) == so.Power(0.1)


def test_threads_and_quiet_reach_the_engine() -> None:
    said = job("simulate", "sgd", "--threads", "3", "--quiet").arguments
    assert (said["executor"]._max_workers, said["progress"]) == (3, False)


def test_threads_do_not_change_the_numbers() -> None:
    words = ["simulate", "sgd", "--steps", "4", "--paths", "600"]
    assert content(*words, "--threads", "1") == content(*words, "--threads", "3")


# the default number of paths


def test_small_problems_get_all_paths_and_say_so() -> None:
    said = succeeded("simulate", "sgd", "--steps", "2").stdout
    assert "4000 paths, the default" in said
    assert re.search(r"^paths +4000, none diverged", said, re.MULTILINE)


def test_paths_that_are_given_stay_and_need_no_remark() -> None:
    said = succeeded("simulate", "sgd", "--steps", "2", "--paths", "10").stdout
    assert re.search(r"^paths +10, none diverged", said, re.MULTILINE)
    assert "default" not in said


def test_the_help_states_the_rule_of_the_default() -> None:
    said = succeeded("simulate", "--help").stdout
    assert f"{', '.join(map(str, PATHS[:-1]))} and {PATHS[-1]}\n" in said
    assert f"below two minutes of CPU time ({DEMONSTRATION:g} s without --objective)" in " ".join(said.split())
    assert f"[default: an {DEFAULT_SUBSTEPS}th of the optimizer's]" in " ".join(said.split())
    assert BUDGET == 120.0


def test_costlier_paths_are_fewer() -> None:
    assert [paths(each) for each in (1e-4, 0.1, 0.5, 1.0, 1e6)] == [4000, 1000, 125, 64, 64]


def test_the_command_counts_the_work_of_a_path() -> None:
    few, many = (job("simulate", "sgd", "--kind", "sde", "--steps", n).arguments["paths"] for n in ("200", "20000000"))
    assert (few, many) == (4000, 64)


def test_what_stands_around_a_method() -> None:
    words = [*FEW, "--lr", "0.1", "--l2", "0.2", "--max-norm", "1", "--ema", "0.9"]
    inner = so.Clipped(so.L2(so.SGD(0.1), 0.2), 1.0)
    assert job("simulate", "sgd", *words).method == so.EMA(inner, 0.9)
    assert job("simulate", "sgd", *words[:-2], "--averaged").method == so.Averaged(inner)
    assert job("simulate", "signsgdw", *FEW, "--l2", "0.2").method == so.SignSGDW(0.05, l2=0.2)  # its own field
    pull = job("simulate", "pcnsgd", *FEW, "--lr", "0.1", "--rescaled", "--averaged").method
    assert pull == so.Averaged(so.Rescaled(so.PCNSGD(0.1)))
    with pytest.raises(TypeError, match="Rescaled is for PCNSGD"):
        job("simulate", "sgd", *FEW, "--rescaled")


def test_another_method_for_what_is_no_matrix() -> None:
    pytest.importorskip("torch")
    words = ["--objective", "mlp:breast_cancer,widths=2", "--lr", "0.02", "--steps", "5", "--paths", "2"]
    muon, adamw = so.Muon(0.02), so.AdamW(0.002, weight_decay=0.1)
    rest = ["--rest", "adamw:lr=0.002,weight_decay=0.1"]
    assert job("compare", "muon", *words, *rest, "--ema", "0.9").method == so.EMA(so.Layered(muon, adamw), 0.9)
    assert job("compare", "muon", *words, "--rest", "AdamW").method == so.Layered(muon, so.AdamW(0.02))
    scheduled = [page._replace(lr=so.Cosine(page.lr, horizon=0.1)) for page in (muon, adamw)]
    assert job("compare", "muon", *words, *rest, "--schedule", "cosine").method == so.Layered(*scheduled)
    for wrong in ("adamw:rho=1", "adamw:0.1"):
        with pytest.raises(ValueError, match="rest must be METHOD:name=value,..., with names of AdamW among lr, beta1"):
            job("compare", "muon", *words, "--rest", wrong)
    with pytest.raises(ValueError, match=r"not one matrix: .* given to such a page by so\.Layered\(.*\), or --rest"):
        so.simulate(muon, job("compare", "muon", *words).problem, steps=1, paths=1)
