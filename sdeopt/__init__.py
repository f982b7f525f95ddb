"""sdeopt."""
from sdeopt.core.problem import Problem
from sdeopt.core.schedule import Cosine, Power, Schedule
from sdeopt.core.method import methods
from sdeopt.objectives import *
from sdeopt.noise import *
from sdeopt.optimizers import *
from sdeopt.engine.simulate import simulate
