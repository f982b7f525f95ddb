"""sdeopt."""
from sdeopt.core.problem import Problem
from sdeopt.objectives.quadratic import Quadratic
from sdeopt.noise.gaussian import Gaussian
from sdeopt.optimizers.sgd import SGD
