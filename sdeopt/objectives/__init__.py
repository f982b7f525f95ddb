"""The objectives: test functions with known minima, finite sums over data, and the user's own."""

from sdeopt.objectives.diagonal_linear_network import DiagonalLinearNetwork
from sdeopt.objectives.double_well import DoubleWell
from sdeopt.objectives.embedded_saddle import EmbeddedSaddle
from sdeopt.objectives.linear_regression import LinearRegression
from sdeopt.objectives.logistic import Logistic
from sdeopt.objectives.matrix_factorization import MatrixFactorization
from sdeopt.objectives.objective import Objective
from sdeopt.objectives.quadratic import Quadratic
from sdeopt.objectives.rosenbrock import Rosenbrock

__all__ = [
    "DiagonalLinearNetwork",
    "DoubleWell",
    "EmbeddedSaddle",
    "LinearRegression",
    "Logistic",
    "MatrixFactorization",
    "Objective",
    "Quadratic",
    "Rosenbrock",
]
