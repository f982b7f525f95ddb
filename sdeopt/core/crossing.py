"""``Crossing``: when the paths of a run crossed a level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks

__all__ = ["Bounded", "Crossing"]

OUTSIDE = 0.025  # on either side of a 95 % interval


class Bounded(NamedTuple):
    """A value with its 95 % interval [low, high]."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Crossing:
    """The first times at which an observable of the paths crossed a level, as far as the horizon lets see.

    Times beyond the horizon are censored, so a mean does not exist; a median does where half of the paths have crossed.
    All paths are censored at the same time, where the estimator of Kaplan & Meier is the share of paths itself, whose
    interval is exact. A path that diverged has not crossed and never will.

    Attributes
    ----------
    level : float
        The level, crossed from the side on which the path begins; a path that begins on it crosses at 0.
    times : ndarray, shape (paths,)
        Time of the crossing; inf where the path had not crossed by the horizon, NaN where it diverged before.
    horizon : float
        How long was looked.
    dt : float
        Time between looks: a step of the optimizer, or of the integrator, whose paths are seen to cross late by O(√dt).

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
    >>> e = so.simulate(so.SGD(lr=0.1), problem, horizon=4.0, paths=1000, crossings={"loss": 0.1}, rng=0)
    >>> first = e.crossings["loss"]
    >>> first.median(), first.share(1.0).value < first.share(2.0).value
    (Bounded(value=0.8, low=0.8, high=0.8), True)
    """

    level: float
    times: NDArray[np.float64]
    horizon: float
    dt: float

    def share(self, t: float | None = None) -> Bounded:
        """Share of the paths that have crossed by time t, default the horizon.

        The interval is that of Clopper & Pearson, Biometrika 26 (1934) 404-413.
        """
        from scipy.stats import beta

        by = self.horizon if t is None else checks.number("t", t, low=0.0, high=self.horizon * (1.0 + 1e-9))
        n = len(self.times)
        count = int((self.times <= by * (1.0 + 1e-9)).sum())
        low = float(beta.ppf(OUTSIDE, count, n - count + 1)) if count else 0.0
        high = float(beta.isf(OUTSIDE, count + 1, n - count)) if count < n else 1.0
        return Bounded(count / n, low, high)

    def median(self) -> Bounded:
        """Time by which half of the paths have crossed; inf, also as an end of the interval, beyond the horizon.

        The interval is made of two order statistics and assumes no law: David & Nagaraja, "Order Statistics", 3rd ed.
        (2003), section 7.1.
        """
        from scipy.stats import binom

        ordered: Any = np.sort(np.where(np.isnan(self.times), math.inf, self.times))
        n = len(ordered)
        rank = int(binom.ppf(OUTSIDE, n, 0.5))
        low, high = (ordered[rank - 1], ordered[n - rank]) if rank > 0 else (0.0, math.inf)
        return Bounded(float(ordered[(n - 1) // 2]), float(low), float(high))
