"""The page of decisions: its rows are what would be run today, and two of them are run again."""

from __future__ import annotations

import re

import pytest

import sdeopt as so
from benchmarks.decisions import PAGE, SEEDS, command, page, row, rows, seeded, words
from sdeopt.cli.words import read
from sdeopt.results.bounds import AGREE, DIFFER, NOT_JUDGED, OPEN

TEXT = PAGE.read_text(encoding="utf-8")
LINES = rows(TEXT)
ROWS = {name: line for name, line in LINES.items() if not name.isdigit()}
AGAIN = {name: line for name, line in LINES.items() if name.isdigit()}


def cells(line: str) -> list[str]:
    return line.strip("| ").split(" | ")


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_about_the_settings_of_today(name: str) -> None:
    """A method whose own problem, learning rate or default is changed must be run again."""
    job = read("compare", words(name.lower()))
    problem = f"{job.problem.objective!r}, {job.problem.noise!r}".replace("|", "\\|")
    assert cells(ROWS[name])[:2] == [f"`{job.method!r}`", problem]
    assert cells(ROWS[name])[4] in (AGREE, DIFFER, OPEN, NOT_JUDGED)


def test_the_page_counts_its_rows() -> None:
    assert set(ROWS) == set(so.methods()), "python -m benchmarks.decisions --missing"
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (agree|differ|open|not judged)", TEXT)}
    assert counts == {word: [cells(r)[4] for r in ROWS.values()].count(word) for word in counts}
    assert page(LINES) == TEXT


def test_the_readme_s_command_is_decided_within_20_s_for_nine_of_ten_seeds() -> None:
    """Of two cores, loops compiled; the page is about the command of today."""
    assert list(AGAIN) == [str(seed) for seed in range(SEEDS)], "python -m benchmarks.decisions --readme"
    assert f"`{command()}`" in TEXT
    found = [cells(line) for line in AGAIN.values()]
    assert sum(c[3] in (AGREE, DIFFER) and float(c[-1]) < 2 * 20.0 for c in found) >= 0.9 * SEEDS


def test_a_row_is_found_again() -> None:
    """All of it but the time."""
    assert cells(row("AltGDA"))[:-1] == cells(ROWS["AltGDA"])[:-1]


@pytest.mark.slow
def test_a_seed_is_found_again() -> None:
    """All of it but the time."""
    assert cells(seeded(0))[:-1] == cells(AGAIN["0"])[:-1]
