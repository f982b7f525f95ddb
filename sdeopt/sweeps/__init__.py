"""Sweeps: grids of runs over methods, problems and their fields, as tables and phase diagrams."""

from sdeopt.sweeps.sweep import sweep
from sdeopt.sweeps.table import Sweep

__all__ = ["Sweep", "sweep"]
