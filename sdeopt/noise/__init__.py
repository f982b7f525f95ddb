"""The laws of gradient noise."""

from sdeopt.noise.gaussian import Gaussian
from sdeopt.noise.laplace import Laplace
from sdeopt.noise.minibatch import Minibatch
from sdeopt.noise.none import NoNoise
from sdeopt.noise.rademacher import Rademacher
from sdeopt.noise.student import StudentT

__all__ = ["Gaussian", "Laplace", "Minibatch", "NoNoise", "Rademacher", "StudentT"]
