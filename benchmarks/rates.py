"""How often a comparison is wrong, and how often it decides: docs/rates.md, from thousands of simulated ones.

python -m benchmarks.rates              # all cases
python -m benchmarks.rates "CASE" ...   # these rows again
python -m benchmarks.rates --missing    # those that the page lacks
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from benchmarks.simulated import ALPHA, CASES
from sdeopt.results.bounds import AGREE, DIFFER, NOT_JUDGED

__all__ = ["ALPHA", "CASES", "PAGE", "Rate", "page", "rate", "row", "rows"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rates.md"
REPETITIONS = 2000
TOGETHER = 50  # comparisons that are simulated at a time
HEAD = """# How often verdicts are wrong

How often the upper bound U of a comparison is below the largest true error, and the lower bound L above it, with 95 %
limits (Clopper & Pearson); stated are 5 % each. Then what is said: *agree* if U is within the margin of 10 %, *differ*
if L is beyond it, *not judged*, else *open*. At the margin either verdict is wrong as soon as its bound is.
`python -m benchmarks.rates` made this page.

Two columns of paths stand for optimizer and SDE: 15 saves of two coordinates, or one of 31, whose moments are known.
The correlation is that of the columns, as common random numbers make it. "At the margin" is a true error of 10 %, "one"
of all quantities at one save, the others being 0; 50 paths are the fewest that are judged. In *two stages* a pilot of
64 asks for paths by the rules of `compare`, and a clock, which knows nothing of them, grants 64 to 300. *Tails*
are those of a normal number times e^g, g normal with standard deviation 1/2, the same for all saves of a path.

Where few paths *carry* a gap, each with the same probability, its estimate is skewed, and small where its error is
thought small. What two paths or fewer make up is not judged, and three carriers do no harm; of twelve the skewness is
left (one over √12), and U is too small a little more often than in 5 %. No bound knows of carriers that no path is.

*compare itself* is the whole of it, of SGD on a quadratic, where the moments of both columns are exact
(`benchmarks/procedure.py`): a pilot that chooses the step size and the paths, and a fresh block, under a budget that
often ends it; the margin is the true error. That comparisons decide is shown by the last columns, by
[what they decide](decisions.md) about every method, and in `tests/test_planted_sdes.py`, where no wrong SDE agrees.

"""


class Rate(NamedTuple):
    """Repetitions, in how many U was below the truth and L above it, and what was said."""

    repetitions: int
    above: int
    below: int
    agree: int
    differ: int
    unjudged: int


def rate(name: str, repetitions: int = REPETITIONS) -> Rate:
    """How often U and L of a case are wrong, and what is said; always the same numbers but where a clock decides."""
    random, found = np.random.default_rng(list(CASES).index(name)), []
    while len(found) < repetitions:
        true, decisions = CASES[name](random, min(TOGETHER, repetitions - len(found)))
        for d in decisions:
            found.append((d.high < true, d.low > true, *(d.verdict == word for word in (AGREE, DIFFER, NOT_JUDGED))))
    return Rate(repetitions, *np.sum(found, axis=0).tolist())


def row(name: str) -> str:
    """One line of the table."""
    r = rate(name)
    return f"| {name} | {' | '.join([_limits(r, r.above), _limits(r, r.below)])} | {_said(r)} |"


def rows(text: str) -> dict[str, str]:
    """Case -> line, of a page."""
    found = {m[1]: m[0] for m in re.finditer(r"^\| (.+?) \| [\d.]+ % \[.*$", text, flags=re.MULTILINE)}
    return {name: found[name] for name in CASES if name in found}


def page(lines: Mapping[str, str]) -> str:
    """The page of these lines, in Markdown."""
    head = f"| case, {REPETITIONS} repetitions | U too small | L too large | agree | differ | not judged |"
    table = [lines[name] for name in CASES if name in lines]
    return HEAD + "\n".join([head, "|---|---:|---:|---:|---:|---:|", *table]) + "\n"


def _limits(r: Rate, count: int) -> str:
    low, high = binomtest(count, r.repetitions).proportion_ci()
    return f"{100 * count / r.repetitions:.2g} % [{100 * low:.2g}, {100 * high:.2g}]"


def _said(r: Rate) -> str:
    shares = (100.0 * count / r.repetitions for count in r[3:])
    return " | ".join(f"{share:.0f} %" if share >= 10.0 else f"{share:.2g} %" for share in shares)


def main(names: list[str]) -> None:
    """Write the page, after every line."""
    found = rows(PAGE.read_text(encoding="utf-8")) if names else {}
    for name in [n for n in CASES if n not in found] if names == ["--missing"] else names or CASES:
        found[name] = row(name)
        print(found[name], flush=True)
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
