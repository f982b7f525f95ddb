"""What the gradient noise of a problem looks like at one point."""

from sdeopt.profile.measure import noise_profile
from sdeopt.profile.report import Estimate, NoiseProfile

__all__ = ["Estimate", "NoiseProfile", "noise_profile"]
