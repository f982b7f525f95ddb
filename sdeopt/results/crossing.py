"""``Crossing``: when the paths of a run crossed a level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.results import estimate
from sdeopt.results.estimate import Estimate

__all__ = ["Crossing"]


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
    >>> first.median()[:4], first.share(1.0).value < first.share(2.0).value
    ((0.8, 0.0, 0.8, 0.8), True)
    """

    level: float
    times: NDArray[np.float64]
    horizon: float
    dt: float

    def share(self, t: float | None = None) -> Estimate:
        """Share of the paths that have crossed by time t, default the horizon.

        The interval is that of Clopper & Pearson, Biometrika 26 (1934) 404-413.
        """
        by = self.horizon if t is None else checks.number("t", t, low=0.0, high=self.horizon * (1.0 + 1e-9))
        return estimate.share(int((self.times <= by * (1.0 + 1e-9)).sum()), len(self.times))

    def median(self) -> Estimate:
        """Time by which half of the paths have crossed; inf, also as an end of the interval, beyond the horizon.

        The interval is made of two order statistics and assumes no law: David & Nagaraja, "Order Statistics", 3rd ed.
        (2003), section 7.1.
        """
        return estimate.median(np.where(np.isnan(self.times), math.inf, self.times))
