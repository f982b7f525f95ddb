"""Every claim at a toy size finds what the page of the full run says."""

from __future__ import annotations

import math
import re

import pytest
from test_claims import PAGES

from benchmarks.claims import runner
from benchmarks.claims.frame import NORMAL, Finding

NAMES = runner.names()
SIGMAS = 6.0
EXTRAS = {"dp_accountant": "dp_accounting", "imbalance_directions": "torch"}
FEW_KERNELS = ("sam_saddle_noise", "signsgd_phases")


def documented(name: str) -> dict[str, tuple[float, float]]:
    """Quantity -> interval of the full run."""
    section = PAGES["claims"].partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip().replace("\\", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 5 and cells[4] in ("holds", "fails", "inconclusive"):
            ends = [float(end) for end in cells[3].split(" to ")]
            found[cells[0].removeprefix("*instead:* ")] = (ends[0], ends[-1])
    return found


def wide(f: Finding) -> tuple[float, float]:
    """The interval at so many standard errors, and the rounding of the page, and of libraries that sum in other orders.

    What is 0 but for rounding depends on the processor where data or flows are made by NumPy and SciPy; it is known to
    a billionth of what the claim allows.
    """
    allowed = f.claimed[1] - f.claimed[0]
    factor, rounding = SIGMAS / NORMAL, 1e-3 * abs(f.measured) + (1e-9 * allowed if math.isfinite(allowed) else 0.0)
    return f.measured - factor * (f.measured - f.low) - rounding, f.measured + factor * (f.high - f.measured) + rounding


def cases() -> list[object]:
    marks = {name: [pytest.mark.slow] for name in NAMES if name not in FEW_KERNELS}
    for name, module in EXTRAS.items():
        marks[name] = [pytest.mark.extras(module)]
    return [pytest.param(name, marks=marks.get(name, [])) for name in NAMES]


@pytest.mark.parametrize("name", cases())
def test_a_toy_finds_what_the_full_run_found(name: str) -> None:
    # the widened interval of the toy misses that of the full run with a probability below 1e-7 a finding, if both are
    # of the same number and normal; slopes of a certificate are left out where the toy resolves no gap
    page, outcome = documented(name), runner.run(name, 0.01)
    shared = [f for f in outcome.findings if f.what in page]
    orders = [f for f in outcome.findings if ": order of the gap in " in f.what]  # of other coordinates, by chance
    assert len(shared) >= len(outcome.findings) - len(orders)
    for f in shared:
        low, high = wide(f)
        if not math.isnan(f.measured):
            assert page[f.what][0] <= high and low <= page[f.what][1], f
