"""One method for the matrices of a network and another for the rest: equal to two optimizers of PyTorch by hand."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.planning import plan
from sdeopt.optimizers.muon import by_products, newton_schulz

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]
STEPS, BATCH = 8, 16
MUON = {"lr": 0.02, "momentum": 0.8, "weight_decay": 0.3}  # of PyTorch, whose O is in bfloat16
ADAMW = {"lr": 0.003, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.5}
PAGES = so.Muon(0.02, 0.8, 0.3), so.AdamW(0.003, 0.8, 0.95, 1e-3, 0.5)


def network(dtype: str | None = None) -> Any:
    """64 - 6 - 10: one matrix is wide, the other tall."""
    return so.networks.mlp("digits", (6,), holdout=0.9, dtype=dtype)


def by_hand(f: Any, batches: Any, last: Any = "muon", shape: Any = None) -> Any:
    """x after a plain loop of PyTorch with two optimizers, over these numbers of examples."""
    net, X, y = f.module(f.start), f._X, f._y
    named = dict(net.named_parameters())
    by = {"muon": [p for n, p in named.items() if p.ndim == 2], "adamw": [p for p in named.values() if p.ndim == 1]}
    if last == "adamw":
        by["adamw"].append(by["muon"].pop())
    both = torch.optim.Muon(by["muon"], **MUON), torch.optim.AdamW(by["adamw"], **ADAMW)
    scheduled = [
        torch.optim.lr_scheduler.LambdaLR(o, lambda k: 1.0 if shape is None else shape(0.02 * k)) for o in both
    ]
    for index in batches:
        net.zero_grad()
        torch.nn.functional.cross_entropy(net(X[index]), y[index]).backward()
        for worker in (*both, *scheduled):
            worker.step()
    return torch.cat([p.detach().reshape(-1) for p in named.values()]).numpy()


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> None:
    """Muon of PyTorch in the precision of its parameters."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.clone())


def position(page: Any, f: Any, kind: str = "discrete", **settings: Any) -> tuple[Any, Any]:
    """x after some steps of one path, and the numbers of the examples of every batch."""
    run = plan(page, so.Problem(f, so.Minibatch(BATCH)), kind, steps=STEPS, save_at=1, rng=3, **settings)
    kernel = Kernel(run)
    return kernel(0, 1)[0, -1, : f.dim], (kernel.increments(0) * f.examples()).astype(int)


@pytest.mark.parametrize("dtype", [None, "float64"])
@pytest.mark.parametrize("last", ["muon", "adamw"])
def test_a_path_is_that_of_muon_and_adamw_of_torch(dtype: str | None, last: str, double: None) -> None:
    f = network(dtype)
    page = so.Layered(*PAGES, excluded=("3.*",) if last == "adamw" else ())
    x, batches = position(page, f)
    assert np.unique(batches[0]).size > 8 and np.abs(x - f.start).max() > 0.05
    assert np.abs(x - by_hand(f, batches, last)).max() < 1e-10
    assert np.abs(x - by_hand(f, batches, "muon" if last == "adamw" else "adamw")).max() > 1e-3


@pytest.mark.parametrize("dtype", [None, "float64"])
def test_schedules_of_both_are_functions_of_one_time(dtype: str | None, double: None) -> None:
    def shape(t: float) -> float:
        return math.exp(-5.0 * t)

    muon, adamw = (page._replace(lr=so.Schedule(page.lr, shape)) for page in PAGES)
    f = network(dtype)
    x, batches = position(so.Layered(muon, adamw), f)
    assert np.abs(x - by_hand(f, batches, shape=shape)).max() < 1e-10
    assert np.abs(x - by_hand(f, batches)).max() > 1e-3


def test_at_one_euler_step_the_sampled_sde_is_the_optimizer(double: None) -> None:
    """r = 1: y + (Δ₁ + Δ₂)/2 + (Δ₁ - Δ₂)/2 is the step of the first of two batches, of both methods together."""
    f = network()
    x, pairs = position(so.Layered(*PAGES), f, "sde", scheme="euler", substeps=1)
    assert np.abs(x - by_hand(f, pairs[:, :BATCH])).max() < 1e-10


@pytest.mark.parametrize("dtype", [None, "float64"])
def test_spectral_scion_with_scion_on_the_rest_is_the_published_recursion(dtype: str | None) -> None:
    f = network(dtype)
    x, batches = position(so.Layered(so.ScionSpectral(0.1, 0.6, 1.5), so.Scion(0.05, 0.7, 2.0)), f)
    own, mean = np.split(f.start, np.cumsum(f._sizes)[:-1]), [0.0] * 4
    for index in batches:
        g = np.split(f.batch_grad(np.concatenate(own), index.astype(float)), np.cumsum(f._sizes)[:-1])
        for i, shape in enumerate(f._shapes):
            step, beta, radius = (0.1, 0.6, 1.5) if len(shape) == 2 else (0.05, 0.7, 2.0)
            mean[i] = beta * mean[i] + (1.0 - beta) * g[i]
            u, _, vt = np.linalg.svd(mean[i].reshape(*shape, -1) if len(shape) == 1 else mean[i].reshape(shape),
                                     full_matrices=False)  # fmt: skip
            corner = (u @ vt).ravel() if len(shape) == 2 else np.sign(mean[i])
            own[i] = (1.0 - step) * own[i] - step * radius * corner
    assert np.abs(x - np.concatenate(own)).max() < 1e-6  # msign converges; small singular values last


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (4, 4), (1, 5)])
@pytest.mark.parametrize("steps", [(5, 0), (10, 8)])
def test_products_of_matrices_are_the_loops(shape: tuple[int, int], steps: tuple[int, int]) -> None:
    g = np.random.default_rng(1).standard_normal(shape).ravel()
    np.testing.assert_allclose(by_products(g, shape[0], *steps), newton_schulz(g, shape[0], *steps), rtol=1e-10)
    assert not by_products(0.0 * g, shape[0], *steps).any()


def test_filters_of_a_convolution_are_a_matrix_with_a_row_for_each_channel() -> None:
    f = so.networks.cnn("digits", (3, 4), holdout=0.9)
    rows = {name: rows for name, *_, rows in f.blocks()}
    assert [rows[name] for name, p in f.module(f.start).named_parameters() if p.ndim == 4] == [3, 4]
    assert sorted(rows.values()) == [0, 0, 0, 3, 4, 10]
    assert position(so.Layered(*PAGES), f)[0].shape == (f.dim,)


def test_wrappers_go_around_it_and_it_goes_around_them() -> None:
    """Clipping outside is by the length of the whole gradient, coupled decay inside is of the rest alone."""
    f, page = network(), so.Layered(so.SGD(0.1), so.SGD(0.1))
    x, batches = position(page, f)
    assert np.abs(x - position(so.SGD(0.1), f)[0]).max() < 1e-12  # of two equal halves
    g = f.batch_grad(f.start, batches[0].astype(float))
    o, z = so.Problem(f, so.Minibatch(BATCH)).oracle, ((batches[0] + 0.5) / f.examples(),)
    clipped = so.Clipped(page, 0.5).step(0, f.start, o, z)
    np.testing.assert_allclose(clipped, f.start - 0.1 * g * min(1.0, 0.5 / np.linalg.norm(g)), rtol=1e-10)
    vectors = np.concatenate([np.full(n, float(len(shape) == 1)) for n, shape in zip(f._sizes, f._shapes, strict=True)])
    decayed = so.Layered(so.SGD(0.1), so.L2(so.SGD(0.1), 0.3)).step(0, f.start, o, z)
    np.testing.assert_allclose(decayed, f.start - 0.1 * (g + 0.3 * vectors * f.start), rtol=1e-9, atol=1e-13)
    mean = position(so.Averaged(so.Layered(*PAGES)), f)[0]
    assert 0.0 < np.abs(mean - f.start).max() < np.abs(position(so.Layered(*PAGES), f)[0] - f.start).max()


def test_the_page_is_one_as_others_are() -> None:
    page = so.Layered(*PAGES, excluded=["3.*"])
    assert pickle.loads(pickle.dumps(page)) == page and page != so.Layered(*PAGES)
    assert eval(repr(page), {"Layered": so.Layered, "Muon": so.Muon, "AdamW": so.AdamW}) == page
    assert (page.inner, page.rest, page.clock) == (*PAGES, 0.02)
    slow = page.scaled(0.01)
    assert (slow.inner, slow.rest) == (PAGES[0].scaled(0.01), PAGES[1].scaled(0.0015))


def test_a_stream_has_layers_too() -> None:
    def batch(address: int) -> Any:
        X = np.random.default_rng(address).standard_normal((8, 2))
        return X, X.sum(1, keepdims=True)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    stream = so.torch.Stream(module, torch.nn.functional.mse_loss, batch)
    e = so.simulate(so.Layered(*PAGES), so.Problem(stream), steps=20, paths=2, rng=0)
    loss, _ = e.observables["loss of 16 batches"]
    assert loss[-1] < 0.95 * loss[0]


MUST = [
    (lambda: so.Layered(so.Muon, so.AdamW(0.1)), TypeError, "pass an instance, Muon"),
    (lambda: so.Layered(so.Muon(0.1), so.HeavyBall(0.1)), ValueError,
     r"one clock: time goes otherwise .* for Muon than for HeavyBall \(a quarter of lr makes a step 4 and 2 times"),
    (lambda: so.Layered(so.Muon(0.1), so.SAM(0.1)), ValueError, "SAM, which asks for the gradient at another point"),
    (lambda: so.Layered(so.SGHMC(0.1), so.SGD(0.1)), ValueError, "SGHMC, which draws numbers beside one gradient"),
    (lambda: so.Layered(so.Muon(0.1), so.NGN(0.1)), ValueError, "NGN, whose step asks noisy_value"),
    *((lambda rest=rest: so.Layered(so.AdamW(0.1), rest), ValueError, "which asks for a matrix: it goes to matrices=")
      for rest in (so.Muon(0.1), so.ScionSpectral(0.1), so.Adafactor(0.1), so.L2(so.Muon(0.1), 0.1))),
    (lambda: so.Layered(so.Layered(*PAGES), so.SGD(0.1)), ValueError, "whose step asks blocks"),
    (lambda: so.Layered(*PAGES, excluded="head"), TypeError, "excluded must be a sequence of names"),
    (lambda: so.Layered(*PAGES, excluded=3.0), TypeError, "excluded must be a sequence of names"),  # type: ignore[arg-type]
    (lambda: position(so.Layered(*PAGES, excluded=["head"]), network()), ValueError, "no parameter is called 'head'"),
    (lambda: position(so.Layered(*PAGES, excluded=["*"]), network()), ValueError, "needs a matrix among the"),
    (lambda: so.simulate(so.Layered(*PAGES), so.Problem(so.Quadratic([1.0])), steps=1, paths=1), ValueError,
     "LayeredMuonAdamW needs blocks: Quadratic is no module of PyTorch"),
    (lambda: position(so.Muon(0.1), network()), ValueError, r"not one matrix: .*so\.Layered\(matrices="),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "text"), MUST)
def test_what_does_not_fit_is_told_in_a_sentence(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_a_domain_of_positions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(so.SGD, "domain", lambda self, y: np.minimum(y, 1.0), raising=False)
    with pytest.raises(ValueError, match="SGD, whose domain moves x, as the rest of a network"):
        so.Layered(so.Muon(0.1), so.SGD(0.1))


def test_a_network_of_matrices_alone_has_an_empty_rest() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = [torch.nn.Linear(a, b, bias=False) for a, b in ((2, 4), (4, 1))]
    module = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1])
    X = np.random.default_rng(0).standard_normal((32, 2))
    f = so.TorchObjective(module, torch.nn.functional.mse_loss, X, X.sum(1, keepdims=True))
    assert np.abs(position(so.Layered(*PAGES), f)[0] - f.start).max() > 0.05
