"""What the files of this folder share: estimates with their errors, and the findings that they make.

A finding sets the 95 % interval of a measured number against the range in which a claim puts it. It *holds* if the
interval lies inside the range, *fails* if it lies outside, and is *inconclusive* otherwise. A claim fails if one of its
findings does, and holds if all of them do. What is true where a claim fails is a finding too, marked "instead"; it does
not count for the claim.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import sdeopt as so
from sdeopt.certificate.fit import GATES

__all__ = [
    "Estimate",
    "Finding",
    "bracket",
    "compared",
    "exponent",
    "finding",
    "mean",
    "orders",
    "paths",
    "run",
    "share",
    "worst",
]

NORMAL = 1.959964  # half of the width of a 95 % interval in standard errors; samples are of a thousand or so at least
FEWEST = 1024
WORDS = {"certified": "holds", "right": "holds", "refuted": "fails", "wrong": "fails"}
GRAVE = ("holds", "inconclusive", "fails")

Range = tuple[float, float]


class Estimate(NamedTuple):
    """A number and its standard error. Quotients are those of independent estimates, to first order in the errors."""

    value: float
    stderr: float = 0.0

    def __truediv__(self, other: Estimate | float) -> Estimate:
        below = other if isinstance(other, Estimate) else Estimate(float(other))
        quotient = self.value / below.value
        return Estimate(quotient, abs(quotient) * math.hypot(self.stderr / self.value, below.stderr / below.value))


class Finding(NamedTuple):
    """One line of the table: ``measured`` in [``low``, ``high``], where the claim puts it into ``claimed``."""

    what: str
    claimed: Range
    measured: float
    low: float
    high: float
    verdict: str
    instead: bool = False

    def rather(self) -> Finding:
        """The same, as what is true in place of the claim."""
        return self._replace(instead=True)


def worst(findings: list[Finding]) -> str:
    """The verdict of a claim."""
    return max((f.verdict for f in findings if not f.instead), key=GRAVE.index)


def judged(what: str, claimed: Range, measured: float, low: float, high: float) -> Finding:
    """A finding from an interval."""
    inside = claimed[0] <= low and high <= claimed[1]
    outside = high < claimed[0] or claimed[1] < low
    return Finding(what, claimed, measured, low, high, "holds" if inside else "fails" if outside else "inconclusive")


def finding(what: str, claimed: Range, estimate: Estimate) -> Finding:
    """A finding from an estimate."""
    half = NORMAL * estimate.stderr
    return judged(what, claimed, estimate.value, estimate.value - half, estimate.value + half)


def share(what: str, claimed: Range, hits: Any) -> Finding:
    """How often something is true, with the interval of Clopper and Pearson."""
    from scipy.stats import binomtest

    hits = np.asarray(hits, dtype=bool)
    test = binomtest(int(hits.sum()), hits.size)
    low, high = test.proportion_ci()
    return judged(what, claimed, test.statistic, float(low), float(high))


def bracket(what: str, claimed: Range, inside: Callable[[float], bool], span: Range, halvings: int = 12) -> Finding:
    """Where ``inside`` turns from true to false as its argument runs through ``span``; the interval is the last half.

    For runs without noise. (True at the lower end and false at the upper one, or the other way round.)
    """
    low, high = span
    first = inside(low)
    if inside(high) == first:
        return judged(what, claimed, math.nan, -math.inf, math.inf)
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if inside(middle) == first else (low, middle)
    return judged(what, claimed, 0.5 * (low + high), low, high)


def exponent(xs: Range, first: Estimate, second: Estimate) -> Estimate:
    """p of y ~ x^p between two points."""
    quotient, width = first / second, math.log(xs[0] / xs[1])
    return Estimate(math.log(quotient.value) / width, quotient.stderr / quotient.value / abs(width))


def orders(certificate: so.Certificate, label: str, model: str = "SDE") -> list[Finding]:
    """The slopes of a certificate and its own verdicts on them."""
    found = []
    for row in certificate.rows:
        if row.model == model:
            (p, half), what = row.slope, f"{label}: order of the gap in {row.quantity}"
            ends = (-math.inf, math.inf) if math.isnan(p) else (p - half, p + half)
            claimed = (row.claimed - GATES[row.kind], math.inf)
            found.append(Finding(what, claimed, p, *ends, WORDS.get(row.verdict, "inconclusive")))
    return found


def seed(*what: Any) -> int:
    """A seed made of what is run, so that no two runs share draws."""
    return zlib.crc32(repr(what).encode())


def run(page: Any, problem: so.Problem, number: int, kind: str = "discrete", **words: Any) -> so.Ensemble:
    """A run of which the end is kept; ``words`` are of `so.simulate`."""
    own = seed(page, problem.objective, problem.noise, number, kind, words)
    return so.simulate(page, problem, kind, paths=number, save_at=1, rng=own, **({"observables": []} | words))


def mean(name: str, page: Any, problem: so.Problem, number: int, kind: str = "discrete", **words: Any) -> Estimate:
    """The mean of an observable at the end of a run."""
    value, stderr = run(page, problem, number, kind, observables=[name], **words).observables[name]
    return Estimate(float(value[-1]), float(stderr[-1]))


def compared(page: Any, problem: so.Problem, number: int, sde: str, horizon: float) -> so.Report:
    """Both columns at the end."""
    own = seed(page, problem.objective, problem.noise, number, sde, horizon)
    return so.compare(page, problem, horizon=horizon, sde=sde, paths=number, save_at=1, observables=[], rng=own)


def paths(number: int, size: float) -> int:
    """``number`` of paths, or ``size`` times as many, but enough for a standard error."""
    return max(FEWEST, round(number * size))
