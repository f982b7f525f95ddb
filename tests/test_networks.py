"""Networks: the finite sum that a PyTorch module is, the noise of its batches, its observables."""

from __future__ import annotations

import functools
import itertools
import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_networks import ENTROPY, X, Y, column, point, small

import sdeopt as so
from sdeopt.engine import kernels

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = [pytest.mark.extras("torch", "sklearn"), pytest.mark.usefixtures("one_thread")]

nn = torch.nn


# the finite sum


def single_gradients(f: Any, x: Any) -> Any:
    """∇f_i for every example, by PyTorch's own backward pass through a module with the parameters x."""
    rows = []
    for i in range(f.examples()):
        module = f.module(x)
        ENTROPY(module(f._X[i : i + 1]), f._y[i : i + 1]).backward()
        rows.append(torch.cat([p.grad.reshape(-1) for p in module.parameters()]).numpy())
    return np.array(rows)


def test_gradients_are_those_of_the_module() -> None:
    f = small()
    x, w = point(f), np.random.default_rng(1).standard_normal(6)
    single = single_gradients(f, x)
    assert np.abs(f.grad(x) - single.mean(axis=0)).max() < 1e-14
    assert np.abs(f.weighted_grad(x, w) - w @ single).max() < 1e-14
    assert np.abs(f.batch_grad(x, np.array([4.0, 1.0, 4.0])) - single[[4, 1, 4]].mean(axis=0)).max() < 1e-14
    assert np.abs(f.grad_var(x) - single.var(axis=0)).max() < 1e-14


FEW = 0.98  # held out: 11 or 36 examples are left
NETWORKS = {
    "mlp": lambda: so.networks.mlp("breast_cancer", (3,), holdout=FEW),
    "cnn": lambda: so.networks.cnn("digits", (2,), holdout=FEW),
    "resnet": lambda: so.networks.resnet("digits", 4, 1, groups=2, holdout=FEW),
    "transformer": lambda: so.networks.transformer("digits", 4, 2, holdout=FEW),
}
QUESTIONS = ("grad", "value", "hvp", "weighted_grad", "batch_grad", "batch_value")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_hessian_is_the_difference_of_gradients(name: str) -> None:
    """Central differences at h = 1e-4: their own error is O(h²) of third derivatives, and round-off 1e-12."""
    f = NETWORKS[name]()
    x, v = point(f), np.random.default_rng(2).standard_normal(f.dim) / np.sqrt(f.dim)
    product, h = f.hvp(x, v), 1e-4
    difference = (f.grad(x + h * v) - f.grad(x - h * v)) / (2.0 * h)
    assert np.abs(product).max() > 1e-3
    assert np.abs(product - difference).max() < 1e-6 * np.abs(product).max() + 1e-9


@pytest.mark.parametrize("name", NETWORKS)
def test_many_paths_at_once_have_the_answers_of_each(name: str) -> None:
    f = NETWORKS[name]()
    assert f.batched
    rng = np.random.default_rng(0)
    x = np.stack([point(f, seed) for seed in range(3)], axis=1)
    index, w, v = np.floor(f.examples() * rng.random((5, 3))), rng.standard_normal((f.examples(), 3)), 0.1 * x[:, ::-1]
    given_to = {"hvp": (v,), "weighted_grad": (w,), "batch_grad": (index,), "batch_value": (index,)}
    for question in QUESTIONS:
        given = given_to.get(question, ())
        ask = getattr(f, question)
        apart = [ask(x[:, p].copy(), *(a[:, p].copy() for a in given)) for p in range(3)]
        assert np.abs(ask(x, *given) - np.stack(apart, axis=-1)).max() < 1e-11 * np.abs(apart).max(), question


class Twice(nn.Module):
    """A layer that is called twice, and one that is not called."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.idle, self.last = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        return self.last(torch.tanh(self.layer(torch.tanh(self.layer(x)))))


class Rows(nn.Module):
    """A linear layer on a row of tokens, whose gradients add up within an example."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Any) -> Any:
        return torch.tanh(self.layer(x.reshape(len(x), 2, 2))).sum(1)


class Tied(nn.Module):
    """A weight that is used outside its layer as well."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        return self.leave(torch.tanh(nn.functional.linear(torch.tanh(self.enter(x)), self.enter.weight.T)))


class Flattened(nn.Module):
    """Two rows of an example as two rows of a matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Any) -> Any:
        return torch.tanh(self.layer(x.reshape(-1, 2))).reshape(len(x), 2, 2).sum(1)


class Named(nn.Module):
    """A layer that is called with its input by name."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        return self.layer(input=x)


def in_place() -> Any:
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))


MODULES = [
    Twice, Rows, Tied, Flattened, Named, in_place, functools.partial(nn.Linear, 4, 2, bias=False),
    lambda: nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 2)),
]  # fmt: skip


@pytest.mark.parametrize("make", MODULES, ids=lambda make: getattr(make, "__name__", "linear"))
def test_variances_are_those_of_single_gradients(make: Any) -> None:
    """By products of squares where these agree with gradients of single examples, else by the latter."""
    f = so.TorchObjective(make(), ENTROPY, X, Y)
    x = point(f)
    single = [f.batch_grad(x, np.array([float(i)])) for i in range(len(X))]
    assert np.abs(f.grad_var(x) - np.var(single, axis=0)).max() < 1e-14


def test_the_fast_way_is_taken_where_it_is_right() -> None:
    """In-place activations have it too; a weight used outside its layer has not."""
    assert so.TorchObjective(in_place(), ENTROPY, X, Y)._fast
    assert not so.TorchObjective(Tied(), ENTROPY, X, Y)._fast


def test_variances_of_an_in_place_activation_by_hand() -> None:
    """One input, one unit, squared error on (x, y) = (1, 1), (2, 0), (-1, 1), parameters (w, b, v, c) = (1, 1/2, 1, 0).

    Hidden 1.5, 2.5, and 0 where the unit is off; residuals r = 0.5, 2.5, -1. With ∂f_i = 2r (v x, v, h, 1) where the
    unit is on: ∂w = 1, 10, 0; ∂b = 1, 5, 0; ∂v = 1.5, 12.5, 0; ∂c = 1, 5, -2.
    """
    module = nn.Sequential(nn.Linear(1, 1), nn.ReLU(inplace=True), nn.Linear(1, 1))
    f = so.TorchObjective(module, nn.MSELoss(), [[1.0], [2.0], [-1.0]], [[1.0], [0.0], [1.0]])
    exact = np.var([[1.0, 1.0, 1.5, 1.0], [10.0, 5.0, 12.5, 5.0], [0.0, 0.0, 0.0, -2.0]], axis=0)
    assert f.grad_var(np.array([1.0, 0.5, 1.0, 0.0])) == pytest.approx(exact, rel=1e-13)


def test_passes_over_part_of_the_examples_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    f = small()
    x = np.stack([point(f, seed) for seed in range(2)], axis=1)
    whole = f.grad(x), f.value(x), f.hvp(x, x), f.grad_var(x)
    monkeypatch.setattr(f, "_pairs", 4)
    monkeypatch.setattr("sdeopt.objectives.torch_squares.SQUARES", 30)
    for a, b in zip(whole, (f.grad(x), f.value(x), f.hvp(x, x), f.grad_var(x)), strict=True):
        assert np.abs(a - b).max() < 1e-14


def test_an_objective_travels_to_other_processes() -> None:
    f = small()
    g = pickle.loads(pickle.dumps(f))
    assert np.array_equal(f.grad(point(f)), g.grad(point(f)))


# the noise of its batches


@pytest.mark.parametrize("replace", [True, False])
def test_the_noise_of_the_sde_has_the_covariance_of_the_batches(replace: bool) -> None:
    """R Rᵀ of the map dw -> Σ^{1/2} dw against all batches of two out of six: no sampling."""
    f = small()
    x, law = point(f), so.Minibatch(2, replace)
    o = so.Problem(f, law).oracle
    single = single_gradients(f, x)
    batches = list(itertools.product(range(6), repeat=2) if replace else itertools.combinations(range(6), 2))
    exact = np.cov([single[list(b)].mean(axis=0) for b in batches], rowvar=False, bias=True)
    root = np.array([law.root_cov(o, x, e) for e in np.eye(6)])
    assert np.abs(exact).max() > 1e-3
    assert np.abs(root.T @ root - exact).max() < 1e-15
    assert np.abs(law.var(o, x) - np.diag(exact)).max() < 1e-15


def test_the_diagonal_closure_keeps_the_variances_and_loses_the_rest() -> None:
    f = small()
    x, law, w = point(f), so.DiagonalMinibatch(2), np.random.default_rng(0).standard_normal(15)
    o = so.Problem(f, law).oracle
    sd = np.sqrt(so.Minibatch(2).var(o, x))
    root = np.array([law.root_cov(o, x, e) for e in np.eye(15)])
    assert np.abs(root - np.diag(sd)).max() < 1e-15
    mean = np.array([math.erf(g / s / math.sqrt(2.0)) for g, s in zip(f.grad(x), sd, strict=True)])
    assert np.abs(law.mean_sign(o, x, f.grad(x)) - mean).max() < 1e-13
    assert np.abs(law.root_sign_cov(o, x, f.grad(x), w) - np.sqrt(1.0 - mean**2) * w).max() < 1e-13
    assert np.abs(law.root_square_cov(o, x, w) - math.sqrt(2.0) * sd**2 * w).max() < 1e-15
    z = (np.array([0.1, 0.9]),)
    assert np.array_equal(law.noisy_grad(o, x, z), so.Minibatch(2).noisy_grad(o, x, z))


@pytest.mark.parametrize(
    ("page", "sde"), [(so.SignSGD(0.01), "order1"), (so.AdamW(0.01), "full"), (so.SAM(0.1), "sampled")]
)
def test_the_diagonal_closure_opens_the_formulas(page: Any, sde: str) -> None:
    """Of signs and squares, those of the papers; with the true batches the same pages have "sampled" only."""
    run = column(page, "sde", small(), so.DiagonalMinibatch(2), observables=[])
    assert run.sde == sde and column(page, "sde", small(), so.Minibatch(2)).sde == "sampled"
    kernel = kernels.Kernel(run)
    assert kernel.mode == "batched"
    assert np.abs(kernel(0, 3) - kernels.Kernel(replace(run, interpreted=True))(0, 3)).max() < 1e-12


@pytest.mark.slow
def test_the_exact_covariance_agrees_and_the_diagonal_one_is_told_apart() -> None:
    """SGD on a network of 101 parameters: its training loss, and the worst of its variances.

    The gap of the loss is -0.006 with a standard error of 0.0015, that of the diagonal closure -0.016 with 0.0012.
    """
    f = so.networks.mlp("breast_cancer", (3,))
    reports = []
    for law in (so.Minibatch(4), so.DiagonalMinibatch(4)):
        problem = so.Problem(f, law)
        settings: dict[str, Any] = {"steps": 60, "paths": 192, "substeps": 2, "save_at": 10, "progress": False}
        reports.append(so.compare(so.SGD(0.2), problem, observables=f.observables(), judge="all", rng=0, **settings))
    exact, diagonal = ({row.quantity.split()[0]: row for row in report.rows[::-1]} for report in reports)
    for name in ("train", "test"):
        assert exact[name].verdict != "differ" and diagonal[name].verdict == "differ"
    for name in ("train", "variances,"):
        assert abs(diagonal[name].gap) - diagonal[name].half > abs(exact[name].gap) + exact[name].half


# observables


def test_observables_are_losses_and_accuracies_of_the_module() -> None:
    f = so.networks.mlp("breast_cancer", (3,))
    x = np.stack([point(f, seed) for seed in range(2)], axis=1)
    found = f.observables()
    assert list(found) == ["train loss", "train accuracy", "test loss", "test accuracy", "distance"]
    assert found["distance"](x)[1] == pytest.approx(np.linalg.norm(x[:, 1] - f.start), rel=1e-14)
    for name, (inputs, y) in {"train": (f._X, f._y), "test": f._test}.items():
        for p in range(2):
            output = f.module(x[:, p])(inputs).detach()
            right = (output.argmax(1) == y).double().mean().item()
            assert found[f"{name} loss"](x)[p] == pytest.approx(ENTROPY(output, y).item(), rel=1e-12)
            assert found[f"{name} accuracy"](x)[p] == found[f"{name} accuracy"](x[:, p].copy()) == pytest.approx(right)


def test_gradient_and_curvature_can_be_observed() -> None:
    """tr ∇²f by random signs: the exact trace within five of its own standard deviations, 6e-7 to be off by chance."""
    f, probes = small(), 400
    x = np.stack([point(f, seed) for seed in range(2)], axis=1)
    found = f.observables(gradient=True, probes=probes)
    g, trace = found["|∇f|²"](x), found["tr ∇²f"](x)
    for p in range(2):
        H = f.hessian(x[:, p])
        spread = np.sqrt(2.0 / probes * (np.sum(H * H) - np.sum(np.diag(H) ** 2)))
        assert g[p] == pytest.approx(np.sum(f.grad(x[:, p]) ** 2), rel=1e-12)
        assert abs(trace[p] - np.trace(H)) < 5.0 * spread < 0.5 * np.trace(H)
        assert trace[p] == pytest.approx(found["tr ∇²f"](x[:, p].copy()), rel=1e-10)


def test_a_function_of_one_position_is_asked_path_by_path() -> None:
    problem = so.Problem(small(), so.Minibatch(2))
    e = so.simulate(so.SGD(0.3), problem, steps=3, paths=3, rng=0, observables={"x1": lambda x: float(x[0])})
    assert e.observables["x1"][0][-1] == pytest.approx(e.mean[-1, 0], rel=1e-14)
