"""Step sizes from the loss of the sample: SPS_max beside Kaczmarz and SGD, NGN-D and NGN-MD, each by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so

ROWS = np.array([[1.0, 0.3], [0.2, 1.2], [-0.5, 0.4], [0.8, -0.9]])
TARGETS = np.array([2.0, -1.5, 1.0, 2.5])


def picks(*examples: int, n: int = 4) -> Any:
    """Draws of a minibatch with replacement that pick these examples."""
    return (np.array([(i + 0.5) / n for i in examples]),)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_sps_max_on_single_squares_is_kaczmarz(scale: float) -> None:
    """c = ½ projects x on the hyperplane of the example, c = 1 takes half the way, whatever the lengths of the rows."""
    f = so.LinearRegression(scale * ROWS, scale * TARGETS)
    x, o = np.array([0.7, -1.1]), so.Problem(f, so.Minibatch(1)).oracle
    for i, (a, b) in enumerate(zip(ROWS, TARGETS, strict=True)):
        projected = x - (a @ x - b) / (a @ a) * a
        assert so.SPSMax(1e9).step(0, x, o, picks(i)) == pytest.approx(projected, rel=1e-12)
        assert so.SPSMax(1e9, c=1.0).step(0, x, o, picks(i)) == pytest.approx(0.5 * (x + projected), rel=1e-12)


def test_sps_max_below_its_bound_is_sgd() -> None:
    """And above it the quotient is taken: on f = x², f/f'² = 1/4."""
    o = so.Problem(so.Quadratic([2.0])).oracle
    for lr, c, size in ((0.1, 0.5, 0.1), (0.49, 0.5, 0.49), (0.51, 0.5, 0.5), (5.0, 2.0, 0.125)):
        assert so.SPSMax(lr, c).step(0, np.array([3.0]), o, ()) == pytest.approx(3.0 - 6.0 * size, rel=1e-14)


def test_sps_max_measures_the_loss_from_its_lower_bound() -> None:
    o = so.Problem(so.Quadratic([2.0])).oracle
    assert so.SPSMax(9.0, minimum=0.75).step(0, np.array([1.0]), o, ()) == pytest.approx(1.0 - 2.0 * 0.25 / 2.0)
    assert so.SPSMax(9.0, minimum=-3.0).step(0, np.array([1.0]), o, ()) == pytest.approx(1.0 - 2.0 * 4.0 / 2.0)
    assert so.SPSMax(9.0, minimum=5.0).step(0, np.array([1.0]), o, ()) == 1.0
    assert so.SPSMax(9.0).step(0, np.array([0.0]), o, ()) == 0.0


def test_sps_max_is_its_published_recursion() -> None:
    lr, c = 0.8, 0.6
    page, o = so.SPSMax(lr, c, -0.1), so.Problem(so.LinearRegression(ROWS, TARGETS), so.Minibatch(2)).oracle
    x = y = np.array([1.0, -1.0])
    for batch in np.random.default_rng(3).integers(0, 4, (20, 2)):
        residual = ROWS[batch] @ x - TARGETS[batch]
        g, loss = ROWS[batch].T @ residual / 2.0, residual @ residual / 4.0
        x = x - min((loss + 0.1) / (c * (g @ g)), lr) * g
        y = page.step(0, y, o, picks(*batch))
        assert y == pytest.approx(x, rel=1e-12)


def test_sps_max_with_an_additive_law_sees_the_full_loss() -> None:
    x, z = np.array([1.0, -1.0]), np.array([0.3, -2.0])
    o = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5)).oracle
    g = np.array([1.0, -2.0]) + 0.5 * z
    assert so.SPSMax(9.0).step(0, x, o, (z,)) == pytest.approx(x - 1.5 / (0.5 * (g @ g)) * g, rel=1e-14)


# -- NGN-D and NGN-MD


def test_ngnd_on_the_line_is_ngn() -> None:
    o, x, z = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.6)).oracle, np.array([0.8]), (np.array([0.7]),)
    assert so.NGND(0.9).step(0, x, o, z) == so.NGN(0.9).step(0, x, o, z)


def test_ngnd_has_a_bound_where_ngn_has_none() -> None:
    """From d equal entries x' = (1 - chd/(ch + d)) x; x' = -(x₂²/x₁, x₁²/x₂) in two dimensions, where c → ∞."""
    for c, d, h in ((0.3, 4, 2.0), (7.0, 10, 0.5)):
        o, x = so.Problem(so.Quadratic(np.full(d, h))).oracle, np.full(d, 0.7)
        assert so.NGND(c).step(0, x, o, ()) == pytest.approx((1.0 - c * h * d / (c * h + d)) * x, rel=1e-13)
    o, x = so.Problem(so.Quadratic([1.0, 1.0])).oracle, np.array([1.0, 0.5])
    assert so.NGND(1e12).step(0, x, o, ()) == pytest.approx(-(x[::-1] ** 2) / x, rel=1e-9)
    assert so.NGN(1e12).step(0, x, o, ()) == pytest.approx(0.0 * x, abs=1e-9)


def test_ngnd_is_its_published_recursion() -> None:
    c = 0.8
    page, o = so.NGND(c), so.Problem(so.LinearRegression(ROWS, TARGETS), so.Minibatch(2)).oracle
    x = y = np.array([1.0, -1.0])
    for batch in np.random.default_rng(3).integers(0, 4, (20, 2)):
        residual = ROWS[batch] @ x - TARGETS[batch]
        g, loss = ROWS[batch].T @ residual / 2.0, residual @ residual / 4.0
        x = x - c / (1.0 + c / (2.0 * loss) * g**2) * g
        y = page.step(0, y, o, picks(*batch))
        assert y == pytest.approx(x, rel=1e-12)


def test_ngnmd_is_its_published_recursion() -> None:
    """Algorithm 2 with two positions, at a batch of 2."""
    c, beta1, beta2, eps = 0.8, 0.6, 0.9, 0.05
    page, o = so.NGNMD(c, beta1, beta2, eps), so.Problem(so.LinearRegression(ROWS, TARGETS), so.Minibatch(2)).oracle
    x = before = np.array([1.0, -1.0])
    y, v = page.init(x, o), np.zeros(2)
    for k, batch in enumerate(np.random.default_rng(3).integers(0, 4, (20, 2))):
        residual = ROWS[batch] @ x - TARGETS[batch]
        g, loss = ROWS[batch].T @ residual / 2.0, residual @ residual / 4.0
        v = beta2 * v + (1.0 - beta2) * g**2
        D = eps + np.sqrt(v / (1.0 - beta2 ** (k + 1)))
        size = c / (1.0 + c / (2.0 * loss) * (g / D) @ g)
        x, before = x - (1.0 - beta1) * size * g / D + beta1 * (x - before), x
        y = page.step(k, y, o, picks(*batch))
        assert y[0] == pytest.approx(x, rel=1e-12)
        assert y[2] == pytest.approx(v, rel=1e-12)


@pytest.mark.parametrize("c", [0.1, 3.0, 1e6])
def test_ngnmd_without_momentum_comes_nearer_in_its_own_norm(c: float) -> None:
    """Σ D_j x_j² of the step's D falls on a quadratic without noise, for every c."""
    page, o = so.NGNMD(c, 0.0, 0.9), so.Problem(so.Quadratic([1.0, 30.0])).oracle
    y = page.init(np.array([1.0, -0.4]), o)
    for k in range(50):
        after = page.step(k, y, o, ())
        D = np.sqrt(after[2] / (1.0 - 0.9 ** (k + 1))) + 1e-8
        assert D @ after[0] ** 2 < D @ y[0] ** 2
        y = after
