"""Local SGD: rounds by hand, exact means and variances at rest, and the order of what the agents' differences add."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from test_distributed_steps import WIDE, noisy

import sdeopt as so

CURVES, CENTRES = np.array([1.0, 4.0]), np.array([1.0, -1.0])


def unequal(spread: float) -> so.Problem:
    """Two agents with f_i = h_i (x - c_i)²/2, each with two examples whose targets lie ``spread`` apart."""
    a = np.repeat(np.sqrt(CURVES), 2)
    targets = a * (np.repeat(CENTRES, 2) + spread * np.tile([0.5, -0.5], 2))
    law = so.Agents(so.Minibatch(1), agents=2)
    return so.Problem(so.LinearRegression(a[:, None], targets), law, x0=[-0.6])  # the minimum of f


def rest(lr: float, h: int) -> float:
    w = 1.0 - (1.0 - lr * CURVES) ** h
    return float(w @ CENTRES / w.sum())


def mean_round(page: Any, x: Any) -> Any:
    """The mean of a round on ``unequal(0)``, whose noise is none."""
    o, draws = unequal(0.0).oracle, ((np.array([0.3]), np.array([0.3])),) * int(page.local_steps)
    return page.step(0, x, o, draws)


def test_rounds_by_hand() -> None:
    page, o, point = so.LocalSGD(0.1, local_steps=3, outer_lr=0.7), WIDE.oracle, np.random.default_rng(3)
    x = WIDE.x0
    scales, shifts = np.linspace(0.5, 2.0, 5), np.outer([1.0, -2.0, 1.0], np.arange(5.0))
    for k in range(4):
        z = tuple((point.normal(size=15), point.normal(size=5)) for _ in range(3))
        at = np.tile(x, (3, 1))
        for seen in z:
            xi = noisy(np.zeros(5), seen) - shifts
            at = at - 0.1 * (scales * at + shifts + xi)
        after = page.step(k, x, o, z)
        assert np.allclose(after, x + 0.7 * (at.mean(axis=0) - x), rtol=0, atol=1e-13)
        x = after


def test_one_local_step_is_distributed_sgd() -> None:
    z, x = (np.random.default_rng(4).normal(size=15), np.ones(5)), WIDE.x0
    one = so.LocalSGD(0.2, local_steps=1, outer_lr=0.5).step(0, x, WIDE.oracle, (z,))
    np.testing.assert_allclose(one, so.DSGD(0.1).step(0, x, WIDE.oracle, z), rtol=1e-14)


def test_agents_of_unequal_curvature_rest_off_the_minimum() -> None:
    for lr, h in ((0.05, 1), (0.05, 6), (0.2, 3)):
        at = np.array([rest(lr, h)])
        np.testing.assert_allclose(mean_round(so.LocalSGD(lr, h, 1.3), at), at, rtol=0, atol=1e-15)
    assert rest(0.05, 1) == pytest.approx(-0.6, abs=1e-14) and rest(0.05, 6) > -0.5


def test_what_the_differences_add_to_the_drift() -> None:
    """[(mean move)/(ηH) - drift]/η tends to α(H - 1)/2 (1/N) Σ H_i ∇f_i, which is half of (H - 1)α(∇V/2 + ∇²f∇f)."""
    x, lr, h, outer = np.array([0.3]), 1e-5, 5, 1.4
    slopes, page = CURVES * (x - CENTRES), so.LocalSGD(lr, h, outer)
    gain = ((mean_round(page, x) - x) / (lr * h) - page.drift(0.0, x, unequal(0.0).oracle)) / lr
    np.testing.assert_allclose(gain, outer * 0.5 * (h - 1) * np.mean(CURVES * slopes), rtol=1e-3)
    disagreement = np.mean(CURVES * slopes) - CURVES.mean() * slopes.mean()  # ∇V/2
    v = [np.var(CURVES * (x + e - CENTRES)) for e in (1e-5, -1e-5)]
    assert disagreement == pytest.approx(0.5 * (v[0] - v[1]) / 2e-5, rel=1e-6)


def test_the_noise_of_a_round() -> None:
    """Both columns are linear in their draws on a quadratic: sums of squares of what unit draws do."""
    page, s, n = so.LocalSGD(1e-4, 3, 1.4), 0.8, 2
    o, x = so.Problem(so.Quadratic([1.5]), so.Agents(so.Gaussian(s), agents=n)).oracle, np.array([0.0])
    kicks = [page.step(0, x, o, tuple((row,) for row in unit.reshape(3, n)))[0] for unit in np.eye(3 * n)]
    noises = [page.diffusion(0.0, x, o, unit)[0] for unit in np.eye(n)]
    assert np.sum(np.square(kicks)) / page.clock == pytest.approx(np.sum(np.square(noises)), rel=1e-3)


@pytest.mark.parametrize("outer", [0.6, 1.0, 1.5])
def test_order_two_has_the_rate_of_a_round(outer: float) -> None:
    """The rate of the mean, -log m over ηH with m = 1 - α(1 - (1 - ηh)^H), to η²: off by a quarter at half of η."""

    def gap(lr: float, sde: str) -> float:
        page, h = so.LocalSGD(lr, 4, outer), 1.7
        rate = -math.log1p(outer * math.expm1(4 * math.log1p(-lr * h))) / (4 * lr)
        return abs(page.sdes[sde].linear(page, np.array([[h]]), np.eye(1))[0][0, 0] - rate)

    assert gap(1e-3, "order2") / gap(5e-4, "order2") == pytest.approx(4.0, rel=0.02)
    assert gap(1e-3, "order1") / gap(5e-4, "order1") == pytest.approx(2.0, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("h", [5, 1])
def test_the_variance_at_rest_does_not_know_how_long_a_round_is(h: int) -> None:
    lr, curve, s, agents, paths = 0.1, 1.5, 0.8, 3, 20_000
    problem = so.Problem(so.Quadratic([curve]), so.Agents(so.Gaussian(s), agents=agents), x0=[0.0])
    e = so.simulate(so.LocalSGD(lr, h), problem, steps=60 // h, paths=paths, save_at=1, observables=[], rng=5)
    exact = lr * s * s / (2 * curve * agents) / (1 - lr * curve / 2)
    exact *= 1 - (1 - lr * curve) ** (2 * h * (60 // h))
    assert abs(e.cov[-1, 0, 0] / exact - 1.0) < 6 * math.sqrt(2 / paths)  # false alarm below 1e-8


@pytest.mark.slow
def test_silent_agents_compile() -> None:
    problem = so.Problem(so.Quadratic([1.0]), so.Agents(so.NoNoise(), agents=2, shifts=[[1.0], [-1.0]]), x0=[1.0])
    e = so.simulate(so.LocalSGD(0.5, 2), problem, steps=2, paths=2, save_at=1, observables=[], rng=0)
    assert e.mean[-1, 0] == 0.0625


def test_order_two_is_refused_where_agents_bend_differently() -> None:
    with pytest.raises(ValueError, match="root_additive_cov"):
        so.simulate(so.LocalSGD(0.1), unequal(0.5), "sde", sde="order2", steps=2, paths=2, rng=0)


def test_rounds_of_fedavgm_are_steps_of_nesterov() -> None:
    """The gradient is what LocalSGD moves by, as torch.optim.SGD(nesterov=True) takes it."""
    page, point = so.FedAvgM(0.1, local_steps=3, outer_lr=0.7, momentum=0.8), np.random.default_rng(6)
    y, x, buffer = page.init(WIDE.x0, WIDE.oracle), WIDE.x0, np.zeros(5)
    for k in range(5):
        z = tuple((point.normal(size=15), point.normal(size=5)) for _ in range(3))
        g = x - so.LocalSGD(0.1, local_steps=3).step(k, x, WIDE.oracle, z)
        buffer = 0.8 * buffer + g
        x = x - 0.7 * (g + 0.8 * buffer)
        y = page.step(k, y, WIDE.oracle, z)
        np.testing.assert_allclose(np.array(y), [x, buffer], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("h", [2, 6])
def test_fedavgm_at_rest(h: int) -> None:
    """The linear recursion of (x, b) on a line rests at α η s²/(2hN(1 - μ)), to the order of η, as the SDE does."""
    lr, curve, s, agents, outer, mu = 1e-4 / h, 1.5, 0.8, 3, 2e-4, 1 - 4e-4
    page = so.FedAvgM(lr, h, outer, mu)
    formula = outer * lr * s * s / (2 * curve * agents * (1 - mu))
    A, D = page.linear(np.array([[curve]]), np.array([[s * s / agents]]))
    assert so.theory.stationary(A, D)[0, 0] == pytest.approx(formula, rel=1e-9)
    o = so.Problem(so.Quadratic([curve]), so.Agents(so.Gaussian(s), agents=agents)).oracle
    silent, unit = np.zeros((h, agents)), np.eye(2)

    def go(x: Any, b: Any, z: Any) -> Any:
        return np.ravel(page.step(0, (np.array([x]), np.array([b])), o, tuple((row,) for row in z)))

    move = np.array([go(*row, silent) for row in unit]).T
    kicks = np.array([go(0.0, 0.0, row.reshape(h, agents)) for row in np.eye(h * agents)])
    rest = np.linalg.solve(np.eye(4) - np.kron(move, move), np.ravel(kicks.T @ kicks)).reshape(2, 2)
    assert rest[0, 0] == pytest.approx(formula, rel=2e-3)
