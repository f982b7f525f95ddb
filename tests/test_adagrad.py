"""Adagrad and AdaGrad-Norm: the moments of one step, eighty steps of the theory, and the sums of squares."""

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


@pytest.mark.parametrize(
    ("cls", "filled"), [(so.Adagrad, np.array([0.7, 1.1])), (so.AdaGradNorm, np.array([0.9, 0.9]))]
)
def test_one_step_of_adagrad_has_the_moments_of_the_sde(cls: Any, filled: Any) -> None:
    """What is left is of the order of α²: it falls to a quarter when α is halved."""
    o, x = Oracle(so.EmbeddedSaddle(), so.Gaussian(cov=SIGMA)), np.array([0.8, -0.5])
    points, weights = np.polynomial.hermite_e.hermegauss(24)
    grid = itertools.product(zip(points, weights / weights.sum(), strict=True), repeat=2)
    normals = [(np.array([a, b]), u * v) for (a, u), (b, v) in grid]

    def errors(lr: float) -> Any:
        page, scale = cls(lr), np.array([1.0, 1.0, lr * lr, lr * lr])  # x and U = α²V
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


@pytest.mark.parametrize("cls", [so.Adagrad, so.AdaGradNorm])
def test_the_regime_of_adagrad_scales_its_start(cls: Any) -> None:
    page = cls(0.1, initial=10.0)
    assert page.clock == pytest.approx(0.01, rel=1e-15)
    assert page.scaled(0.05).initial == pytest.approx(40.0, rel=1e-14)


def test_on_the_line_the_norm_is_the_entry() -> None:
    """Both columns of AdaGrad-Norm are those of Adagrad with ε = 0."""
    o, x, v = Oracle(so.Quadratic([1.5]), so.Gaussian(0.6)), np.array([0.8]), np.array([2.5])
    one, other, dw = so.AdaGradNorm(0.1, 2.0), so.Adagrad(0.1, 0.0, 2.0), (np.array([0.3]), np.array([-1.2]))
    pairs = [
        (page.init(x, o), page.step(3, (x, v), o, (np.array([0.7]),)), page.start(x, o), page.drift(0.3, (x, v), o),
         page.drift(0.3, (x, -v), o), page.diffusion(0.3, (x, v), o, dw))
        for page in (one, other)
    ]  # fmt: skip
    np.testing.assert_allclose(*(np.array(found)[..., 0] for found in pairs), rtol=1e-14)


def test_one_sum_of_squares_by_hand() -> None:
    page, o = so.AdaGradNorm(0.4, 0.3), Oracle(so.Quadratic([1.0, 3.0]), so.Gaussian([0.5, 1.0]))
    x, b = np.array([1.0, -1.0]), math.sqrt(0.3)
    y = page.init(x, o)
    for k in range(20):
        z = np.sin(3.0 * k + np.arange(2.0))
        g = np.array([1.0, 3.0]) * x + np.array([0.5, 1.0]) * z
        b = math.hypot(b, *g)
        x = x - 0.4 / b * g
        y = page.step(k, y, o, (z,))
        assert np.linalg.norm(0.4 / b * g) < 0.4
        np.testing.assert_allclose(y, [x, [b * b, b * b]], rtol=1e-13)


def test_the_derived_noise_of_the_norm_is_that_of_the_page() -> None:
    """Two copies of ξ in the place of its fourth moments: the covariance of one step is the same for normal ξ."""
    pytest.importorskip("sympy")
    o, y = Oracle(so.EmbeddedSaddle(), so.Gaussian(cov=SIGMA)), (np.array([0.8, -0.5]), np.array([90.0, 90.0]))
    page, model = so.AdaGradNorm(0.1), so.derive(so.AdaGradNorm).model
    np.testing.assert_allclose(model.drift(page, 0.1, y, o), page.drift(0.1, y, o), rtol=1e-13)
    points, weights = np.polynomial.hermite_e.hermegauss(5)
    nodes = itertools.product(zip(points, weights / weights.sum(), strict=True), repeat=2)
    line = [(np.array([a, b]), u * w) for (a, u), (b, w) in nodes]
    cov = np.zeros((4, 4))
    for (first, p), (second, q) in itertools.product(line, repeat=2):
        kick = np.concatenate(model.diffusion(page, 0.1, y, o, (first, second)))
        cov += p * q * np.outer(kick, kick)
    np.testing.assert_allclose(page.clock * cov, sde_moments(page, y, o, t=0.1)[1], rtol=1e-10, atol=1e-14)
