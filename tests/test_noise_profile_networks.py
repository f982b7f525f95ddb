"""Gradient noise of networks: products with single examples, profiles, and the command ``sdeopt noise``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import content, run, succeeded
from small_networks import point, small

import sdeopt as so
from sdeopt.engine import progress
from sdeopt.networks.spec import parse
from sdeopt.profile import measure, products

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = [pytest.mark.extras("torch", "sklearn"), pytest.mark.usefixtures("one_thread")]


@pytest.mark.parametrize("spec", ["mlp:breast_cancer", "cnn:digits", "resnet:digits,groups=2", "transformer:digits"])
def test_slopes_of_examples_are_those_of_single_gradients(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"mlp": "widths=3", "cnn": "channels=2", "resnet": "channels=4,blocks=1", "transformer": "width=4"}
    f = parse(f"{spec},holdout=0.98,{sizes[spec.partition(':')[0]]}")
    x = point(f)
    v = np.random.default_rng(0).standard_normal(f.dim)
    exact = np.array([f.batch_grad(x, np.array([float(i)])) @ v for i in range(f.examples())])
    assert np.abs(f.example_slopes(x, v) - exact).max() < 1e-12 * np.abs(exact).max()
    monkeypatch.setattr(f, "_pairs", 8)
    assert np.abs(f.example_slopes(x, v) - exact).max() < 1e-12 * np.abs(exact).max()


@pytest.mark.parametrize("kept", [True, False])
def test_a_profile_of_a_network_is_that_of_dense_matrices(kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the gradients of all examples, and with products only; most of the dimension is left to probes."""
    if not kept:
        monkeypatch.setattr(products, "ROWS", 0)
    f = so.networks.mlp("breast_cancer", (2,), holdout=0.9)
    x = point(f)
    rows = np.array([f.batch_grad(x, np.array([float(i)])) for i in range(f.examples())])
    Sigma, H = np.cov(rows.T, bias=True) / 8, f.hessian(x)
    found = so.noise_profile(so.Problem(f, so.Minibatch(8)), x, largest=5, samples=64, rng=0)
    assert found["trace"].value == pytest.approx(np.trace(Sigma), rel=1e-10)
    np.testing.assert_allclose(found.spectrum, np.linalg.eigvalsh(Sigma)[:-6:-1], rtol=1e-8)
    np.testing.assert_allclose(found.hessian, np.linalg.eigvalsh(H)[:-6:-1], rtol=1e-8)
    alignment = np.sum(Sigma * H) / np.sqrt(np.sum(Sigma**2) * np.sum(H**2))
    e = found["alignment"]
    half = 0.5 * (e.high - e.low)
    assert half < 0.25 * alignment and abs(e.value - alignment) < 3.0 * half  # six standard errors


def test_what_takes_long_is_told_and_normal_noise_over_many_examples_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(progress.Progress, "log", lambda self, seconds: told.append(seconds))
    f = so.networks.mlp("breast_cancer", (2,), holdout=0.9)
    problem = so.Problem(f, so.Minibatch(8))
    whole = so.noise_profile(problem, samples=32, largest=2, probes=2, rng=0)
    monkeypatch.setattr(measure, "NORMALS", 16 * f.dim * f.examples())
    part = so.noise_profile(problem, samples=32, largest=2, probes=2, rng=0)
    assert len(told) == 2 and min(told) > 0.0
    assert set(whole.estimates) - set(part.estimates) == {"normal tail"}
    assert all(part[name] == whole[name] for name in part.estimates)
    assert "normal tail: 32 draws" in str(part) and "samples=16 keeps" in str(part)
    assert "normal tail" in so.noise_profile(problem, samples=16, largest=2, probes=2, rng=0).estimates


def test_a_network_without_second_derivatives_has_its_other_numbers() -> None:
    f = small()
    f._unbent = "no second derivative"
    found = so.noise_profile(so.Problem(f, so.Minibatch(2)), rng=0, samples=16)
    assert found.hessian.size == 0 and found["effective rank"].value > 1.0
    assert "no second derivative" in str(found)


# the command


def test_the_command_profiles_a_network(tmp_path: Path) -> None:
    stem = str(tmp_path / "mlp")
    words = ["mlp:breast_cancer,widths=3", "--batch", "8", "--largest", "3", "--samples", "64", "--out", stem]
    result = succeeded("noise", *words)
    assert result.stderr == f"wrote {stem}.png and {stem}.npz\n"
    f = so.networks.mlp("breast_cancer", (3,))
    same = so.noise_profile(so.Problem(f, so.Minibatch(8)), largest=3, samples=64, rng=0)
    assert so.NoiseProfile.load(f"{stem}.npz").to_json() == same.to_json()
    assert "effective rank" in result.stdout and "Minibatch(batch=8, replace=True)" in result.stdout


def test_specs_name_networks() -> None:
    assert repr(parse("CNN:digits,channels=4x8,activation=relu,holdout=0.5")) == repr(
        so.networks.cnn("digits", (4, 8), activation="relu", holdout=0.5)
    )
    with pytest.raises(ValueError, match="did you mean 'widths'"):
        parse("mlp:digits,width=3")


def test_other_objectives_have_the_noise_that_fits_them() -> None:
    said = content("noise", "linear-regression:small", "--samples", "16")
    assert said["meta"]["noise"] == "Minibatch(batch=1, replace=True)"
    said = content("noise", "quadratic:1,2", "--samples", "16", "--x0", "2,0")
    assert said["meta"]["noise"] == "Gaussian(scale=0.5)"
    assert said["estimates"]["B_simple"]["value"] == pytest.approx(0.5 / 4.0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["mpl:digits"], "unknown objective 'mpl'; did you mean 'mlp'"),
        (["quadratic:1", "--batch", "2"], "Quadratic is not a finite sum"),
        (["mlp:digits", "--batch", "2", "--noise", "none"], "is itself the noise"),
        (["quadratic:1", "--out", "no-such-folder/x"], "there is no folder"),
    ],
)
def test_words_that_make_no_sense_are_refused(words: list[str], says: Any) -> None:
    result = run("noise", *words)
    assert result.exit_code == 2 and says in result.stderr
