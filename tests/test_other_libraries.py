"""Discrete columns beside optax and pytorch_optimizer: equal steps on equal gradients, in double precision.

Conventions that are mapped: ε outside the root (``eps_in_sqrt=False``), AdaBelief's ε at both of its places, Adagrad
from zero and with an ε too small to tell where it stands, the loss of SPS without c, the schedule-free points x and y.

Not compared, for want of an equal there:

- NAdam: that of optax has no schedule of its momentum, that of pytorch_optimizer is PyTorch's own.
- AMSGrad: optax takes the maximum after the bias correction, PyTorch and ours before it.
- Muon: optax corrects the bias of the momentum, pytorch_optimizer multiplies in half precision.
- SAM: pytorch_optimizer adds up |∇f|² in single precision; that of optax is compared.
- Shampoo: pytorch_optimizer takes inverse square roots of both factors, the paper inverse fourth roots.
- SGLD and private noise: noisy_sgd and dpsgd draw for themselves. Of dpsgd the clipping is compared, without noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import noisy_grad

BOWL = so.Problem(so.Quadratic([1.0, 2.5, 0.3]), so.Gaussian(0.4), x0=[1.0, -1.0, 0.5])
LEFT = np.array([[1.0, 0.2, 0.0], [0.0, 0.7, 0.3], [0.1, 0.0, 1.2]])
MATRIX = so.Problem(so.MatrixQuadratic(np.ones((3, 2)), LEFT), so.Gaussian(0.4), x0=[0.5, -0.2, 1.0, 0.3, -0.7, 0.1])
STEPS, NEAR = 60, 1e-12


def positions(page: Any, problem: so.Problem, draws: Any, part: int = 0) -> Any:
    """Those of a page after every step."""
    o, found = problem.oracle, []
    y = page.init(problem.x0.copy(), o) if hasattr(page, "init") else problem.x0.copy()
    for k, z in enumerate(draws):
        y = page.step(k, y, o, (z,))
        found.append(y[part] if isinstance(y, tuple) else y)
    return np.array(found)


def drawn(problem: so.Problem, seed: int = 5) -> Any:
    return np.random.default_rng(seed).standard_normal((STEPS, problem.dim))


def of_optax(make: Any, problem: so.Problem, draws: Any, shape: Any = -1, seen: Any = None, **more: Any) -> Any:
    """Positions of an optimizer of optax, or what ``seen`` makes of its state and position."""
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    found = []
    with jax.enable_x64(True):
        optimizer, x = make(optax), jax.numpy.asarray(problem.x0.reshape(shape))
        state = optimizer.init(x)
        for z in draws:
            gradient = lambda at, *_, z=z: jax.numpy.asarray(  # noqa: E731
                noisy_grad(problem.oracle, np.asarray(at).reshape(-1), (z,)).reshape(shape)
            )
            given = {name: f(np.asarray(x), gradient) for name, f in more.items()}
            update, state = optimizer.update(gradient(x), state, x, **given)
            x = optax.apply_updates(x, update)
            found.append(np.asarray(x if seen is None else seen(optax, state, x)).reshape(-1))
    return np.array(found)


def of_torch(make: Any, problem: so.Problem, draws: Any, shape: Any = -1, evaluated: bool = False) -> Any:
    """Positions of an optimizer of pytorch_optimizer; ``evaluated``: where it is read, not where it takes gradients."""
    torch, package = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")
    x = torch.tensor(problem.x0.reshape(shape).tolist(), dtype=torch.float64, requires_grad=True)
    optimizer, found = make(package, torch, [x]), []
    for z in draws:

        def closure(z: Any = z) -> Any:
            at = x.detach().numpy().reshape(-1).copy()
            x.grad = torch.tensor(noisy_grad(problem.oracle, at, (z,)).reshape(x.shape))
            return torch.zeros(())

        if evaluated:
            optimizer.train()
        closure()
        optimizer.step(closure)
        if evaluated:
            optimizer.eval()
        found.append(x.detach().numpy().reshape(-1).copy())
    return np.array(found)


def rms_with_decay(o: Any) -> Any:
    rms = o.scale_by_rms(0.9, eps=1e-3, eps_in_sqrt=False)
    return o.chain(rms, o.add_decayed_weights(0.1), o.scale_by_learning_rate(0.02))


def signs_with_decay(o: Any) -> Any:
    return o.chain(o.scale_by_sign(), o.add_decayed_weights(0.3), o.scale_by_learning_rate(0.02))


def signs_of_coupled(o: Any) -> Any:
    return o.chain(o.add_decayed_weights(0.3), o.scale_by_sign(), o.scale_by_learning_rate(0.02))


BETAS = {"b1": 0.8, "b2": 0.95}
OPTAX = {
    "SGD": (so.SGD(0.1), lambda o: o.sgd(0.1)),
    "HeavyBall": (so.HeavyBall(0.05, 0.8), lambda o: o.sgd(0.05, momentum=0.8)),
    "Nesterov": (so.Nesterov(0.05, 0.8), lambda o: o.sgd(0.05, momentum=0.8, nesterov=True)),
    "SignSGD": (so.SignSGD(0.02), lambda o: o.sign_sgd(0.02)),
    "SignSGDW": (so.SignSGDW(0.02, weight_decay=0.3), signs_with_decay),
    "SignSGDW, coupled": (so.SignSGDW(0.02, weight_decay=0.0, l2=0.3), signs_of_coupled),
    "Signum": (so.Signum(0.02, 0.8), lambda o: o.signum(0.02, beta=0.8)),
    "Lion": (so.Lion(0.02, 0.8, 0.95, 0.3), lambda o: o.lion(0.02, **BETAS, weight_decay=0.3)),
    "Adam": (so.Adam(0.02, 0.8, 0.95, 1e-3), lambda o: o.adam(0.02, **BETAS, eps=1e-3)),
    "AdamW": (so.AdamW(0.02, 0.8, 0.95, 1e-3, 0.3), lambda o: o.adamw(0.02, **BETAS, eps=1e-3, weight_decay=0.3)),
    "AdaBelief": (
        so.AdaBelief(0.02, 0.8, 0.95, 1e-3),
        lambda o: o.adabelief(0.02, **BETAS, eps=1e-3, eps_root=1e-3),
    ),
    "RMSprop": (so.RMSprop(0.02, 0.9, 1e-3), lambda o: o.rmsprop(0.02, 0.9, eps=1e-3, eps_in_sqrt=False)),
    "RMSpropW": (so.RMSpropW(0.02, 0.9, 1e-3, 0.1), rms_with_decay),
    "Adagrad": (so.Adagrad(0.1, 1e-30), lambda o: o.adagrad(0.1, initial_accumulator_value=0.0, eps=1e-30)),
}
TORCH = {
    "AdaBelief": (so.AdaBelief(0.02, 0.8, 0.95, 1e-3), lambda p, t, x: p.AdaBelief(x, 0.02, (0.8, 0.95), eps=1e-3)),
    "Lion": (so.Lion(0.02, 0.8, 0.95, 0.3), lambda p, t, x: p.Lion(x, 0.02, (0.8, 0.95), weight_decay=0.3)),
    "SignSGD": (so.SignSGD(0.02), lambda p, t, x: p.SignSGD(x, 0.02, momentum=0.0)),
    "SignSGDW": (
        so.SignSGDW(0.02, weight_decay=0.3),
        lambda p, t, x: p.SignSGD(x, 0.02, momentum=0.0, weight_decay=0.3),
    ),
    "Signum": (so.Signum(0.02, 0.8), lambda p, t, x: p.SignSGD(x, 0.02, momentum=0.8)),
}


@pytest.mark.extras("optax")
@pytest.mark.parametrize("name", OPTAX)
def test_every_step_is_that_of_optax(name: str) -> None:
    page, make = OPTAX[name]
    mine, draws = positions(page, BOWL, drawn(BOWL)), drawn(BOWL)
    assert np.abs(mine - of_optax(make, BOWL, draws)).max() < NEAR
    assert np.abs(mine[-1] - BOWL.x0).max() > 0.1


@pytest.mark.extras("torch", "pytorch_optimizer")
@pytest.mark.parametrize("name", TORCH)
def test_every_step_is_that_of_pytorch_optimizer(name: str) -> None:
    page, make = TORCH[name]
    mine, draws = positions(page, BOWL, drawn(BOWL)), drawn(BOWL)
    assert np.abs(mine - of_torch(make, BOWL, draws)).max() < NEAR
    assert np.abs(mine[-1] - BOWL.x0).max() > 0.1


@pytest.mark.extras("optax")
def test_sam_climbs_and_steps_on_one_sample() -> None:
    def make(o: Any) -> Any:
        from optax import contrib

        climb = o.chain(contrib.normalize(), o.sgd(0.2))
        return contrib.sam(o.sgd(0.1), climb, sync_period=2, opaque_mode=True)

    theirs = of_optax(make, BOWL, drawn(BOWL), grad_fn=lambda x, gradient: gradient)
    assert np.abs(positions(so.SAM(0.1, rho=0.2), BOWL, drawn(BOWL)) - theirs).max() < NEAR


@pytest.mark.extras("optax")
def test_the_steps_of_polyak_with_a_bound() -> None:
    """c = 1, the loss of the whole objective beside a noisy gradient."""
    theirs = of_optax(
        lambda o: o.polyak_sgd(max_learning_rate=0.3, f_min=0.0), BOWL, drawn(BOWL),
        value=lambda x, gradient: float(BOWL.objective.value(x)),
    )  # fmt: skip
    assert np.abs(positions(so.SPSMax(0.3, c=1.0, minimum=0.0), BOWL, drawn(BOWL)) - theirs).max() < NEAR


@pytest.mark.extras("optax")
@pytest.mark.parametrize("read", [True, False], ids=["x", "y"])
def test_schedule_free_sgd_at_both_of_its_points(read: bool) -> None:
    def make(o: Any) -> Any:
        from optax import contrib

        return contrib.schedule_free_sgd(0.05, b1=0.8)

    def averaged(o: Any, state: Any, y: Any) -> Any:
        from optax import contrib

        return contrib.schedule_free_eval_params(state, y)

    page, draws = so.ScheduleFreeSGD(0.05, 0.8), drawn(BOWL)
    x, z = positions(page, BOWL, draws), positions(page, BOWL, draws, part=1)
    theirs = of_optax(make, BOWL, draws, seen=averaged if read else None)
    assert np.abs((x if read else 0.2 * z + 0.8 * x) - theirs).max() < 1e-11  # x is undone from y and z by them


@pytest.mark.extras("torch", "pytorch_optimizer")
@pytest.mark.parametrize(
    ("page", "make"),
    [
        (so.ScheduleFreeSGD(0.05, 0.8), lambda p, t, x: p.ScheduleFreeSGD(x, 0.05, momentum=0.8)),
        (
            so.ScheduleFreeAdamW(0.02, 0.8, 0.95, 1e-3, 0.0),
            lambda p, t, x: p.ScheduleFreeAdamW(x, 0.02, (0.8, 0.95), eps=1e-3),
        ),
    ],
    ids=["SGD", "AdamW"],
)
def test_schedule_free_where_it_is_read(page: Any, make: Any) -> None:
    draws = drawn(BOWL)
    assert np.abs(positions(page, BOWL, draws) - of_torch(make, BOWL, draws, evaluated=True)).max() < 1e-11


@pytest.mark.extras("optax")
def test_adafactor_on_a_matrix() -> None:
    """Steps below 1/√k, so that ours is the constant learning rate that theirs is.

    They take k^{-d} in single precision, 6e-8 of the weight of a square that is half the step: 1e-9 of a move in 60.
    """

    def make(o: Any) -> Any:
        return o.adafactor(0.02, min_dim_size_to_factor=1, decay_rate=0.8, clipping_threshold=1.0, eps=1e-30)

    draws = drawn(MATRIX)
    mine = positions(so.Adafactor(0.02, decay=0.8), MATRIX, draws)
    assert np.abs(mine - of_optax(make, MATRIX, draws, (3, 2))).max() < 60 * 1e-9
    assert np.abs(mine[-1] - MATRIX.x0).max() > 0.1


@pytest.mark.extras("optax")
def test_every_example_is_clipped_as_for_privacy() -> None:
    """dpsgd without its noise: the mean of clipped gradients of single examples."""
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    contrib = pytest.importorskip("optax.contrib")
    rng = np.random.default_rng(3)
    f = so.LinearRegression(rng.standard_normal((10, 3)), rng.standard_normal(10))
    page, o = so.DPSGD(0.1, clip=0.7, sigma_dp=0.0), so.Problem(f, so.Minibatch(4)).oracle
    x = f.start
    with jax.enable_x64(True):
        private = contrib.differentially_private_aggregate(0.7, 0.0, key=jax.random.key(0))
        optimizer = optax.chain(private, optax.sgd(0.1))
        y = jax.numpy.asarray(x)
        state = optimizer.init(y)
        for k, u in enumerate(rng.random((STEPS, 4))):
            x = page.step(k, x, o, ((u,), (np.zeros(3),)))
            at, i = np.asarray(y), np.floor(10 * u).astype(int)
            each = (f.X[i] @ at - f.y[i])[:, None] * f.X[i]
            update, state = optimizer.update(jax.numpy.asarray(each), state, y)
            y = optax.apply_updates(y, update)
            assert np.abs(x - np.asarray(y)).max() < NEAR
    assert np.abs(x).max() > 0.1
