"""Schedule-Free pages: their steps against the package of their authors, and exact laws at the ends of β."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

BOWL = so.Problem(so.Rosenbrock(), so.Gaussian([0.3, 0.6]), x0=[-0.5, 1.0])
SGD, ADAMW = so.ScheduleFreeSGD(0.05, 0.8, 0.3), so.ScheduleFreeAdamW(0.02, 0.8, 0.95, 1e-3, 0.3)


@pytest.mark.extras("torch")
@pytest.mark.parametrize(
    ("page", "theirs"),
    [
        (SGD, lambda p, m: m.SGDScheduleFree(p, lr=0.05, momentum=0.8, weight_decay=0.3)),
        (so.ScheduleFreeSGD(0.05), lambda p, m: m.SGDScheduleFree(p, lr=0.05)),
        (ADAMW, lambda p, m: m.AdamWScheduleFree(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3)),
        (so.ScheduleFreeAdamW(0.02), lambda p, m: m.AdamWScheduleFree(p, lr=0.02)),
    ],
    ids=["SGD", "SGD, defaults", "AdamW", "AdamW, defaults"],
)
def test_every_step_is_the_step_of_its_authors(page: Any, theirs: Any) -> None:
    """At y the package is asked for a step, and at x, where it evaluates, the positions are compared."""
    torch, package = pytest.importorskip("torch"), pytest.importorskip("schedulefree")
    at = torch.tensor(BOWL.x0.tolist(), dtype=torch.float64, requires_grad=True)
    worker = theirs([at], package)
    state, o = page.init(np.array(BOWL.x0), BOWL.oracle), BOWL.oracle
    for k, z in enumerate(np.random.default_rng(5).standard_normal((300, 2))):
        worker.train()
        seen = BOWL.objective.grad(at.detach().numpy().copy()) + np.array([0.3, 0.6]) * z
        at.grad = torch.tensor(seen)
        worker.step()
        worker.eval()
        state = page.step(k, state, o, (z,))
        assert np.abs(at.detach().numpy() - state[0]).max() < 1e-11
    assert np.abs(state[0] - BOWL.x0).max() > 0.1


def paths(page: Any, problem: so.Problem, kind: str, steps: int) -> Any:
    """Some paths, interpreted."""
    run = plan(page, problem, kind, steps=steps, substeps=2, save_at=5, observables=[], rng=3)
    return Kernel(replace(run, interpreted=True))(0, 3)


@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_without_momentum_it_is_the_mean_of_sgd(kind: str) -> None:
    """β = 0: path by path the wrapper `Averaged`."""
    line = so.Problem(so.Quadratic([1.5, 0.5]), so.Gaussian(0.4), x0=[1.0, -1.0])
    free, mean = (paths(page, line, kind, 20) for page in (so.ScheduleFreeSGD(0.1, 0.0), so.Averaged(so.SGD(0.1))))
    np.testing.assert_allclose(free, mean, rtol=1e-10)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_its_flow_on_a_line(beta: float) -> None:
    """t m'' + (2 + (1 - β) h t) m' + h m = 0, by its power series m = Σ a_j t^j, against both columns without noise."""
    h, lr, steps = 1.3, 1e-3, 2000
    line = so.Problem(so.Quadratic([h]), x0=[1.0])
    a, value, t = 1.0, 1.0, steps * lr
    for j in range(60):  # (j + 1)(j + 2) a_{j+1} = -h (1 + (1 - β) j) a_j
        a *= -h * (1.0 + (1.0 - beta) * j) / ((j + 1) * (j + 2))
        value += a * t ** (j + 1)
    for kind in ("discrete", "sde"):
        found = paths(so.ScheduleFreeSGD(lr, beta), line, kind, steps)[0, -1, 0]
        assert found == pytest.approx(value, rel=3e-3)
    assert beta > 0.0 or value == pytest.approx(-math.expm1(-h * t) / (h * t), rel=1e-12)


def test_one_step_of_adamw_by_hand() -> None:
    x, z, v = np.array([0.4]), np.array([0.2]), np.array([0.09])
    page = so.ScheduleFreeAdamW(0.1, 0.25, 0.75, 0.1, 0.5)
    line = so.Problem(so.Quadratic([2.0])).oracle
    y = 0.75 * 0.2 + 0.25 * 0.4
    v1 = 0.75 * 0.09 + 0.25 * (2 * y) ** 2
    z1 = 0.2 - 0.1 * (2 * y / (math.sqrt(v1 / (1 - 0.75**4)) + 0.1) + 0.5 * y)
    found = page.step(3, (x, z, v), line, ())
    np.testing.assert_allclose(np.ravel(found), [0.4 + (z1 - 0.4) / 4, z1, v1], rtol=1e-14)


def test_its_decay_is_decoupled_in_both_columns() -> None:
    """λ moves z by -ηλy beside the preconditioned gradient, in the step and in the drift."""
    y, z, o = (np.array([0.4, 1.0]), np.array([0.2, -1.0]), np.array([0.09, 4.0])), (np.zeros(2),), BOWL.oracle
    plain, decayed = (so.ScheduleFreeAdamW(0.1, 0.25, 0.75, 0.1, rate) for rate in (0.0, 0.5))
    at = 0.75 * y[1] + 0.25 * y[0]
    np.testing.assert_allclose(decayed.step(3, y, o, z)[1] - plain.step(3, y, o, z)[1], -0.1 * 0.5 * at)
    np.testing.assert_allclose(decayed.drift(0.3, y, o)[1] - plain.drift(0.3, y, o)[1], -0.5 * at)
