"""Linear SDEs against series, quadrature and the equations that they must satisfy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sdeopt.theory import correlation, moments, stationary, transition

# neither symmetric nor normal; D of rank 2
A = np.array([[0.4, 1.0, -0.3], [-0.8, 0.9, 0.2], [0.1, 0.5, 1.3]])
D = np.array([[0.5, 0.2, 0.0], [0.2, 0.3, 0.0], [0.0, 0.0, 0.0]])


def simpson(t: float, n: int = 400) -> Any:
    """∫₀ᵗ Φ D Φᵀ ds by Simpson's rule, with Φ from its eigenvalues: another route to C(t)."""
    values, vectors = np.linalg.eig(A)
    inverse = np.linalg.inv(vectors)
    weights = np.tile([2.0, 4.0], n // 2 + 1)[: n + 1]
    weights[[0, -1]] = 1.0
    flows = [(vectors * np.exp(-values * s) @ inverse).real for s in np.linspace(0.0, t, n + 1)]
    return t / (3.0 * n) * sum(w * phi @ D @ phi.T for w, phi in zip(weights, flows, strict=True))


@pytest.mark.parametrize("t", [0.0, 0.3, 2.0, 7.0])
def test_transition_covariance_is_the_integral(t: float) -> None:
    assert np.abs(transition(A, D, t)[1] - simpson(t)).max() < 1e-9


def test_transition_mean_solves_the_equation() -> None:
    h = 1e-4
    slope = (transition(A, D, 1.0 + h)[0] - transition(A, D, 1.0 - h)[0]) / (2.0 * h)
    assert np.abs(slope + A @ transition(A, D, 1.0)[0]).max() < 1e-7


def test_long_times_keep_their_digits() -> None:
    phi, cov = transition(A, D, 400.0)
    assert np.abs(phi).max() < 1e-60
    assert np.abs(cov - stationary(A, D)).max() < 1e-13


def test_stiff_systems_keep_their_digits() -> None:
    """Rates 1 and 10⁴ over t = 20: exp(-A t) spans e^{-200000} to e^{-20}."""
    phi, cov = transition(np.diag([1.0, 1e4]), np.eye(2), 20.0)
    assert phi[0, 0] == pytest.approx(np.exp(-20.0), rel=1e-10)
    assert np.diag(cov) == pytest.approx([0.5, 0.5e-4], rel=1e-10)


def test_unstable_directions_grow() -> None:
    phi, cov = transition([[-1.0]], [[2.0]], 3.0)
    assert phi[0, 0] == pytest.approx(np.exp(3.0), rel=1e-12)
    assert cov[0, 0] == pytest.approx(np.exp(6.0) - 1.0, rel=1e-12)


def test_moments_start_from_mean_and_covariance() -> None:
    mean, cov = np.array([1.0, -2.0, 0.5]), np.diag([0.1, 0.0, 0.3])
    means, covs = moments(A, D, mean, cov, [0.0, 0.7])
    phi, added = transition(A, D, 0.7)
    assert np.array_equal(means[0], mean)
    assert np.allclose(covs[0], cov, atol=1e-16)
    assert np.allclose(means[1], phi @ mean, rtol=1e-14)
    assert np.allclose(covs[1], phi @ cov @ phi.T + added, rtol=1e-14)


def test_moments_compose() -> None:
    """One second and then another is two seconds."""
    mean, cov = np.ones(3), np.zeros((3, 3))
    half = moments(A, D, mean, cov, [1.0])
    twice = moments(A, D, half[0][0], half[1][0], [1.0])
    whole = moments(A, D, mean, cov, [2.0])
    assert np.allclose(twice[0], whole[0], atol=1e-13)
    assert np.allclose(twice[1], whole[1], atol=1e-13)


def test_stationary_solves_lyapunov() -> None:
    C = stationary(A, D)
    assert np.abs(A @ C + C @ A.T - D).max() < 1e-14


def test_correlation_rebuilds_the_covariance() -> None:
    Sigma = np.array([[0.5, 0.2], [0.2, 0.3]])
    scale, R = correlation(Sigma)
    assert np.diag(R).tolist() == [1.0, 1.0]
    assert np.allclose(scale[:, None] * R * scale, Sigma, rtol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stationary([[0.0, 1.0], [-1.0, 0.0]], np.eye(2)), "A must have eigenvalues with positive real parts"),
        (lambda: stationary(np.eye(2), np.eye(3)), r"A must have shape \(3, 3\)"),
        (lambda: transition(np.eye(2), [[1.0, 0.5], [0.0, 1.0]], 1.0), "D must be symmetric"),
        (lambda: transition(np.eye(2), np.diag([1.0, -1.0]), 1.0), "D must be positive semidefinite"),
        (lambda: transition(np.eye(2), np.eye(2), -1.0), "t must be in"),
        (lambda: moments(np.eye(2), np.eye(2), [1.0], np.eye(2), [1.0]), r"mean must have shape \(2,\)"),
        (lambda: moments(np.eye(2), np.eye(2), [1.0, 1.0], np.eye(3), [1.0]), r"cov must have shape \(2, 2\)"),
        (lambda: correlation(np.diag([1.0, 0.0])), "Sigma must have a positive diagonal"),
    ],
)
def test_bad_input_is_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
