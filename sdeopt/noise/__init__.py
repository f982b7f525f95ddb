"""The laws of gradient noise."""

from sdeopt.noise.affine import AffineGaussian
from sdeopt.noise.agents import Agents
from sdeopt.noise.batch import Batch
from sdeopt.noise.diagonal import DiagonalMinibatch
from sdeopt.noise.gaussian import Gaussian
from sdeopt.noise.label import LabelNoise
from sdeopt.noise.laplace import Laplace
from sdeopt.noise.minibatch import Minibatch, PoissonBatch
from sdeopt.noise.none import NoNoise
from sdeopt.noise.oversampled import Oversampled
from sdeopt.noise.own import Noise
from sdeopt.noise.rademacher import Rademacher
from sdeopt.noise.reshuffled import Reshuffled
from sdeopt.noise.stable import AlphaStable
from sdeopt.noise.student import StudentT

__all__ = [
    "AffineGaussian",
    "Agents",
    "AlphaStable",
    "Batch",
    "DiagonalMinibatch",
    "Gaussian",
    "LabelNoise",
    "Laplace",
    "Minibatch",
    "NoNoise",
    "Noise",
    "PoissonBatch",
    "Rademacher",
    "Oversampled",
    "Reshuffled",
    "StudentT",
]
