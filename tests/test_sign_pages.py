"""Lion, Signum and SignSGDW, step by step: their SDE has the moments of the step exactly, at any learning rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from columns import rule, sde_moments, step_moments

import sdeopt as so
from sdeopt.core.oracle import Oracle

SPREAD = np.array([0.7, 0.5])

SIGNS = {
    "Lion": (so.Lion(0.1, 0.8, 0.7, 0.3), 0.8),
    "Lion, momentum only later": (so.Lion(0.1, 0.0, 0.7, 0.3), 0.0),
    "Signum": (so.Signum(0.1, 0.6), 0.6),
    "SignSGDW": (so.SignSGDW(0.1, 0.4, 0.9), None),
}


@pytest.mark.parametrize("name", SIGNS)
def test_one_step_of_signs_has_the_moments_of_the_sde(name: str) -> None:
    page, beta = SIGNS[name]
    x, m = np.array([0.8, -0.5]), np.array([0.2, 0.3])
    o = Oracle(so.EmbeddedSaddle(), so.Gaussian(SPREAD))
    argument = o.objective.grad(x) + (page.l2 * x if beta is None else beta / (1.0 - beta) * m)
    y = x if beta is None else (x, m)
    step, sde = step_moments(page, 0, y, o, rule(-argument / SPREAD)), sde_moments(page, y, o)
    assert np.allclose(step[0], sde[0], rtol=0.0, atol=1e-13)
    assert np.allclose(step[1], sde[1], rtol=0.0, atol=1e-13)
    if beta is not None:  # the noises of x and m are correlated, and the test sees it
        assert abs(step[1][0, 2]) > 0.1 * math.sqrt(step[1][0, 0] * step[1][2, 2])


def test_the_covariation_of_lion_is_that_of_the_theory() -> None:
    """d⟨X, M⟩ = -2ηκ σφ(a) dt."""
    page, x, m, sd = so.Lion(0.1, 0.5, 0.8), np.array([0.4]), np.array([-0.1]), 0.7
    o = Oracle(so.Quadratic([1.5]), so.Gaussian(sd))
    a = (0.5 / 0.5 * -0.1 + 0.6) / sd
    expected = -2.0 * 0.1 * 2.0 * sd * math.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
    assert sde_moments(page, (x, m), o)[1][0, 1] / page.clock == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("page", [so.Lion(0.05, 0.8, 0.7, 0.3), so.Signum(0.05, 0.7)])
def test_twenty_steps_by_hand(page: Any) -> None:
    o, y, x, m = Oracle(so.Quadratic([1.5]), so.Gaussian(0.6)), (np.array([1.0]), np.array([0.0])), 1.0, 0.0
    for k in range(20):
        z = 4.0 * math.sin(3.0 * k)  # so large that the sign of Lion depends on which decay is which
        g = 1.5 * x + 0.6 * z
        if isinstance(page, so.Lion):
            direction, m = 0.8 * m + 0.2 * g, 0.7 * m + 0.3 * g
            x = (1.0 - 0.05 * 0.3) * x - math.copysign(0.05, direction)
        else:
            m = 0.7 * m + 0.3 * g
            x -= math.copysign(0.05, m)
        y = page.step(k, y, o, (np.array([z]),))
        assert (float(y[0][0]), float(y[1][0])) == pytest.approx((x, m), rel=1e-13)


def test_signum_is_lion_with_one_decay_and_signsgd_without() -> None:
    o, z = Oracle(so.EmbeddedSaddle(), so.Gaussian(SPREAD)), (np.array([0.3, -1.0]),)
    x, m = np.array([0.8, -0.5]), np.array([0.2, 0.3])
    signum, lion = so.Signum(0.1, 0.6), so.Lion(0.1, 0.6, 0.6)
    for mine, other in zip(signum.step(0, (x, m), o, z), lion.step(0, (x, m), o, z), strict=True):
        assert np.array_equal(mine, other)
    for mine, other in zip(sde_moments(signum, (x, m), o), sde_moments(lion, (x, m), o), strict=True):
        assert np.allclose(mine, other, rtol=1e-14)
    assert np.array_equal(so.Signum(0.1, 0.0).step(0, (x, m), o, z)[0], so.SignSGD(0.1).step(0, x, o, z))


@pytest.mark.parametrize("page", [so.Lion(0.1), so.Signum(0.1), so.SignSGDW(0.1, 0.0)])
def test_the_sign_of_zero_is_zero(page: Any) -> None:
    o, x = Oracle(so.Quadratic([1.0, 1.0]), so.NoNoise()), np.array([0.0, 1.0])
    y = page.step(0, page.init(x, o) if hasattr(page, "init") else x, o, ())
    assert (y[0] if isinstance(y, tuple) else y).tolist() == [0.0, 0.9]


@pytest.mark.slow
def test_a_change_of_sign_of_the_momentum_leaves_a_variance_gap_of_order_three_halves() -> None:
    """On f = x²/2 from x = 1, κ = 1 and without noise M changes sign at t = 1.594. Errors are 0.02 and 0.06 at 95 %."""
    slide = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.3), x0=[1.0])
    c = so.certify(
        so.Signum(0.05, 0.95), slide, [0.05, 0.025, 0.0125], horizon=1.6, paths=16384, max_paths=16384, rng=0
    )
    mean, covariance = c.rows[:2]
    assert abs(mean.slope.value - 1.0) < 0.06
    assert abs(covariance.slope.value - 1.5) < 0.15  # five deviations
    assert covariance.slope.half < 0.06
