"""How often a comparison is wrong, and how often it decides: docs/rates.md, from thousands of simulated ones.

python -m benchmarks.rates [REPETITIONS]    # all cases, and the page

Two columns of paths (first-order autoregressions in time, correlated with each other) stand for optimizer and SDE; what
is known of their largest relative error is exact. Whatever judges them is what judges in `compare`. The last cases are
`compare` itself, of SGD where the moments of both columns are exact (`benchmarks.procedure`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest

from benchmarks import procedure
from sdeopt.comparison import budget
from sdeopt.results import paired, quantities
from sdeopt.results.bounds import AGREE, DIFFER, LEAST, NOT_JUDGED, Decision, Sizes, bounds, decide
from sdeopt.results.columns import labels

__all__ = ["ALPHA", "CASES", "MARGIN", "PAGE", "Rate", "page", "rate"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rates.md"
ALPHA, MARGIN, REPETITIONS = 0.05, 0.1, 2000
SAVES, SHARED = 15, 0.999  # correlation of the columns, as common random numbers make it
SEVERAL = 400  # paths, beside the fewest that are judged
PILOT, MOST = 64, 512  # paths of the two stages
D, FLOORED = 31, 200  # dimensions and paths of the vectors
SPIKE = 30.0  # standard deviation of one direction, of all others 1
HEAVY = 0.5  # standard deviation of the logarithm of what multiplies a whole path
HEAD = """# How often verdicts are wrong

How often the upper bound U of a comparison is below the largest true error, and the lower bound L above it, with 95 %
limits (Clopper & Pearson); stated are 5 % each. Then what is said: *agree* if U is within the margin of 10 %, *differ*
if L is beyond it, *not judged*, else *open*. At the margin either verdict is wrong as soon as its bound is.
`python -m benchmarks.rates` made this page.

Two columns of paths stand for optimizer and SDE: 15 saves of two coordinates, or one of 31, whose moments are known.
"At the margin" is a true error of 10 %, "one" of all quantities at one save, the others being 0. 50 paths are the
fewest that are judged. In *two stages* a pilot of 64 asks for paths by the rules of `compare`, and a clock, which knows
nothing of them, grants 64 to 512 in all. *Tails* are those of a normal number times e^g, g normal with standard
deviation 1/2, the same for all saves of a path. The last rows are `compare` itself, of SGD on a quadratic with normal
noise, where the moments of both columns are exact: pilot, step sizes, fresh block; the margin is the true error.

"""


class Rate(NamedTuple):
    """Repetitions, in how many U was below the truth and L above it, and what was said."""

    repetitions: int
    above: int
    below: int
    agree: int
    differ: int
    unjudged: int


def columns(random: Any, n: int, correlation: float = SHARED, heavy: bool = False) -> tuple[Any, Any]:
    """Both columns, (n, saves, 2), of one law: means 0, variances 1."""
    size = np.exp(HEAVY * random.standard_normal((n, 1, 1)) - HEAVY**2) if heavy else 1.0

    def paths() -> Any:
        x, e = np.empty((n, SAVES, 2)), random.standard_normal((n, SAVES, 2))
        x[:, 0] = e[:, 0]
        for k in range(1, SAVES):
            x[:, k] = 0.8 * x[:, k - 1] + 0.6 * e[:, k]
        return size * x

    a = paths()
    return a, correlation * a + np.sqrt(1.0 - correlation**2) * paths()


def measured(a: Any, b: Any) -> Sizes:
    """Relative errors, as a comparison finds them; a flow at the mean adds nothing to the scales."""
    d = a.shape[2]
    reduced = paired.reduce(0, a, b, d=d, keep=0, vectors=d > quantities.SINGLE)
    both, (kinds, names) = paired.estimates(reduced, d), labels(d, ())
    what = quantities.choose_judged(kinds, names, False, "all", False)
    scales = quantities.scales(both, kinds, np.arange(1.0, a.shape[1] + 1.0), both.first)
    return quantities.apart(both, reduced.groups, scales, what, 0)


def decided(a: Any, b: Any, chosen: int | None = None) -> Decision:
    """What is said, of all quantities or of the one ``chosen``."""
    s = measured(a, b)
    s = s if chosen is None else Sizes(*(v[:, [chosen]] for v in s))
    return decide(s, bounds(s, ALPHA), np.full(len(s.size), float(len(a))), MARGIN, ALPHA)


def one_mean(b: Any) -> float:
    """A mean at one save."""
    b[:, 5, 0] += MARGIN
    return MARGIN


def one_variance(b: Any) -> float:
    """A variance at one save."""
    b[:, 5, 0] *= np.sqrt(1.0 + MARGIN)
    return MARGIN


def variances(b: Any) -> float:
    """All variances at all saves, of covariances too."""
    b *= np.sqrt(1.0 + MARGIN)
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


Outcome = tuple[float, Decision]
Change = Callable[[Any], float]


def fixed(change: Change, n: int, correlation: float, heavy: bool, random: Any) -> Outcome:
    """A comparison on n paths."""
    a, b = columns(random, n, correlation, heavy)
    true = change(b)
    return true, decided(a, b)


def staged(change: Change, heavy: bool, random: Any) -> Outcome:
    """A pilot asks for fresh paths, and gets what a clock has left."""
    a, b = columns(random, PILOT, 0.99, heavy)
    change(b)
    s, counts = measured(a, b), np.full(SAVES, float(PILOT))
    asked = budget.doubt(s, counts, ALPHA) * budget.forecasts(s, counts, MARGIN, ALPHA)[0] * PILOT
    a, b = columns(random, int(max(min(asked, random.uniform(PILOT, MOST)), PILOT)), 0.99, heavy)
    true = change(b)
    return true, decided(a, b)


def _spread(spiked: bool) -> Any:
    sd = np.ones(D)
    sd[0] = SPIKE if spiked else 1.0
    return sd


def means(spiked: bool, times: float, random: Any) -> Outcome:
    """Means of 31 coordinates of variance 1, apart by ``times`` what their noise makes of a length."""
    sd = 0.1 * _spread(spiked)
    floor = np.linalg.norm(sd) / np.sqrt(FLOORED)
    direction = np.array([1.0, 1.0, *np.zeros(D - 2)]) / np.sqrt(2.0)
    a = random.standard_normal((FLOORED, 1, D))
    b = a + sd * random.standard_normal((FLOORED, 1, D)) + times * floor * direction
    return float(times * floor / np.sqrt(D)), decided(a, b, 0)  # all scales are 1


def many_variances(n: int, correlation: float, spiked: bool, random: Any) -> Outcome:
    """Variances of 31 coordinates, all at the margin."""
    a, e = random.standard_normal((2, n, 1, D)) * _spread(spiked)
    b = correlation * a + np.sqrt(1.0 - correlation**2) * e
    return variances(b), decided(a, b, 1)


FEW = {f"{what}, {LEAST} paths, columns correlated by {c}": functools.partial(fixed, change, LEAST, c, False)
       for what, change, correlated in (
           ("one mean at the margin", one_mean, (0.9, 0.999, 0.9999)),
           ("one variance at the margin", one_variance, (0.9, 0.999, 0.9999)),
           ("all variances at the margin", variances, (0.9, 0.999, 0.9999)),
           ("everything at the margin", everything, (0.9, 0.999, 0.9999)),
           ("no gap", nothing, (0.9, 0.999)),
       ) for c in correlated}  # fmt: skip
CASES: dict[str, Callable[[Any], Outcome]] = {
    **FEW,
    **{
        f"{what} at the margin, {SEVERAL} paths": functools.partial(fixed, change, SEVERAL, 0.9999, False)
        for what, change in (("one mean", one_mean), ("one variance", one_variance), ("everything", everything))
    },
    **{
        f"tails, {what} at the margin, {n} paths": functools.partial(fixed, change, n, 0.9999, True)
        for what, change in (("one mean", one_mean), ("one variance", one_variance), ("everything", everything))
        for n in (LEAST, SEVERAL)
    },
    **{
        f"{D} means, {'spiked' if spiked else 'isotropic'} noise, {times:g} floors apart": functools.partial(
            means, spiked, times
        )
        for spiked in (False, True)
        for times in (0.5, 1.0, 2.0, 5.0)
    },
    **{
        f"{D} {'spiked ' if spiked else ''}variances at the margin, {n} paths": functools.partial(
            many_variances, n, 0.9999, spiked
        )
        for spiked in (False, True)
        for n in (LEAST, SEVERAL)
    },
    **{
        f"two stages, {'tails, ' if heavy else ''}{what}": functools.partial(staged, change, heavy)
        for heavy in (False, True)
        for what, change in (
            ("one mean at the margin", one_mean),
            ("one variance at the margin", one_variance),
            ("everything at the margin", everything),
            ("no gap", nothing),
            ("diffusion 1.15 times too large", diffusion),
        )
    },
    **procedure.CASES,
}


def rate(name: str, repetitions: int = REPETITIONS) -> Rate:
    """How often U and L of a case are wrong, and what is said; always the same numbers."""
    random, found = np.random.default_rng(list(CASES).index(name)), []
    for _ in range(repetitions):
        true, d = CASES[name](random)
        said = (d.verdict == word for word in (AGREE, DIFFER, NOT_JUDGED))
        found.append((d.high < true, d.low > true, *said))
    return Rate(repetitions, *np.sum(found, axis=0).tolist())


def page(repetitions: int = REPETITIONS, cases: Any = None) -> str:
    """All cases, in Markdown."""
    lines = [
        f"| case, {repetitions} repetitions | U too small | L too large | agree | differ | not judged |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in CASES if cases is None else cases:
        r = rate(name, repetitions)
        lines.append(f"| {name} | {' | '.join([_limits(r, r.above), _limits(r, r.below)])} | {_said(r)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return HEAD + "\n".join(lines) + "\n"


def _limits(r: Rate, count: int) -> str:
    low, high = binomtest(count, r.repetitions).proportion_ci()
    return f"{100 * count / r.repetitions:.2g} % [{100 * low:.2g}, {100 * high:.2g}]"


def _said(r: Rate) -> str:
    return " | ".join(f"{100 * count / r.repetitions:.2g} %" for count in r[3:])


if __name__ == "__main__":
    PAGE.write_text(page(*map(int, sys.argv[1:])), encoding="utf-8")
