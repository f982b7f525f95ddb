"""The page of the full atlas: what it says is what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.regimes import HEAD, METHODS, page, problem
from sdeopt.results.estimate import Estimate, failed

FILE = Path(__file__).resolve().parent.parent / "docs" / "regimes.md"
META: dict[str, Any] = {
    "gradients": 200, "paths": 400, "tuning": 100, "lrs": [0.1, 0.2], "level": None, "minimum": 0.0, "partial": False,
    "problem": "f", "left out": {}, "laws": {"quiet": "Gaussian(scale=0.1)", "loud": "StudentT(nu=1.0, scale=1.0)"},
}  # fmt: skip


def entry(median: float, low: float, high: float, error: tuple[float, float], lost: float = 0.0) -> Any:
    """A learning rate and what was measured at it."""
    off = Estimate(error[0], 0.0, *error) if np.isfinite(error[0]) else failed("no SDE", "missing")
    return 0.1, {"median": Estimate(median, 0.1, low, high), "error": off, "diverged": Estimate(lost, 0.0, lost, lost)}


def test_the_page_says_who_wins_and_whose_sde_holds() -> None:
    none = (np.nan, np.nan)
    table = [
        [entry(1.0, 0.9, 1.1, (0.01, 0.02)), entry(9.0, 8.0, 10.0, none, lost=0.5)],
        [entry(1.2, 1.05, 1.3, (0.2, 0.4)), entry(3.0, 2.0, 4.0, (0.05, 0.3))],
        [entry(2.0, 1.8, 2.2, (0.3, 0.6)), entry(3.5, 3.0, 4.5, none)],
    ]
    text = page(so.Atlas.of(META, ["A", "B", "C"], ["quiet", "loud"], table), 7.4)
    assert "| quiet | A, B | 1.00 ± 0.10 | C: [1.64, 2.44] | none |" in text
    assert "| loud | B, C | 3.0 ± 1.0 | A: [2, 5] | A |" in text
    assert "| quiet | A | B, C | - | - |" in text and "| loud | - | - | B | C, A |" in text
    assert "Of 6 learning rates 6 lie at an end of the grid." in text and " 7 minutes of processor time." in text


def test_the_page_is_of_this_benchmark() -> None:
    assert {name for name in METHODS if name not in so.methods()} == set()
    assert problem().objective.lacks("batch_grad") is None
    assert FILE.read_text(encoding="utf-8").startswith(HEAD)
