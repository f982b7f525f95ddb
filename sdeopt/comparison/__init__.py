"""Comparing the columns: gaps with intervals, baselines, verdicts."""

from sdeopt.comparison.compare import compare
from sdeopt.comparison.report import Report

__all__ = ["Report", "compare"]
