"""The objectives."""
from sdeopt.objectives.quadratic import Quadratic
