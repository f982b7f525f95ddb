"""Claims of papers and of the theory behind the pages, measured: one file, one claim.

The docstring of a file begins with the claim, and says where it is made, what is measured and what would refute it;
``measure(size)`` returns the findings, with ``size`` times the paths of the full run. ``python -m benchmarks.claims``
runs them all; `docs/claims.md` is what a full run has found.
"""
