"""95 % intervals of means over paths, and where there are none.

With n values, their mean m, standard error s and skewness γ, T = (m - μ)/s of a skewed law is itself skewed, and
Student's interval covers too little: of the square of a normal coordinate, with 16 paths, in 88 % of the cases. Hall's
cubic removes that skewness,

    g(T) = T + λT²/3 + λ²T³/27 + λ/6,      λ = γ/√n,

is monotone, and is compared with Student's quantiles: μ lies in [m - s g⁻¹(q), m - s g⁻¹(-q)], in the same case in
94.6 %. The coverage that was measured, by law, number of paths and quantity, stands in ``docs/coverage.md``.

An interval rests on moments. Of a quantity that grows like |x|^r, under noise whose moments end at the order p, those
end at p/r. Without a variance, and in practice below the order `LEAST`, nothing that a finite number of paths shows
says how wrong their mean is. What no law says of the moments (finite data near the limit of stability) is guarded by
the share of one path in the sum of squares, which does not go to 0 where there is no variance.

Source: Hall, "On the removal of skewness by transformation", J. R. Statist. Soc. B 54 (1992) 221-228.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.student import student

__all__ = ["FEW", "LEAST", "LEVEL", "Interval", "allowed_share", "hall", "lacking", "interval_of"]

Array = NDArray[np.float64]
LEVEL = 0.05  # intervals are 95 %
FEW, FEW_HEAVY = 16, 200  # paths, of fewer no interval is stated; the same without a third moment
LEAST = 2.5  # order of the moments that an interval needs: at 2 its coverage would never settle, see docs/coverage.md
HEAVY = 0.25  # share of the sum of squares in one path above which an interval is not trusted


class Interval(NamedTuple):
    """Ends of a 95 % interval, NaN where none is stated, and why not (empty where it is)."""

    low: Any
    high: Any
    reason: str = ""


def hall(n: Any, mean: Any, stderr: Any, skew: Any) -> tuple[Array, Array]:
    """Ends of Hall's interval of the mean, from the number of values, their mean, its standard error, the skewness."""
    count = np.maximum(np.asarray(n, dtype=float), 2.0)
    q = -student(count - 1.0, LEVEL / 2.0)
    lam = np.asarray(skew) / np.sqrt(count)
    return mean - stderr * _inverse(q, lam), mean - stderr * _inverse(-q, lam)


def _inverse(y: Any, lam: Any) -> Any:
    """g⁻¹(y) = (3/λ) [(1 + λ(y - λ/6))^{1/3} - 1], y at λ = 0."""
    some = np.where(np.abs(lam) < 1e-6, 1e-6, lam)
    return np.where(np.abs(lam) < 1e-6, y, 3.0 / some * (np.cbrt(1.0 + some * (y - some / 6.0)) - 1.0))


def allowed_share(n: Any) -> Any:
    """The share of the sum of squares that one of n paths may have.

    Of tails like e^{-v/2}, as the square of a normal coordinate has, the largest of n values is above 3 log n with
    probability n^{-1/2} at most, so that few paths are allowed more.
    """
    count = np.maximum(np.asarray(n, dtype=float), 2.0)
    return np.maximum(HEAVY, (3.0 * np.log(count)) ** 2 / (2.0 * count))


def lacking(order: float) -> str:
    """Why a quantity whose moments end at ``order`` has no mean or no interval; empty if it has both."""
    if order <= 1.0:
        return "no mean: the tails of the noise are too heavy"
    if order <= 2.0:
        return "no interval: the tails of the noise are too heavy for a variance"
    if order < LEAST:
        return f"no interval: the noise leaves moments up to the order {order:.3g}, and an interval needs {LEAST:g}"
    return ""


def interval_of(n: Any, mean: Any, stderr: Any, skew: Any, share: Any, order: float, fewest: int = FEW) -> Interval:
    """Hall's interval of a mean, at all saves at once, or why there is none.

    Parameters
    ----------
    n, mean, stderr, skew, share : float or ndarray
        Number of paths, mean, standard error, skewness, and the largest share of one path in the sum of squares.
    order : float
        Where the moments of the quantity end; inf where all exist, as far as the law of the noise says. Of this order
        itself there is none: t₃ has no third moment.
    fewest : int
        Paths of fewer of which no interval is stated.
    """
    exact = np.asarray(stderr) == 0.0  # values that are all equal, as at the start
    least = fewest if order > 3.0 else max(fewest, FEW_HEAVY)
    few = (np.asarray(n) < least) & ~exact
    heavy = (
        np.asarray(share) > allowed_share(n) if math.isinf(order) else np.zeros_like(few)
    )  # else the law has settled it
    known = exact | (np.isfinite(mean) & np.isfinite(stderr) & ~few & ~heavy & (lacking(order) == ""))
    low, high = (np.where(known, end, math.nan) for end in hall(n, mean, stderr, skew))
    if known.all():
        return Interval(low, high)
    if lacking(order):
        return Interval(low, high, lacking(order))
    if few.any():
        tail = "" if order > 3.0 else ", which a quantity without a third moment needs"
        return Interval(low, high, f"no interval: fewer than {least} paths{tail}")
    if heavy.any():
        part = f"{100.0 * float(np.max(np.where(heavy, share, 0.0))):.0f} %"
        return Interval(low, high, f"no interval: one path makes up {part} of the variance, which may not exist")
    return Interval(low, high, "no interval: no paths are left")
