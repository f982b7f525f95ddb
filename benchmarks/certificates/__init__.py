"""Certificates of every SDE of the package: ``python -m benchmarks.certificates``."""
