"""Stochastic optimizers and their stochastic differential equations, side by side.

Nouns are frozen data (`Problem`, the methods), verbs are functions. Importing the package loads NumPy and nothing
heavier: the engine, plots and references load what they need when they are first used.
"""

from sdeopt import noise, objectives, optimizers
from sdeopt.core.method import lookup, method, methods, rival
from sdeopt.core.problem import Problem
from sdeopt.core.schedule import Cosine, Power, Schedule
from sdeopt.noise import *
from sdeopt.objectives import *
from sdeopt.optimizers import *

__version__ = "0.1.0"

__all__ = ["Cosine", "Power", "Problem", "Schedule", "lookup", "method", "methods", "rival"]
__all__ += getattr(noise, "__all__", [])  # until every catalogue lists its names
__all__ += getattr(objectives, "__all__", [])  # until every catalogue lists its names
__all__ += getattr(optimizers, "__all__", [])  # until every catalogue lists its names
