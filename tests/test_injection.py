"""Injected noise: the pages PGD, Anti-PGD and fPGD against recursions, moments, closed forms and simulations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.linalg import toeplitz

import sdeopt as so
from sdeopt import theory
from sdeopt.core.fractional import autocovariance
from sdeopt.core.oracle import Oracle
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

LANDSCAPE = so.EmbeddedSaddle()
TILTED = so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]])


@pytest.mark.parametrize("page", [so.PGD, so.AntiPGD, so.FPGD])
def test_negative_noise_is_refused(page: Any) -> None:
    with pytest.raises(ValueError, match="sigma must be in"):
        page(0.1, sigma=-0.1)


# ---- the pages against independent recursions and moments


def test_antipgd_is_the_recursion_of_the_literature() -> None:
    """x' = x - η γ(x) + σ(w' - w) and y = x - σw, step by step on the same draws."""
    rng, o, page = np.random.default_rng(0), Oracle(LANDSCAPE, TILTED), so.AntiPGD(0.1, 0.4)
    w = rng.standard_normal((21, 2))
    y = np.array([0.4, 1.0])
    x = y + 0.4 * w[0]
    for k in range(20):
        z = rng.standard_normal(2)
        y = page.step(k, y, o, ((z,), (w[k],)))
        x = x - 0.1 * (LANDSCAPE.grad(x) + TILTED.root @ z) + 0.4 * (w[k + 1] - w[k])
        assert x - 0.4 * w[k + 1] == pytest.approx(y, rel=1e-12)


def test_fpgd_without_memory_is_pgd() -> None:
    o, x, z = Oracle(LANDSCAPE, TILTED), np.array([0.4, 1.0]), ((np.array([0.3, -1.0]),), (np.array([0.7, 0.2]),))
    assert so.FPGD(0.1, 0.6, 0.5).step(0, x, o, z) == pytest.approx(so.PGD(0.1, 0.6).step(0, x, o, z), rel=1e-14)
    moved = x - 0.1 * (LANDSCAPE.grad(x) + TILTED.root @ z[0][0]) + 0.6 * 0.1**0.8 * z[1][0]
    assert so.FPGD(0.1, 0.6, 0.8).step(0, x, o, z) == pytest.approx(moved, rel=1e-14)


@pytest.mark.parametrize("page", [so.PGD(0.1, 0.6), so.FPGD(0.1, 0.6, 0.3)])
def test_one_euler_step_of_the_sde_is_the_step(page: Any) -> None:
    """The injected noise of a step is that of the SDE over its time, dt^{H - 1/2} √dt = dt^H; so is the gradient's."""
    o, x = Oracle(LANDSCAPE, TILTED), np.array([0.4, 1.0])
    seen, w = np.array([0.3, -1.0]), np.array([0.7, 0.2])
    given_scale = 0.1 ** (getattr(page, "hurst", 0.5) - 0.5)
    euler = x + 0.1 * page.drift(0.0, x, o) + np.sqrt(0.1) * page.diffusion(0.0, x, o, (seen, given_scale * w))
    assert page.step(0, x, o, ((seen,), (w,))) == pytest.approx(euler, rel=1e-14)


def hermite(d: int, n: int = 8) -> list[tuple[Any, float]]:
    """Gauss-Hermite in d dimensions, exact for polynomials of degree 2n - 1 in each coordinate."""
    points, weights = np.polynomial.hermite_e.hermegauss(n)
    grid = np.stack(np.meshgrid(*[range(n)] * d), axis=-1).reshape(-1, d)
    return [(points[i], float(np.prod(weights[i] / weights.sum()))) for i in grid]


def moments_of_antipgd(page: Any, y: Any, o: Oracle) -> tuple[Any, Any]:
    """Mean and covariance of a step by quadrature over both draws."""
    d = len(y)
    rule = hermite(2 * d)
    moves = np.array([page.step(0, y, o, ((z[:d],), (z[d:],))) - y for z, _ in rule])
    weights = np.array([w for _, w in rule])
    mean = weights @ moves
    return mean, (moves - mean).T * weights @ (moves - mean)


def covariance_of_hessian(page: Any, y: Any, o: Oracle) -> Any:
    sde, axes = so.AntiPGD.sdes["hessian"], np.eye(2 * len(y))
    columns = np.array([sde.diffusion(page, 0.0, y, o, (e[: len(y)], e[len(y) :])) for e in axes])
    return columns.T @ columns


@pytest.mark.parametrize("sigma", [0.3, 2.0])
def test_hessian_is_exact_on_quadratics(sigma: float) -> None:
    page, y, o = so.AntiPGD(0.1, sigma), np.array([0.8, -0.5]), Oracle(so.Quadratic([[1.2, 0.4], [0.4, 0.9]]), TILTED)
    mean, cov = moments_of_antipgd(page, y, o)
    assert 0.1 * so.AntiPGD.sdes["hessian"].drift(page, 0.0, y, o) == pytest.approx(mean, rel=1e-12)
    assert 0.1 * covariance_of_hessian(page, y, o) == pytest.approx(cov, rel=1e-12)
    H, noise = o.objective.H, TILTED.cov
    A, D = so.AntiPGD.sdes["hessian"].linear(page, H, noise)
    assert np.allclose(A, H)
    assert cov / 0.1 == pytest.approx(D, rel=1e-12)


def test_hessian_off_quadratics_has_the_drift_and_misses_the_fourth_power_of_sigma() -> None:
    y, o = np.array([0.4, 1.0]), Oracle(LANDSCAPE, TILTED)

    def error(sigma: float) -> float:
        page = so.AntiPGD(1.0, sigma)
        mean, cov = moments_of_antipgd(page, y, o)
        assert so.AntiPGD.sdes["hessian"].drift(page, 0.0, y, o) == pytest.approx(mean, rel=1e-12)
        assert np.linalg.norm(mean + LANDSCAPE.grad(y)) > 0.5 * sigma**2  # the plain flow is wrong at order 0
        return float(np.linalg.norm(covariance_of_hessian(page, y, o) - cov))

    assert np.log2(error(0.1) / error(0.05)) == pytest.approx(4.0, abs=0.05)


def test_stationary_laws_of_the_steps() -> None:
    """Fixed points of the exact recursion of the covariance, gradient noise included."""
    h, lr, s, sigma = 2.0, 0.1, 0.7, 0.3
    a = 1.0 - lr * h
    anti = (lr**2 * (h**2 * sigma**2 + s**2)) / (1.0 - a**2)
    assert anti == pytest.approx((lr * h * sigma**2 + lr * s**2 / h) / (2.0 - lr * h), rel=1e-14)
    o = Oracle(so.Quadratic([h]), so.Gaussian(s))
    for page, var in ((so.AntiPGD(lr, sigma), anti), (so.PGD(lr, sigma), (lr * s**2 + sigma**2) / (h * (2 - lr * h)))):
        ends = [(page.step(0, np.array(start), o, ((z[:1],), (z[1:],)))[0], w) for z, w in hermite(2, 3)
                for start in ([np.sqrt(var)], [-np.sqrt(var)])]  # fmt: skip
        assert sum(0.5 * w * x**2 for x, w in ends) == pytest.approx(var, rel=1e-13)
    A, D = so.PGD(lr, sigma).linear(np.array([[h]]), np.array([[s**2]]))
    assert theory.stationary(A, D)[0, 0] == pytest.approx((lr * s**2 + sigma**2) / (2.0 * h), rel=1e-14)


# ---- closed forms


def test_variances_of_injected_noise() -> None:
    """Theory A, section 7, item 5."""
    assert theory.antipgd_variance(2.0, 0.1, 0.3)[0] == pytest.approx(0.1, rel=1e-14)
    assert theory.pgd_variance(2.0, 0.1, 0.3 / np.sqrt(0.1)) == pytest.approx(0.25, rel=1e-14)
    assert theory.antipgd_variance(1.0, 0.01, 0.3)[0] == pytest.approx(0.0904522613, abs=1e-10)
    assert theory.pgd_variance(1.0, 0.01, 0.3 / np.sqrt(0.01)) == pytest.approx(4.522613, abs=1e-6)
    assert theory.pgd_variance(1.0, 1e-12, 1.0) == pytest.approx(0.5 + 2.5e-13, rel=1e-14)  # 1/(2 - η)


def test_no_stationary_law_beyond_the_edge() -> None:
    for f in (theory.pgd_variance, theory.antipgd_variance, lambda h, lr, s: theory.fpgd_variance(h, lr, s, 0.3)):
        for h in (0.0, 20.0, -1.0):
            with pytest.raises(ValueError, match="lr \\* h must be in"):
                f(h, 0.1, 1.0)
        with pytest.raises(ValueError, match="lr must be in"):
            f(-1.0, -0.1, 1.0)
    with pytest.raises(ValueError, match="h must be in"):
        theory.fractional_ou_variance(0.0, 1.0, 0.3)


# ---- simulation

WIDE = so.Problem(so.Quadratic(np.ones(2000)), x0=np.zeros(2000))  # independent coordinates: 2000 paths of one


def simulated(page: Any, kind: str) -> Any:
    """Squares of x at T = 2 over 24 000 independent coordinates."""
    run = plan(page, WIDE, kind, horizon=2.0, substeps=8, save_at=[2.0], observables=[], rng=7)
    return Kernel(replace(run, interpreted=True))(0, 12) ** 2


@pytest.mark.parametrize("hurst", [0.1, 0.75])
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_simulated_variance_of_fractional_noise(kind: str, hurst: float) -> None:
    """Within five standard errors, 6e-7 each, of what the recursion at hand has, which is close to the closed form.

    A Heun step takes x to (1 - h + h²/2) x + (1 - h/2) σ̂ ΔB, with h = dt here.
    """
    squares = simulated(so.FPGD(0.1, 0.8, hurst), kind)
    dt = 0.1 if kind == "discrete" else 0.0125
    a, b = (1.0 - dt, 1.0) if kind == "discrete" else (1.0 - dt + 0.5 * dt * dt, 1.0 - 0.5 * dt)
    k = np.arange(round(2.0 / dt))
    weights = 0.8 * b * dt**hurst * a**k
    expected = weights @ toeplitz(autocovariance(k, hurst)) @ weights
    closed = {
        "discrete": theory.fpgd_variance(1.0, 0.1, 0.8, hurst, 20),
        "sde": theory.fractional_ou_variance(1.0, 0.8, hurst, 2.0),
    }
    assert expected == pytest.approx(closed[kind], rel=2e-3)
    assert squares.mean() == pytest.approx(expected, abs=5.0 * expected * np.sqrt(2.0 / squares.size))


@pytest.mark.parametrize("page", [so.PGD(0.1, 0.8), so.AntiPGD(0.1, 0.8)])
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_simulated_variance_of_injected_noise(kind: str, page: Any) -> None:
    """Five standard errors, and what a Heun step leaves of 20 steps: dt²."""
    squares = simulated(page, kind)
    full = 0.64 if isinstance(page, so.PGD) else 0.1 * 0.64
    rate = -np.expm1(20 * 2.0 * np.log(0.9)) / 1.9 if kind == "discrete" else -0.5 * np.expm1(-4.0)
    assert squares.mean() == pytest.approx(full * rate, rel=5.0 * np.sqrt(2.0 / squares.size) + 1e-3)


@pytest.mark.slow
def test_a_certificate_knows_noise_that_lasts() -> None:
    """Injected noise does not vanish with lr: covariance gaps have slope 1 if the diffusion is right, 0 if not."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -0.8])
    certificate = so.certify(so.PGD(0.1, 0.5), problem, horizon=0.8, rng=1, paths=1024, max_paths=2**15)
    covariances = {row.model: row for row in certificate.rows if row.kind == "covariance"}
    assert {row.claimed for row in certificate.rows} == {1.0}
    assert {model: row.verdict for model, row in covariances.items()} == {
        "SDE": "right",
        "flow": "wrong",
        "noise x2": "wrong",
    }
    assert abs(covariances["flow"].slope.value) < 0.2
    assert "for its noise lasts" in " ".join(str(certificate).split())
    assert certificate.verdict == "certified"
