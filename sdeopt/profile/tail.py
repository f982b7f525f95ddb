"""The tail index of gradient noise, from the largest of many norms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sdeopt.core.checks import Array
from sdeopt.engine.draws import CODES
from sdeopt.engine.machine.draws import NOTHING, fill
from sdeopt.engine.streams import Entropy, stream_key
from sdeopt.results.estimate import Estimate
from sdeopt.results.intervals import LEVEL

__all__ = ["draw_sets", "hill"]


def hill(radii: Array) -> Estimate:
    """Hill's estimate of α in P(R > r) ~ r^{-α} from the ⌊√n⌋ largest of n radii, with a 95 % interval.

    α̂ = k/Σ_{i<=k} log(R_(i)/R_(k+1)). If the tail beyond R_(k+1) is a power, 2kα/α̂ is χ² with 2k degrees of freedom
    whatever α is (logarithms of Pareto variables are exponential), and the interval is exact; the standard error is,
    to leading order, α̂/√k. Hill (1975), Ann. Statist. 3: 1163-1174, doi:10.1214/aos/1176343247.
    """
    from scipy.stats import chi2

    k = math.isqrt(len(radii))
    largest = np.sort(radii)[: -k - 2 : -1]
    spread = float(np.log(largest[:-1] / largest[-1]).sum()) if largest[-1] > 0.0 else math.nan
    alpha = k / spread if spread > 0.0 else math.nan
    low, high = (float(chi2.ppf(0.5 + s * (1.0 - LEVEL) / 2.0, 2 * k)) / (2 * k) for s in (-1.0, 1.0))
    return Estimate(alpha, alpha / math.sqrt(k), alpha * low, alpha * high)


def draw_sets(entries: Any, entropy: Entropy, stream: str, count: int) -> list[tuple[Array, ...]]:
    """``count`` independent sets of draws of the stated kinds and sizes."""
    vectors = []
    for i, (kind, size, *_) in enumerate(entries):
        out = np.empty(count * size)
        key = np.array([stream_key(entropy, f"{stream}.{i}", 1)], dtype=np.uint64)
        fill(out, count, size, 1, np.array([[0, size, CODES[kind], 1]]), key, NOTHING, 0, 0, 0)
        vectors.append(out.reshape(count, size))
    return list(zip(*vectors, strict=True))
