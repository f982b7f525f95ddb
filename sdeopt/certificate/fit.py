"""Slopes of gaps in the time h of one step, and what they certify.

A weak error behaves like C h^p (1 + D h). The order that is judged is the slope between the two smallest h,

    p = ln(g₁/g₂)/ln(h₁/h₂),   half-width q √(r₁² + r₂²)/ln(h₁/h₂),   r_i = standard error of g_i / |g_i|

(delta method, q the 97.5 % quantile of Student's t). A gap still far from its limit bends: beside that slope stands a
fit, weighted least squares of ln |g| on 1, ln h and, from three h on, h, the last for D. It has all h that obey this
law: the largest are left out one by one while χ² rejects it at 0.1 %. A verdict needs both. A gap within `RESOLVED`
standard errors of zero has no logarithm worth the name and enters no fit, nor do gaps before the last change of sign.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.judging import quantile

__all__ = [
    "GATES",
    "RESOLVED",
    "Curve",
    "CertificateRow",
    "Slope",
    "verdict_of",
    "pair",
    "shift",
    "paths_for",
    "fit_slope",
]

Array = NDArray[np.float64]
RESOLVED = 4.0
MISS = 0.05  # two-sided, of every interval
GATES = {"mean": 0.15, "covariance": 0.25}  # by how much a slope may miss its claim; 1.75: halfway to a missing √h
EXACT = 1e-12  # relative error of gaps without noise
STEEP = 1.25  # a slope above its claim by more than this is a gap about to change sign
LOST, WIDE = "gap lost in noise", "interval too wide"  # what more paths would cure
HALF = 0.15  # no order is certified by a wider interval


class Curve(NamedTuple):
    """Gaps of one quantity along the ladder: times of a step h (falling), gaps, standard errors, numbers of paths."""

    h: Array
    gap: Array
    stderr: Array
    paths: Array


class Slope(NamedTuple):
    """A slope and half of its 95 % interval; NaN where there is none."""

    value: float
    half: float


class CertificateRow(NamedTuple):
    """One line of the table: a quantity of a model, its slopes, and what they say.

    ``slope`` is that of the two smallest h, ``fit`` is by `fit_slope`; ``shift`` is what halving dt does to ``slope``.
    ``needs`` is the estimated number of paths at the smallest learning rate that would decide.
    """

    model: str
    quantity: str
    kind: str
    column: int
    claimed: float
    slope: Slope
    fit: Slope
    shift: Slope
    verdict: str
    reason: str
    needs: float | None


NONE = Slope(math.nan, math.nan)


def are_resolved(c: Curve) -> NDArray[np.bool_]:
    """Which gaps are told from zero."""
    return np.isfinite(c.gap) & np.isfinite(c.stderr) & (np.abs(c.gap) > RESOLVED * c.stderr)


def lasting(c: Curve) -> NDArray[np.bool_]:
    """Which gaps are told from zero, after the last change of their sign."""
    known = are_resolved(c)
    turns = np.flatnonzero(known & (np.sign(c.gap) != np.sign(c.gap[-1])))
    return known & (np.arange(len(c.h)) > (turns[-1] if turns.size else -1))


def pair(c: Curve) -> Slope:
    """Slope between the two smallest h."""
    last = Curve(*(a[-2:] for a in c))
    if not are_resolved(last).all() or last.gap[0] * last.gap[1] < 0.0:
        return NONE
    width = math.log(last.h[0] / last.h[1])
    error = float(np.linalg.norm(last.stderr / last.gap))
    return Slope(float(np.log(last.gap[0] / last.gap[1])) / width, quantile(last.paths, MISS) * error / width)


def fit_slope(c: Curve) -> Slope:
    """Exponent p of C h^p (1 + D h) from the resolved gaps of the last sign that obey it; two are fitted without D."""
    keep = lasting(c)
    if keep.sum() < 2:
        return NONE
    h, y, error = c.h[keep], np.log(np.abs(c.gap[keep])), c.stderr[keep] / np.abs(c.gap[keep])
    error = np.maximum(error, EXACT)
    slope, deviance = _bent(h, y, error)
    while len(h) > 3 and deviance > chi2(len(h) - 3):
        h, y, error = h[1:], y[1:], error[1:]
        slope, deviance = _bent(h, y, error)
    return Slope(slope.value, quantile(c.paths[keep], MISS) * slope.half)


def _bent(h: Array, y: Array, error: Array) -> tuple[Slope, float]:
    """Slope with its standard error in place of the half-width, and χ²."""
    design = np.stack([np.ones_like(h), np.log(h), h], axis=1)[:, : min(3, len(h))]
    inverse = np.linalg.pinv(design / error[:, None])
    coefficients = inverse @ (y / error)
    deviance = float(np.sum(((y - design @ coefficients) / error) ** 2))
    return Slope(float(coefficients[1]), float(np.linalg.norm(inverse[1]))), deviance


def chi2(freedom: int) -> float:
    """The value that χ² exceeds with a probability of 0.1 %."""
    from scipy import stats

    return float(stats.chi2.isf(0.001, freedom))


def shift(c: Curve, change: Array, stderr: Array) -> Slope:
    """First-order change of `pair` when the last two gaps change by ``change`` with standard errors ``stderr``."""
    gap, width = c.gap[-2:], math.log(c.h[-2] / c.h[-1])
    if math.isnan(pair(c).value):
        return NONE
    moved = change / gap
    return Slope(
        float(moved[0] - moved[1]) / width, quantile(c.paths[-2:], MISS) * float(np.linalg.norm(stderr / gap)) / width
    )


def paths_for(c: Curve, claimed: float, precision: float) -> Array:
    """Paths that every h should have for half-widths of ``precision``; infinite where nothing is known of the gap.

    A gap that is not resolved is taken to follow the claim from the next larger h that is. Exact gaps need no paths.
    """
    width = math.log(c.h[-2] / c.h[-1])
    target = np.full(len(c.h), 1.0 / (2.0 * RESOLVED))
    target[-2:] = precision * width / (quantile(c.paths[-2:], MISS) * math.sqrt(2.0))
    known, size, last = are_resolved(c), np.abs(c.gap), math.nan
    for i in range(len(c.h)):
        size[i] = last = size[i] if known[i] else (last * (c.h[i] / c.h[i - 1]) ** claimed if i else math.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        paths = c.paths * (c.stderr / (size * target)) ** 2
    return np.where(c.stderr == 0.0, 0.0, np.where(np.isnan(paths), math.inf, paths))


def verdict_of(c: Curve, kind: str, claimed: float, moved: Slope, precision: float, lost: bool) -> tuple[str, str]:
    """Verdict and reason for one quantity.

    "certified" if the interval of `pair` lies above claimed - gate and is narrow enough, "refuted" if it lies below,
    else "inconclusive"; for a covariance the words are "right" and "wrong".
    """
    good, bad = ("certified", "refuted") if kind == "mean" else ("right", "wrong")
    p, overall, floor = pair(c), fit_slope(c), claimed - GATES[kind]
    if lost:
        return "inconclusive", "paths diverged"
    if not c.gap[-2:].any():
        return "inconclusive", "there is no gap"
    if math.isnan(p.value):
        opposite = are_resolved(c)[-2:].all()
        return "inconclusive", "the gap changes sign: smaller lrs" if opposite else LOST
    if 2.0 * (abs(moved.value) - moved.half) > precision:  # what is left at dt/2 is at most as much again
        return "inconclusive", "dt too large: more substeps"
    if p.value - p.half > claimed + STEEP:
        return "inconclusive", "too steep, the gap nears a change of sign: smaller lrs"
    reaches = overall.value + overall.half >= floor
    if p.value + p.half < floor:
        return (
            ("inconclusive", "the slope may still rise: smaller lrs") if reaches or lasting(c).sum() < 3 else (bad, "")
        )
    if p.value - p.half < floor or p.half > max(HALF, precision):
        return "inconclusive", WIDE
    return (good, "") if reaches else ("inconclusive", "the slope still falls: smaller lrs")
