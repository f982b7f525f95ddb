"""Methods around methods: what is done to the gradient that any method sees, or with the positions that it visits."""

from sdeopt.wrappers.averages import EMA, Averaged
from sdeopt.wrappers.clipped import Clipped
from sdeopt.wrappers.l2 import L2
from sdeopt.wrappers.layered import Layered
from sdeopt.wrappers.rescaled import Rescaled

__all__ = ["EMA", "L2", "Averaged", "Clipped", "Layered", "Rescaled"]
