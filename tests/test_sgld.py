"""SGLD: its step is one of Euler's method, and its stationary law is that of Gibbs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tilted import BENT, SIGMA, H

import sdeopt as so
from sdeopt.core.oracle import Oracle, root_cov
from sdeopt.theory import stationary


def test_one_step_of_sgld_is_a_step_of_eulers_method() -> None:
    """For Gaussian noise dt = η gives the step itself, draw by draw."""
    page, o, x = so.SGLD(0.1, 0.3), Oracle(so.EmbeddedSaddle(), so.Gaussian(cov=SIGMA)), np.array([0.8, -0.5])
    z, own, root = np.array([0.3, -1.0]), np.array([0.7, 0.2]), math.sqrt(0.1)
    sde = page.sdes["order1"]
    ahead = x + 0.1 * sde.drift(page, 0.0, x, o) + root * sde.diffusion(page, 0.0, x, o, (z, own))
    assert np.allclose(page.step(0, x, o, ((z,), (own,))), ahead, rtol=1e-14)
    seen = o.objective.grad(x) + root_cov(o, x, z)
    by_hand = x - 0.1 * seen + math.sqrt(2.0 * 0.1 * 0.3) * own
    assert np.allclose(page.step(0, x, o, ((z,), (own,))), by_hand, rtol=1e-14)


def test_sgld_samples_gibbs() -> None:
    """Stationary on a quadratic: (2T + ηs²)/(2h), and (2T + ηs²)/(h(2 - ηh)) for the iterates; T H⁻¹ as η → 0."""
    T, lr = 0.3, 0.1
    cov = stationary(*so.SGLD(lr, T).linear(H, SIGMA))
    assert np.diag(cov) == pytest.approx((2 * T + lr * np.diag(SIGMA)) / (2 * np.diag(H)), rel=1e-12)
    assert np.allclose(stationary(*so.SGLD(1e-9, T).linear(BENT, SIGMA)), T * np.linalg.inv(BENT), rtol=1e-8)
    page, o, variance = so.SGLD(lr, T), Oracle(so.Quadratic([2.0]), so.Gaussian(0.5)), 0.0
    quiet, one = np.zeros(1), np.ones(1)
    decay = float(page.step(0, one, o, ((quiet,), (quiet,)))[0])
    kicks = [page.step(0, quiet, o, z)[0] for z in (((one,), (quiet,)), ((quiet,), (one,)))]
    for _ in range(400):
        variance = decay**2 * variance + sum(float(kick) ** 2 for kick in kicks)
    assert variance == pytest.approx((2 * T + lr * 0.25) / (2.0 * (2.0 - lr * 2.0)), rel=1e-12)


def test_cold_sgld_is_sgd() -> None:
    o, x, z = Oracle(so.EmbeddedSaddle(), so.Gaussian(0.6)), np.array([0.8, -0.5]), (np.array([0.3, -1.0]),)
    assert np.array_equal(so.SGLD(0.1, 0.0).step(0, x, o, (z, (np.ones(2),))), so.SGD(0.1).step(0, x, o, z))
