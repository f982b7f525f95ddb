"""How often the two bounds of a comparison are wrong, over thousands of simulated ones.

Two columns of Gaussian paths (first-order autoregressions in time, correlated with each other) stand for optimizer and
SDE; what is known of their largest relative error is exact. Only arrays: no optimizer runs.

python -m benchmarks.rates [REPETITIONS]
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest

from sdeopt.results import paired, quantities
from sdeopt.results.bounds import LEAST, Bounds, Sizes, bounds, forecast
from sdeopt.results.columns import labels

__all__ = ["ALPHA", "CASES", "MARGIN", "Rate", "rate", "table"]

ALPHA, MARGIN, REPETITIONS = 0.05, 0.1, 2000
SAVES, SHARED = 15, 0.999  # correlation of the columns, as common random numbers make it
PILOT, MOST = 64, 512  # paths of the two stages
D, FLOORED = 31, 200  # dimensions and paths of the vectors


class Rate(NamedTuple):
    """Repetitions, and in how many U was below the truth, and L above it."""

    repetitions: int
    above: int
    below: int


def columns(random: Any, n: int, correlation: float = SHARED) -> tuple[Any, Any]:
    """Both columns, (n, saves, 2), of one law: means 0, variances 1."""

    def paths() -> Any:
        x, e = np.empty((n, SAVES, 2)), random.standard_normal((n, SAVES, 2))
        x[:, 0] = e[:, 0]
        for k in range(1, SAVES):
            x[:, k] = 0.8 * x[:, k - 1] + 0.6 * e[:, k]
        return x

    a = paths()
    return a, correlation * a + np.sqrt(1.0 - correlation**2) * paths()


def measured(a: Any, b: Any) -> tuple[Sizes, Bounds]:
    """Relative errors and bounds, as a comparison finds them; a flow at the mean adds nothing to the scales."""
    d = a.shape[2]
    reduced = paired.reduce(0, a, b, d=d, keep=0, vectors=d > quantities.SINGLE)
    both, (kinds, names) = paired.estimates(reduced, d), labels(d, ())
    what = quantities.choose_judged(kinds, names, False, "all", False)
    scales = quantities.scales(both, kinds, np.arange(1.0, a.shape[1] + 1.0), both.first)
    found = quantities.apart(both, reduced.groups, scales, what, 0)
    return found, bounds(found, ALPHA)


def one_mean(b: Any) -> float:
    """A mean at one save."""
    b[:, 5, 0] += MARGIN
    return MARGIN


def one_variance(b: Any) -> float:
    """A variance at one save."""
    b[:, 5, 0] *= np.sqrt(1.0 + MARGIN)
    return MARGIN


def everything(b: Any) -> float:
    """All means and variances at all saves."""
    b *= np.sqrt(1.0 + MARGIN)
    b += MARGIN
    return MARGIN


def nothing(b: Any) -> float:
    """The law of a."""
    return 0.0


Outcome = tuple[float, Bounds]


def fixed(change: Callable[[Any], float], correlation: float, random: Any) -> Outcome:
    """A comparison with the fewest paths that are judged."""
    a, b = columns(random, LEAST, correlation)
    true = change(b)
    return true, measured(a, b)[1]


def staged(change: Callable[[Any], float], random: Any) -> Outcome:
    """A pilot forecasts how many fresh paths decide, within what a clock, which knows nothing of them, has left."""
    a, b = columns(random, PILOT, 0.99)
    change(b)
    s, _ = measured(a, b)
    factor = forecast(s._replace(left=s.left + s.stderr), np.full(SAVES, float(PILOT)), MARGIN, ALPHA)
    clock = random.uniform(PILOT, MOST)
    a, b = columns(random, int(min(max(factor * PILOT, LEAST), clock)), 0.99)
    true = change(b)
    return true, measured(a, b)[1]


def vectors(spike: float, times: float, random: Any) -> Outcome:
    """Means of 31 coordinates, apart by ``times`` their noise, of which one direction has ``spike`` times the rest."""
    sd = np.ones(D)
    sd[0] = spike
    floor = 0.1 * np.linalg.norm(sd) / np.sqrt(FLOORED)
    direction = np.array([1.0, 1.0, *np.zeros(D - 2)]) / np.sqrt(2.0)
    a = random.standard_normal((FLOORED, 1, D))
    b = a + 0.1 * sd * random.standard_normal((FLOORED, 1, D)) + times * floor * direction
    _, found = measured(a, b)
    return float(times * floor / np.sqrt(D)), Bounds(found.low[:, :1], found.high[:, :1])  # all scales are 1


CASES: dict[str, Callable[[Any], Outcome]] = {
    **{
        f"{what} at the margin, {LEAST} paths, columns correlated by {c}": functools.partial(fixed, change, c)
        for what, change in (("one mean", one_mean), ("one variance", one_variance), ("everything", everything))
        for c in (0.9, 0.999, 0.9999)
    },
    **{f"no gap, {LEAST} paths, columns correlated by {c}": functools.partial(fixed, nothing, c) for c in (0.9, 0.999)},
    **{
        f"{D} means, {kind} noise, {times:g} floors apart": functools.partial(vectors, spike, times)
        for kind, spike in (("isotropic", 1.0), ("spiked", 30.0))
        for times in (0.5, 1.0, 2.0, 5.0)
    },
    **{
        f"two stages with a clock, {what}": functools.partial(staged, change)
        for what, change in (
            ("one mean at the margin", one_mean),
            ("everything at it", everything),
            ("no gap", nothing),
        )
    },
}


def rate(name: str, repetitions: int = REPETITIONS) -> Rate:
    """How often U and L of a case are wrong; always the same numbers."""
    random, above, below = np.random.default_rng(list(CASES).index(name)), 0, 0
    for _ in range(repetitions):
        true, found = CASES[name](random)
        above += float(found.high.max()) < true
        below += float(found.low.max()) > true
    return Rate(repetitions, above, below)


def table(repetitions: int = REPETITIONS) -> str:
    """All cases, in markdown."""
    lines = [f"| case, {repetitions} repetitions | U too small | L too large |", "|---|---:|---:|"]
    for name in CASES:
        r = rate(name, repetitions)
        cells = []
        for count in (r.above, r.below):
            low, high = binomtest(count, r.repetitions).proportion_ci()
            cells.append(f"{100 * count / r.repetitions:.2g} % [{100 * low:.2g}, {100 * high:.2g}]")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(*map(int, sys.argv[1:])))
