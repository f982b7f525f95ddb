"""DiLoCo: rounds by a loop in NumPy and by PyTorch's optimizers, its limits, its stated drift, its level at rest."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from test_distributed_steps import WIDE, noisy

import sdeopt as so

SHIFTS, SCALES = np.outer([1.0, -2.0, 1.0], np.arange(5.0)), np.linspace(0.5, 2.0, 5)
PAGE = so.DiLoCo(0.02, 3, 0.7, 0.8, 0.8, 0.95, 1e-3, 0.3)


def rounds(page: Any, number: int) -> Any:
    """Draws of every round, and the positions after them."""
    point, y, found = np.random.default_rng(3), page.init(WIDE.x0, WIDE.oracle), []
    for k in range(number):
        z = tuple((point.normal(size=15), point.normal(size=5)) for _ in range(int(page.local_steps)))
        y = page.step(k, y, WIDE.oracle, z)
        found.append((z, y[0]))
    return found


def gradients(at: Any, seen: Any) -> Any:
    """What every agent sees at its own position."""
    return SCALES * at + SHIFTS + noisy(np.zeros(5), seen) - SHIFTS


def test_rounds_by_hand() -> None:
    x, b, m, v, n = WIDE.x0, np.zeros(5), np.zeros((3, 5)), np.zeros((3, 5)), 0
    for z, after in rounds(PAGE, 6):
        at = np.tile(x, (3, 1))
        for seen in z:
            n, g = n + 1, gradients(at, seen)
            m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g * g
            at = at - 0.02 * 0.3 * at
            at = at - 0.02 * (m / (1 - 0.8**n)) / (np.sqrt(v / (1 - 0.95**n)) + 1e-3)
        delta = x - at.mean(axis=0)
        b = 0.8 * b + delta
        x = x - 0.7 * (delta + 0.8 * b)
        np.testing.assert_allclose(after, x, rtol=1e-12, atol=1e-13)
    assert np.abs(x - WIDE.x0).max() > 0.3


@pytest.mark.extras("torch")
def test_rounds_of_the_optimizers_of_pytorch() -> None:
    torch = pytest.importorskip("torch")

    def leaf(x: Any) -> Any:
        return torch.tensor(np.asarray(x).tolist(), dtype=torch.float64, requires_grad=True)

    centre, agents = leaf(WIDE.x0), [leaf(WIDE.x0) for _ in range(3)]
    outer = torch.optim.SGD([centre], lr=0.7, momentum=0.8, nesterov=True)
    inside = [torch.optim.AdamW([a], lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3) for a in agents]
    for z, after in rounds(PAGE, 6):
        with torch.no_grad():
            for a in agents:
                a.copy_(centre)
        for seen in z:
            each = gradients(np.array([a.detach().numpy() for a in agents]), seen)
            for a, optimizer, g in zip(agents, inside, each, strict=True):
                a.grad = torch.tensor(g)
                optimizer.step()
        centre.grad = centre.detach() - sum(a.detach() for a in agents) / 3.0
        outer.step()
        np.testing.assert_allclose(after, centre.detach().numpy(), rtol=1e-12, atol=1e-13)


def test_one_agent_that_meets_itself_is_adamw() -> None:
    """H = 1, α = 1, no outer momentum."""
    one, other = so.DiLoCo(0.05, 1, 1.0, 0.0, 0.8, 0.9, 1e-3, 0.3), so.AdamW(0.05, 0.8, 0.9, 1e-3, 0.3)
    alone = so.Problem(so.Quadratic([1.0, 2.0]), so.Agents(so.Gaussian(0.5), agents=1), x0=[1.0, -1.0])
    plain = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    y, u = one.init(alone.x0, alone.oracle), other.init(plain.x0, plain.oracle)
    for k, z in enumerate(np.random.default_rng(0).standard_normal((10, 2))):
        y, u = one.step(k, y, alone.oracle, ((z,),)), other.step(k, u, plain.oracle, (z,))
        np.testing.assert_allclose(y[0], u[0], rtol=1e-13)


def test_the_mean_of_a_round_is_the_stated_drift() -> None:
    """On a line, two agents, two steps, over all draws of normal noise, to the order of η."""
    lr, h, s = 1e-5, 1.5, np.array([0.6, 0.9])
    law = so.Agents([so.Gaussian(0.6), so.Gaussian(0.9)], shifts=[[0.4], [-0.4]])
    o = so.Problem(so.Quadratic([h]), law).oracle
    page = so.DiLoCo(lr, 2, 3.0 * 2 * lr, 1 - 2.0 * 2 * lr, 1 - 2.5 * lr, 1 - 1.5 * lr, 0.05, 0.4)
    y = np.array([0.7]), np.array([0.3]), np.array([0.5, -0.2]), np.array([0.8, 1.1])
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    mean = np.zeros(6)
    for places in itertools.product(range(3), repeat=4):
        z = nodes[list(places)]
        after = page.step(10**9, y, o, ((z[:2],), (z[2:],)))
        w = np.prod((weights / weights.sum())[list(places)])
        mean += w * (np.concatenate(after) - np.concatenate(y)) / page.clock
    (x, b, m, v), g = y, h * 0.7 + np.array([0.4, -0.4])
    db = np.mean(m / (np.sqrt(v) + 0.05)) + 0.4 * x - 2.0 * b
    wanted = np.concatenate([-3.0 * b, db, 2.5 * (g - m), 1.5 * (g * g + s * s - v)])
    np.testing.assert_allclose(mean, wanted, rtol=1e-3)


@pytest.mark.parametrize(("hs", "q"), [(2, 0.05), (6, 0.5)])
def test_the_level_at_rest_is_that_of_three_linear_equations(hs: int, q: float) -> None:
    """The covariance of (X, B, M) with V at s², from the equations of the page."""
    lr, h, s, agents, tau = 0.01, 1.3, 0.7, 3, 0.01 * hs
    mu, beta1 = 1 - 2.0 * tau, 1 - 3.0 * lr
    alpha = q * s * (1 - mu) * (1 - mu + hs * (1 - beta1)) / (tau * h)
    A = np.array([[0.0, alpha / tau, 0.0], [0.0, (1 - mu) / tau, -1.0 / s], [-3.0 * h, 0.0, 3.0]])
    D = np.diag([0.0, 0.0, lr * 9.0 * s * s / agents])
    level = alpha * lr * s / (2 * h * agents * (1 - mu)) / (1 - q)
    assert so.theory.stationary(A, D)[0, 0] == pytest.approx(level, rel=1e-10)
    fast = A.copy()
    fast[0, 1] /= q
    assert np.linalg.eigvals(fast).real.min() == pytest.approx(0.0, abs=1e-12)


def test_the_level_at_rest_is_that_of_the_rounds() -> None:
    """With V held at s² a round is linear in (x, b, m) and its noise; half of the rates, half of what is off.

    The same of the sampled SDE, whose drift and covariance are those of a round.
    """
    h, s, agents, off = 1.3, 0.7, 2, []
    o = so.Problem(so.Quadratic([h]), so.Agents(so.Gaussian(s), agents=agents)).oracle
    for rate in (0.01, 0.005):
        lr, friction, slow, hs = rate / 4.0, rate, 0.5 * rate, 3
        alpha = 0.3 * s * friction * (friction + hs * slow) / (lr * hs * h)
        page = so.DiLoCo(lr, hs, alpha, 1 - friction, 1 - slow, 1 - 1e-15, 0.0, 0.0)

        def go(x: Any, z: Any, page: Any = page) -> Any:
            y = x[:1], x[1:2], np.full(agents, x[2]), np.full(agents, s * s)
            seen = tuple((row,) for row in z.reshape(-1, agents))
            after = page.step(10**18, y, o, seen)
            return np.array([after[0][0], after[1][0], after[2].mean()])

        move = np.array([go(e, np.zeros(hs * agents)) for e in np.eye(3)]).T
        kicks = np.array([go(np.zeros(3), e) for e in np.eye(hs * agents)])
        noise, formula = kicks.T @ kicks, alpha * lr * s / (2 * h * agents * friction) / (1 - 0.3)
        level = np.linalg.solve(np.eye(9) - np.kron(move, move), np.ravel(noise))[0]
        off.append(np.array([level, so.theory.stationary(np.eye(3) - move, noise)[0, 0]]) / formula - 1.0)
    assert np.abs(off[1]).max() < 0.02
    assert off[1] / off[0] == pytest.approx([0.5, 0.5], abs=0.05)
