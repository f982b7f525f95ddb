"""Values, defaults, starts and minima of single objectives, by hand and from the literature."""

import numpy as np
import pytest
from landscapes import FEATURES, LABELS, MATRIX, OBJECTIVES, RNG, TARGETS

import sdeopt as so
from sdeopt.objectives import spec


def test_quadratic_by_hand():
    f = so.Quadratic([[2.0, 1.0], [1.0, 4.0]], center=[1.0, -1.0])
    x = np.array([2.0, 1.0])  # x - c = (1, 2)
    assert f.value(x) == 0.5 * (2 + 2 * 2 + 16)
    assert f.grad(x).tolist() == [4.0, 9.0]
    assert f.start.tolist() == [2.0, -2.0]
    assert so.Quadratic([1.0] * 3).start.tolist() == [1.0, -1.0, 1.0]


def test_quadratic_knows_a_minimum_exactly_when_it_is_bounded_below():
    assert so.Quadratic([0.0, 1.0]).minimum == 0.0
    assert so.Quadratic(np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])).minimum == 0.0  # singular
    assert so.Quadratic([1.0, -1e-9]).optimum is None
    assert so.Quadratic([-1.0]).minimum is None


def test_rosenbrock_by_hand():
    x = np.array([-0.5, 1.0])
    assert so.Rosenbrock().value(x) == 0.5 * 1.5**2 + 0.5 * 0.75**2
    assert so.Rosenbrock(scale=1.0, stiffness=100.0).value(x) == 1.5**2 + 100 * 0.75**2


def test_defaults_are_those_of_the_docstrings():
    f = so.EmbeddedSaddle()
    assert (f.H.tolist(), f.quartic, f.cubic) == ([[-0.5, 0.25], [0.25, 1.0]], 0.5, 0.1)
    assert (so.DoubleWell().dim, so.DoubleWell().height) == (1, 1.0)
    assert so.Rosenbrock().start.tolist() == [-0.5, 1.0]
    assert so.Logistic(FEATURES, LABELS).l2 == 0.01
    assert so.LinearRegression(FEATURES, TARGETS).l2 == 0.0
    assert so.DiagonalLinearNetwork([[1.0]], [1.0]).start.tolist() == [0.1, 0.1]


def test_double_well_has_its_height_and_kramers_curvatures():
    f = so.DoubleWell(dim=1, height=0.7)
    assert f.value(np.zeros(1)) == 0.7
    assert f.value(-f.optimum) == f.value(f.optimum) == 0.0
    assert f.hessian([1.0]).item() == pytest.approx(5.6, rel=1e-15)
    assert f.hessian([0.0]).item() == pytest.approx(-2.8, rel=1e-15)


def test_embedded_saddle_by_hand():
    f = so.EmbeddedSaddle([-1.0, 2.0], quartic=4.0, cubic=3.0)  # -x²/2 + x⁴ - x³ and y² + y⁴ - y³
    assert f.value(np.array([2.0, 1.0])) == (-2 + 16 - 8) + 1.0
    assert so.EmbeddedSaddle().start.tolist() == [0.4, 1.0]


def test_logistic_by_hand():
    f = so.Logistic([[1.0, 2.0], [3.0, -1.0]], [1, 0], l2=0.5)
    x = np.array([0.3, -0.2])  # margins -0.1 and -1.1
    expected = (np.log1p(np.exp(0.1)) + np.log1p(np.exp(1.1))) / 2 + 0.25 * (x @ x)
    assert f.value(x) == pytest.approx(expected, rel=1e-15)


def test_logistic_accepts_both_kinds_of_labels():
    a, b = so.Logistic(FEATURES, LABELS), so.Logistic(FEATURES, 2 * LABELS - 1)
    assert a.y.tolist() == b.y.tolist() == (2 * LABELS - 1).tolist()


def test_logistic_is_safe_at_large_margins():
    f = so.Logistic([[1.0], [1.0]], [1, -1], l2=0.0)
    with np.errstate(divide="raise", over="raise", invalid="raise"):  # e^-800 may underflow, to the right value
        for size in (800.0, -800.0, 1e150):  # e^800 is not a float64
            x = np.array([size])
            assert f.value(x) == abs(size) / 2
            assert f.grad(x).item() == np.sign(size) / 2
            assert f.hvp(x, np.ones(1)).item() == 0.0


def test_logistic_without_ridge_has_no_optimum_where_none_is_attained():
    assert so.Logistic([[1.0, 1.0], [2.0, 1.0], [-1.0, 1.0]], [1, 1, 0], l2=0.0).optimum is None  # separable
    assert so.Logistic([[1.0], [2.0]], [1, 1], l2=0.0).optimum is None
    ties = [[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]]
    assert so.Logistic(ties, [1, 0, 1], l2=0.0).optimum is None  # separable but for ties
    assert so.Logistic(np.hstack([FEATURES, FEATURES]), LABELS, l2=0.0).minimum is None  # collinear
    assert so.Logistic([[1.0], [1.0], [1.0]], [1, 1, 0], l2=0.0).optimum.item() == pytest.approx(np.log(2), rel=1e-14)


def test_regression_with_a_ridge_solves_the_normal_equations():
    f = OBJECTIVES["ridge"]
    lhs = FEATURES.T @ FEATURES / 12 + 0.3 * np.eye(4)
    np.testing.assert_allclose(f.optimum, np.linalg.solve(lhs, FEATURES.T @ TARGETS / 12), rtol=1e-12)


def test_underdetermined_regression_interpolates():
    f = so.LinearRegression(FEATURES[:3], TARGETS[:3])
    assert f.minimum < 1e-30
    assert f.curvature[0] == pytest.approx(0.0, abs=1e-14)


def test_factorization_minimum_is_that_of_eckart_and_young():
    f = so.MatrixFactorization(np.diag([3.0, 2.0, 1.0]), rank=2)
    assert f.minimum == pytest.approx(0.5, rel=1e-15)
    assert f.value(f.optimum) == pytest.approx(0.5, rel=1e-13)
    assert so.MatrixFactorization(MATRIX, rank=3).minimum == 0.0


def test_factorization_layout_is_row_by_row():
    f = so.MatrixFactorization(np.zeros((2, 3)), rank=2)
    u, v = RNG.standard_normal((2, 2)), RNG.standard_normal((3, 2))
    x = np.concatenate([u.ravel(), v.ravel()])
    assert f.value(x) == pytest.approx(0.5 * np.sum((u @ v.T) ** 2), rel=1e-14)
    np.testing.assert_allclose(f.grad(x)[:4].reshape(2, 2), u @ v.T @ v, rtol=1e-13)


def test_factorization_start_is_small_and_not_symmetric():
    f = so.MatrixFactorization(4.0 * np.eye(3), rank=2)  # √s₁ = 2
    u, v = f.start[:6], f.start[6:]
    assert f.value(f.start) == pytest.approx(f.value(np.zeros(12)), rel=0.1)
    np.testing.assert_allclose(f.start[:2], [0.2 * np.cos(1.0), 0.2 * np.cos(2.0)], rtol=1e-15)
    assert not np.allclose(np.abs(u), np.abs(v))


def test_network_from_a_small_start_recovers_the_sparse_solution():
    """Woodworth et al. (2020): gradient descent from a small start goes to the interpolator of least l1 norm."""
    f = spec.parse("diagonal-linear-network:n=15,p=20,nonzero=2")
    x = np.full(f.dim, 1e-3)
    for _ in range(3000):
        x = x - 0.05 * f.grad(x)
    beta = x[:20] ** 2 - x[20:] ** 2
    np.testing.assert_allclose(beta, (np.arange(20) < 2) * 1.0, atol=1e-2)
    dense = f.optimum[:20] ** 2 - f.optimum[20:] ** 2  # of least l2 norm
    assert np.abs(dense).sum() > 1.1 * np.abs(beta).sum()
