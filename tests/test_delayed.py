"""SGD with late gradients: steps by hand, where they diverge, the level at rest and the rate of the mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

import sdeopt as so


def whole(page: Any, h: float) -> tuple[Any, Any]:
    """The step on f = h x²/2 as a matrix on (x, past), and what a unit of noise does."""
    o = so.Problem(so.Quadratic([h]), so.Gaussian(1.0)).oracle
    size = int(page.delay) + 1

    def after(y: Any, z: float) -> Any:
        return np.concatenate(page.step(0, (y[:1], y[1:]), o, (np.array([z]),)))

    return np.array([after(e, 0.0) for e in np.eye(size)]).T, after(np.zeros(size), 1.0)


def test_steps_by_hand() -> None:
    page, problem = so.DelayedSGD(0.1, delay=3), so.Problem(so.Rosenbrock(), so.Gaussian([0.5, 1.0]), x0=[0.3, -0.2])
    y, seen, rng = page.init(problem.x0, problem.oracle), [problem.x0] * 4, np.random.default_rng(1)
    for k in range(6):
        z = rng.standard_normal(2)
        y = page.step(k, y, problem.oracle, (z,))
        seen.append(seen[-1] - 0.1 * (problem.objective.grad(seen[-4]) + np.array([0.5, 1.0]) * z))
        np.testing.assert_allclose(y[0], seen[-1], rtol=1e-14)
        np.testing.assert_array_equal(y[1].reshape(3, 2), seen[-2:-5:-1])


@pytest.mark.parametrize("delay", [1, 2, 7])
def test_it_diverges_from_the_limit_on(delay: int) -> None:
    limit = so.theory.delay_limit(2.0, delay)
    radii = [np.abs(np.linalg.eigvals(whole(so.DelayedSGD(q * limit, delay), 2.0)[0])).max() for q in (0.999, 1.001)]
    assert radii[0] < 1.0 < radii[1]
    assert so.theory.delay_limit(2.0, 0) == 1.0


@pytest.mark.parametrize("delay", [1, 2, 7])
def test_the_level_at_rest_is_that_of_its_steps(delay: int) -> None:
    lr, h, s = 0.6 * so.theory.delay_limit(1.5, delay), 1.5, 0.7
    M, kick = whole(so.DelayedSGD(lr, delay), h)
    exact = s * s * solve_discrete_lyapunov(M, np.outer(kick, kick))[0, 0]
    assert so.theory.delayed_variance(lr, h, s, delay) == pytest.approx(exact, rel=1e-9)
    v = lr * h
    if delay == 1:
        assert exact == pytest.approx(lr * s * s * (1 + v) / (h * (1 - v) * (2 + v)), rel=1e-12)


@pytest.mark.parametrize("delay", [1, 4])
def test_order_two_has_the_rate_of_the_slow_root(delay: int) -> None:
    """-log ρ/η to η²: off by a quarter at half of η; chain and order1 by a half."""
    h = 1.7

    def gap(lr: float, sde: str) -> float:
        page = so.DelayedSGD(lr, delay)
        roots = np.linalg.eigvals(whole(page, h)[0])
        rate = -math.log(roots[np.abs(roots - 1.0).argmin()].real) / lr
        A = page.sdes[sde].linear(page, np.array([[h]]), np.eye(1))[0]
        return abs(float(np.linalg.eigvals(A)[np.abs(np.linalg.eigvals(A) - h).argmin()].real) - rate)

    for sde, fall in (("order1", 2.0), ("chain", 2.0), ("order2", 4.0)):
        assert gap(1e-3, sde) / gap(5e-4, sde) == pytest.approx(fall, rel=0.05)


def test_runs_rest_at_the_level() -> None:
    """4000 paths know a variance to 2.2 %: six of them, but for 2e-9."""
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0), x0=[0.0])
    e = so.simulate(so.DelayedSGD(0.2, 3), problem, steps=80, save_at=1, paths=4000, observables=[], rng=2)
    assert e.cov[-1, 0, 0] == pytest.approx(so.theory.delayed_variance(0.2, 1.0, 1.0, 3), rel=0.135)


def test_what_is_not_stable_is_refused() -> None:
    with pytest.raises(ValueError, match="lr must be below 1, where SGD with a delay of 1 is stable, got 1"):
        so.theory.delayed_variance(1.0, 1.0, 1.0, 1)
    with pytest.raises(ValueError, match="delay"):
        so.DelayedSGD(0.1, delay=1.5)
