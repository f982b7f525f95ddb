"""How far off at most and at least: bounds for the largest relative error, and the verdict that they allow.

ρ is the size of a gap over its scale, one number per judged quantity and save; ρ̂ is measured with standard error se.
With the level α of each side and z, q the quantiles of Student's t at α and at α/(2m), m the number of quantities times
saves,

    U = max (√((ρ̂ + z·se)² + z²(widest² - se²)) + left)     at most α for U < max ρ
    L = max (√((ρ̂ - q·se)₊² - floor²) - left)               at most α for L > max ρ

U needs no correction for the number of quantities: let i be where ρ is largest; U < ρ_i has probability α for it alone
(intersection-union test: Berger, Technometrics 24 (1982) 295-300, doi:10.2307/1267823). L is Bonferroni's. For a
vector, ρ̂ = ‖ĝ‖/s and se is that of ⟨û, ĝ⟩/s, û = ĝ/‖ĝ‖. Noise makes ‖ĝ‖ too long, by ``floor`` in squares:
E‖ĝ‖² = ‖g‖² + floor², which L takes away. For a single number the floor is 0. ``left`` bounds what the integrator's
step size leaves of the error.

The direction û is chosen by the noise, and is the better known the more of it the noise has hidden, so ‖ĝ‖ + z·se(û)
is below ‖g‖ in up to 15 % of all cases, not in 5. For the true direction u, ⟨u, ĝ⟩ + z·se(u) < ‖g‖ has probability α,
whatever u is; so U is the largest that this allows, max_u ⟨u, ĝ⟩ + z·se(u), the farthest that the ellipsoid
{ĝ + zΣ^½v : |v| <= 1} reaches. By Lagrange's multiplier its square is min_λ λ + Σ c_i² λ/(λ - z²s_i²) over
λ >= z² max s², with s_i² the eigenvalues of Σ and c_i the coordinates of ĝ along them. λ/(λ - z²s²) is convex in s², so
of all Σ with ûᵀΣû = se² and largest eigenvalue widest² the farthest reach has the one whose eigenvalues are widest² and
0, and there the minimum is the formula above.

Everything here is about arrays; nothing knows where they come from.
"""

from __future__ import annotations

import bisect
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.student import student

__all__ = [
    "AGREE",
    "DIFFER",
    "LEAST",
    "NOT_JUDGED",
    "OPEN",
    "Bounds",
    "Decision",
    "Sizes",
    "allowance",
    "bounds",
    "decide",
    "forecast",
]

Array = NDArray[np.float64]
AGREE, DIFFER, OPEN, NOT_JUDGED = "agree", "differ", "open", "not judged"
LEAST = 50  # paths below which a standard error of a variance is not known well enough for a verdict
HEAVY = 0.1  # share of the squared influence in one path above which the central limit theorem is not trusted
TWO = 0.45  # the same of few paths: two alike that carry all of it have (1 - 2/n)/2 each, 48 % of 50
SPARE = 1.644854  # standard errors by which a forecast may be wrong
HALVINGS = 24  # factors of two, in steps of √2 twice as many, among which the paths that would decide are looked for


class Sizes(NamedTuple):
    """Relative errors and what is known of them, arrays (n, K): a row per save, a column per judged quantity.

    ``size`` is ρ̂ (NaN: too few paths), ``stderr`` its standard error, ``degrees`` their degrees of freedom, ``floor``
    what noise adds to a length, ``left`` what the step size of the integrator leaves, ``share`` the part of the squared
    influence that one path has (inf: a standard error does not exist, whatever the number of paths), ``widest`` the
    standard error along the direction that is known worst (of a single number there is one).
    """

    size: Array
    stderr: Array
    degrees: Array
    floor: Array
    left: Array
    share: Array
    widest: Array


class Bounds(NamedTuple):
    """Upper and lower bounds, arrays (n, K), whose maxima are U and L."""

    low: Array
    high: Array


class Decision(NamedTuple):
    """[L, U], the verdict, and the quantity and save that decide.

    ``why`` says what keeps an undecided one from being decided: "paths" or "step size" where it is open, "tail",
    "moments" or "few paths" where it is not judged. ``more`` is the factor of paths that would decide, inf where none
    would; ``share`` what one path has of the squared influence there.
    """

    verdict: str
    low: float
    high: float
    save: int
    column: int
    why: str = ""
    more: float = math.nan
    share: float = 0.0


def allowance(paths: Array) -> Array:
    """Share of the squared influence that one of so many paths may have.

    Where influences have tails like e^{-v/2}, as the square of a normal number has, the largest of n is above 3 log n
    with probability n^{-1/2} at most, and the mean square is at least 2. But what no more than two paths carry is not
    known, however few there are: where three are expected, two or fewer of them come in 42 % of all samples, and with
    one U is too small.
    """
    n = np.maximum(paths, 2.0)
    result: Array = np.clip((3.0 * np.log(n)) ** 2 / (2.0 * n), HEAVY, TWO)
    return result


def bounds(s: Sizes, alpha: float, paths: float = 1.0, spare: float = 0.0) -> Bounds:
    """Bounds at level ``alpha`` a side.

    With ``paths`` those to be expected of so many times the paths, wider by so many standard errors to ``spare``.
    """
    known = ~(np.isnan(s.size) | np.isnan(s.stderr))
    stderr, floor, widest = (a / math.sqrt(paths) for a in (s.stderr, s.floor, s.widest))
    size = s.size
    if paths != 1.0:  # without the noise of so many paths, and with that of more
        size = np.sqrt(np.maximum(s.size**2 - s.floor**2, 0.0) + floor**2)
    with np.errstate(invalid="ignore"):
        z = spare - _student(s.degrees, alpha)
        beside = z * np.sqrt(np.maximum(widest**2 - stderr**2, 0.0))
        high = np.where(beside > 0.0, np.hypot(size + z * stderr, beside), size + z * stderr) + s.left
        reach = (spare - _student(s.degrees, alpha / (2.0 * max(int(known.sum()), 1)))) * stderr
        low = np.sqrt(np.maximum(np.maximum(size - reach, 0.0) ** 2 - floor**2, 0.0)) - s.left
        low = np.where(np.isinf(size) & (reach == 0.0), np.inf, low)
    return Bounds(np.where(known, np.maximum(low, 0.0), np.nan), np.where(known, high, np.nan))


def _student(degrees: Array, probability: float) -> Array:
    """Quantiles of Student's t, looked up once for every number of degrees that occurs."""
    values, which = np.unique(degrees, return_inverse=True)
    found: Array = student(values, probability)[which].reshape(degrees.shape)
    return found


def decide(s: Sizes, b: Bounds, paths: Array, tolerance: float, alpha: float) -> Decision:
    """The verdict on all columns together; ``paths`` (n,) are left at the saves.

    What one path dominates cannot make anything differ, and if it decides otherwise, nothing is judged.
    """
    heavy = (s.share > allowance(paths)[:, None]) | np.isinf(s.share)
    trusted = np.where(heavy | np.isnan(b.low), -np.inf, b.low)
    low = max(float(trusted.max(initial=-np.inf)), 0.0)
    if low > tolerance:
        return Decision(DIFFER, low, float(np.nanmax(b.high)), *_where(trusted))
    missing = np.isnan(b.high)
    if missing.any():
        return Decision(NOT_JUDGED, low, math.inf, *_where(missing * (1.0 + paths.max() - paths[:, None])), "few paths")
    if np.isinf(s.share).any():
        return Decision(NOT_JUDGED, low, math.inf, *_where(np.where(np.isinf(s.share), b.high, -np.inf)), "moments")
    save, column = _where(b.high)
    high = float(b.high[save, column])
    if heavy[save, column]:
        return Decision(NOT_JUDGED, low, math.inf, save, column, "tail", share=float(s.share[save, column]))
    if high <= tolerance:
        return Decision(AGREE, low, high, save, column)
    more, exact = (forecast(s._replace(left=left), paths, tolerance, alpha) for left in (s.left, np.zeros_like(s.left)))
    still = bool((b.high - s.left <= tolerance).all() or ((trusted + s.left) > tolerance).any())
    why = "step size" if still or (math.isinf(more) and math.isfinite(exact)) else "paths"
    return Decision(OPEN, low, high, save, column, why, more)


def _where(a: Array) -> tuple[int, int]:
    """Row and column of the largest entry."""
    row, column = np.unravel_index(int(np.argmax(a)), a.shape)
    return int(row), int(column)


def forecast(s: Sizes, paths: Array, tolerance: float, alpha: float) -> float:
    """The smallest factor of paths, of powers of √2, at which a verdict is likely; inf if none.

    Likely: also if the estimate that decides turns out worse by 1.64 standard errors, as it does in one of 20 runs.
    """
    trusted, factors = ~(s.share > allowance(paths)[:, None]), [2.0 ** (step / 2.0) for step in range(2 * HALVINGS + 1)]

    def likely(factor: float) -> bool:
        expected = bounds(s, alpha, factor, SPARE)
        return bool((expected.high <= tolerance).all() or (expected.low > tolerance)[trusted].any())

    first = bisect.bisect_left(factors, True, key=likely)  # with more paths upper bounds fall, and lower ones rise
    return factors[first] if first < len(factors) else math.inf
