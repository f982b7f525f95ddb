"""Sharpness-aware pages: the columns of SAM, USAM and DNSAM at any radius, and the directions that they need."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from columns import (
    CORRELATED,
    LANDSCAPE,
    LINE,
    ROUND,
    assert_halves,
    hermite,
    noise_covariance,
    pair,
    polar,
    relative,
    split,
    step_moments,
)

import sdeopt as so
from sdeopt.core.oracle import Oracle


class Round:
    """Noise N(0, σ²I) whose direction moments at one gradient come from a rule here, not from the package."""

    def __init__(self, sigma: float, g: Any) -> None:
        self.sigma = sigma
        rule = polar(-g / sigma)
        noise, weights = sigma * np.array([z for z, _ in rule]), np.array([w for _, w in rule])
        u = (g + noise) / np.linalg.norm(g + noise, axis=1)[:, None]
        self.mean = weights @ u
        self.slope = u.T * weights @ noise / sigma**2  # Stein: E[u ξᵀ] = M Σ
        rest = u - self.mean - noise @ self.slope.T
        values, axes = np.linalg.eigh(rest.T * weights @ rest)
        self.root = axes * np.sqrt(np.maximum(values, 0.0))
        self.cov = (u - self.mean).T * weights @ (u - self.mean)

    def noisy_grad(self, o: Oracle, x: Any, z: Any) -> Any:
        return o.objective.grad(x) + self.sigma * z[0]

    def root_cov(self, o: Oracle, x: Any, dw: Any) -> Any:
        return self.sigma * dw

    def expect_direction(self, o: Oracle, x: Any, g: Any) -> Any:
        return self.mean

    def direction_jacobian(self, o: Oracle, x: Any, g: Any, v: Any) -> Any:
        return self.slope @ v

    def direction_residual(self, o: Oracle, x: Any, g: Any, dw: Any) -> Any:
        return self.root @ dw


@pytest.mark.parametrize("x", [[0.4], [0.05], [0.8, -0.5], [0.1, 0.05]])
@pytest.mark.parametrize("rho", [0.3, 2.0])
def test_one_step_of_sam_has_the_moments_of_the_sde(x: list[float], rho: float) -> None:
    """On quadratics the gradient at x + ρu is linear in u, so the SDE has the moments of the step for any ρ."""
    d, y, f = len(x), np.array(x), so.Quadratic([1.5, 0.7][: len(x)])
    o = Oracle(f, Round(0.6, f.grad(y)))
    assert relative(so.SAM(1e-2, rho), y, o, 0.0, polar(-f.grad(y) / 0.6), pair(d)).max() < 1e-10


def test_one_step_of_sam_off_quadratics() -> None:
    """The gradient at x + ρu is H(x) u to first order in ρ: with ρ = O(τ) what is left is O(τ)."""
    y = np.array([0.8, -0.5])
    g = LANDSCAPE.grad(y)
    o = Oracle(LANDSCAPE, Round(0.6, g))
    assert_halves([relative(so.SAM(tau, tau), y, o, 0.0, polar(-g / 0.6), pair(2)) for tau in (2e-3, 1e-3)])


def test_sam_understands_the_answers_of_the_package() -> None:
    o, y = Oracle(LINE, ROUND), np.array([0.4])
    draws = [((w, (np.zeros(1), w)), v) for w, v in hermite(1, 3)]
    draws += [((np.zeros(1), (np.ones(1), z)), v) for z, v in split([-1.0])]  # the two parts are independent
    assert relative(so.SAM(1e-2, 0.5), y, o, 0.0, split([-1.0]), draws).max() < 1e-8


def test_moments_of_usam_are_those_of_the_step_for_any_radius() -> None:
    o, y, page = Oracle(LANDSCAPE, CORRELATED), np.array([0.4, 1.0]), so.USAM(0.1, 0.3)
    mean, cov = step_moments(page, 0, y, o, hermite(2, 8))
    sde = page.sdes["moments"]
    triple = [((z[:2], z[2:4], z[4:]), w) for z, w in hermite(6, 3)]
    assert np.allclose(0.1 * sde.drift(page, 0.0, y, o), mean, rtol=1e-12)
    assert np.allclose(0.1 * noise_covariance(sde, page, 0.0, y, o, triple), cov, rtol=1e-11)
    # the test has power: the SDE of order 1 misses both
    order1 = page.sdes["order1"]
    assert np.abs(0.1 * order1.drift(page, 0.0, y, o) / mean - 1.0).max() > 0.03
    assert np.abs(0.1 * noise_covariance(order1, page, 0.0, y, o, hermite(2, 3)) / cov - 1.0).max() > 0.03


def test_usam_moments_have_no_third_moments() -> None:
    o, y, page = Oracle(LANDSCAPE, CORRELATED), np.array([0.4, 1.0]), so.USAM(1.0, 0.5)
    draws = [((z[:2], z[2:4], z[4:]), w) for z, w in hermite(6, 3)]
    kicks = np.array([page.sdes["moments"].diffusion(page, 0.0, y, o, dw) for dw, _ in draws])
    weights = np.array([w for _, w in draws])
    assert np.abs(weights @ kicks).max() < 1e-13
    assert np.abs(np.einsum("n,ni,nj,nk->ijk", weights, kicks, kicks, kicks)).max() < 1e-12


def test_without_noise_sam_descends_the_sharpened_loss() -> None:
    o, x, h = Oracle(LANDSCAPE, so.NoNoise()), np.array([0.8, -0.5]), 1e-6
    flows = {
        so.SAM(0.1, 0.3): lambda y: np.linalg.norm(LANDSCAPE.grad(y)),
        so.DNSAM(0.1, 0.3): lambda y: np.linalg.norm(LANDSCAPE.grad(y)),
        so.USAM(0.1, 0.3): lambda y: 0.5 * LANDSCAPE.grad(y) @ LANDSCAPE.grad(y),
    }
    for page, sharpness in flows.items():
        slope = [(sharpness(x + h * e) - sharpness(x - h * e)) / (2.0 * h) for e in np.eye(2)]
        assert np.allclose(page.drift(0.0, x, o), -LANDSCAPE.grad(x) - 0.3 * np.array(slope), rtol=1e-8)


def test_sam_at_a_critical_point_stays() -> None:
    o = Oracle(LANDSCAPE, so.NoNoise())
    assert so.SAM(0.1).step(0, np.zeros(2), o, ()).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["USAM", "DNSAM", "SAM"])
def test_a_noisy_hessian_is_refused(name: str) -> None:
    problem = so.Problem(so.LinearRegression([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], [1.0, 2.0, 0.0]), so.Minibatch(1))
    with pytest.raises(ValueError, match="Minibatch"):
        so.simulate(so.methods()[name](0.1), problem, "sde", sde="order1", steps=1, paths=2)


class RoundEverywhere(Round):
    """The same at any gradient."""

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma
        self.at = functools.cache(lambda *g: Round(sigma, np.array(g)))

    def expect_direction(self, o: Oracle, x: Any, g: Any) -> Any:
        return self.at(*g).mean

    def direction_cov(self, o: Oracle, x: Any, g: Any, v: Any) -> Any:
        return self.at(*g).cov @ v

    def direction_residual(self, o: Oracle, x: Any, g: Any, dw: Any) -> Any:
        return self.at(*g).root @ dw


@pytest.mark.parametrize("x", [[0.8, -0.5], [0.4, 1.0]])
def test_moments_of_sam_are_off_by_the_cube_of_the_radius(x: list[float]) -> None:
    y, o = np.array(x), Oracle(LANDSCAPE, RoundEverywhere(0.6))

    def errors(rho: float) -> Any:
        page, sde = so.SAM(1.0, rho), so.SAM.sdes["moments"]
        mean, cov = step_moments(page, 0, y, o, polar(-LANDSCAPE.grad(y) / 0.6))
        gap = noise_covariance(sde, page, 0.0, y, o, pair(2)) - cov
        return np.array([np.linalg.norm(sde.drift(page, 0.0, y, o) - mean), np.linalg.norm(gap)])

    assert np.log2(errors(0.1) / errors(0.05)) == pytest.approx([3.0, 3.0], abs=0.2)


@pytest.mark.parametrize("cov", [[[0.36, 0.0], [0.0, 0.36]], [[0.5, 0.2], [0.2, 0.3]]])
def test_covariance_of_the_direction(cov: Any) -> None:
    g, law = np.array([0.3, -0.2]), so.Gaussian(cov=cov)
    root = np.linalg.cholesky(cov)
    rule = polar(-np.linalg.solve(root, g))
    noisy, weights = np.array([g + root @ z for z, _ in rule]), np.array([w for _, w in rule])
    u = noisy / np.linalg.norm(noisy, axis=1)[:, None]
    expected = u.T * weights @ u - np.outer(weights @ u, weights @ u)
    o = Oracle(LANDSCAPE, law)
    assert np.allclose([law.direction_cov(o, g, g, e) for e in np.eye(2)], expected, atol=1e-8)
