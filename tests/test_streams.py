"""Streams: batches that are functions of an address, with what mixes examples or draws at random in the module."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.planning import plan

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.extras("torch"), pytest.mark.usefixtures("one_thread")]
MSE = torch.nn.functional.mse_loss


def batch(address: int) -> Any:
    X = torch.from_numpy(np.random.default_rng(address).standard_normal((8, 2)))
    return X + 0.1 * torch.randn(8, 2, dtype=torch.float64), X.sum(1, keepdim=True)


def module(seed: int = 0) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inner = torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Tanh(), torch.nn.Dropout(0.3)
        return torch.nn.Sequential(*inner, torch.nn.Linear(3, 1)).double()


@pytest.fixture(scope="module")
def stream() -> Any:
    return so.torch.Stream(module(), MSE, batch)


def by_hand(x: Any, address: int) -> Any:
    """The gradient of a batch by PyTorch alone."""
    own = module()
    torch.nn.utils.vector_to_parameters(torch.tensor(x), own.parameters())
    torch.manual_seed(address)
    X, y = batch(address)
    MSE(own(X), y).backward()
    return np.concatenate([p.grad.reshape(-1).numpy() for p in own.parameters()])


def test_a_path_takes_the_batch_at_the_address_of_every_step(stream: Any) -> None:
    run = plan(so.SGD(0.1), so.Problem(stream), steps=5, save_at=1, rng=3)
    kernel, x = Kernel(run), stream.start
    addresses = (kernel.increments(1)[:, 0] * 2.0**52).astype(int)
    assert len(set(addresses)) == 5
    with torch.random.fork_rng(devices=[]):
        for address in addresses.tolist():
            x = x - 0.1 * by_hand(x, address)
    np.testing.assert_allclose(kernel(1, 1)[0, -1, : stream.dim], x, rtol=1e-11, atol=1e-13)


def test_results_depend_on_no_threads_and_leave_the_generator_of_pytorch_alone(stream: Any) -> None:
    before = torch.get_rng_state()
    settings: dict[str, Any] = {"steps": 3, "paths": 40, "rng": 0, "progress": False}
    runs = [
        so.simulate(so.SAM(0.1), so.Problem(stream), executor=ThreadPoolExecutor(n), **settings) for n in (1, 3)
    ]  # fmt: skip
    np.testing.assert_array_equal(runs[0].final, runs[1].final)
    assert list(runs[0].observables) == ["loss of 16 batches"] and np.unique(runs[0].final[:, 0]).size == 40
    assert torch.equal(before, torch.get_rng_state())


def test_the_sde_is_sampled_and_without_noise_is_the_optimizer() -> None:
    still = so.torch.Stream(module().eval(), MSE, lambda address: batch_of_all())
    assert not still._draws
    problem = so.Problem(still)
    assert plan(so.SGD(0.1), problem, "sde", steps=1).sde == "sampled"
    run = plan(so.SGD(0.1), problem, "sde", steps=3, substeps=1, scheme="euler", rng=0)
    discrete = replace(run, kind="discrete")
    np.testing.assert_allclose(Kernel(run)(0, 1), Kernel(discrete)(0, 1), rtol=1e-12)


def batch_of_all() -> Any:
    X = np.random.default_rng(0).standard_normal((8, 2))
    return X, X.sum(1, keepdims=True)


def test_an_optimizer_of_pytorch_runs_on_it(stream: Any) -> None:
    run = plan(so.SGD(0.1), so.Problem(stream), steps=4, rng=0)
    foreign = replace(run, discrete=so.torch.Optimizer(lambda ps: torch.optim.SGD(ps, lr=0.1)))
    np.testing.assert_allclose(Kernel(foreign)(0, 2), Kernel(run)(0, 2), rtol=1e-12)


def test_all_else_is_refused_by_name(stream: Any) -> None:
    problem = so.Problem(stream)
    only = "of a stream only gradients of batches are known"
    calls = {
        "grad": lambda: so.simulate(so.SGD(0.1), problem, "sde", sde="order1", steps=1),
        "noisy_class_grads": lambda: so.simulate(so.PCNSGD(0.1), problem, steps=1),
        "batch_size": lambda: so.simulate(so.DPSGD(0.1), problem, steps=1),
        "value": lambda: so.simulate(so.SGD(0.1), problem, steps=1, observables=["loss"]),
        r"\w+": lambda: so.noise_profile(problem),
    }
    for question, call in calls.items():
        with pytest.raises(ValueError, match=rf"Stream\(Sequential, dim=19\) has no {question}: {only}"):
            call()
    with pytest.raises(ValueError, match="noise must be left out"):
        so.Problem(stream, so.Minibatch(2))
    with pytest.raises(ValueError, match=r"must have noise of which a larger batch is known, .* got Batches\(\)"):
        so.scale(so.SGD(0.1), problem=problem, batch=(8, 16))
    with pytest.raises(ValueError, match="no noise of Quadratic"):
        so.Problem(so.Quadratic([1.0]), problem.noise)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_stream_runs_in_float64_whatever_comes_in(dtype: Any) -> None:
    """The loss is that of a module in float64 on the numbers as they were rounded; whole numbers stay such."""
    rng, weight = np.random.default_rng(0), torch.tensor([1.0, 3.0])
    X, y = torch.from_numpy(rng.standard_normal((8, 2))).to(dtype), torch.arange(8) % 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer = torch.nn.Linear(2, 2).to(dtype)
    stream = so.torch.Stream(layer, torch.nn.CrossEntropyLoss(weight.to(dtype)), lambda address: (X, y))
    value, g = stream.at(stream.start, 0, slope=True)
    double = layer.double()
    loss = torch.nn.functional.cross_entropy(double(X.double()), y, weight.double())
    assert value == pytest.approx(loss.item(), rel=1e-14) and g.dtype == stream.start.dtype == np.float64
    np.testing.assert_allclose(g, np.concatenate([a.ravel() for a in torch.autograd.grad(loss, layer.parameters())]))
    e = so.simulate(so.SGD(0.1), so.Problem(stream), steps=2, paths=2, rng=0, progress=False)
    assert e.final.dtype == np.float64


def test_a_module_with_a_precision_of_its_own_is_told_so() -> None:
    class Fixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, x: Any) -> Any:
            return self.layer(torch.cat([x[:, :1], torch.ones(len(x), 1)], 1).float())

    with pytest.raises(ValueError, match="batch, model and loss must fit, and at the address 0 say: .* dtype"):
        so.torch.Stream(Fixed(), MSE, batch)


def test_what_is_no_function_of_the_address_is_refused() -> None:
    data = iter(range(100))

    def next_one(address: int) -> Any:
        X, y = batch(next(data))
        return X, y

    cases: list[tuple[Any, Any, type[Exception], str]] = [
        (MSE, next_one, ValueError, "batch must be a function of its address"),
        (MSE, 3, TypeError, "batch must be a function of an address, no iterator, got 3"),
        (MSE, iter([]), TypeError, "batch must be a function of an address, no iterator"),
        (torch.nn.MSELoss, batch, TypeError, r"loss must be a function .*got a class: give an instance, MSELoss\(\)"),
        (MSE, lambda address: 1 / 0, ValueError, "at the address 0 say: ZeroDivisionError: division by zero"),
        (MSE, lambda address: tuple(a[:0] for a in batch(address)), ValueError, "one finite number, got nan"),
        (lambda output, y: MSE(output.detach(), y), batch, ValueError, "does not require grad"),
        (MSE, lambda address: 3, TypeError, r"batch must return \(X, y\), got 3"),
        (torch.nn.MSELoss(reduction="none"), batch, ValueError, "loss must return one number for a batch"),
    ]
    for loss, f, kind, said in cases:
        with pytest.raises(kind, match=said):
            so.torch.Stream(module(), loss, f)
    with pytest.raises(TypeError, match="module must be a torch.nn.Module"):
        so.torch.Stream(3, MSE, batch)
