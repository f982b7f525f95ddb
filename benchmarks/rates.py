"""How often a comparison is wrong, and how often it decides: docs/rates.md, from thousands of simulated ones.

python -m benchmarks.rates [REPETITIONS]    # all cases, and the page

Two columns of paths (first-order autoregressions in time, correlated with each other) stand for optimizer and SDE; what
is known of their largest relative error is exact. Whatever judges them is what judges in `compare`. The last cases are
`compare` itself, of SGD where the moments of both columns are exact (`benchmarks.procedure`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from scipy.stats import binomtest

from benchmarks import procedure
from sdeopt.comparison import budget
from sdeopt.results import bounds as judged
from sdeopt.results import paired, quantities
from sdeopt.results.bounds import AGREE, DIFFER, LEAST, NOT_JUDGED, Decision, Sizes, bounds, decide
from sdeopt.results.columns import labels

__all__ = ["ALPHA", "CASES", "MARGIN", "PAGE", "Rate", "page", "rate", "row"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rates.md"
ALPHA, MARGIN, REPETITIONS = 0.05, 0.1, 2000
SAVES, SHARED = 15, 0.999  # correlation of the columns, as common random numbers make it
SEVERAL = 200  # paths, beside the fewest that are judged
PILOT, MOST = 64, 256  # paths of the two stages
D, FLOORED = 31, 200  # dimensions and paths of the vectors
SPIKE = 30.0  # standard deviation of one direction, of all others 1
TOGETHER = 50  # comparisons that are simulated at a time
HEAVY = 0.5  # standard deviation of the logarithm of what multiplies a whole path
HEAD = """# How often verdicts are wrong

How often the upper bound U of a comparison is below the largest true error, and the lower bound L above it, with 95 %
limits (Clopper & Pearson); stated are 5 % each. Then what is said: *agree* if U is within the margin of 10 %, *differ*
if L is beyond it, *not judged*, else *open*. At the margin either verdict is wrong as soon as its bound is.
`python -m benchmarks.rates` made this page.

Two columns of paths stand for optimizer and SDE: 15 saves of two coordinates, or one of 31, whose moments are known.
The correlation is that of the columns, as common random numbers make it. "At the margin" is a true error of 10 %, "one"
of all quantities at one save, the others being 0; 50 paths are the fewest that are judged. In *two stages* a pilot of
64 asks for paths by the rules of `compare`, and a clock, which knows nothing of them, grants 64 to 256 in all. *Tails*
are those of a normal number times e^g, g normal with standard deviation 1/2, the same for all saves of a path. The last
row is `compare` itself, of SGD on a quadratic with normal noise, where the moments of both columns are exact: pilot,
step sizes, fresh block; the margin is the true error.

That comparisons decide is shown by the last columns, by [what they decide](decisions.md) about every method, and in
`tests/test_planted_sdes.py`, where no wrong SDE agrees.

"""


class Rate(NamedTuple):
    """Repetitions, in how many U was below the truth and L above it, and what was said."""

    repetitions: int
    above: int
    below: int
    agree: int
    differ: int
    unjudged: int


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
    """A pilot asks for fresh paths, and gets what a clock has left."""
    a, b = columns(random, several, PILOT, 0.99, heavy)
    change(b)
    counts, found, true = np.full(SAVES, float(PILOT)), [], 0.0
    for s in measured(a, b):
        asked = budget.doubt(s, counts, ALPHA) * budget.forecasts(s, counts, MARGIN, ALPHA)[0] * PILOT
        n = int(max(min(asked, random.uniform(PILOT, MOST)), PILOT))
        a, b = columns(random, 1, n, 0.99, heavy)
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
            ("everything at the margin", everything),
            ("no gap", nothing),
            ("diffusion 1.15 times too large", diffusion),
        )
    },
    "two stages, tails, one variance at the margin": functools.partial(staged, one_variance, True),
    **procedure.CASES,
}


def rate(name: str, repetitions: int = REPETITIONS) -> Rate:
    """How often U and L of a case are wrong, and what is said; always the same numbers but where a clock decides."""
    random, found = np.random.default_rng(list(CASES).index(name)), []
    while len(found) < repetitions:
        true, decisions = CASES[name](random, min(TOGETHER, repetitions - len(found)))
        for d in decisions:
            found.append((d.high < true, d.low > true, *(d.verdict == word for word in (AGREE, DIFFER, NOT_JUDGED))))
    return Rate(repetitions, *np.sum(found, axis=0).tolist())


def row(name: str, repetitions: int = REPETITIONS) -> str:
    """One line of the table."""
    r = rate(name, repetitions)
    return f"| {name} | {' | '.join([_limits(r, r.above), _limits(r, r.below)])} | {_said(r)} |"


def page(lines: Iterable[str], repetitions: int = REPETITIONS) -> str:
    """The page of these lines, in Markdown."""
    head = f"| case, {repetitions} repetitions | U too small | L too large | agree | differ | not judged |"
    return HEAD + "\n".join([head, "|---|---:|---:|---:|---:|---:|", *lines]) + "\n"


def _limits(r: Rate, count: int) -> str:
    low, high = binomtest(count, r.repetitions).proportion_ci()
    return f"{100 * count / r.repetitions:.2g} % [{100 * low:.2g}, {100 * high:.2g}]"


def _said(r: Rate) -> str:
    return " | ".join(f"{100 * count / r.repetitions:.2g} %" for count in r[3:])


def main(arguments: list[str]) -> None:
    """Write the page, after every line."""
    repetitions, lines = int(arguments[0]) if arguments else REPETITIONS, list[str]()
    for name in CASES:
        lines.append(row(name, repetitions))
        print(lines[-1], flush=True)
        PAGE.write_text(page(lines, repetitions), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
