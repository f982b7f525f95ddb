"""``Estimate``: a measured number with its interval, and what to think of it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["STATUSES", "Estimate", "failed", "mean", "median", "share"]

Array = NDArray[np.float64]
LEVEL = 0.05  # intervals are 95 %
NORMAL = 1.959964
HEAVY = 0.25  # share of the variance in one path above which a mean is not trusted
# ok; an interval too wide to say how large it is, or another doubt; paths left the finite range; an exception; no run
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

    def checked(self) -> Estimate:
        """Undecided where the interval is wider than the value: its size is not known within ± 50 %."""
        wide = not self.high - self.low <= abs(self.value)
        return self.doubted("the 95 % interval is wider than the value") if wide else self


def failed(reason: str, status: str = "failed") -> Estimate:
    """No number at all."""
    return Estimate(math.nan, math.nan, math.nan, math.nan, status, " ".join(reason.split())[:300])


def mean(values: Array) -> Estimate:
    """Mean over paths with Student's interval; undecided where one path makes up a quarter of the variance, or more.

    That share does not go to 0 with the number of paths where the values have no variance. Where they have tails like
    e^{-v/2}, as the square of a normal coordinate has, the largest of n is above 3 log n with probability n^{-1/2} at
    most, so that few paths are allowed more.
    """
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return failed("fewer than two paths are left", "undecided")
    center = float(values.mean())
    square = (values - center) ** 2
    stderr = math.sqrt(float(square.sum()) / (n - 1) / n)
    half = float(t.isf(LEVEL / 2.0, n - 1)) * stderr
    found = Estimate(center, stderr, center - half, center + half)
    largest = float(square.max()) / max(float(square.sum()), np.finfo(float).tiny)
    if largest > max(HEAVY, (3.0 * math.log(n)) ** 2 / (2.0 * n)):
        return found.doubted(f"one path makes up {100 * largest:.0f} % of the variance, so a mean may not exist")
    return found.checked()


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
