"""Both columns on networks: many paths at once are the paths one by one, and the steps are the loop of torch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_networks import ENTROPY, column, small

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.objectives.contract import Smooth

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytestmark = [pytest.mark.extras("torch", "sklearn"), pytest.mark.usefixtures("one_thread")]

PAGES = [so.SGD(0.3), so.SAM(0.3, 0.1), so.SignSGD(0.01), so.AdamW(0.02), so.HeavyBall(0.05), so.RMSprop(0.01)]


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


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: type(page).__name__)
def test_the_arithmetic_of_the_engine_gives_the_same_bits(page: Any, law: Any) -> None:
    """Vectors of the law broadcast over paths, sums run over coordinates, draws belong to their path."""
    for kind in ("discrete", "sde"):
        kernel = kernels.Kernel(run := column(page, kind, Bowl(), law, observables=["norm2", "grad_norm2"]))
        assert kernel.mode == "batched"
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
    plain = column(so.SGD(0.3), "discrete", f, so.PoissonBatch(3), observables=[], sde="sampled")  # beside the same SDE
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


def test_epochs_walk_the_data_as_a_shuffling_loader_does() -> None:
    """Two epochs of four batches: each example once in an epoch, the numbers of the path, and the loop of torch."""
    f = small(8)
    run = column(so.SGD(0.3), "discrete", f, so.Reshuffled(2), steps=8, save_at=8, observables=[])
    kernel = kernels.Kernel(run)
    assert kernel.mode == "batched"
    records = kernel(0, 3)
    batches = kernel.increments(1).astype(int)
    assert [sorted(batches[i : i + 4].reshape(-1)) for i in (0, 4)] == [list(range(8))] * 2
    module = f.module(f.start)
    worker = torch.optim.SGD(module.parameters(), lr=0.3)
    for index in batches:
        worker.zero_grad()
        ENTROPY(module(f._X[index]), f._y[index]).backward()
        worker.step()
    theirs = torch.cat([p.detach().reshape(-1) for p in module.parameters()]).numpy()
    assert np.abs(records[1, -1] - theirs).max() < 1e-12


def test_both_columns_are_observed_with_bands() -> None:
    """Losses, accuracies, |∇f|² and tr ∇²f: the mean over paths and its error, against the final positions."""
    f = small(test=(np.ones((2, 2)), [0, 1]))
    wanted = f.observables(gradient=True, probes=2)
    for kind in ("discrete", "sde"):
        e = so.simulate(so.SGD(0.3), so.Problem(f, so.Reshuffled(2)), kind, steps=4, paths=5, rng=0, observables=wanted)
        assert list(e.observables) == list(wanted)
        for name, (mean, stderr) in e.observables.items():
            values = [wanted[name](x) for x in e.final]
            assert mean[-1] == pytest.approx(np.mean(values), rel=1e-10), name
            assert stderr[-1] == pytest.approx(np.std(values, ddof=1) / np.sqrt(5.0), rel=1e-8, abs=1e-14), name


@pytest.mark.slow
def test_epochs_are_told_from_fresh_batches_where_the_sde_is_not() -> None:
    """tr Cov x after six epochs of 13 batches on 64 paths: it has a relative standard error of 10 %.

    Fresh batches and the SDE have 0.041, epochs 0.010; the bounds are five standard errors of a ratio away.
    """
    f = so.networks.mlp("breast_cancer", (3,))
    settings: dict[str, Any] = {"steps": 78, "paths": 64, "save_at": 1, "observables": [], "rng": 0}
    runs = (
        so.simulate(so.SGD(0.3), so.Problem(f, so.Reshuffled(35)), "sde", scheme="euler", substeps=2, **settings),
        so.simulate(so.SGD(0.3), so.Problem(f, so.Minibatch(35, replace=False)), **settings),
        so.simulate(so.SGD(0.3), so.Problem(f, so.Reshuffled(35)), **settings),
    )
    sde, fresh, epochs = (np.sum(e.cov[-1]) for e in runs)
    assert 0.5 < sde / fresh < 2.0 and epochs < 0.5 * min(sde, fresh)
