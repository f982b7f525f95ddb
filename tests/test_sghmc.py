"""SGHMC and AdaBelief: exact laws and steps by hand; their moments are in the contract."""

from __future__ import annotations

import math

import numpy as np
import pytest

import sdeopt as so

LINE = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.6), x0=[0.0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_sghmc_at_rest_on_a_line(kind: str) -> None:
    """Discrete: the linear recursion of (x, v); SDE: T/h + η s²/(2h(1 - μ)). Both within 3 % of e^{-f/T} at s = 0."""
    h, s, T, lr, mu = 1.5, 0.6, 0.4, 0.01, 0.8
    page = so.SGHMC(lr, mu, T)
    e = so.simulate(page, LINE, kind, steps=300, substeps=4, paths=20_000, save_at=1, rng=4)
    variance = T / h + lr * s * s / (2 * h * (1 - mu))
    if kind == "discrete":
        move = np.array([[1.0, 1.0], [-lr * h, mu - lr * h]])  # v' = μ v - ηh (x + v)
        added = np.diag([0.0, (lr * s) ** 2 + 2 * (1 - mu) * lr * T])
        cov = np.zeros((2, 2))
        for _ in range(300):
            cov = move @ cov @ move.T + added
        assert cov[0, 0] == pytest.approx(variance, rel=0.03)
        variance = cov[0, 0]
    else:
        A, D = page.linear(np.array([[h]]), np.array([[s * s]]))
        assert so.theory.stationary(A, D)[0, 0] == pytest.approx(variance, rel=1e-12)
    assert abs(e.cov[-1, 0, 0] / variance - 1.0) < 6 * math.sqrt(2 / 20_000) + 2e-3  # false alarm below 1e-8


def test_sghmc_without_heat_is_the_heavy_ball() -> None:
    """v = -η (buffer), and x' of the one is x of the other."""
    lr, o = 0.05, LINE.oracle
    cold, ball = (np.array([0.7]), np.array([0.0])), (np.array([0.7]), np.array([0.0]))
    for k in range(8):
        z = (np.array([math.sin(2.0 * k)]),)
        cold = so.SGHMC(lr, 0.7, 0.0).step(k, cold, o, (z, (np.ones(1),)))
        np.testing.assert_allclose(cold[0], ball[0], rtol=1e-13)
        ball = so.HeavyBall(lr, 0.7).step(k, ball, o, z)
        np.testing.assert_allclose(cold[1], -lr * ball[1], rtol=1e-13)


def test_ten_steps_of_adabelief_by_hand() -> None:
    """As the authors' code has it: v gains ε in place, and the root another."""
    lr, b1, b2, eps, h, s = 0.1, 0.8, 0.9, 1e-2, 1.5, 0.6
    page, o = so.AdaBelief(lr, b1, b2, eps), LINE.oracle
    y = page.init(np.array([1.0]), o)
    x, m, v = 1.0, 0.0, 0.0
    for k in range(10):
        z = math.sin(3.0 * k)
        g = h * x + s * z
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (g - m) ** 2 + eps
        x -= lr / (1 - b1 ** (k + 1)) * m / (math.sqrt(v) / math.sqrt(1 - b2 ** (k + 1)) + eps)
        y = page.step(k, y, o, (np.array([z]),))
        np.testing.assert_allclose(np.ravel(y), [x, m, v], rtol=1e-12)


def test_adabelief_divides_by_the_noise_alone() -> None:
    """V of the SDE rests at diag Σ + ε/(ηρ₂) where M = ∇f, however large the gradient is; up to β₁² for the noise."""
    page, o = so.AdaBelief(1e-3, 0.999, 0.99, 1e-4), LINE.oracle
    x, m, v = page.warm(np.array([9.0]), o)
    assert v[0] == pytest.approx(0.36 + 1e-4 / 0.01)
    assert abs(page.drift(5.0, (x, m, v), o)[2][0]) < 0.01 * (1 - 0.99) / 1e-3 * 0.36
