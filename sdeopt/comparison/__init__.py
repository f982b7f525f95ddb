"""Comparing the columns: gaps with intervals, baselines, verdicts."""
