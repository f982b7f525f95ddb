"""Ladders between an optimizer and its SDE: the same run at finer and finer steps."""
