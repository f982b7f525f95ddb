"""The slow SDE on a manifold of minimisers against limits of gradient flows and closed forms, and Adam's slow flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.theory import manifold
from sdeopt.theory.slow import adam_drift

pytest.importorskip("sympy")

RING = so.Objective(value=lambda x: 0.125 * (x[0] ** 2 + x[1] ** 2 - 1.0) ** 2, dim=2)
PRODUCT = so.Objective(value=lambda x: 0.5 * (x[0] * x[1] - 1.0) ** 2, dim=2)  # the flow keeps q = u² - v²
COV = [[0.5, 0.2], [0.2, 0.3]]
X = np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -0.6]])
WIDE = so.DiagonalLinearNetwork(X, [0.9, -0.4])
CIRCLE, ON = so.DiagonalLinearNetwork([[1.0, 1.0]], [1.0]), [0.8, 0.6, 0.0, 0.0]
START = np.array([1.1, 0.6, 0.8, 0.5, 0.9, 0.7])


def limit(y: Any) -> Any:
    """Φ of `PRODUCT`: of u v = 1 the point with the same q."""
    q = y[0] ** 2 - y[1] ** 2
    u = np.sqrt(0.5 * (q + np.sqrt(q * q + 4.0)))
    return np.array([u, 1.0 / u])


def test_the_drift_is_half_the_second_derivative_of_the_limit() -> None:
    """½ Σ_ij ∂_i∂_j Φ by differences of Φ in closed form; PΣP by its first derivative. The noise is correlated."""
    y, h, one = limit(np.array([1.4, 0.8])), 1e-3, np.eye(2)
    root = np.linalg.cholesky(COV)
    drift, cov = so.theory.slow_coefficients(so.Problem(PRODUCT, so.Gaussian(cov=COV)), y)
    pushed = sum(limit(y + h * e) + limit(y - h * e) - 2 * y for e in root.T) / h**2
    np.testing.assert_allclose(drift, 0.5 * pushed, rtol=1e-4)
    slope = np.array([limit(y + h * e) - limit(y - h * e) for e in one]).T / (2 * h)
    np.testing.assert_allclose(cov, slope @ COV @ slope.T, rtol=1e-4)


def test_correlated_noise_leaves_the_flattest_minimiser() -> None:
    """SGD keeps q = u² - v² but for its noise, so that q grows by Σ₁₁ - Σ₂₂ also from q = 0, where tr ∇²f is least."""
    y, law = np.array([1.0, 1.0]), so.Gaussian(cov=[[0.6, 0.1], [0.1, 0.05]])
    drift, cov = so.theory.slow_coefficients(so.Problem(PRODUCT, law), y)
    assert 2.0 * (drift[0] - drift[1]) + cov[0, 0] - cov[1, 1] == pytest.approx(0.55, rel=1e-6)


@pytest.mark.parametrize("law", [so.Gaussian(0.5), so.Gaussian([0.3, 0.8, 0.5, 0.1, 0.6, 0.4]), so.LabelNoise(0.9)])
def test_the_drift_is_that_of_followed_flows(law: Any) -> None:
    """The same by `flow_limit`, in six dimensions of which four are within the manifold."""
    y, h = so.theory.flow_limit(WIDE, START), 0.02
    problem = so.Problem(WIDE, law)
    drift, cov = so.theory.slow_coefficients(problem, y)
    (size,) = law.brownian("root_cov", WIDE)
    ends = [[so.theory.flow_limit(WIDE, y + s * h * law.root_cov(problem.oracle, y, e)) for s in (1, -1)]
            for e in np.eye(size)]  # fmt: skip
    np.testing.assert_allclose(drift, 0.5 * sum(a + b - 2 * y for a, b in ends) / h**2, rtol=0.02, atol=1e-3)
    kicks = np.array([(a - b) / (2 * h) for a, b in ends])
    np.testing.assert_allclose(cov, kicks.T @ kicks, rtol=0, atol=2e-3)


def test_under_label_noise_it_is_the_slow_flow() -> None:
    (y, later), _ = so.theory.label_noise_flow(WIDE, START, 0.9, [0.0, 1e-4])
    drift, cov = so.theory.slow_coefficients(so.Problem(WIDE, so.LabelNoise(0.9)), y)
    np.testing.assert_allclose(drift, (later - y) / 1e-4, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(cov, 0.0, atol=1e-12)


def test_on_a_circle_it_is_brownian_motion() -> None:
    """The angle is N(0, σ²T): its cosine and its square to six standard errors (false alarm below 1e-8) and dt."""
    scale, time, paths = 0.6, 1.0, 300
    problem = so.Problem(RING, so.Gaussian(scale), x0=[1.5, 0.0])
    (Y,) = so.theory.slow_sde(problem, [time], dt=0.05, paths=paths, rng=1)
    np.testing.assert_allclose(np.linalg.norm(Y, axis=1), 1.0, atol=1e-8)
    cosine, angle = Y[:, 0], np.arctan2(Y[:, 1], Y[:, 0])
    assert abs(cosine.mean() - np.exp(-0.5 * scale**2 * time)) < 6 * cosine.std() / paths**0.5 + 0.005
    assert abs(np.mean(angle**2) - scale**2 * time) < 6 * np.std(angle**2) / paths**0.5 + 0.01


def test_paths_do_not_depend_on_their_number() -> None:
    problem = so.Problem(RING, so.Gaussian(0.6))
    few, more = (so.theory.slow_sde(problem, [0.0, 0.03, 0.1], paths=n, rng=4) for n in (2, 3))
    assert np.array_equal(few, more[:, :2])


def test_adam_on_a_circle_by_its_angle() -> None:
    """u = (c, s): φ' = 2cs (w₁^{-1/2} - w₂^{-1/2})/(s² √w₁ + c² √w₂), w' = κ(4u² - w)/(1 - e^{-κT}), by Euler."""
    f, phi, steps, rate = so.DiagonalLinearNetwork([[1.0, 1.0]], [1.0]), np.arctan2(0.6, 0.8), 10_000, 3.0
    w = 4 * np.array([0.64, 0.36])
    for k in range(steps):
        c, s = np.cos(phi), np.sin(phi)
        r = np.sqrt(w)
        phi += 2 * c * s * (1 / r[0] - 1 / r[1]) / (s * s * r[0] + c * c * r[1]) / steps
        w = w + min(rate / steps / -np.expm1(-rate * (k + 0.5) / steps), 1.0) * (4 * np.array([c * c, s * s]) - w)
    Y, traces = so.theory.adam_label_noise_flow(f, [0.8, 0.6, 0.0, 0.0], rate, [1.0])
    np.testing.assert_allclose(Y[0], [np.cos(phi), np.sin(phi), 0.0, 0.0], atol=1e-4)
    assert traces[0] == pytest.approx(2 * Y[0].sum(), rel=1e-6)


def test_adam_whose_mean_is_fast_in_closed_form() -> None:
    """φ' = -(c - s)/(2cs(c + s)): the slope of tr D = 2(c + s) over its own metric."""
    f, y, (c, s) = so.DiagonalLinearNetwork([[1.0, 1.0]], [1.0]), np.array([0.8, 0.6, 0.0, 0.0]), (0.8, 0.6)
    move = adam_drift(f, y, 4 * y * y)
    np.testing.assert_allclose(move, -(c - s) / (2 * c * s * (c + s)) * np.array([-s, c, 0.0, 0.0]), rtol=1e-7)


def test_adam_lowers_what_sgd_raises() -> None:
    """Of u₁² + 2u₂² = 1 SGD goes to the smaller x, Adam from here to the larger: tr D is concave."""
    f, start, times = so.DiagonalLinearNetwork([[1.0, 2.0]], [1.0]), [0.15**0.5, 0.425**0.5, 0.0, 0.0], [0.0, 0.2]
    (_, a), own = so.theory.adam_label_noise_flow(f, start, 50.0, times)
    (_, s), traces = so.theory.label_noise_flow(f, start, 1.0, times)
    D = [np.sqrt(np.diag(f.hessian(y))[:2]).sum() for y in (a, s)]
    tr = [np.trace(f.hessian(y)) for y in (a, s)]
    assert D[0] == pytest.approx(own[1]) and own[1] < own[0] < D[1]
    assert traces[1] < traces[0] < tr[0]


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: so.theory.slow_coefficients(so.Problem(RING, so.Gaussian(1.0)), [2.0, 0.0]), ValueError, "minimiser"),
        (lambda: so.theory.slow_coefficients(RING, [1.0, 0.0]), TypeError, "problem"),
        (lambda: so.theory.slow_coefficients(so.Problem(RING, so.StudentT(1.5)), [1.0, 0.0]), ValueError, "StudentT"),
        (lambda: so.theory.slow_sde(so.Problem(RING), [1.0, 0.5]), ValueError, "times must increase"),
        (lambda: so.theory.slow_sde(so.Problem(RING), [1.0], dt=1e-9), ValueError, "dt must be such"),
        (lambda: so.theory.slow_sde(so.Problem(RING), [1.0], paths=0), ValueError, "paths"),
        (lambda: so.theory.slow_sde(so.Problem(RING, x0=[[1.0, 0.0]] * 2), [1.0]), ValueError, "x0"),
        (lambda: so.theory.adam_label_noise_flow(so.Quadratic([1.0]), [1.0], 1.0, [1.0]), ValueError, "regression"),
        (lambda: so.theory.adam_label_noise_flow(WIDE, START, 1.0, [1.0, 0.5]), ValueError, "times must increase"),
        (lambda: so.theory.adam_label_noise_flow(CIRCLE, ON, 100.0, [1.25]), ValueError, "curvature comes to 0"),
    ],
)
def test_refusals(call: Any, kind: Any, sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        call()


def test_a_flow_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stiff one, of which every slope costs something; near a curvature of 0 Adam's flow is like that for minutes."""
    monkeypatch.setattr(manifold, "SECONDS", 0.05)
    with pytest.raises(ValueError, match="too long"):
        manifold.follow(lambda y: -1e4 * y + 0.0 * sum(range(1000)), 50.0, np.ones(1), "too long")
