"""Machine code without Numba: the generator of all draws, written for LLVM, and calls of loops that are on disk."""
