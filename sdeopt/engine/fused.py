"""The fused multiply-add on NumPy arrays, which interpreted pages compute with; compiled ones use an instruction."""

from __future__ import annotations

from numba import vectorize

from sdeopt.engine.lane_ops import fma

__all__ = ["fused"]


@vectorize(["float64(float64, float64, float64)"])
def fused(a: float, b: float, c: float) -> float:
    """a b + c rounded once, elementwise."""
    return fma(a, b, c)  # type: ignore[no-any-return]
