"""One error to plant, and short names for the places and the tests that the catalogue speaks of."""

from __future__ import annotations

from typing import NamedTuple

PAGES, NOISE = "sdeopt/optimizers", "sdeopt/noise"


class Mutation(NamedTuple):
    """``old`` stands exactly once in ``file`` and becomes ``new``; one of ``tests`` must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def moments(page: str) -> tuple[str, ...]:
    return (f"tests/contract/test_one_step_moments.py::test_one_step_has_the_moments_of_the_sde[{page}]",)


def documented(page: str) -> tuple[str, ...]:
    return (f"tests/test_documented.py::test_ten_steps_of_torch[{page}]",)


def named(file: str, test: str) -> tuple[str, ...]:
    return (f"tests/test_{file}.py::{test}",)
