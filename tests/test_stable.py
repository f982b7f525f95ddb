"""α-stable noise: samples, signs, the Lévy SDE of SGD, and what reports say of laws without a variance."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import erf

import sdeopt as so
from sdeopt import theory
from sdeopt.core import cos
from sdeopt.core.oracle import Oracle
from sdeopt.engine import given
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.noise.spec import parse
from sdeopt.noise.stable import central_mass

ALPHAS = [0.5, 0.8, 1.0, 1.3, 1.7, 2.0]
LINE = so.Quadratic([1.0])


def uniforms(n: int) -> Any:
    """Pairs on the grid of the package's uniforms."""
    return np.floor(np.random.default_rng(0).random((2, n)) * 2.0**52) / 2.0**52


# ---- the law


def test_central_mass_in_closed_form() -> None:
    a = np.concatenate([[0.0], np.logspace(-6, 6, 49)])
    assert central_mass(a, 1.0) == pytest.approx(2.0 / np.pi * np.arctan(a), abs=1e-13)
    assert central_mass(a, 2.0) == pytest.approx(erf(a / 2.0), abs=1e-13)


@pytest.mark.parametrize("alpha", [0.6, 1.2, 1.5, 1.9])
def test_central_mass_against_scipy(alpha: float) -> None:
    a = np.array([0.1, 0.7, 2.0, 6.0])
    assert central_mass(a, alpha) == pytest.approx(2.0 * stats.levy_stable.cdf(a, alpha, 0.0) - 1.0, abs=1e-8)


@pytest.mark.parametrize("alpha", [0.5, 0.8, 1.3, 1.9])
def test_central_mass_at_both_ends(alpha: float) -> None:
    """Density Γ(1 + 1/α)/π at 0; tail (2/π) Γ(α) sin(πα/2) a^{-α}."""
    assert central_mass(1e-6, alpha) == pytest.approx(2e-6 / np.pi * math.gamma(1.0 + 1.0 / alpha), rel=1e-6)
    far = 1e8 ** (1.0 / alpha)
    tail = 2.0 / np.pi * math.gamma(alpha) * np.sin(np.pi * alpha / 2.0) * 1e-8
    assert 1.0 - central_mass(far, alpha) == pytest.approx(tail, rel=1e-4)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("maker", ["law", "engine"])
def test_samples_have_the_law(alpha: float, maker: str) -> None:
    """Kolmogorov-Smirnov on 8000 samples: a p-value below 1e-7 is a false alarm of 1e-7."""
    u, v = uniforms(8000)
    x = so.AlphaStable(alpha).sample(None, u, (u, v)) if maker == "law" else given.stable(u, v, alpha)
    distance = stats.kstest(x, lambda s: 0.5 + 0.5 * np.sign(s) * central_mass(np.abs(s), alpha))
    assert distance.pvalue > 1e-7


@pytest.mark.parametrize("alpha", [0.6, 1.5])
def test_quantiles_of_scipy(alpha: float) -> None:
    """The share of samples below scipy's quantiles, within five standard errors."""
    u, v = uniforms(40_000)
    x = so.AlphaStable(alpha, 3.0).sample(None, u, (u, v)) / 3.0
    for p in (0.1, 0.6, 0.9):
        share = (x < stats.levy_stable.ppf(p, alpha, 0.0)).mean()
        assert share == pytest.approx(p, abs=5.0 * np.sqrt(p * (1.0 - p) / 40_000))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_both_samplers_are_the_same_function(alpha: float) -> None:
    u, v = uniforms(1000)
    assert so.AlphaStable(alpha).sample(None, u, (u, v)) == pytest.approx(given.stable(u, v, alpha), rel=1e-11)


def test_samples_in_closed_form() -> None:
    """α = 2: 2 sin(A) √E, which is N(0, 2); α = 1: tan A."""
    u, v = uniforms(1000)
    angle, exponential = np.pi * (u + 0.5**53 - 0.5), -np.log(1.0 - v - 0.5**53)
    normal = so.AlphaStable(2.0, 0.7).sample(None, u, (u, v))
    assert normal == pytest.approx(1.4 * np.sin(angle) * np.sqrt(exponential), rel=1e-11)
    assert so.AlphaStable(1.0, 0.7).sample(None, u, (u, v)) == pytest.approx(0.7 * np.tan(angle), rel=1e-11)


@pytest.mark.parametrize("alpha", [0.3, 0.5, 1.0, 1.5, 2.0])
def test_samples_are_finite_at_the_ends_of_the_grid(alpha: float) -> None:
    ends = np.array([0.0, 0.5, 1.0 - 0.5**52])
    u, v = (side.ravel() for side in np.meshgrid(ends, ends))
    for x in (so.AlphaStable(alpha).sample(None, u, (u, v)), given.stable(u, v, alpha)):
        assert np.isfinite(x).all()
        assert (np.sign(x) == np.sign(u + 0.5**53 - 0.5)).all()


@pytest.mark.parametrize(("alpha", "scale"), [(0.0, 1.0), (2.1, 1.0), (np.nan, 1.0), (1.5, -1.0), (1.5, np.inf)])
def test_parameters_out_of_range(alpha: float, scale: float) -> None:
    with pytest.raises(ValueError, match="alpha must be in|scale"):
        so.AlphaStable(alpha, scale)


def test_by_name() -> None:
    law = parse("alpha-stable:0.5,1,alpha=1.5")
    assert (law.alpha, law.scale.tolist()) == (1.5, [0.5, 1.0])
    with pytest.raises(ValueError, match="needs alpha"):
        parse("alpha-stable:0.5")


# ---- its moments and signs


@pytest.mark.parametrize("alpha", [0.5, 0.51, 0.75, 0.999, 1.0, 1.001, 1.4, 1.75, 1.99, 2.0])
def test_mean_sign_to_thirteen_digits(alpha: float) -> None:
    """Across the point where one polynomial takes over from the other, and far out."""
    law, o = so.AlphaStable(alpha, 0.3), Oracle(LINE, None)
    split = 0.3 * law.split
    g = np.concatenate([np.linspace(0.0, 4.0 * split, 801), np.logspace(-9, 9, 200), [split * (1.0 + 1e-15)]])
    expected = central_mass(g / 0.3, alpha)
    assert law.mean_sign(o, g, g) == pytest.approx(expected, abs=1e-13)
    assert law.mean_sign(o, g, -g) == pytest.approx(-expected, abs=1e-13)
    assert law.mean_sign(o, g, np.array([1e300]))[0] == pytest.approx(1.0, abs=1e-13)


def test_signs_without_noise() -> None:
    law = so.AlphaStable(1.5, [0.0, 1.0])
    o, g = Oracle(so.Quadratic([1.0, 1.0]), law), np.array([-0.2, 0.0])
    assert law.mean_sign(o, g, g).tolist() == [-1.0, 0.0]
    assert law.root_sign_cov(o, g, g, np.ones(2)).tolist() == [0.0, 1.0]


def test_at_two_it_is_normal() -> None:
    """N(0, 2 scale²): covariance, squares and signs are those of that Gaussian, and "levy" is "order1" in law."""
    law, normal = so.AlphaStable(2.0, 0.7), so.Gaussian(0.7 * np.sqrt(2.0))
    o, x, dw = Oracle(LINE, law), np.array([0.4]), np.array([1.3])
    same = Oracle(LINE, normal)
    for name in ("root_cov", "root_square_cov"):
        assert getattr(law, name)(o, x, dw) == pytest.approx(getattr(normal, name)(same, x, dw), rel=1e-14)
    assert law.var(o, x) == pytest.approx(normal.var(same, x), rel=1e-14)
    assert law.mean_sign(o, x, x) == pytest.approx(normal.mean_sign(same, x, x), abs=1e-13)
    assert law.root_sign_cov(o, x, x, dw) == pytest.approx(normal.root_sign_cov(same, x, x, dw), rel=1e-12)
    page = so.SGD(0.1)
    unit = dw / np.sqrt(2.0)  # a stable increment of α = 2 has the variance 2
    assert page.sdes["levy"].diffusion(page, 0.0, x, o, dw) == pytest.approx(page.diffusion(0.0, x, o, unit), rel=1e-14)


def test_what_it_lacks() -> None:
    for question in ("root_cov", "root_additive_cov", "noise_var", "root_square_cov"):
        assert "no variance" in str(so.AlphaStable(1.9).lacks(question, LINE))
        assert so.AlphaStable(2.0).lacks(question, LINE) is None
    for question in ("mean_sign", "root_sign_cov"):
        assert "needs alpha >= 0.5" in str(so.AlphaStable(0.4).lacks(question, LINE))
        assert so.AlphaStable(0.5).lacks(question, LINE) is None
    assert "SAM" not in str(so.AlphaStable(1.5).lacks("root_levy", LINE))
    assert so.AlphaStable(1.5).lacks("root_levy", LINE) is None
    assert "random direction" in str(so.AlphaStable(1.5).lacks("expect_direction", LINE))


@pytest.mark.parametrize("noise", [so.Gaussian(1.0), so.Gaussian(lambda x: x), so.StudentT(1.5), so.NoNoise()])
def test_no_levy_motion_belongs_to_other_laws(noise: Any) -> None:
    with pytest.raises(ValueError, match="not α-stable"):
        so.simulate(so.SGD(0.1), so.Problem(LINE, noise), "sde", sde="levy", steps=1, paths=1)


def test_sgd_says_which_sde_takes_it() -> None:
    with pytest.raises(ValueError, match="has no variance .* the SDE 'levy' of SGD"):
        so.simulate(so.SGD(0.1), so.Problem(LINE, so.AlphaStable(1.5)), "sde", steps=1, paths=1)
    with pytest.raises(ValueError, match="constant lr"):
        so.simulate(
            so.SGD(so.Cosine(0.1, 1.0)), so.Problem(LINE, so.AlphaStable(1.5)), "sde", sde="levy", steps=1, paths=1
        )


# ---- SGD and its Lévy SDE on a quadratic, where both laws are stable


@pytest.mark.parametrize("alpha", [0.7, 1.5])
def test_one_euler_step_of_the_levy_sde_is_the_step(alpha: float) -> None:
    page, o, x, s = so.SGD(0.1), Oracle(LINE, so.AlphaStable(alpha, 0.7)), np.array([0.4]), np.array([-2.0])
    dw = 0.1 ** (1.0 / alpha - 0.5) * s  # what the engine hands out over a time of 0.1
    euler = x + 0.1 * page.sdes["levy"].drift(page, 0.0, x, o)
    euler = euler + np.sqrt(0.1) * page.sdes["levy"].diffusion(page, 0.0, x, o, dw)
    assert euler == pytest.approx(x - 0.1 * (x + 0.7 * s), rel=1e-14)


def test_scales_in_closed_form() -> None:
    """Sums of stable terms, and the integral; at α = 2 the variances of SGD; order 1 between the two."""
    h, lr, s = 1.5, 0.1, 0.7
    for alpha in (0.7, 1.0, 1.5, 2.0):
        terms = lr * s * np.abs(1.0 - lr * h) ** np.arange(12)
        assert theory.stable_sgd_scale(h, lr, alpha, s, 12) == pytest.approx((terms**alpha).sum() ** (1 / alpha))
        assert theory.stable_sgd_scale(h, lr, alpha, s, 4000) == pytest.approx(theory.stable_sgd_scale(h, lr, alpha, s))
        fine = theory.stable_sgd_scale(h, 1e-6, alpha, s, 10**6) / 1e-6 ** (1 - 1 / alpha) * lr ** (1 - 1 / alpha)
        assert theory.levy_ou_scale(h, lr, alpha, s, 1.0) == pytest.approx(fine, rel=1e-5)
        assert theory.levy_ou_scale(h, lr, alpha, s, 60.0) == pytest.approx(theory.levy_ou_scale(h, lr, alpha, s))
        flat = theory.levy_ou_scale(0.0, lr, alpha, s, 2.0)
        assert flat == pytest.approx(theory.stable_sgd_scale(0.0, lr, alpha, s, 20), rel=1e-13)
    assert 2.0 * theory.stable_sgd_scale(h, lr, 2.0, s) ** 2 == pytest.approx(2.0 * lr * s**2 / (h * (2.0 - lr * h)))
    assert 2.0 * theory.levy_ou_scale(h, lr, 2.0, s) ** 2 == pytest.approx(lr * s**2 / h)
    gaps = [theory.stable_sgd_scale(h, r, 1.5, s) / theory.levy_ou_scale(h, r, 1.5, s) - 1.0 for r in (2e-3, 1e-3)]
    assert np.log2(gaps[0] / gaps[1]) == pytest.approx(1.0, abs=0.01)


def test_no_stationary_scale_beyond_the_edge() -> None:
    for h in (0.0, 20.0):
        with pytest.raises(ValueError, match="lr \\* h must be in"):
            theory.stable_sgd_scale(h, 0.1, 1.5, 1.0)
    with pytest.raises(ValueError, match="h must be in"):
        theory.levy_ou_scale(0.0, 0.1, 1.5, 1.0)


@pytest.mark.parametrize("alpha", [0.8, 1.5])
@pytest.mark.parametrize("kind", ["discrete", "sde"])
@pytest.mark.parametrize("horizon", [0.5, 5.0])
def test_simulated_laws_are_stable(alpha: float, kind: str, horizon: float) -> None:
    """E cos(uX) = cos(u e^{-t} x₀) exp(-|cu|^α) at u = 1/c and 2/c, on 16 000 independent coordinates.

    A Heun step multiplies by r = 1 - dt + dt²/2 and noise by 1 - dt/2, which moves c by O(dt²): the bound is five
    standard errors, at most 1/√(2n) each, and 1e-3.
    """
    problem = so.Problem(so.Quadratic(np.ones(2000)), so.AlphaStable(alpha, 0.6), x0=np.full(2000, 0.3))
    sde = "levy" if kind == "sde" else None
    run = plan(
        so.SGD(0.1), problem, kind, sde=sde, horizon=horizon, substeps=8, save_at=[horizon], observables=[], rng=5
    )
    x = Kernel(replace(run, interpreted=True))(0, 8).ravel()
    steps = round(horizon / 0.1)
    if kind == "discrete":
        c, mean = theory.stable_sgd_scale(1.0, 0.1, alpha, 0.6, steps), 0.3 * 0.9**steps
    else:
        c, mean = theory.levy_ou_scale(1.0, 0.1, alpha, 0.6, horizon), 0.3 * np.exp(-horizon)
    for u in (1.0, 2.0):
        expected = np.cos(u / c * mean) * np.exp(-(u**alpha))
        assert np.cos(u / c * x).mean() == pytest.approx(expected, abs=5.0 / np.sqrt(2.0 * x.size) + 1e-3)
    share = central_mass(1.0, alpha)  # a quantile, around the mean
    assert (np.abs(x - mean) < c).mean() == pytest.approx(share, abs=5.0 * 0.5 / np.sqrt(x.size) + 1e-3)


# ---- reports


ROUGH = so.Problem(so.Quadratic([1.0, 2.0]), so.AlphaStable(1.5, 0.5))


def test_compare_wants_bounded_observables() -> None:
    for observables in (None, ["loss"]):
        with pytest.raises(ValueError, match="has no variance.*give bounded functions"):
            so.compare(so.SGD(0.05), ROUGH, sde="levy", steps=4, observables=observables)
    with pytest.raises(ValueError, match="no variance, and a certificate judges covariances"):
        so.certify(so.SGD(0.1), ROUGH, sde="levy", horizon=0.8)


@pytest.mark.slow
def test_a_report_judges_bounded_observables_only() -> None:
    """f, |x|², means and covariances stay out of it; with them a report of such laws swings for ever."""
    bounded = {"cos x1": lambda x: cos(2.0 * x)[0], "cos x2": lambda x: cos(2.0 * x)[1]}
    report = so.compare(so.SGD(0.05), ROUGH, sde="levy", steps=40, paths=80_000, observables=bounded, rng=0)
    assert [row.quantity for row in report.rows] == ["cos x1", "cos x2"]
    assert report.verdict == "agree"
    assert "no variance: only the observables are judged" in str(report)
    assert "independent draws" in str(report)
