"""Where Lion, Signum and SignSGDW end: fixed points with decay, and stationary variances.

The stationary laws are simulated: thousands of independent coordinates as one problem.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from columns import flat, parted, sde_moments
from tilted import BENT, SIGMA

import sdeopt as so
from sdeopt.core.oracle import Oracle
from sdeopt.theory import stationary


@pytest.mark.parametrize(
    ("page", "end"),
    [
        (so.SignSGDW(1e-3, weight_decay=0.0, l2=0.5), 2.0),
        (so.SignSGDW(1e-3, weight_decay=0.0, l2=1.0), 1.5),
        (so.SignSGDW(1e-3, weight_decay=0.5), 2.0),
        (so.SignSGDW(1e-3, weight_decay=0.25), 3.0),
        (so.Lion(1e-3, weight_decay=0.5), 2.0),
    ],
)
def test_without_noise_decay_ends_where_the_theory_says(page: Any, end: float) -> None:
    """f = (x - 3)²/2: 3/(1 + λ) coupled, min(3, 1/θ) decoupled."""
    o = Oracle(so.Quadratic([1.0], center=[3.0]), so.NoNoise())
    y = page.init(np.zeros(1), o) if hasattr(page, "init") else np.zeros(1)
    for k in range(15_000):
        y = page.step(k, y, o, ())
    assert flat(y)[0] == pytest.approx(end, abs=2e-3)


def stationary_spread(page: Any, h: float, sd: float, steps: int, burn: int, every: int = 20, d: int = 4000) -> Any:
    """Var x of a page on h x²/2, from ``d`` coordinates that do not see each other; and its standard error."""
    o, draw = Oracle(so.Quadratic(np.full(d, h)), so.Gaussian(sd)), np.random.default_rng(8)
    y, squares = page.init(np.zeros(d), o) if hasattr(page, "init") else np.zeros(d), []
    for k in range(steps):
        y = page.step(k, y, o, (draw.standard_normal(d),))
        if k >= burn and k % every == 0:
            x = y[0] if isinstance(y, tuple) else y
            squares.append(x * x)
    means = np.mean(squares, axis=0)
    return float(means.mean()), float(means.std() / math.sqrt(d))


# The bias of a leading order is allowed 1.5 %; beyond that six standard errors, false alarm below 1e-8 each.


def assert_leading(found: Any, expected: float) -> None:
    mean, error = found
    assert error < 0.005 * expected  # the test has power
    assert abs(mean - expected) < 0.015 * expected + 6.0 * error


def test_stationary_variance_with_decay() -> None:
    page = so.SignSGDW(0.01, weight_decay=1.5, l2=0.5)
    expected = page.stationary(np.array([[1.0]]), np.array([[0.49]]))[0, 0]
    assert expected == pytest.approx(0.005 / (math.sqrt(2.0 / math.pi) * 1.5 / 0.7 + 1.5), rel=1e-12)
    assert_leading(stationary_spread(page, 1.0, 0.7, 2000, 400), expected)


def test_stationary_variance_of_lion() -> None:
    page = so.Lion(0.002, 0.5, 0.996, 0.3)
    expected = page.stationary(np.array([[1.0]]), np.array([[0.49]]))[0, 0]
    assert_leading(stationary_spread(page, 1.0, 0.7, 6000, 2000, d=12_000), expected)


def test_stationary_of_lion_is_the_linearised_sde() -> None:
    page, o, h = so.Lion(0.1, 0.7, 0.8, 0.3), Oracle(so.Quadratic(BENT), so.Gaussian(cov=SIGMA)), 1e-6
    law = page.sdes["order1"]
    A = -np.array([flat(law.drift(page, 0.0, parted(page, h * e), o)) for e in np.eye(4)]).T / h
    D = sde_moments(page, parted(page, np.zeros(4)), o)[1] / page.clock
    assert np.allclose(stationary(A, D)[:2, :2], page.stationary(BENT, SIGMA), rtol=1e-8)


@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_signum_at_a_fixed_decay_is_signsgd_with_correlated_signs(beta: float) -> None:
    """Regime B: Var x = (η/2) √(π/2) (σ/h) √((1 - β)/(1 + β)) [1 + (4/π) Σ arcsin β^j]."""
    lr, h, sd = 0.01, 2.0, 0.5
    lags = 1.0 + 4.0 / math.pi * float(np.arcsin(beta ** np.arange(1, 2000)).sum())
    expected = lr / 2 * math.sqrt(math.pi / 2) * sd / h * math.sqrt((1 - beta) / (1 + beta)) * lags
    assert_leading(stationary_spread(so.Signum(lr, beta), h, sd, 1200, 300), expected)


def test_signum_in_its_regime_spreads_by_the_root_of_the_learning_rate() -> None:
    """Regime A: Var x = √(2/3) Γ(5/4)/Γ(3/4) σ√(η/κ)/h; here κ = 0.2."""
    lr, h, sd = 0.01, 2.0, 0.5
    expected = math.sqrt(2 / 3) * math.gamma(1.25) / math.gamma(0.75) * sd * math.sqrt(lr / 0.2) / h
    assert_leading(stationary_spread(so.Signum(lr, 1.0 - 0.2 * lr), h, sd, 6500, 3000), expected)
