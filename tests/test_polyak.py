"""Step sizes from the loss of the sample: SPS_max beside Kaczmarz, SGD and its formula by hand."""

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
