"""Networks on a GPU: the numbers of the CPU. Skipped where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = pytest.mark.extras("torch", "sklearn")
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture(scope="module")
def pair() -> Any:
    return [so.networks.mlp("breast_cancer", (3,), device=device) for device in ("cpu", "cuda")]


@on_gpu
@pytest.mark.parametrize("paths", [1, 3])
def test_every_answer_is_that_of_the_cpu(pair: Any, paths: int) -> None:
    rng = np.random.default_rng(0)
    x = np.squeeze(pair[0].start[:, None] + 0.3 * rng.standard_normal((pair[0].dim, paths)))
    w = np.squeeze(rng.standard_normal((pair[0].examples(), paths)))
    index = np.squeeze(rng.integers(0, pair[0].examples(), (8, paths)))
    answers: list[Any] = [
        lambda f: f.value(x), lambda f: f.grad(x), lambda f: f.hvp(x, x), lambda f: f.grad_var(x),
        lambda f: f.weighted_grad(x, w), lambda f: f.batch_grad(x, index), lambda f: f.batch_value(x, index),
        lambda f: f.example_slopes(f.start, f.start),
        *(lambda f, name=name: f.observables()[name](x) for name in pair[0].observables()),
    ]  # fmt: skip
    for answer in answers:
        assert np.abs(answer(pair[0]) - answer(pair[1])).max() < 1e-12


@on_gpu
@pytest.mark.parametrize("kind", ["discrete", "sde"])
@pytest.mark.parametrize("page", [so.SGD(0.3), so.AdamW(0.01)], ids=["SGD", "AdamW"])
def test_a_run_has_the_statistics_of_the_cpu(pair: Any, page: Any, kind: str) -> None:
    """The draws are the same, so that rounding is all that differs: much less than the intervals."""
    runs = []
    for f in pair:
        problem = so.Problem(f, so.Minibatch(8))
        runs.append(so.simulate(page, problem, kind, steps=20, paths=16, rng=0, observables=f.observables()))
    for name, (mean, stderr) in runs[0].observables.items():
        assert np.all(np.abs(runs[1].observables[name][0] - mean) <= 0.01 * stderr + 1e-9)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="device must be one that this machine has, such as 'cpu', got 'cuda'"):
        so.networks.mlp("breast_cancer", (3,), device="cuda")


def test_what_is_no_device_is_refused() -> None:
    with pytest.raises(ValueError, match="got 'abacus'"):
        so.networks.mlp("breast_cancer", (3,), device="abacus")
