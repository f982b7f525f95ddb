"""The objectives: test functions with known minima, finite sums over data, and the user's own."""

from sdeopt.objectives.diagonal_linear_network import DiagonalLinearNetwork
from sdeopt.objectives.dirac_gan import DiracGAN
from sdeopt.objectives.double_well import DoubleWell
from sdeopt.objectives.embedded_saddle import EmbeddedSaddle
from sdeopt.objectives.finite_sum_game import FiniteSumGame
from sdeopt.objectives.game import Game
from sdeopt.objectives.linear_regression import LinearRegression
from sdeopt.objectives.logistic import Logistic
from sdeopt.objectives.matrix_factorization import MatrixFactorization
from sdeopt.objectives.matrix_quadratic import MatrixQuadratic
from sdeopt.objectives.matrix_sensing import MatrixSensing
from sdeopt.objectives.nonlinear_game import NonlinearGame
from sdeopt.objectives.objective import Objective
from sdeopt.objectives.quadratic import Quadratic
from sdeopt.objectives.quadratic_game import BilinearGame, QuadraticGame
from sdeopt.objectives.rosenbrock import Rosenbrock
from sdeopt.objectives.torch import TorchObjective
from sdeopt.objectives.widening_valley import WideningValley

__all__ = [
    "BilinearGame",
    "DiagonalLinearNetwork",
    "DiracGAN",
    "DoubleWell",
    "EmbeddedSaddle",
    "FiniteSumGame",
    "Game",
    "LinearRegression",
    "Logistic",
    "MatrixFactorization",
    "MatrixQuadratic",
    "MatrixSensing",
    "NonlinearGame",
    "Objective",
    "Quadratic",
    "QuadraticGame",
    "Rosenbrock",
    "TorchObjective",
    "WideningValley",
]
