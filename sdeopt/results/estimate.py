"""``Estimate``: a number that was measured, with its interval; and the ways to one."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.moments import skewness
from sdeopt.results.intervals import FEW, LEVEL, interval_of
from sdeopt.results.student import student
from sdeopt.results.words import ends, known

__all__ = ["STATUSES", "Estimate", "failed", "jackknife", "mean", "median", "share"]

Array = NDArray[np.float64]
NORMAL = 1.959964
# ok; no interval, or another doubt; paths left the finite range; an exception; no run
STATUSES = ("ok", "undecided", "diverged", "failed", "missing")


class Estimate(NamedTuple):
    """A value, its standard error and its 95 % interval [low, high]; its status, and the reason if it is not "ok".

    An exact value is both ends of its interval.
    """

    value: float
    stderr: float
    low: float
    high: float
    status: str = "ok"
    reason: str = ""

    @classmethod
    def exact(cls, value: float) -> Estimate:
        """A number without an error."""
        return cls(float(value), 0.0, float(value), float(value))

    @property
    def ends(self) -> str:
        """The interval in words: [low, high], or "exact"."""
        return "exact" if self.low == self.high else ends(self.low, self.high)

    @property
    def known(self) -> str:
        """The value with its interval in words."""
        return known(self.value, self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        """Numbers as they are, "nan" and "inf" in words: JSON has no such numbers."""
        return {name: v if isinstance(v, str) or math.isfinite(v) else str(v) for name, v in self._asdict().items()}

    @staticmethod
    def from_json(entry: dict[str, Any]) -> Estimate:
        """What `to_json` said."""
        value, stderr, low, high = (float(entry[name]) for name in ("value", "stderr", "low", "high"))
        return Estimate(value, stderr, low, high, str(entry["status"]), str(entry["reason"]))

    def doubted(self, reason: str) -> Estimate:
        """The same, undecided for a reason, unless it is not ok already."""
        return self._replace(status="undecided", reason=reason) if self.status == "ok" else self


def failed(reason: str, status: str = "failed") -> Estimate:
    """No number at all."""
    return Estimate(math.nan, math.nan, math.nan, math.nan, status, " ".join(reason.split())[:300])


def mean(values: Array, order: float = math.inf, fewest: int = FEW) -> Estimate:
    """Mean over paths with Hall's interval; undecided, and without one, where `sdeopt.results.intervals` states none.

    ``order`` is where the moments of the values end, as far as the law of the noise says; of fewer values than
    ``fewest`` there is no interval.
    """
    n = len(values)
    if n < 2:
        return failed("fewer than two paths are left", "undecided")
    center = float(values.mean())
    deviation = values - center
    square = float((deviation**2).sum())
    stderr = math.sqrt(square / (n - 1) / n)
    skew = float(skewness(n, square, (deviation**3).sum()))
    share = float((deviation**2).max()) / max(square, np.finfo(float).tiny)
    low, high, reason = interval_of(n, center, stderr, skew, share, order, fewest)
    value, error = (v if order > p or square == 0.0 else math.nan for p, v in ((1.0, center), (2.0, stderr)))
    found = Estimate(value, error, float(low), float(high))
    return found.doubted(reason) if reason else found


def median(values: Array) -> Estimate:
    """Median over paths, inf allowed, with the interval of order statistics (no law is assumed).

    The interval [x_(l), x_(n + 1 - l)] has l the largest rank with P(Binomial(n, 1/2) < l) <= 2.5 %; the standard
    error is its width over 2 · 1.96. David & Nagaraja, "Order Statistics", 3rd ed. (2003), section 7.1.
    """
    ordered = np.sort(values)
    n = len(ordered)
    rank = _rank(n)
    low, high = (float(ordered[rank - 1]), float(ordered[n - rank])) if rank > 0 else (0.0, math.inf)
    center = float(ordered[(n - 1) // 2])
    stderr = (high - low) / (2.0 * NORMAL) if math.isfinite(high) else math.inf
    return Estimate(center, stderr, low, high)


@functools.lru_cache
def _rank(n: int) -> int:
    from scipy.stats import binom

    return int(binom.ppf(LEVEL / 2.0, n, 0.5))


@functools.lru_cache  # most cells of a sweep lose no path
def share(count: int, n: int) -> Estimate:
    """A share of n paths with the exact interval of Clopper & Pearson (Biometrika 26 (1934) 404-413)."""
    from scipy.stats import binomtest

    low, high = binomtest(count, n).proportion_ci(1.0 - LEVEL)
    p = count / n
    return Estimate(p, math.sqrt(p * (1.0 - p) / n), float(low), float(high))


def jackknife(function: Callable[[Array], float], samples: Array) -> Estimate:
    """``function`` of the mean of n samples, shape (n, ...), by leaving out one after the other.

    The standard error is √((n - 1)/n Σ (θ_i - θ̄)²) with θ_i the value without sample i, and the interval is Student's
    with n - 1 degrees of freedom. Efron & Stein (1981), Ann. Statist. 9: 586-596, doi:10.1214/aos/1176345462; Tukey
    (1958), Ann. Math. Statist. 29: 614. One sample is taken to be exact.

    >>> found = jackknife(lambda mean: float(mean), np.array([1.0, 2.0, 3.0]))  # of a mean it is the usual one
    >>> found.value, round(found.stderr, 12) == round(1.0 / 3.0**0.5, 12)
    (2.0, True)
    """
    value, n = float(function(samples.mean(axis=0))), len(samples)
    if n == 1:
        return Estimate.exact(value)
    without = (samples.sum(axis=0) - samples) / (n - 1.0)
    stderr = math.sqrt((n - 1.0) * np.array([function(rest) for rest in without]).var())
    half = float(student(n - 1, 1.0 - LEVEL / 2.0)) * stderr
    return Estimate(value, stderr, value - half, value + half)
