"""Networks on the command line: by name, and a user's own, FILE.py:FUNCTION."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command import content, succeeded

import sdeopt as so
from sdeopt.cli.problems import objective_of, problem_of

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]

FILE = """
import numpy as np
import torch
from beside import examples

def make():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 2))
    X = np.random.default_rng(0).standard_normal((examples, 2))
    return module, torch.nn.functional.cross_entropy, X, (X[:, 0] > 0).astype(int)

def bowl():
    import sdeopt as so
    return so.Quadratic([1.0, 3.0])

def wrong():
    return 3

def listed():
    return list(make())

def stream():
    import sdeopt as so
    module, loss, X, y = make()
    return so.torch.Stream(module, loss, lambda address: (X[:4], y[:4]))

def fails():
    return make() / 2

def loaded():
    module, loss, X, y = make()
    return module, loss, torch.utils.data.DataLoader(list(zip(X, y)))
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "beside.py").write_text("examples = 40", encoding="utf-8")
    (tmp_path / "train.py").write_text(FILE, encoding="utf-8")
    return str(tmp_path / "train.py")


def test_a_function_in_a_file_makes_the_network(script: str) -> None:
    f = objective_of(f"{script}:make")
    X = np.random.default_rng(0).standard_normal((40, 2))
    assert isinstance(f, so.TorchObjective) and (f.examples(), f.dim) == (40, 12)
    loss = torch.nn.functional.cross_entropy(
        f.module(f.start)(torch.tensor(X)), torch.tensor((X[:, 0] > 0).astype(int))
    )
    assert f.value(f.start) == pytest.approx(float(loss.detach()), rel=1e-12)
    assert objective_of(f"{script}:bowl").dim == 2
    assert np.array_equal(objective_of(f"{script}:listed").start, f.start)


def test_a_stream_brings_its_own_noise(script: str) -> None:
    run = ["--objective", f"{script}:stream", "--steps", "2", "--paths", "2", "--lr", "0.01", "--quiet"]
    assert content("simulate", "sgd", *run)["meta"]["noise"] == "Batches()"
    with pytest.raises(ValueError, match=r"noise must be left out, for Stream.* got Minibatch\(batch=2"):
        problem_of({"objective": f"{script}:stream", "batch": 2}, ("", ""))


@pytest.mark.parametrize("spec", ["own", "mlp:breast_cancer,widths=2"])
def test_all_commands_know_networks(script: str, spec: str) -> None:
    """The numbers are those of the same call in Python."""
    spec = f"{script}:make" if spec == "own" else spec
    f = objective_of(spec)
    run = ["--steps", "4", "--paths", "4", "--lr", "0.01", "--quiet"]
    for command, more in (("compare", ["--substeps", "2"]), ("simulate", [])):
        found = content(command, "adamw", "--objective", spec, "--batch", "2", *run, *more)
        e = so.simulate(so.AdamW(0.01), so.Problem(f, so.Minibatch(2)), steps=4, paths=4, rng=0)
        if command == "simulate":
            assert found["observables"]["loss"]["mean"][-1] == pytest.approx(e.observables["loss"][0][-1], rel=1e-9)
        else:
            assert found["meta"]["noise"] == "Minibatch(batch=2, replace=True)" and found["meta"]["sde"] == "sampled"
    found = content("noise", spec, "--batch", "2", "--largest", "2", "--probes", "2", "--samples", "32", "--quiet")
    profile = so.noise_profile(so.Problem(f, so.Minibatch(2)), largest=2, probes=2, samples=32, rng=0)
    assert found["estimates"]["trace"]["value"] == pytest.approx(profile.estimates["trace"].value, rel=1e-9)
    found = content("scale", "sgd", "--objective", spec, "--batch", "2", "4", *run)
    assert found["scaling"]["noise"] == ["Minibatch(batch=2, replace=True)", "Minibatch(batch=4, replace=True)"]
    assert found["evidence"]["naive_verdict"] is not None


def test_what_is_no_such_file_is_refused_in_a_sentence(script: str) -> None:
    with pytest.raises(ValueError, match="objective: there is no file 'nothing.py'"):
        objective_of("nothing.py:make")
    with pytest.raises(ValueError, match="unknown function of train.py 'mke'.*make"):
        objective_of(f"{script}:mke")
    with pytest.raises(TypeError, match=r"train.py:wrong must return \(module, loss, X, y\) or an objective, got 3"):
        objective_of(f"{script}:wrong")
    with pytest.raises(ValueError, match=r"objective: .*train.py:fails, line 28: TypeError: unsupported operand"):
        objective_of(f"{script}:fails")
    assert "FILE.py:FUNCTION" in succeeded("compare", "--help").stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{}:loaded", "got 3 things, among them an instance of DataLoader: read it once"),
        ("trian:make", r"unknown objective 'trian' .*; one of your own is FILE\.py:FUNCTION"),
        *(
            (words, rf"a file must be FILE\.py:FUNCTION, such as train\.py:make, got '{words}'")
            for words in ("train:make", "train.make", "train.py", "train")
        ),
        ("mlp:mnist,widths=128,64", "widths of several numbers is written widths=128x64"),
    ],
)
def test_what_makes_no_network_is_told(
    script: str, spec: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TypeError, ValueError), match=said):
        objective_of(spec.format(script))
