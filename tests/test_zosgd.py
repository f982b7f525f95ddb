"""Zeroth-order SGD: one step's mean and covariance by quadrature, exact on quadratics, and the level at rest."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import sdeopt as so

H, SIGMA = np.array([[1.2, 0.4], [0.4, 0.9]]), np.array([[0.5, 0.2], [0.2, 0.3]])
PROBLEM = so.Problem(so.Quadratic(H), so.Gaussian(cov=SIGMA), x0=[1.0, -0.7])
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(3)  # exact to degree 5: a square has 4 in u, 2 in the rest


def over_draws(page: Any, problem: so.Problem, x: Any, f: Any) -> Any:
    """The mean of f(step) over all draws."""
    d, o, mean = problem.dim, problem.oracle, 0.0
    share = WEIGHTS / WEIGHTS.sum()
    for places in itertools.product(range(3), repeat=2 * d + 1):
        z, weight = NODES[list(places)], float(np.prod(share[list(places)]))
        mean = mean + weight * f(page.step(0, x, o, ((z[:d],), (z[d : 2 * d], z[2 * d :]))))
    return mean


@pytest.mark.parametrize("s", [0.0, 0.3])
def test_one_step_has_the_moments_of_the_sde_on_a_quadratic(s: float) -> None:
    page, x, o = so.ZOSGD(0.1, mu=0.4, value_noise=s), PROBLEM.x0, PROBLEM.oracle
    mean = over_draws(page, PROBLEM, x, lambda y: y - x)
    np.testing.assert_allclose(mean, 0.1 * page.drift(0.0, x, o), rtol=1e-12)
    cov = over_draws(page, PROBLEM, x, lambda y: np.outer(y - x, y - x)) - np.outer(mean, mean)
    kicks = [page.diffusion(0.0, x, o, (e[:2], (e[2:4], e[4:]))) for e in np.eye(5)]
    np.testing.assert_allclose(cov, 0.1 * np.transpose(kicks) @ kicks, rtol=1e-12)


def test_off_quadratics_the_mean_is_the_gradient_of_the_smoothed_loss() -> None:
    """E f(x + μu) of x⁴/4 is x⁴/4 + 3μ²x²/2 + ..., whose gradient is x³ + 3μ²x."""
    quartic = so.Problem(so.Objective(value=lambda x: 0.25 * np.sum(x**4), dim=1), x0=[0.8])
    page, nodes = so.ZOSGD(0.1, mu=0.5), np.polynomial.hermite_e.hermegauss(6)
    steps = [page.step(0, quartic.x0, quartic.oracle, ((), (np.array([u]), np.zeros(1))))[0] - 0.8 for u in nodes[0]]
    assert np.average(steps, weights=nodes[1]) == pytest.approx(-0.1 * (0.8**3 + 3 * 0.25 * 0.8), rel=1e-12)


def test_the_mean_square_at_rest() -> None:
    """E|x'|² is linear in |x|² on f = h|x|²/2: from two points, its fixed point, and where its slope is 1."""
    lr, h, sigma, s, mu, d = 0.3, 0.8, 0.6, 0.2, 0.5, 2
    problem, page = so.Problem(so.Quadratic([h] * d), so.Gaussian(sigma)), so.ZOSGD(lr, mu, s)
    none, one = (over_draws(page, problem, np.array([r, 0.0]), lambda y: y @ y) for r in (0.0, 1.0))
    level = lr * d * ((d + 2) * sigma**2 + s**2 / (2 * mu**2)) / (2 * h - lr * (d + 2) * h * h)
    assert none / (1.0 - (one - none)) == pytest.approx(level, rel=1e-12)
    still = so.ZOSGD(2.0 / ((d + 2) * h), mu, s)
    ends = [over_draws(still, problem, np.array([r, 0.0]), lambda y: y @ y) for r in (0.0, 1.0)]
    assert ends[1] - ends[0] == pytest.approx(1.0, rel=1e-12)


def test_the_stated_level_is_the_leading_one() -> None:
    page = so.ZOSGD(1e-4, 0.5, 0.2)
    level = page.sdes["order1"].stationary(page, 0.8 * np.eye(2), 0.36 * np.eye(2))
    np.testing.assert_allclose(level, 1e-4 * (4 * 0.36 + 0.04 / 0.5) / 1.6 * np.eye(2), rtol=1e-12)


def test_batches_are_seen_by_both_values() -> None:
    """On least squares F is quadratic, so that D is exactly the batch's gradient along u."""
    data = so.LinearRegression(np.random.default_rng(0).standard_normal((6, 2)), np.arange(6.0))
    problem, x, u = so.Problem(data, so.Minibatch(2)), np.array([0.3, -1.0]), np.array([0.5, 2.0])
    seen = (np.array([0.1, 0.9]),)
    g = problem.noise.noisy_grad(problem.oracle, x, seen)
    after = so.ZOSGD(0.1).step(0, x, problem.oracle, (seen, (u, np.zeros(1))))
    np.testing.assert_allclose(after, x - 0.1 * (g @ u) * u, rtol=1e-9)
