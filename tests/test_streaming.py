"""Streaming least squares: the recursion by quadrature, the Volterra equation as an integral, and SignSGD."""

from __future__ import annotations

import numpy as np
import pytest

import sdeopt as so

H, LR, START, SCALE = np.array([0.5, 1.5]), 0.2, np.array([1.0, -0.5]), 0.3


def test_the_recursion_is_the_mean_over_all_examples() -> None:
    """Squares of a step are polynomials of degree 4 in a: five nodes of Gauss and Hermite are exact."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    weights = weights / weights.sum()
    M = np.outer(START, START)
    found = [0.5 * np.trace(np.diag(H) @ M)]
    for _ in range(3):
        mean = LR**2 * SCALE**2 * np.diag(H)
        for (i, u), (j, v) in ((p, q) for p in enumerate(nodes) for q in enumerate(nodes)):
            a = np.sqrt(H) * [u, v]
            shrink = np.eye(2) - LR * np.outer(a, a)
            mean = mean + weights[i] * weights[j] * shrink @ M @ shrink
        M = mean
        found.append(0.5 * np.trace(np.diag(H) @ M))
    np.testing.assert_allclose(so.theory.streaming_sgd(H, LR, START, SCALE, 3), found, rtol=1e-13)


def test_the_limit_solves_its_volterra_equation() -> None:
    """R(t) = σ²/2 + Σ e_i(0) e^{-2h_i t} + ∫ K(t - s) R(s) ds, by Simpson's rule."""
    from scipy.integrate import simpson

    times = np.linspace(0.0, 2.0, 401)
    R = so.theory.homogenized_sgd(H, LR, START, SCALE, times) + 0.5 * SCALE**2
    kernel = LR * (H**2 * np.exp(-2.0 * np.outer(times, H))).sum(axis=1)
    free = 0.5 * SCALE**2 + (0.5 * H * START**2 * np.exp(-2.0 * np.outer(times, H))).sum(axis=1)
    for k in (100, 200, 400):
        assert R[k] == pytest.approx(free[k] + simpson(kernel[k::-1] * R[: k + 1], x=times[: k + 1]), rel=1e-8)


def test_the_limit_is_the_risk_of_a_diffusion_without_the_square_of_the_mean() -> None:
    """d/dt E x_i² from drift and diffusion, at the start."""
    step = 1e-6
    rate = np.diff(so.theory.homogenized_sgd(H, LR, START, SCALE, [0.0, step]))[0] / step
    covariance = (2.0 * 0.5 * (H * START**2).sum() + SCALE**2) * H
    assert rate == pytest.approx(0.5 * H @ (-2.0 * H * START**2 + LR * covariance), rel=1e-5)


def test_levels_at_rest() -> None:
    late = so.theory.homogenized_sgd(H, LR, START, SCALE, [60.0])[0] + 0.5 * SCALE**2
    assert late == pytest.approx(0.5 * SCALE**2 / (1.0 - 0.5 * LR * H.sum()), rel=1e-8)
    R = so.theory.streaming_sgd(H, LR, START, SCALE, 600)[-1] + 0.5 * SCALE**2
    assert R == pytest.approx(0.5 * SCALE**2 + 0.5 * LR * R * (H / (1.0 - LR * H)).sum(), rel=1e-10)


def miss(d: int) -> float:
    """By how much the limit misses the risk at t = 1, curvatures from 0.5 to 1.5, η = 0.8/d."""
    h, start = np.linspace(0.5, 1.5, d), np.full(d, d**-0.5)
    exact = so.theory.streaming_sgd(h, 0.8 / d, start, SCALE, round(d / 0.8))[-1]
    return float(exact - so.theory.homogenized_sgd(h, 0.8 / d, start, SCALE, [1.0])[0])


def test_the_recursion_nears_its_limit_like_one_over_d() -> None:
    assert miss(100) / miss(400) == pytest.approx(4.0, rel=0.1)


def test_signs_in_many_dimensions() -> None:
    """SignSGD of d = 200; its limit is off by O(1/d), here below 2 %, and the mean by six standard errors at most.

    The chance that it is further off is 2e-9 at each time.
    """
    d, lr, paths, rng = 200, 0.005, 64, np.random.default_rng(6)
    h, start = np.geomspace(0.1, 4.0, d), np.full(d, d**-0.5)
    limit = so.theory.homogenized_signsgd(h, lr, start, SCALE, [1.0, 2.0])
    assert (limit < 0.9 * 0.5 * h @ start**2).all()
    x = np.tile(start, (paths, 1))
    for k in range(1, 401):
        a = np.sqrt(h) * rng.standard_normal((paths, d))
        rest = np.einsum("pi,pi->p", a, x) - SCALE * rng.standard_normal(paths)
        x = x - lr * np.sign(a * rest[:, None])
        if k in (200, 400):
            seen, wanted = 0.5 * x**2 @ h, limit[k // 200 - 1]
            assert abs(seen.mean() - wanted) < 6.0 * seen.std() / np.sqrt(paths) + 0.02 * wanted


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"H": [1.0, -1.0]}, "H must be at least 0 in every direction, got -1"),
        ({"start": [1.0]}, "start must have shape"),
        ({"times": [1.0, 1.0]}, "times must increase from 0 or later"),
        ({"times": [1e9]}, "H, lr and times must be such that the risk can be followed"),
    ],
)
def test_what_does_not_fit_is_refused(words: dict[str, object], message: str) -> None:
    good = {"H": H, "lr": LR, "start": START, "scale": SCALE, "times": [1.0]}
    for limit in (so.theory.homogenized_sgd, so.theory.homogenized_signsgd):
        with pytest.raises(ValueError, match=message):
            limit(**good | words)
    with pytest.raises(ValueError, match="scale must be positive where start is at the minimum"):
        so.theory.homogenized_signsgd(H, LR, 0.0 * START, 0.0, [1.0])
    with pytest.raises(ValueError, match="must be of sizes"):
        so.theory.streaming_sgd([1.0], 30.0, [1.0], 0.0, 1000)
