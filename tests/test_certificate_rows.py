"""The table of certificates: every method is in it, and its cheapest decisive rows say what they should."""

from __future__ import annotations

import pytest

import sdeopt as so
from benchmarks.certificates.rows import ROWS, default

NAMED = {row.name: row for row in ROWS}
CHEAP = [  # each some seconds, compiled; the rest takes a minute a row
    "SGD order2", "HeavyBall", "USAM", "DNSAM", "SignSGD", "SHGD", "SEG", "PGD", "AntiPGD hessian",
    "RMSprop compagnoni", "RMSprop malladi", "Adam compagnoni",
]  # fmt: skip


def test_every_method_has_a_row() -> None:
    assert {type(row.method).__name__ for row in ROWS} >= set(so.methods())
    assert len(NAMED) == len(ROWS)


def test_a_new_method_has_the_row_of_its_page() -> None:
    row = default(so.DSGD)
    assert (row.name, row.method) == ("DSGD", so.DSGD(0.2))
    assert type(row.problem.noise).__name__ == "Agents"


@pytest.mark.usefixtures("interpreted")
def test_a_row_knows_what_it_should_say() -> None:
    row = NAMED["SGD"]
    few = row.certify(horizon=0.2, paths=32, max_paths=32, progress=False)
    assert row.failed(few) == f"means {few.means}, covariance {few.covariance}"


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAP)
def test_rows_say_what_they_should(name: str) -> None:
    # intervals of ± 0.1 (two standard errors) around true slopes that are 0.1 or more within their gates
    row = NAMED[name]
    c = row.certify(progress=False)
    assert row.failed(c) == "", str(c)
