"""The laws of gradient noise."""
from sdeopt.noise.gaussian import Gaussian
from sdeopt.noise.none import NoNoise
