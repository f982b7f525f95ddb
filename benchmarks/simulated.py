"""Comparisons that are simulated on arrays, in cases of which the truth is known, for `benchmarks.rates`.

Two columns of paths (first-order autoregressions in time, correlated with each other) stand for optimizer and SDE; what
is known of their largest relative error is exact. What judges them is what judges in `compare`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from benchmarks import procedure
from sdeopt.comparison import forecast
from sdeopt.results import bounds as judged
from sdeopt.results import paired, quantities
from sdeopt.results.bounds import LEAST, Decision, Sizes, bounds, decide
from sdeopt.results.columns import labels

__all__ = ["ALPHA", "CASES", "CROOKED", "MARGIN"]

ALPHA, MARGIN = 0.05, 0.1
SAVES, SHARED = 15, 0.999  # correlation of the columns, as common random numbers make it
SEVERAL = 200  # paths, beside the fewest that are judged
PILOT, MOST, CHUNK = 64, 300, 32  # paths of the two stages, the second in chunks
D, FLOORED = 31, 200  # dimensions and paths of the vectors
SPIKE = 30.0  # standard deviation of one direction, of all others 1
HEAVY = 0.5  # standard deviation of the logarithm of what multiplies a whole path


def columns(random: Any, several: int, n: int, correlation: float = SHARED, heavy: bool = False) -> tuple[Any, Any]:
    """Both columns of several comparisons, (n, several, saves, 2), of one law: means 0, variances 1."""
    size = np.exp(HEAVY * random.standard_normal((n, several, 1, 1)) - HEAVY**2) if heavy else 1.0

    def paths() -> Any:
        x, e = np.empty((n, several, SAVES, 2)), random.standard_normal((n, several, SAVES, 2))
        x[:, :, 0] = e[:, :, 0]
        for k in range(1, SAVES):
            x[:, :, k] = 0.8 * x[:, :, k - 1] + 0.6 * e[:, :, k]
        return size * x

    a = paths()
    return a, correlation * a + np.sqrt(1.0 - correlation**2) * paths()


def measured(a: Any, b: Any) -> list[Sizes]:
    """Relative errors, as comparisons find them; a flow at the mean adds nothing to the scales.

    What is reduced of one save knows nothing of others, so the saves of all comparisons stand beside each other.
    """
    n, several, saves, d = a.shape
    together = (x.reshape(n, several * saves, d) for x in (a, b))
    reduced = paired.reduce(0, *together, d=d, keep=0, vectors=d > quantities.SINGLE)
    both, (kinds, names) = paired.estimates(reduced, d), labels(d, ())
    what, times = quantities.choose_judged(kinds, names, False, "all", False), np.arange(1.0, saves + 1.0)
    each = [slice(i * saves, (i + 1) * saves) for i in range(several)]
    scales = (quantities.scales(e, kinds, times, e.first) for e in (both_of(both, one) for one in each))
    every = quantities.Scales(*(np.concatenate(parts) for parts in zip(*scales, strict=True)))
    found = quantities.apart(both, reduced.groups, every, what, 0)
    return [Sizes(*(v[one] for v in found)) for one in each]


def both_of(both: paired.Estimates, one: slice) -> paired.Estimates:
    """The estimates of one comparison."""
    return paired.Estimates(*(v[one] for v in both))


def decided(a: Any, b: Any, chosen: int | None = None) -> list[Decision]:
    """What is said, of all quantities or of the one ``chosen``; how many paths would decide is not asked."""
    found = [s if chosen is None else Sizes(*(v[:, [chosen]] for v in s)) for s in measured(a, b)]
    counts = np.full(a.shape[2], float(len(a)))
    with mock.patch.object(judged, "forecast", return_value=np.nan):
        return [decide(s, bounds(s, ALPHA), counts, MARGIN, ALPHA) for s in found]


def one_mean(b: Any) -> float:
    """A mean at one save."""
    b[..., 5, 0] += MARGIN
    return MARGIN


def one_variance(b: Any) -> float:
    """A variance at one save."""
    b[..., 5, 0] *= np.sqrt(1.0 + MARGIN)
    return MARGIN


def everything(b: Any) -> float:
    """All means and variances at all saves."""
    b *= np.sqrt(1.0 + MARGIN)
    b += MARGIN
    return MARGIN


def nothing(b: Any) -> float:
    """The law of a."""
    return 0.0


def diffusion(b: Any) -> float:
    """A diffusion 1.15 times too large."""
    b *= 1.15
    return 1.15**2 - 1.0


Outcome = tuple[float, list[Decision]]
Change = Callable[[Any], float]


def fixed(change: Change, n: int, correlation: float, heavy: bool, random: Any, several: int) -> Outcome:
    """Comparisons on n paths."""
    a, b = columns(random, several, n, correlation, heavy)
    true = change(b)
    return true, decided(a, b)


def staged(change: Change, heavy: bool, random: Any, several: int) -> Outcome:
    """Pilots ask for fresh paths, in whole chunks, and get what a clock has left."""
    a, b = columns(random, several, PILOT, 0.99, heavy)
    change(b)
    counts, granted = np.full(SAVES, float(PILOT)), []
    for s in measured(a, b):
        asked = math.sqrt(2.0) * forecast.asked(s, counts, MARGIN, ALPHA) * PILOT
        granted.append(max(int(min(asked, random.uniform(PILOT, MOST)) // CHUNK) * CHUNK, PILOT))
    found, true = list[Decision](), 0.0
    for n, times in zip(*np.unique(granted, return_counts=True), strict=True):
        a, b = columns(random, int(times), int(n), 0.99, heavy)
        true = change(b)
        found += decided(a, b)
    return true, found


def _spread(spiked: bool) -> Any:
    sd = np.ones(D)
    sd[0] = SPIKE if spiked else 1.0
    return sd


def means(spiked: bool, times: float, random: Any, several: int) -> Outcome:
    """Means of 31 coordinates of variance 1, apart by ``times`` what their noise makes of a length."""
    sd = 0.1 * _spread(spiked)
    floor = np.linalg.norm(sd) / np.sqrt(FLOORED)
    direction = np.array([1.0, 1.0, *np.zeros(D - 2)]) / np.sqrt(2.0)
    a, e = random.standard_normal((2, FLOORED, several, 1, D))
    return float(times * floor / np.sqrt(D)), decided(a, a + sd * e + times * floor * direction, 0)  # all scales are 1


def many_variances(n: int, correlation: float, spiked: bool, random: Any, several: int) -> Outcome:
    """Variances of 31 coordinates, all at the margin."""
    a, e = random.standard_normal((2, n, several, 1, D)) * _spread(spiked)
    b = correlation * a + np.sqrt(1.0 - correlation**2) * e
    b *= np.sqrt(1.0 + MARGIN)
    return MARGIN, decided(a, b, 1)


def carried(n: int, carriers: int, random: Any, several: int) -> Outcome:
    """A mean at the margin, all of it by those of n paths that are among so many to be expected."""
    a, b = columns(random, several, n, 0.9999)
    b[..., 5, 0] += MARGIN * n / carriers * (random.random((n, several)) < carriers / n)
    return MARGIN, decided(a, b, 0)


def compared(random: Any, several: int) -> Outcome:
    """`compare` itself, its margin the true error."""
    seeds = random.integers(2**32, size=several)
    return procedure.true_error(), [procedure.report(1.0, int(seed)).decision for seed in seeds]


def _fixed(correlation: float, heavy: bool = False, **changes: Change) -> dict[str, Callable[..., Outcome]]:
    """Cases with the fewest paths, and with more."""
    said = "tails, " if heavy else ""
    return {
        f"{said}{name.replace('_', ' ')}, {n} paths, correlation {correlation}": functools.partial(
            fixed, change, n, correlation, heavy
        )
        for name, change in changes.items()
        for n in (LEAST, SEVERAL)
    }


CROOKED = "12 of 200 paths carry a mean at the margin"
CASES: dict[str, Callable[[Any, int], Outcome]] = {
    **_fixed(0.9999, one_mean_at_the_margin=one_mean, one_variance_at_the_margin=one_variance),
    **_fixed(0.999, one_mean_at_the_margin=one_mean, everything_at_the_margin=everything, no_gap=nothing),
    **_fixed(0.9999, True, one_mean_at_the_margin=one_mean, one_variance_at_the_margin=one_variance),
    **{
        f"{D} means, {'spiked' if spiked else 'isotropic'} noise, {times:g} floors apart": functools.partial(
            means, spiked, times
        )
        for spiked in (False, True)
        for times in (0.5, 1.0, 2.0, 5.0)
    },
    **{
        f"{D} {'spiked ' if spiked else ''}variances at the margin, {LEAST} paths": functools.partial(
            many_variances, LEAST, 0.9999, spiked
        )
        for spiked in (False, True)
    },
    **{
        f"two stages, {what}": functools.partial(staged, change, False)
        for what, change in (
            ("one mean at the margin", one_mean),
            ("one variance at the margin", one_variance),
            ("no gap", nothing),
            ("diffusion 1.15 times too large", diffusion),
            ("everything at the margin", everything),
        )
    },
    "two stages, tails, one variance at the margin": functools.partial(staged, one_variance, True),
    "3 of 50 paths carry a mean at the margin": functools.partial(carried, LEAST, 3),
    "3 of 200 paths carry a mean at the margin": functools.partial(carried, SEVERAL, 3),
    CROOKED: functools.partial(carried, SEVERAL, 12),
    "compare itself, at the margin": compared,
}
