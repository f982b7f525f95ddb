"""The only package that knows Numba: pages compiled for one problem, and run on paths in chunks."""
