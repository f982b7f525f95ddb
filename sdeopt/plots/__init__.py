"""Figures: one style, and functions that take axes and return them."""

from sdeopt.plots.comparison import figure, gap, in_time
from sdeopt.plots.style import style

__all__ = ["figure", "gap", "in_time", "style"]
