"""Sweeps: grids of runs over methods, problems and their fields, as tables and phase diagrams."""
