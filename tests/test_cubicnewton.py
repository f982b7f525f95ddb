"""Cubic-regularised Newton: its step against a search for the minimum, its flow, and its way from a saddle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import sdeopt as so
from sdeopt.optimizers.cubicnewton import cubic_step


@pytest.mark.parametrize("seed", range(4))
def test_a_step_minimises_its_model(seed: int) -> None:
    """Of a model with an indefinite Hessian, against searches from many points."""
    rng, d, lr = np.random.default_rng(seed), 3, 0.7
    A, g = rng.standard_normal((d, d)), rng.standard_normal(d)
    H = A + A.T - np.eye(d)
    assert np.linalg.eigvalsh(H)[0] < 0.0

    def model(s: np.ndarray) -> float:
        return float(g @ s + 0.5 * s @ H @ s + (s @ s) ** 1.5 / (3.0 * lr * lr))

    s = cubic_step(H.ravel(), g, lr)
    best = min((minimize(model, start, tol=1e-12) for start in rng.standard_normal((20, d))), key=lambda r: r.fun)
    assert model(s) <= best.fun + 1e-10
    np.testing.assert_allclose(s, best.x, atol=2e-5)
    np.testing.assert_allclose(g + H @ s + np.linalg.norm(s) * s / lr**2, 0.0, atol=1e-9)


def test_short_steps_follow_their_flow() -> None:
    g, H = np.array([0.3, -0.4]), np.array([[1.0, 0.5], [0.5, -2.0]])
    gaps = [np.linalg.norm(cubic_step(H.ravel(), g, lr) / lr + g / np.sqrt(0.5)) for lr in (1e-3, 5e-4)]
    assert gaps[0] / gaps[1] == pytest.approx(2.0, rel=0.01)
    assert gaps[0] < 3e-3


def test_it_is_newton_near_a_minimum_and_still_at_it() -> None:
    H = np.array([[2.0, 0.3], [0.3, 1.0]])
    errors = [np.linalg.norm(x + cubic_step(H.ravel(), H @ x, 1.0)) for x in ([1e-3, 0.0], [5e-4, 0.0])]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.01)
    assert not cubic_step(H.ravel(), np.zeros(2), 1.0).any()
    assert not cubic_step(np.zeros(4), np.zeros(2), 1.0).any()


def test_it_leaves_a_saddle_at_once() -> None:
    """f = (x² - 1)²/4 + y²/2 from x = 1e-6, where gradient descent at 0.1 needs 145 steps to x = 0.9."""
    f = so.Objective(value=lambda x: 0.25 * (x[0] ** 2 - 1.0) ** 2 + 0.5 * x[1] ** 2, dim=2)
    o, x, page = so.Problem(f, x0=[1e-6, 0.5]).oracle, np.array([1e-6, 0.5]), so.CubicNewton(lr=0.4)
    values = [f.value(x)]
    for k in range(12):
        x = page.step(k, x, o, ())
        values.append(f.value(x))
    assert (np.diff(values) <= 1e-15).all()
    np.testing.assert_allclose(x, [1.0, 0.0], atol=1e-8)
