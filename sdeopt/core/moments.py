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

__all__ = ["ESCAPE", "Moments", "Shaped", "centre", "skewness", "valid_paths"]

Array = NDArray[np.float64]
ESCAPE = 1e50  # a path with Σ|x_i| or a coordinate above it has diverged


def valid_paths(records: Array, bound: float) -> NDArray[np.bool_]:
    """Which records (paths, saves) come before their path left the ball of radius ``bound``; shape (paths, saves)."""
    far = bound * bound
    if records.max(initial=0.0) < far and records.min(initial=0.0) > -far:  # nearly always; of a NaN neither is true
        return np.ones(records.shape[:2], dtype=bool)
    return np.logical_and.accumulate((np.abs(records) < far).all(axis=2), axis=1)


def skewness(n: Any, square: Any, cube: Any) -> Array:
    """Skewness with Fisher's correction, from n values' sums of centred squares and cubes; 0 of equal ones."""
    count = np.maximum(np.asarray(n, dtype=float), 3.0)
    spread = np.where(np.asarray(square) > 0.0, square, 1.0) / count
    with np.errstate(all="ignore"):  # squares just below the radius of divergence
        raw = np.asarray(cube) / count / spread**1.5 * np.sqrt(count * (count - 1.0)) / (count - 2.0)
    corrected: Array = np.where(np.asarray(square) > 0.0, raw, 0.0)
    return corrected


def centre(records: Array, valid: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Count and mean at every save, and the deviations from it, 0 where a path is not valid."""
    count = valid.sum(axis=0).astype(float)
    some = np.maximum(count, 1.0)[:, None]
    if valid.all():
        mean = records.sum(axis=0) / some
        return count, mean, records - mean
    weight = valid[:, :, None]
    mean = np.where(weight, records, 0.0).sum(axis=0) / some
    return count, mean, np.where(weight, records - mean, 0.0)


def _seconds(deviation: Array, d: int) -> tuple[Array, Array]:
    """Sums of squares, and of products of the first ``d`` columns."""
    x = deviation[:, :, :d]
    return np.einsum("psi,psi->si", deviation, deviation), np.einsum("psi,psj->sij", x, x)


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
        count, mean, deviation = centre(records, valid)
        return Moments(count, mean, *_seconds(deviation, d))

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


@packable
@dataclass(frozen=True)
class Shaped(Moments):
    """`Moments`, and what an interval asks besides: centred cubes, least and largest value of every column, (saves, c).

    Cubes are merged as in Pébay (2008), Sandia report SAND2008-6212, equation 2.2.
    """

    cube: Array
    low: Array
    high: Array

    @staticmethod
    def of(records: Array, valid: NDArray[np.bool_], d: int) -> Shaped:
        """As `Moments.of`."""
        count, mean, deviation = centre(records, valid)
        with np.errstate(over="ignore", invalid="ignore"):  # cubes just below the radius of divergence
            cube = np.einsum("psi,psi,psi->si", deviation, deviation, deviation)
        ends = mean + deviation.min(axis=0, initial=0.0), mean + deviation.max(axis=0, initial=0.0)
        return Shaped(count, mean, *_seconds(deviation, d), cube, *ends)

    def merge(self, other: Moments) -> Shaped:
        """Moments of both sets of paths together."""
        assert isinstance(other, Shaped)
        plain = super().merge(other)
        n = np.maximum(plain.count, 1.0)[:, None]
        a, b = self.count[:, None], other.count[:, None]
        gap = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            moved = gap**3 * (a * b * (a - b) / n**2) + 3.0 * gap / n * (a * other.square - b * self.square)
            cube = self.cube + other.cube + moved
        some = [np.where(m.count[:, None] > 0, m.low, np.inf) for m in (self, other)]
        most = [np.where(m.count[:, None] > 0, m.high, -np.inf) for m in (self, other)]
        low, high = np.minimum(*some), np.maximum(*most)
        return Shaped(plain.count, plain.mean, plain.square, plain.product, cube, low, high)

    @property
    def skewness(self) -> Array:
        """Skewness of every column, (saves, c)."""
        return skewness(self.count[:, None], self.square, self.cube)

    @property
    def share(self) -> Array:
        """The largest share of one path in the sum of squares, (saves, c)."""
        far = np.maximum(self.high - self.mean, self.mean - self.low)
        return np.where(self.square > 0.0, far * far / np.where(self.square > 0.0, self.square, 1.0), 0.0)
