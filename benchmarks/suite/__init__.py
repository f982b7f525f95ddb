"""Regressions of speed, for asv; see ``benchmarks/asv.conf.json``."""
