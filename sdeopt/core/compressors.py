"""Compressors: what an agent sends in the place of its gradient. Written for pages, compiled like them.

A compressor is unbiased with constant ω if E C(g) = g and E|C(g) - g|² <= ω|g|². Top-k is biased: |C(g) - g|² is at
most (1 - k/d)|g|². The exact covariances and the constants are in ``sdeopt.theory.compression``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core.elementary import octave, where
from sdeopt.core.math import basis, norm, total

__all__ = ["check_sent", "dither", "natural", "rand_k", "rand_k_weights", "top_k"]

ROUND = 6755399441055744.0  # 1.5 * 2^52: adding and subtracting it rounds to an integer
SMALLEST = 2.2250738585072014e-308  # of the normal numbers


def check_sent(k: float, dim: int) -> None:
    """Raise a ``ValueError`` if a gradient has fewer than k entries."""
    if k > dim:
        raise ValueError(f"k must be at most the dimension {dim}, the number of entries of a gradient, got {k:g}")


def ranks(a: Any) -> Any:
    """Rank of each entry of a vector: 0 for the largest; of equal ones the first comes first. d² comparisons."""
    rank = 0.0 * a
    seen = 0.0 * a
    for i in range(len(a)):
        e = basis(a, i)
        entry = total(e * a)
        seen = seen + e
        rank = rank + where(entry > a, 1.0, where(entry == a, 1.0 - seen, 0.0))
    return rank


def rand_k(g: Any, w: Any, k: Any) -> Any:
    """k random entries of g times d/k, the others 0: those where the normals ``w`` are largest. All if k >= d.

    Normals choose a uniformly random set, and an SDE can follow them: sending an entry goes with a large w.
    """
    return len(g) / np.minimum(k, 1.0 * len(g)) * where(ranks(w) < k, g, 0.0)


def rand_k_weights(d: Any, k: Any) -> Any:
    """(a, c) of Cov C(g + ξ) = c [diag(g²) - g gᵀ/d] + a Σ + c diag Σ: a = d(k - 1)/(k(d - 1)), c = d/k - a."""
    sent = np.minimum(k, 1.0 * d)
    c = d * (d - sent) / (sent * np.maximum(d - 1.0, 1.0))
    return d / sent - c, c


def top_k(g: Any, k: Any) -> Any:
    """The k entries of g of largest size, the others 0."""
    return where(ranks(np.abs(g)) < k, g, 0.0)


def dither(g: Any, u: Any, levels: Any) -> Any:
    """Random dithering: |g_j|/|g| is rounded to one of the two next multiples of 1/s, up if the uniform u_j says so."""
    size = norm(g)
    r = levels * np.abs(g) / where(size > 0.0, size, 1.0)
    return size / levels * np.sign(g) * floor(r + u)


def natural(g: Any, u: Any) -> Any:
    """Natural compression: |g_j| is rounded to one of the two next powers of two, up if the uniform u_j says so."""
    a = np.maximum(np.abs(g), SMALLEST)
    low = octave(a)
    return np.sign(g) * low * where(u < a / low - 1.0, 2.0, 1.0)


def floor(x: Any) -> Any:
    """The largest whole number that is at most x, for |x| < 2^51."""
    near = (x + ROUND) - ROUND
    return near - where(near > x, 1.0, 0.0)
