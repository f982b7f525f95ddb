"""``Estimate``: a measured number with its interval, and what to think of it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import intervals

__all__ = ["STATUSES", "Estimate", "failed", "mean", "median", "share"]

Array = NDArray[np.float64]
LEVEL = intervals.LEVEL
NORMAL = 1.959964
# ok; no interval, or another doubt; paths left the finite range; an exception; no run
STATUSES = ("ok", "undecided", "diverged", "failed", "missing")


class Estimate(NamedTuple):
    """A value, its standard error, its 95 % interval [low, high], its status and the reason for it."""

    value: float
    stderr: float
    low: float
    high: float
    status: str = "ok"
    reason: str = ""

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


def mean(values: Array, order: float = math.inf) -> Estimate:
    """Mean over paths with Hall's interval; undecided, and without one, where `sdeopt.core.intervals` states none.

    ``order`` is where the moments of the values end, as far as the law of the noise says.
    """
    n = len(values)
    if n < 2:
        return failed("fewer than two paths are left", "undecided")
    center = float(values.mean())
    deviation = values - center
    square = float((deviation**2).sum())
    stderr = math.sqrt(square / (n - 1) / n)
    skew = float(intervals.skewness(n, square, (deviation**3).sum()))
    share = float((deviation**2).max()) / max(square, np.finfo(float).tiny)
    low, high, reason = intervals.stated(n, center, stderr, skew, share, order)
    value, error = (v if order > p or square == 0.0 else math.nan for p, v in ((1.0, center), (2.0, stderr)))
    found = Estimate(value, error, float(low), float(high))
    return found.doubted(reason) if reason else found


def median(values: Array) -> Estimate:
    """Median over paths, inf allowed, with the interval of order statistics (no law is assumed).

    The interval [x_(l), x_(n + 1 - l)] has l the largest rank with P(Binomial(n, 1/2) < l) <= 2.5 %; the standard
    error is its width over 2 · 1.96. David & Nagaraja, "Order Statistics", 3rd ed. (2003), section 7.1.
    """
    from scipy.stats import binom

    ordered = np.sort(values)
    n = len(ordered)
    rank = int(binom.ppf(LEVEL / 2.0, n, 0.5))
    low, high = (float(ordered[rank - 1]), float(ordered[n - rank])) if rank > 0 else (0.0, math.inf)
    center = float(ordered[(n - 1) // 2])
    stderr = (high - low) / (2.0 * NORMAL) if math.isfinite(high) else math.inf
    return Estimate(center, stderr, low, high)


def share(count: int, n: int) -> Estimate:
    """A share of n paths with the exact interval of Clopper & Pearson (Biometrika 26 (1934) 404-413)."""
    from scipy.stats import beta

    low = float(beta.ppf(LEVEL / 2.0, count, n - count + 1)) if count else 0.0
    high = float(beta.isf(LEVEL / 2.0, count + 1, n - count)) if count < n else 1.0
    p = count / n
    return Estimate(p, math.sqrt(p * (1.0 - p) / n), low, high)
