"""Injected noise: fractional Gaussian noise, the pages PGD, Anti-PGD and fPGD, the widening valley, their closed forms.

Covariances of given increments are exact: the increments are a linear map of normals, read off at the unit vectors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import toeplitz

import sdeopt as so
from sdeopt import theory
from sdeopt.core.fractional import autocovariance
from sdeopt.core.oracle import Oracle
from sdeopt.engine import given
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

LANDSCAPE = so.EmbeddedSaddle()
TILTED = so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]])
HURSTS = [0.05, 0.25, 0.5, 0.75, 0.9]


# ---- fractional Gaussian noise


@pytest.mark.parametrize(
    ("hurst", "expected"), [(0.1, (1.0, -0.4257, -0.0258, -0.0116)), (0.7, (1.0, 0.3195, 0.1888, 0.1462))]
)
def test_covariance_of_fractional_noise(hurst: float, expected: Any) -> None:
    """Theory A, section 7, item 10."""
    assert autocovariance(range(4), hurst) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("hurst", HURSTS)
def test_covariance_keeps_its_digits_at_large_lags(hurst: float) -> None:
    near, far = np.arange(5.0), 1e6
    plain = 0.5 * ((near + 1.0) ** (2 * hurst) - 2.0 * near ** (2 * hurst) + np.abs(near - 1.0) ** (2 * hurst))
    assert autocovariance(near, hurst) == pytest.approx(plain, abs=1e-14)
    leading = hurst * (2.0 * hurst - 1.0) * far ** (2.0 * hurst - 2.0)
    assert autocovariance(far, hurst) == pytest.approx(leading, rel=1e-9, abs=1e-20)


@pytest.mark.parametrize("hurst", HURSTS)
def test_made_noise_has_this_covariance_exactly(hurst: float) -> None:
    n = 16
    linear = given.fractional_noise(np.eye(2 * n), hurst)
    assert linear @ linear.T == pytest.approx(toeplitz(autocovariance(np.arange(n), hurst)), abs=1e-13)


@pytest.mark.parametrize("hurst", HURSTS)
def test_coarse_noise_is_fractional_noise(hurst: float) -> None:
    """Sums of m increments divided by m^H have the covariance of single ones: B^H is self-similar."""
    m, n = 8, 4
    linear = given.fractional_noise(np.eye(2 * m * n), hurst).reshape(n, m, -1).sum(axis=1) / m**hurst
    assert linear @ linear.T == pytest.approx(toeplitz(autocovariance(np.arange(n), hurst)), abs=1e-12)


def test_without_memory_or_with_all_of_it() -> None:
    assert autocovariance(range(4), 0.5) == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-15)
    assert autocovariance(range(4), 1e-12) == pytest.approx([1.0, -0.5, 0.0, 0.0], abs=1e-11)  # w' - w, Var w = ½
    assert autocovariance(range(4), 1.0 - 1e-12) == pytest.approx([1.0] * 4, abs=1e-10)


ROUND = so.Problem(so.Quadratic(np.ones(3)))


def fractional(kind: str, hurst: float = 0.3, steps: int = 12, **changes: Any) -> Kernel:
    run = plan(so.FPGD(0.2, 0.5, hurst), ROUND, kind, steps=steps, substeps=8, observables=[], rng=4)
    return Kernel(replace(run, interpreted=True, **changes))


@pytest.mark.parametrize("substeps", [8, 2, 1])
def test_both_columns_follow_the_same_motion(substeps: int) -> None:
    """ΔB^H of a step, from the increments per √dt that the SDE is given and from the G of the discrete column."""
    coarse, fine = fractional("discrete"), fractional("sde", substeps=substeps)
    dt = 0.2 / substeps
    motion = np.sqrt(dt) * fine.increments(5)[:, -3:].reshape(12, substeps, 3).sum(axis=1)
    assert motion == pytest.approx(0.2**0.3 * coarse.increments(5), rel=1e-12)


def test_a_path_does_not_depend_on_its_company(monkeypatch: Any) -> None:
    """Nor on how many are transformed or held at a time; and a shorter run is the beginning of a longer one."""
    kernel = fractional("sde")
    together = kernel(3, 9)
    assert np.array_equal(together[4:5], kernel(7, 1))
    monkeypatch.setattr(given, "RAW", 1)
    assert np.array_equal(together, kernel(3, 9))
    monkeypatch.setattr(given, "HELD", 2 * 12 * 8 * 3)
    assert given.portion(kernel._vectors, 12 * 8, 1) == 2
    assert np.array_equal(together, kernel(3, 9))
    assert np.array_equal(fractional("sde", steps=10).increments(5), kernel.increments(5)[:80])


def test_motions_of_coordinates_and_paths_are_independent() -> None:
    """12 000 pairs: a correlation of 0.055 is six standard errors."""
    noise = np.array([fractional("discrete", 0.5).increments(i) for i in range(1000)])
    assert abs((noise[:, :, 0] * noise[:, :, 1]).mean()) < 0.055
    assert abs((noise[:500] * noise[500:]).mean()) < 0.055
    assert (noise**2).mean() == pytest.approx(1.0, abs=6.0 * np.sqrt(2.0 / 36_000))


def test_a_process_with_memory_is_not_sampled() -> None:
    with pytest.raises(ValueError, match="independent steps"):
        so.simulate(so.FPGD(0.1), ROUND, "sde", sde="sampled", steps=2, paths=2)
    with pytest.raises(ValueError, match="constant lr"):
        so.simulate(so.FPGD(so.Cosine(0.1, 1.0)), ROUND, "sde", steps=2, paths=2)


@pytest.mark.parametrize("hurst", [0.0, 1.0, -0.1, np.nan])
def test_hurst_parameters_out_of_range(hurst: float) -> None:
    with pytest.raises(ValueError, match="hurst must be in"):
        so.FPGD(0.1, hurst=hurst)


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


ITEM6 = [
    (0.1, 0.49164, 0.459084, 0.470419),
    (0.25, 0.475423, 0.443113, 0.453574),
    (0.5, 0.526316, 0.5, 0.490842),
    (0.75, 0.682204, 0.664670, 0.588494),
    (0.9, 0.847038, 0.838245, 0.675899),
]


@pytest.mark.parametrize(("hurst", "discrete", "stationary", "early"), ITEM6)
def test_variances_of_fractional_noise(hurst: float, discrete: float, stationary: float, early: float) -> None:
    """Theory A, section 7, item 6."""
    assert theory.fpgd_variance(1.0, 0.1, 1.0, hurst) == pytest.approx(discrete, abs=6e-7)
    assert theory.fractional_ou_variance(1.0, 1.0, hurst) == pytest.approx(stationary, abs=6e-7)
    assert theory.fractional_ou_variance(1.0, 1.0, hurst, 2.0) == pytest.approx(early, abs=6e-7)
    assert theory.fpgd_variance(1.0, 0.1, 1.0, hurst, 2000) == pytest.approx(discrete, abs=6e-7)
    assert theory.fractional_ou_variance(1.0, 1.0, hurst, 60.0) == pytest.approx(stationary, abs=6e-4)


def test_limits_of_the_memory() -> None:
    h, lr, sigma = 1.7, 0.1, 0.6
    assert theory.fpgd_variance(h, lr, sigma, 0.5) == pytest.approx(theory.pgd_variance(h, lr, sigma), rel=1e-12)
    anti = theory.antipgd_variance(h, lr, sigma / np.sqrt(2.0))[0]
    assert theory.fpgd_variance(h, lr, sigma, 1e-10) == pytest.approx(anti, rel=1e-8)
    assert theory.fractional_ou_variance(h, sigma, 1e-10) == pytest.approx(0.5 * sigma**2, rel=1e-8)


@pytest.mark.parametrize(("h", "hurst", "t"), [(-1.0, 0.3, 3.0), (0.0, 0.3, 2.0), (50.0, 0.2, 10.0), (3.0, 0.9, 100.0)])
def test_fractional_ou_variance_is_its_integral(h: float, hurst: float, t: float) -> None:
    """With w = s^{2H}."""

    def integrand(w: float) -> float:
        s = w ** (0.5 / hurst)
        return float(np.exp(-h * s) + np.exp(-2.0 * h * t + h * s))

    found = theory.fractional_ou_variance(h, 0.7, hurst, t)
    assert found == pytest.approx(0.49 * 0.5 * quad(integrand, 0.0, t ** (2 * hurst), epsrel=1e-11, limit=500)[0])


@pytest.mark.parametrize(("h", "steps"), [(1.3, 7), (0.0, 5), (20.0, 4), (25.0, 3), (10.0, 3)])
def test_discrete_variance_is_the_double_sum(h: float, steps: int) -> None:
    a = 1.0 - 0.1 * h
    weights = a ** np.arange(steps, dtype=float)
    gamma = toeplitz(autocovariance(np.arange(steps), 0.3))
    expected = 0.49 * 0.1**0.6 * weights @ gamma @ weights
    assert theory.fpgd_variance(h, 0.1, 0.7, 0.3, steps) == pytest.approx(expected, rel=1e-12)
    assert theory.fpgd_variance(h, 0.1, 0.7, 0.3, 0) == 0.0


@pytest.mark.parametrize("hurst", HURSTS)
def test_fpgd_is_of_order_one(hurst: float) -> None:
    """The variance at T = 2 against that of the fractional SDE: both exact."""
    limit = theory.fractional_ou_variance(1.0, 1.0, hurst, 2.0)
    errors = [theory.fpgd_variance(1.0, lr, 1.0, hurst, round(2.0 / lr)) - limit for lr in (0.025, 0.0125)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1.0, abs=0.04)


def test_no_stationary_law_beyond_the_edge() -> None:
    for f in (theory.pgd_variance, theory.antipgd_variance, lambda h, lr, s: theory.fpgd_variance(h, lr, s, 0.3)):
        for h in (0.0, 20.0, -1.0):
            with pytest.raises(ValueError, match="lr \\* h must be in"):
                f(h, 0.1, 1.0)
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


# ---- the widening valley


def test_derivatives_of_the_widening_valley() -> None:
    f, rng, h = so.WideningValley(3), np.random.default_rng(1), 1e-5
    x, v = rng.standard_normal(4), rng.standard_normal(4)
    assert f.value(x) == pytest.approx(0.5 * x[3] ** 2 * (x[:3] @ x[:3]), rel=1e-14)
    slopes = [(f.value(x + h * e) - f.value(x - h * e)) / (2.0 * h) for e in np.eye(4)]
    assert f.grad(x) == pytest.approx(slopes, rel=1e-8)
    assert f.hvp(x, v) == pytest.approx((f.grad(x + h * v) - f.grad(x - h * v)) / (2.0 * h), rel=1e-8)
    assert np.trace(f.hessian(x)) == pytest.approx(3 * x[3] ** 2 + x[:3] @ x[:3], rel=1e-13)
    assert np.linalg.norm(f.start[:-1]) == pytest.approx(0.5)
    assert f.start[-1] == 1.5


@pytest.mark.parametrize("d", [0, 2.5, -1])
def test_dimensions_of_the_widening_valley(d: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="d must be"):
        so.WideningValley(d)


def test_smoothing_the_widening_valley_widens_it() -> None:
    """∇f_σ by the cubature of the page, against ½ (v² + σ²)(|u|² + dσ²)."""
    f, page = so.WideningValley(5), so.AntiPGD(0.01, 0.3)
    x = np.array([0.3, -0.2, 0.5, 0.1, 0.4, 1.2])
    drift = so.AntiPGD.sdes["hessian"].drift(page, 0.0, x, Oracle(f, so.NoNoise()))
    u, v = x[:5], x[5]
    assert drift == pytest.approx(-np.append((v**2 + 0.09) * u, (u @ u + 5 * 0.09) * v), rel=1e-12)


def descended(page: Any, saves: Any, paths: int = 1) -> Any:
    """Positions at the steps ``saves`` on the valley with d = 100."""
    run = plan(page, so.Problem(so.WideningValley(100)), steps=saves[-1], observables=[], rng=3)
    return Kernel(replace(run, interpreted=True, saves=tuple(saves)))(0, paths)


def test_antipgd_walks_along_the_widening_valley() -> None:
    """Theory A, section 4: η = 0.01, σ = 0.05; measured .847, .398, .114, .0094, flow .850, .401, .115, .0094.

    With r = d σ², a step takes v to v - η r (1 + √(2/d) n)(v + σ n'): the mean of 16 paths has a quarter of the spread
    η r v √(2k/d) and of the stationary σ √(η r/2), and is held to five of these and to η.
    """
    saves = (200, 500, 1000, 2000)
    v = descended(so.AntiPGD(0.01, 0.05), saves, paths=16)[:, :, -1].mean(axis=0)
    flow = theory.widening_flow(0.5, 1.5, 100, 0.05, [0.01 * k for k in saves])[1]
    assert flow == pytest.approx([0.850, 0.401, 0.115, 0.0094], abs=6e-4)
    rate = 0.01 * 100 * 0.05**2
    spread = np.hypot(rate * flow * np.sqrt(np.array(saves) / 50.0), 0.05 * np.sqrt(0.5 * rate))
    for expected in (flow, [0.847, 0.398, 0.114, 0.0094]):
        assert (np.abs(v - expected) < 5.0 * spread / 4.0 + 0.01 * flow).all()


def test_gradient_descent_stops_on_the_floor() -> None:
    """Theory A, section 4: tr H stays at 199.75 (v² - |u|² = 2 is conserved up to O(η))."""
    x = descended(so.SGD(0.01), (1000, 2000))[0]
    traces = 100 * x[:, -1] ** 2 + (x[:, :-1] ** 2).sum(axis=1)
    assert traces == pytest.approx([199.75, 199.75], abs=0.01)


def test_the_smoothed_flow_conserves_what_it_should() -> None:
    """d/dt of p - q + dσ² ln p - σ² ln q is 0 for p = |u|², q = v²."""
    times = np.linspace(0.0, 20.0, 11)
    for sigma in (0.0, 0.1):
        radius, v = theory.widening_flow(0.5, 1.5, 10, sigma, times[:4] if sigma == 0.0 else times)
        p, q = radius**2, v**2
        kept = p - q + sigma**2 * (10 * np.log(p) - np.log(q))
        assert kept == pytest.approx(np.full(len(p), kept[0]), rel=1e-9)
    with pytest.raises(ValueError, match="times must increase"):
        theory.widening_flow(0.5, 1.5, 10, 0.1, [1.0, 0.5])


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
    assert "for its noise lasts" in str(certificate)
    assert certificate.verdict == "certified"
