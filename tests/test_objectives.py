"""Every objective against finite differences, and the minima and the curvature that it claims."""

import numpy as np
import pytest
from landscapes import OBJECTIVES, close, every, points


def difference(function, x, v):
    """Central difference of ``function`` along ``v``."""
    h = 6e-6
    return (function(x + h * v) - function(x - h * v)) / (2 * h)


# Central differences with h = eps^(1/3) = 6e-6 err by h²/6 times the third derivative (6e-12 of it) and by eps/h
# (4e-11) times the function. Third derivatives are at most about 100 times (stiff valley: 2400 x_1 against values near
# 1e3), so 1e-7 of gradient + value leaves two orders of magnitude, while a wrong sign or factor is an error of order 1.
@every(OBJECTIVES)
def test_gradient_is_the_derivative_of_the_value(f):
    for x in points(f):
        slopes = np.array([difference(f.value, x, e) for e in np.eye(f.dim)])
        close(f.grad(x), slopes, 1e-7, scale=abs(f.value(x)))


@every(OBJECTIVES)
def test_hvp_is_the_derivative_of_the_gradient(f):
    for x in points(f):
        v = np.cos(np.arange(f.dim) + 0.5)
        close(f.hvp(x, v), difference(f.grad, x, v), 1e-7, scale=np.abs(f.grad(x)).max())


@every(OBJECTIVES)
def test_hessian_is_symmetric_and_is_what_hvp_multiplies_by(f):
    x = points(f)[2]
    v = np.sin(np.arange(f.dim) + 1.0)
    hessian = f.hessian(x)
    close(hessian, hessian.T, 1e-12)
    close(hessian @ v, f.hvp(x, v), 1e-12)


@every(OBJECTIVES)
def test_answers_are_pure_and_of_the_right_shape(f):
    x = points(f)[1]
    x.flags.writeable = False
    v = np.ones(f.dim)
    v.flags.writeable = False
    assert np.shape(f.value(x)) == ()
    assert f.start.shape == f.grad(x).shape == f.hvp(x, v).shape == (f.dim,)
    assert np.isfinite(f.start).all()


# f - minimum is of second order in the error of the optimum; the gradient is zero to rounding, eps times the terms that
# cancel in it, at most about 1e2 here.
@every({name: f for name, f in OBJECTIVES.items() if f.optimum is not None})
def test_optimum_is_critical_and_has_the_minimal_value(f):
    assert np.abs(f.grad(f.optimum)).max() < 1e-13
    assert f.minimum == pytest.approx(f.value(f.optimum), abs=1e-14, rel=1e-14)
    for x in points(f, count=30):
        assert f.value(x) >= f.minimum
        assert f.value(f.optimum + 1e-3 * (x - f.start)) >= f.minimum - 1e-14


def test_which_objectives_know_their_minimum():
    unknown = {name for name, f in OBJECTIVES.items() if f.optimum is None}
    others = {"sensing", "sensing 2", "user"}
    assert unknown == {"diagonal", "saddle", "embedded saddle", "embedded diagonal"} | others
    assert all((f.minimum is None) == (f.optimum is None) for f in OBJECTIVES.values())


@every({name: f for name, f in OBJECTIVES.items() if f.curvature is not None})
def test_curvature_brackets_the_spectrum(f):
    low, high = f.curvature
    for x in points(f, count=10):
        eigenvalues = np.linalg.eigvalsh(f.hessian(x))
        assert low - 1e-12 * high <= eigenvalues[0]
        assert eigenvalues[-1] <= high + 1e-12 * high


def test_curvature_is_attained_where_it_is_said_to_be_sharp():
    for name in ("diagonal", "matrix", "saddle", "least squares", "ridge"):
        f = OBJECTIVES[name]
        eigenvalues = np.linalg.eigvalsh(f.hessian(f.start))
        np.testing.assert_allclose(f.curvature, (eigenvalues[0], eigenvalues[-1]), rtol=1e-12)
    f = OBJECTIVES["logistic"]  # σ(m)σ(-m) = 1/4 at x = 0
    assert np.linalg.eigvalsh(f.hessian(np.zeros(f.dim)))[-1] == pytest.approx(f.curvature[1], rel=1e-12)


def test_bounds_of_the_curvature_exist_only_for_quadratics_and_linear_models():
    bounded = {name for name, f in OBJECTIVES.items() if f.curvature is not None}
    assert bounded == {"diagonal", "matrix", "saddle", "least squares", "ridge", "logistic"}
