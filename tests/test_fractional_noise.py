"""Fractional Gaussian noise: its covariance, the increments that a run is given, and the variances that they make.

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
from sdeopt.engine import given
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

HURSTS = [0.05, 0.25, 0.5, 0.75, 0.9]


# ---- the increments


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
    kernel = fractional("discrete", 0.5)
    noise = np.array([kernel.increments(i) for i in range(1000)])
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


# ---- closed forms

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
