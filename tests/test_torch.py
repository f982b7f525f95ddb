"""The discrete columns against torch.optim, step by step, on the same draws of the noise.

PyTorch runs its own loop: loss f(x) + ξ·x at its own parameters, gradient ∇f(x) + ξ by its own autograd.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

pytestmark = pytest.mark.extras("torch")

SCALE = (0.3, 0.6)
VALLEY = so.Problem(so.Rosenbrock(), so.Gaussian(SCALE), x0=[-0.5, 1.0])
STEPS = 400


def torch_path(optimizer: Callable[[Any], Any], draws: Any, factor: Callable[[int], float] = lambda k: 1.0) -> Any:
    """Positions of a torch optimizer in the valley ½(1 - x₁)² + ½(x₂ - x₁²)², its start included."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(VALLEY.x0.tolist(), dtype=torch.float64, requires_grad=True)
    torch.set_default_dtype(torch.float64)  # NAdam keeps the product of its momenta in it
    try:
        return loop(torch, x, optimizer, draws, factor)
    finally:
        torch.set_default_dtype(torch.float32)


def loop(torch: Any, x: Any, optimizer: Callable[[Any], Any], draws: Any, factor: Callable[[int], float]) -> Any:
    """The training loop."""
    worker = optimizer([x])
    schedule = torch.optim.lr_scheduler.LambdaLR(worker, factor)
    noise = torch.tensor(draws * SCALE)
    path = [x.tolist()]
    for k in range(len(draws)):
        worker.zero_grad()
        loss = 0.5 * (1.0 - x[0]) ** 2 + 0.5 * (x[1] - x[0] ** 2) ** 2 + noise[k] @ x
        loss.backward()
        worker.step()
        schedule.step()
        path.append(x.tolist())
    return np.array(path)


def page_path(page: Any, draws: Any) -> Any:
    """The same of a page, its ``step`` called as plain Python."""
    o, x0 = VALLEY.oracle, np.array(VALLEY.x0)
    y = page.init(x0, o) if hasattr(page, "init") else x0
    path = [x0]
    for k, z in enumerate(draws):
        y = page.step(k, y, o, (z,))
        path.append(y[0] if isinstance(y, tuple) else y)
    return np.array(path)


def sgd(**settings: float) -> Callable[[Any], Any]:
    return lambda x: pytest.importorskip("torch").optim.SGD(x, **settings)


def rmsprop(**settings: float) -> Callable[[Any], Any]:
    return lambda x: pytest.importorskip("torch").optim.RMSprop(x, **settings)


def adam(**settings: Any) -> Callable[[Any], Any]:
    return lambda x: pytest.importorskip("torch").optim.Adam(x, **settings)


def adamw(**settings: Any) -> Callable[[Any], Any]:
    return lambda x: pytest.importorskip("torch").optim.AdamW(x, **settings)


def nadam(**settings: Any) -> Callable[[Any], Any]:
    return lambda x: pytest.importorskip("torch").optim.NAdam(x, **settings)


def adagrad(**settings: Any) -> Callable[[Any], Any]:
    return lambda x: pytest.importorskip("torch").optim.Adagrad(x, **settings)


PAIRS = [
    (so.SGD(0.1), sgd(lr=0.1)),
    (so.SGD(0.003), sgd(lr=0.003)),
    (so.HeavyBall(0.01), sgd(lr=0.01, momentum=0.9)),
    (so.HeavyBall(0.05, 0.5), sgd(lr=0.05, momentum=0.5)),
    (so.HeavyBall(0.1, 0.0), sgd(lr=0.1)),
    (so.Nesterov(0.01), sgd(lr=0.01, momentum=0.9, nesterov=True)),
    (so.Nesterov(0.05, 0.5), sgd(lr=0.05, momentum=0.5, nesterov=True)),
    (so.Adagrad(0.1), adagrad(lr=0.1)),
    (so.Adagrad(0.3, 1e-2, 0.5), adagrad(lr=0.3, eps=1e-2, initial_accumulator_value=0.5)),
    (so.RMSprop(0.01), rmsprop(lr=0.01)),
    (so.RMSprop(0.03, 0.9, 1e-3), rmsprop(lr=0.03, alpha=0.9, eps=1e-3)),
    (so.RMSprop(0.1, 0.5, 0.3), rmsprop(lr=0.1, alpha=0.5, eps=0.3)),
    (so.Adam(0.01), adam(lr=0.01)),
    (so.Adam(0.05, 0.5, 0.9, 1e-3), adam(lr=0.05, betas=(0.5, 0.9), eps=1e-3)),
    (so.Adam(0.1, 0.0, 0.99, 0.3), adam(lr=0.1, betas=(0.0, 0.99), eps=0.3)),
    (so.NAdam(0.01), nadam(lr=0.01)),
    (so.NAdam(0.1, 0.8, 0.9, 0.05, 1e-2), nadam(lr=0.1, betas=(0.8, 0.9), eps=1e-2, momentum_decay=0.05)),
    (so.AMSGrad(0.01), adam(lr=0.01, amsgrad=True)),
    (so.AMSGrad(0.05, 0.5, 0.9, 1e-3), adam(lr=0.05, betas=(0.5, 0.9), eps=1e-3, amsgrad=True)),
    (so.AdamW(0.01), adamw(lr=0.01)),
    (so.AdamW(0.05, 0.8, 0.95, 1e-3, 0.5), adamw(lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.5)),
    (so.AdamW(0.02, weight_decay=3.0), adamw(lr=0.02, weight_decay=3.0)),
    (so.AdamW(0.02, weight_decay=0.0), adam(lr=0.02)),
    (so.L2(so.SGD(0.1), 0.3), sgd(lr=0.1, weight_decay=0.3)),
    (so.L2(so.HeavyBall(0.01), 0.3), sgd(lr=0.01, momentum=0.9, weight_decay=0.3)),
    (so.L2(so.Nesterov(0.01), 0.3), sgd(lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.3)),
    (so.L2(so.RMSprop(0.01), 0.3), rmsprop(lr=0.01, weight_decay=0.3)),
    (so.L2(so.Adam(0.01), 0.3), adam(lr=0.01, weight_decay=0.3)),
    (so.L2(so.NAdam(0.01), 0.3), nadam(lr=0.01, weight_decay=0.3)),
    (so.L2(so.Adagrad(0.1), 0.3), adagrad(lr=0.1, weight_decay=0.3)),
]


@pytest.mark.parametrize(("page", "optimizer"), PAIRS, ids=[repr(page) for page, _ in PAIRS])
def test_every_step_is_the_step_of_torch(page: Any, optimizer: Callable[[Any], Any]) -> None:
    draws = np.random.default_rng(7).standard_normal((STEPS, 2))
    ours, theirs = page_path(page, draws), torch_path(optimizer, draws)
    assert np.abs(ours[-1] - ours[0]).max() > 0.1  # it has moved
    assert np.abs(ours - theirs).max() < 1e-12


@pytest.mark.parametrize(
    ("inner", "optimizer"),
    [(so.HeavyBall(0.01), sgd(lr=0.01, momentum=0.9)), (so.L2(so.Adam(0.01), 0.3), adam(lr=0.01, weight_decay=0.3))],
    ids=["HeavyBall", "Adam"],
)
def test_clipping_is_that_of_torch(inner: Any, optimizer: Callable[[Any], Any]) -> None:
    """clip_grad_norm_ before every step, which divides by |g| + 1e-6, so that steps agree to a relative 1e-6."""
    torch = pytest.importorskip("torch")

    def clipping(x: Any) -> Any:
        worker = optimizer(x)
        worker.register_step_pre_hook(clip)
        return worker

    def clip(worker: Any, *_: Any) -> None:
        torch.nn.utils.clip_grad_norm_(worker.param_groups[0]["params"], 0.5)

    draws = np.random.default_rng(7).standard_normal((STEPS, 2))
    ours, theirs = page_path(so.Clipped(inner, 0.5), draws), torch_path(clipping, draws)
    assert np.abs(ours - page_path(inner, draws)).max() > 0.05  # clipping shows
    assert np.abs(ours - theirs).max() < 2e-5


def cosine(clock: float, horizon: float, final: float) -> Callable[[int], float]:
    return lambda k: final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * min(k * clock / horizon, 1.0)))


@pytest.mark.parametrize(
    ("kind", "rest", "optimizer"),
    [
        (so.SGD, {}, sgd(lr=0.1)),
        (so.HeavyBall, {"momentum": 0.8}, sgd(lr=0.1, momentum=0.8)),
        (so.Nesterov, {"momentum": 0.8}, sgd(lr=0.1, momentum=0.8, nesterov=True)),
        (so.Adagrad, {"initial": 2.0}, adagrad(lr=0.1, initial_accumulator_value=2.0)),
        (so.RMSprop, {"beta": 0.9}, rmsprop(lr=0.1, alpha=0.9)),
        (so.Adam, {"beta2": 0.99}, adam(lr=0.1, betas=(0.9, 0.99))),
        (so.AdamW, {"weight_decay": 0.5}, adamw(lr=0.1, weight_decay=0.5)),
    ],
    ids=["SGD", "HeavyBall", "Nesterov", "Adagrad", "RMSprop", "Adam", "AdamW"],
)
def test_a_cosine_schedule_is_that_of_torch(kind: Any, rest: dict[str, float], optimizer: Any) -> None:
    """Down to a tenth after three quarters of the run, then constant; clock = √lr for momentum, lr² for Adagrad."""
    clock = kind(0.1, **rest).clock
    horizon = 0.75 * STEPS * clock
    page = kind(so.Cosine(0.1, horizon, final=0.1), **rest)
    run = plan(page, VALLEY, steps=STEPS, save_at=STEPS, observables=[], rng=3)
    kernel = Kernel(replace(run, interpreted=True))
    theirs = torch_path(optimizer, kernel.increments(0), cosine(clock, horizon, 0.1))
    assert np.abs(kernel(0, 1)[0] - theirs).max() < 1e-12


def test_a_compiled_schedule_is_that_of_torch() -> None:
    page = so.Adam(so.Cosine(0.1, horizon=0.1 * STEPS), beta2=0.99)
    run = plan(page, VALLEY, steps=STEPS, save_at=STEPS, observables=[], rng=4)
    ensemble = so.simulate(page, VALLEY, steps=STEPS, save_at=STEPS, observables=[], rng=4, paths=3, keep_paths=True)
    draws = Kernel(replace(run, interpreted=True)).increments(2)
    theirs = torch_path(adam(lr=0.1, betas=(0.9, 0.99)), draws, cosine(0.1, 0.1 * STEPS, 0.0))
    assert ensemble.paths is not None
    assert np.abs(ensemble.paths[2] - theirs).max() < 1e-12
