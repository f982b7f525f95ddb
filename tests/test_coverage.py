"""The study of coverage: its exact moments, a small part of it, and the page that the whole of it wrote."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import sdeopt as so
from benchmarks.coverage.__main__ import page
from benchmarks.coverage.count import compared, simulated, swept
from benchmarks.coverage.settings import SPEEDS, exact, integrated, quantities, setting

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
SLOW_STEPS, FAST_STEPS = SPEEDS
LINES = re.compile(r"^\| (\S+) \| (\w+): (.+?) \| (.*) \|$", re.MULTILINE)


def rows(text: str) -> list[tuple[str, ...]]:
    """Law, verb and quantity of every line of the table."""
    return [tuple(line[:3]) for line in LINES.findall(text)]


def test_moments_of_batches_are_those_of_all_batches() -> None:
    """Two steps, every ordered pair of examples in each."""
    s = setting("minibatch", FAST_STEPS)._replace(steps=2)
    f, x = s.problem.objective, np.array(s.problem.x0)[None]
    for _ in range(2):
        moved = [x - s.clock * np.stack([f.batch_grad(p, np.array([float(i), float(j)])) for p in x])
                 for i, j in itertools.product(range(12), repeat=2)]  # fmt: skip
        x = np.concatenate(moved)
    truth, seen = exact(s), quantities(s, x)
    assert truth.mean == pytest.approx(x.mean(axis=0), rel=1e-12)
    assert truth.cov == pytest.approx(np.cov(x.T, bias=True), rel=1e-12)
    assert (truth.loss, truth.norm2) == pytest.approx(tuple(seen.mean(axis=0)[2:4]), rel=1e-12)
    assert float(f.value(x[7])) == pytest.approx(seen[7, 2], rel=1e-12)
    assert float((f.grad(x[7]) ** 2).sum()) == pytest.approx(seen[7, 4], rel=1e-12)


def test_moments_with_additive_noise_are_the_closed_ones() -> None:
    """C = (1 - lr h)² C + lr² Σ, with Σ = scale² nu/(nu - 2) of Student's t."""
    truth, h = exact(setting("t₅", SLOW_STEPS)), np.array([1.0, 2.0])
    q = (1.0 - 0.1 * h) ** 2
    cov = 0.01 * 0.25 * 5.0 / 3.0 * (1.0 - q**20) / (1.0 - q)
    mean = (1.0 - 0.1 * h) ** 20 * [1.0, -1.0]
    assert truth.mean == pytest.approx(mean, rel=1e-12)
    assert np.diag(truth.cov) == pytest.approx(cov, rel=1e-12)
    assert truth.loss == pytest.approx(0.5 * (h * (mean**2 + cov)).sum(), rel=1e-12)


@pytest.mark.parametrize("law", ["Gaussian", "Laplace", pytest.param("minibatch", marks=pytest.mark.slow)])
def test_intervals_of_a_run_cover(law: str) -> None:
    """4000 runs of 16 and of 50 paths. A share of 94 % has a standard deviation of 0.4 %: 92 % is five away."""
    for key, t in simulated(setting(law, SLOW_STEPS), 4000, (16, 50)).items():
        assert t.stated > 0.995 * t.all
        assert 0.92 <= t.coverage <= 0.98, key


def test_a_law_without_the_moments_has_no_intervals() -> None:
    """t₃ has no third moment, so x has intervals from 200 paths on, and its squares, without a variance, never."""
    table = simulated(setting("t₃", SLOW_STEPS), 2000, (16, 200))
    assert {key for key, t in table.items() if t.stated} == {("E x₁", 200)}
    assert 0.92 <= table["E x₁", 200].coverage <= 0.98


@pytest.mark.slow
def test_gaps_of_a_comparison_cover() -> None:
    """400 comparisons of 200 paths: from 92 to 98 % up to five standard deviations, 6.8 and 3.5 %."""
    table = compared(setting("Laplace", FAST_STEPS), 400, (50, 200))
    assert {key for key, t in table.items() if not t.stated} == {key for key in table if key[1] == 50}
    assert all(0.852 <= t.coverage for key, t in table.items() if t.stated)


def test_the_sde_of_the_comparison_is_the_one_that_runs() -> None:
    """Mean and variance of 40 000 paths, within five standard errors."""
    s = setting("Gaussian", FAST_STEPS)
    e = so.simulate(s.method, s.problem, "sde", steps=s.steps, substeps=2, paths=40_000, rng=0, progress=False)
    truth = integrated(s, 2)
    sd = np.sqrt(np.diag(truth.cov))
    assert np.abs(e.mean[-1] - truth.mean).max() < (5.0 * sd / 200.0).max()
    assert np.diag(e.cov[-1]) == pytest.approx(np.diag(truth.cov), rel=5.0 * (2.0 / 40_000) ** 0.5)


def test_intervals_of_a_sweep_cover() -> None:
    """600 cells of 100 paths: five standard deviations are 4.9 %; order statistics cover at least 95 %."""
    table = swept(setting("Gaussian", FAST_STEPS), 600, (50, 100))
    assert table["spread", 50].stated == 0
    for name in ("loss", "spread"):
        assert 0.90 <= table[name, 100].coverage <= 0.99
    assert table["time", 100].coverage >= 0.95


@pytest.mark.slow
def test_the_study_writes_the_rows_of_the_page() -> None:
    """From runs to the page, with few seeds: the laws, verbs and quantities of docs/coverage.md, in its order."""
    found = page(3, (16, 200))
    assert rows(found) == rows(PAGE.read_text(encoding="utf-8"))
    assert {cells.count("|") for *_, cells in LINES.findall(found)} == {1}
    reasons = "fewer than 100 paths", "a quantity without a third moment", "too heavy for a variance"
    assert all(reason in found for reason in reasons)


@pytest.mark.study
def test_the_lowest_cell_of_the_page_covers() -> None:
    """Its 91.9 % of 1000 seeds are their luck: of 20 000 others the share has a standard deviation of 0.2 %."""
    t = swept(setting("t₅", FAST_STEPS), 20_000, (1000,), 201)["spread", 1000]
    assert t.stated == t.all == 20_000
    assert 0.93 <= t.coverage <= 0.97
    assert f"holds in {100.0 * t.coverage:.1f} % of 20 000 other seeds" in PAGE.read_text(encoding="utf-8")


def test_every_interval_of_the_page_covers() -> None:
    """Between 92 and 98 %, of medians at least 95 %, up to four standard deviations of a share among so many seeds."""
    text = PAGE.read_text(encoding="utf-8")
    seeds = int(re.findall(r"in percent of (\d+) seeds", text)[0])
    lines = LINES.findall(text)
    assert {law for law, *_ in lines} >= {"Gaussian", "Laplace", "t₅", "t₃", "t₂.₅", "minibatch"}
    told = {(verb, name) for _, verb, name, _ in lines}
    assert told >= {("simulate", "E x₁"), ("simulate", "E loss"), ("sweep", "loss"), ("sweep", "spread")}
    for law, verb, name, cells in lines:
        for share in re.findall(r"(?:^|\| )(\d+\.\d)", cells):
            low, high = (95.0, 100.0) if name == "time" else (92.0, 98.0)
            slack = [400.0 * (p * (1.0 - p) / seeds) ** 0.5 for p in (low / 100.0, high / 100.0)]
            assert low - slack[0] <= float(share) <= high + slack[1], (law, verb, name, cells)
