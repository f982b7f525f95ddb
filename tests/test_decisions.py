"""The page of decisions: its rows are what would be run today, and one of them is run again."""

from __future__ import annotations

import re

import pytest

import sdeopt as so
from benchmarks.decisions import PAGE, page, row, rows, words
from sdeopt.cli.words import read
from sdeopt.results.bounds import AGREE, DIFFER, NOT_JUDGED, OPEN

TEXT = PAGE.read_text(encoding="utf-8")
ROWS = rows(TEXT)


def cells(line: str) -> list[str]:
    return line.strip("| ").split(" | ")


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_about_the_settings_of_today(name: str) -> None:
    """A method whose own problem, learning rate or default is changed must be run again."""
    job = read("compare", words(name))
    problem = f"{job.problem.objective!r}, {job.problem.noise!r}".replace("|", "\\|")
    assert cells(ROWS[name])[:2] == [f"`{job.method!r}`", problem]
    assert cells(ROWS[name])[4] in (AGREE, DIFFER, OPEN, NOT_JUDGED)


def test_the_page_counts_its_rows() -> None:
    assert set(ROWS) == set(so.methods()), "python -m benchmarks.decisions --missing"
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (agree|differ|open|not judged)", TEXT)}
    assert counts == {word: [cells(r)[4] for r in ROWS.values()].count(word) for word in counts}
    assert page(ROWS) == TEXT


def test_a_row_is_found_again() -> None:
    """All of it but the time."""
    assert cells(row("AltGDA"))[:-1] == cells(ROWS["AltGDA"])[:-1]
