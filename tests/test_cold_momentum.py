"""What a momentum that starts at 0 costs a method that follows its direction: exact, to first order in the noise.

With constant gradients the direction of the momentum fluctuates by u = (its noise)/(its mean), and x by the sum of u.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

KAPPA, HORIZON = 2.0, 0.8
RATES = 0.2 / 2.0 ** np.arange(6)


def optimizer(lr: float, warm: bool, nesterov: bool, first: bool = False) -> Any:
    """Var x/σ² of ScionSpectral, or of Muon, along one direction; ``first``: the momentum starts at what is seen."""
    beta, steps = 1.0 - KAPPA * lr, np.arange(1, round(HORIZON / lr) + 1)
    age = np.maximum(steps[:, None] - steps, -1)
    weight, mean = np.where(age >= 0, (1.0 - beta) * beta**age, 0.0), 1.0 - (0.0 if warm else 1.0) * beta**steps
    if first:
        weight[:, 0] = beta ** (steps - 1)
    if nesterov:
        weight, mean = beta * weight + (1.0 - beta) * np.eye(len(steps)), beta * mean + (1.0 - beta)
    return lr**2 * ((weight / mean[:, None]).sum(axis=0) ** 2).sum()


def equation(lr: float, warm: bool) -> Any:
    """The same of the SDE: η κ² ∫ ds (∫_s^T e^{-κ(t - s)}/m(t) dt)², m(t) = 1 - e^{-κt}, by the midpoint rule."""
    s = np.concatenate([[0.0], np.geomspace(1e-9, HORIZON, 100_000)])
    middle, width = 0.5 * (s[1:] + s[:-1]), np.diff(s)
    share = np.exp(-KAPPA * middle) / (1.0 if warm else -np.expm1(-KAPPA * middle)) * width
    after = np.cumsum(share[::-1])[::-1] - 0.5 * share
    return lr * KAPPA**2 * (np.exp(2.0 * KAPPA * middle) * after**2 * width).sum()


def gaps(warm: bool, nesterov: bool) -> Any:
    return np.array([equation(lr, warm) - optimizer(lr, warm, nesterov) for lr in RATES])


def test_from_a_warm_start_covariances_differ_by_the_square_of_lr() -> None:
    for nesterov in (False, True):
        slopes = -np.diff(np.log2(np.abs(gaps(True, nesterov))))
        assert np.abs(slopes[-3:] - 2.0).max() < 0.05


def test_from_a_cold_start_a_logarithm_remains() -> None:
    """η² log(1/η) plain, with differences of ln 2 per halving; η² log²(1/η) in the Nesterov form, with growing ones."""
    plain, nesterov = (np.diff(gaps(False, form) / RATES**2) for form in (False, True))
    assert abs(plain[-1] - np.log(2.0)) < 0.01
    assert (np.diff(nesterov) > 0.05).all()
    slopes = [-np.diff(np.log2(gaps(False, form)))[[0, -1]] for form in (False, True)]
    np.testing.assert_allclose(slopes, [[1.58, 1.80], [1.33, 1.72]], atol=0.01)  # as the pages say


def test_a_start_at_the_first_gradient_seen_leaves_noise_that_no_lr_makes_small() -> None:
    """d₀ = g + ξ₀ forgets its one draw in a time 1/κ, in which x moves by as much whatever η is."""
    found = np.array([optimizer(lr, True, False, True) for lr in RATES])
    left = ((1.0 - np.exp(-KAPPA * HORIZON)) / KAPPA) ** 2
    assert -np.diff(np.log2(np.abs(found - left)))[-3:] == pytest.approx([1.0] * 3, abs=0.05)
    assert found[-1] / optimizer(RATES[-1], True, False) > 40.0
