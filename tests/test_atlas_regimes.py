"""The page of the full atlas: what it says is what was found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.regimes import COMPARED, problem, total
from benchmarks.regimes_page import HEAD, general, page, pair, some
from sdeopt.atlases.lines import MEASURES
from sdeopt.atlases.regimes import usual_regimes
from sdeopt.results.estimate import Estimate, failed

FILE = Path(__file__).resolve().parent.parent / "docs" / "regimes.md"
META: dict[str, Any] = {
    "gradients": 200, "paths": 400, "tuning": 100, "lrs": [0.1, 0.2], "level": None, "minimum": 0.0, "partial": False,
    "problem": "f", "left out": {"D": "needs players"}, "compared": ["quiet", "loud"],
    "laws": {"quiet": "Gaussian(scale=0.1)", "loud": "StudentT(nu=1.0, scale=1.0)"},
}  # fmt: skip


def entry(median: float, low: float, high: float, error: tuple[float, float], lost: float = 0.0) -> Any:
    """A learning rate and what was measured at it."""
    off = Estimate(error[0], 0.0, *error) if np.isfinite(error[0]) else failed("no SDE", "missing")
    measured = {"median": Estimate(median, 0.1, low, high), "error": off, "diverged": Estimate(lost, 0.0, lost, lost)}
    return 0.1, measured | ({"time": Estimate(5.0, 0.5, 4.0, 6.0)} if median == 3.0 else {})


def test_the_page_says_who_wins_and_whose_sde_holds() -> None:
    none = (np.nan, np.nan)
    table = [
        [entry(1.0, 0.9, 1.1, (0.01, 0.02)), entry(9.0, 8.0, 10.0, none, lost=0.5)],
        [entry(1.2, 1.05, 1.3, (0.2, 0.4)), entry(3.0, 2.0, 4.0, (0.05, 0.3))],
        [entry(2.0, 1.8, 2.2, (0.3, 0.6)), entry(3.5, 3.0, 4.5, none)],
    ]
    found = so.Atlas.of(META, ["A", "B", "C"], ["quiet", "loud"], table)
    text = page(found, 7.4, "1 May 2026")
    assert "3 methods of 1 May 2026" in text and " 7 minutes of processor time." in text
    assert "| quiet | A, B | 1.00 ± 0.10 | C: [1.64, 2.44] | none |" in text
    assert "| loud | B, C | 3.0 ± 1.0 | A: [2, 5] | A |" in text
    assert "Best or tied with the best, of the 2 laws under which most methods run: B 2, A 1, C 1. 0 methods" in text
    assert "| quiet | 1: A | 2: B, C | 0: none | 0: none |" in text
    assert "| loud | 0: none | 0: none | 1: B | 2: C, A |" in text
    assert "| loud | 1 of 3 | 5: B | 1 | 3 of 3 |" in text and "| quiet | 0 of 3 | -: none | 0 | 3 of 3 |" in text
    assert "Of 6 learning rates 6 lie at an end of the grid." in text and "| D | needs players |" in text
    assert "| B | 0.1* | 3.0 ± 1.0 | - … | 5.0 ± 1.0 | - … | 0 ± 0 | 5-30 % |" in text
    assert "### loud" in text and "- loss (3), spread (3), time (2): not run" in text
    for measure in found.measures:
        assert f"figures/regimes-{measure}.png" in text


def test_a_pair_is_told_apart_where_their_intervals_are() -> None:
    none = (np.nan, np.nan)
    table = [
        [entry(1.0, 0.5, 1.0, none), entry(4.0, 3.0, 5.0, none), entry(9.0, 8.0, 10.0, none)],
        [entry(3.0, 2.0, 4.0, none), entry(4.5, 4.0, 6.0, none), entry(2.0, 2.0, 2.0, none)],
    ]
    meta = META | {"laws": dict.fromkeys(("q", "l", "h"), "law")}
    said = pair(so.Atlas.of(meta, ["A", "B"], ["q", "l", "h"], table), "A", "B")
    assert (
        said == "- **A against B**, ratio of medians: lower under q [0.125, 0.5]; higher under h [4, 5]; tied under l."
    )


def test_long_lists_and_reasons_are_shortened() -> None:
    assert some(["a", "b", "c"], 2) == "a, b, c" and some([*"abcd"], 2) == "a, b and 2 more" and some([]) == "none"
    assert general("the SDE 'x' of SGD needs root_cov: no", "SGD") == (
        "its SDE needs root_cov, which this noise does not have"
    )
    assert general("changed by +19 % of SGD", "SGD") == "changed by so many % of the method"


def test_the_page_is_of_this_benchmark() -> None:
    """Rows are of the methods of its date, which may be fewer than there are today."""
    assert {*COMPARED} <= {*usual_regimes(problem())}
    assert problem().objective.lacks("batch_grad") is None
    text = FILE.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    count = int(re.search(r"^(\d+) methods of \d", text, re.MULTILINE)[1])
    law = text.split("### Gaussian 1\n")[1].split("\n### ")[0]
    assert count > 40 and sum(line.startswith("| ") for line in law.splitlines()) == count + 1
    for measure in MEASURES:
        assert (FILE.parent / "figures" / f"regimes-{measure}.png").exists()


def test_every_method_is_on_the_page() -> None:
    """Ranked under a law, left out with a reason, or named as newer than the run."""
    text = FILE.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| (\w+) \|", text, re.MULTILINE))
    newer = re.search(r"^Newer than this run:[^.]*\.", text, re.MULTILINE)
    late = set(re.findall(r"`(\w+)`", newer[0])) if newer else set()
    assert set(so.methods()) <= rows | late


def test_minutes_of_a_run_in_parts_are_added(tmp_path: Path) -> None:
    assert (total(None, 2.0), total(tmp_path, 2.0), total(tmp_path, 0.5)) == (2.0, 2.0, 2.5)
