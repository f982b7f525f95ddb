"""Peers of sdeopt on four equations; see ``benchmarks/peers.py``."""
