"""Machine code written for LLVM, without Numba: the generator of all draws, which compiles and is found in a moment."""
