"""``Estimate``: a number that was measured, with its interval; and the ways to one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.words import ends

__all__ = ["LEVEL", "Estimate", "jackknife"]

Array = NDArray[np.float64]
LEVEL = 0.95  # of every interval that is not said to have another


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


def jackknife(function: Callable[[Array], float], samples: Array) -> Estimate:
    """``function`` of the mean of n samples, shape (n, ...), by leaving out one after the other.

    The standard error is √((n - 1)/n Σ (θ_i - θ̄)²) with θ_i the value without sample i, and the interval is Student's
    with n - 1 degrees of freedom. Efron & Stein (1981), Ann. Statist. 9: 586-596, doi:10.1214/aos/1176345462; Tukey
    (1958), Ann. Math. Statist. 29: 614. One sample is taken to be exact.

    >>> found = jackknife(lambda mean: float(mean), np.array([1.0, 2.0, 3.0]))  # of a mean it is the usual one
    >>> found.value, round(found.stderr, 12) == round(1.0 / 3.0**0.5, 12)
    (2.0, True)
    """
    from scipy.stats import t

    value, n = float(function(samples.mean(axis=0))), len(samples)
    if n == 1:
        return Estimate.exact(value)
    without = (samples.sum(axis=0) - samples) / (n - 1.0)
    stderr = math.sqrt((n - 1.0) * np.array([function(rest) for rest in without]).var())
    half = float(t.ppf(0.5 + LEVEL / 2.0, n - 1)) * stderr
    return Estimate(value, stderr, value - half, value + half)
