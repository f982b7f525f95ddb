"""All that knows Numba: lanes, twins of the vocabulary, the linker of pages, the generator of draws, loops on disk."""
