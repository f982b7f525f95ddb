"""Streamed moments: what is kept of a chunk of paths, merged in the order of the chunks.

Counts, means and centred second moments are merged by the pairwise update of Chan, Golub & LeVeque ("Algorithms for
computing the sample variance", 1983), which does not cancel when the mean is large. The unit of merging is a chunk
whose size depends on the problem alone, so the result does not depend on threads, executors or blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.packing import packable

__all__ = ["Moments", "valid_paths"]

Array = NDArray[np.float64]


def valid_paths(records: Array, bound: float) -> NDArray[np.bool_]:
    """Which records (paths, saves) come before their path left the ball of radius ``bound``; shape (paths, saves)."""
    inside = np.isfinite(records).all(axis=2) & (np.abs(records) < bound * bound).all(axis=2)
    return np.logical_and.accumulate(inside, axis=1)


@packable
@dataclass(frozen=True)
class Moments:
    """Count (saves,), mean and centred square (saves, c), centred products of the first d columns (saves, d, d)."""

    count: Array
    mean: Array
    square: Array
    product: Array

    @staticmethod
    def of(records: Array, valid: NDArray[np.bool_], d: int) -> Moments:
        """Moments of a chunk; ``d`` is the number of leading columns whose products are kept (0 for none)."""
        count = valid.sum(axis=0).astype(float)
        some = np.maximum(count, 1.0)[:, None]
        if valid.all():
            mean = records.sum(axis=0) / some
            deviation = records - mean
        else:
            weight = valid[:, :, None]
            mean = np.where(weight, records, 0.0).sum(axis=0) / some
            deviation = np.where(weight, records - mean, 0.0)
        x = np.ascontiguousarray(deviation[:, :, :d])
        product = np.einsum("psi,psj->sij", x, x)
        return Moments(count, mean, (deviation * deviation).sum(axis=0), product)

    def merge(self, other: Moments) -> Moments:
        """Moments of both sets of paths together."""
        count = self.count + other.count
        some = np.maximum(count, 1.0)
        gap = other.mean - self.mean
        share = other.count / some
        mean = self.mean + gap * share[:, None]
        factor = self.count * share
        d = self.product.shape[1]
        outer = gap[:, :d, None] * gap[:, None, :d]
        return Moments(
            count,
            mean,
            self.square + other.square + gap * gap * factor[:, None],
            self.product + other.product + outer * factor[:, None, None],
        )

    @property
    def variance(self) -> Array:
        """Unbiased variances, (saves, c); NaN where fewer than two paths are left."""
        result: Array = self.square / self._degrees[:, None]
        return result

    @property
    def covariance(self) -> Array:
        """Unbiased covariance of the leading columns, (saves, d, d)."""
        result: Array = self.product / self._degrees[:, None, None]
        return result

    @property
    def stderr(self) -> Array:
        """Standard error of the mean, (saves, c)."""
        result: Array = np.sqrt(self.variance / np.maximum(self.count, 1.0)[:, None])
        return result

    @property
    def _degrees(self) -> Any:
        return np.where(self.count > 1, self.count - 1, np.nan)
