"""The constants, along a path, of the conditions under which convergence is proved."""
