"""Adagrad: the moments of one step, eighty steps of the theory, and the sum of squares."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from columns import sde_moments, step_moments
from tilted import SIGMA

import sdeopt as so
from sdeopt.core.oracle import Oracle


def test_one_step_of_adagrad_has_the_moments_of_the_sde() -> None:
    """What is left is of the order of α²: it falls to a quarter when α is halved."""
    o, x, filled = Oracle(so.EmbeddedSaddle(), so.Gaussian(cov=SIGMA)), np.array([0.8, -0.5]), np.array([0.7, 1.1])
    points, weights = np.polynomial.hermite_e.hermegauss(24)
    grid = itertools.product(zip(points, weights / weights.sum(), strict=True), repeat=2)
    normals = [(np.array([a, b]), u * v) for (a, u), (b, v) in grid]

    def errors(lr: float) -> Any:
        page, scale = so.Adagrad(lr), np.array([1.0, 1.0, lr * lr, lr * lr])  # x and U = α²V
        y = (x, filled / lr**2)
        (mean, cov), (drift, noise) = step_moments(page, 0, y, o, normals), sde_moments(page, y, o, t=0.1)
        unit = np.outer(scale, scale) / lr**4
        return np.array([*(scale / lr**2 * (mean - drift)), *(unit * (cov - noise)).ravel()])

    coarse, fine = errors(0.04), errors(0.02)
    assert np.abs(fine).max() < 2e-3
    assert (np.abs(fine) < 0.27 * np.abs(coarse) + 1e-8).all()
    assert np.linalg.norm(fine) > 0.2 * np.linalg.norm(coarse)


def test_eighty_steps_of_adagrad() -> None:
    """Theory B, 6.9: α² = 1/80, α²v₀ = 1, t = 1; many pairs of coordinates of (x₁² + 2x₂²)/2 as one problem.

    Five digits of the theory and five standard errors; false alarm below 2e-6.
    """
    pairs, lr = 200_000, math.sqrt(1.0 / 80.0)
    f = so.Quadratic(np.tile([1.0, 2.0], pairs))
    page, o = so.Adagrad(lr, eps=0.0, initial=80.0), Oracle(f, so.Gaussian(np.tile([0.3, 0.4], pairs)))
    y, draw = page.init(np.tile([1.0, -0.7], pairs), o), np.random.default_rng(3)
    for k in range(80):
        y = page.step(k, y, o, (draw.standard_normal(2 * pairs),))
    x = y[0].reshape(pairs, 2)
    assert abs(x[:, 0].mean() - 0.4185) < 5e-5 + 5.0 * x[:, 0].std() / math.sqrt(pairs)
    for found, expected in zip(x.var(axis=0) / lr**2, (0.0255, 0.0276), strict=True):
        assert abs(found - expected) < 5e-5 + 5.0 * expected * math.sqrt(2.0 / pairs)


def test_the_sum_of_squares_starts_where_it_is_told_and_is_floored() -> None:
    o, page, x = Oracle(so.Quadratic([1.5]), so.Gaussian(0.6)), so.Adagrad(0.1, 0.0, 2.0), np.array([0.8])
    assert page.init(x, o)[1] == 2.0
    x1, v1 = page.start(x, o)
    assert v1 == pytest.approx(2.0 + 1.44 + 0.36, rel=1e-14)
    assert x1 == pytest.approx(0.8 - 0.1 * 1.2 / math.sqrt(3.8), rel=1e-14)
    for v, floored in ((np.array([-5.0]), 2.0 + 0.1 * 30.0 * 0.36), (np.array([9.0]), 9.0)):
        assert page.drift(30.0 * 0.01, (x, v), o)[0] == pytest.approx(-1.2 / 0.1 / math.sqrt(floored), rel=1e-12)


def test_the_regime_of_adagrad_scales_its_start() -> None:
    page = so.Adagrad(0.1, initial=10.0)
    assert page.clock == pytest.approx(0.01, rel=1e-15)
    assert page.scaled(0.05).initial == pytest.approx(40.0, rel=1e-14)
