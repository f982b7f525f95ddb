"""Every objective of the package and its data, points to look at it from, and how close is close."""

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core import cos, sin
from sdeopt.objectives import spec

RNG = np.random.default_rng(20240607)
FEATURES = RNG.standard_normal((12, 4))
TARGETS = RNG.standard_normal(12)
LABELS = (RNG.random(12) < 0.5).astype(float)
MATRIX = RNG.standard_normal((4, 3))

SUMS = {
    "least squares": so.LinearRegression(FEATURES, TARGETS),
    "ridge": so.LinearRegression(FEATURES, TARGETS, l2=0.3),
    "logistic": so.Logistic(FEATURES, LABELS, l2=0.2),
    "network": so.DiagonalLinearNetwork(FEATURES, TARGETS),
    "sensing": so.MatrixSensing(RNG.standard_normal((7, 3, 2)), RNG.standard_normal(7), rank=1),
    "sensing 2": spec.parse("matrix-sensing:rows=2,cols=3,rank=2,n=5"),
    "sparse recovery": spec.parse("diagonal-linear-network:n=5,p=9,nonzero=2"),
}
OBJECTIVES = SUMS | {
    "diagonal": so.Quadratic([1.0, 2.0, -0.5], center=[0.3, -1.0, 2.0]),
    "matrix": so.Quadratic(MATRIX.T @ MATRIX, center=[1.0, 0.0, -1.0]),
    "saddle": so.Quadratic([[1.0, 2.0], [2.0, 1.0]]),
    "mild valley": so.Rosenbrock(),
    "classical valley": so.Rosenbrock(scale=1.0, stiffness=100.0),
    "double well": so.DoubleWell(dim=3, height=0.7),
    "embedded saddle": so.EmbeddedSaddle(),
    "embedded diagonal": so.EmbeddedSaddle([-1.0, 2.0, 0.5], quartic=2.0, cubic=-0.7),
    "factorization 1": so.MatrixFactorization(MATRIX, rank=1),
    "factorization 2": so.MatrixFactorization(MATRIX.T, rank=2),
    "user": so.Objective(
        value=lambda x: sin(x[0]) * x[1],
        grad=lambda x: np.array([cos(x[0]) * x[1], sin(x[0])]),
        hvp=lambda x, v: np.array([-sin(x[0]) * x[1] * v[0] + cos(x[0]) * v[1], cos(x[0]) * v[0]]),
        dim=2,
    ),
}


def every(table):
    return pytest.mark.parametrize("f", table.values(), ids=table)


def points(f, count=4):
    """The start and points around it, some a few units away."""
    rng = np.random.default_rng(f.dim)
    return [f.start, *(f.start + scale * rng.standard_normal(f.dim) for scale in np.linspace(0.3, 2.0, count))]


def close(got, expected, tolerance, scale=0.0):
    bound = tolerance * (np.max(np.abs(expected)) + scale)
    np.testing.assert_allclose(got, expected, rtol=0.0, atol=bound)
