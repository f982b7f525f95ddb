"""A lane: so many tries of one kind, and what they found."""

from __future__ import annotations

import collections
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings

from . import constructors, damage, functions, lines, verbs
from .judge import Find


class Kind(NamedTuple):
    """Cases, what checks one, and how many the quick lane takes."""

    cases: Any
    check: Callable[[Any], None]
    quick: int


class Found(NamedTuple):
    """Number of tries; kind of find -> how often, and its first case with the words."""

    tries: int
    often: collections.Counter[str]
    first: dict[str, tuple[Any, str]]


KINDS = {
    "constructors": Kind(constructors.made(), constructors.check, 300),
    "functions": Kind(functions.asked(), functions.check, 150),
    "verbs": Kind(verbs.called(), verbs.check, 60),
    "lines": Kind(lines.typed(), lines.check, 40),
    "toml": Kind(lines.written(), lines.check_file, 40),
    "files": Kind(damage.damaged(), damage.check, 80),
}


def lane(kind: str, tries: int, fixed: bool = False) -> Found:
    """Try a kind, ``fixed``: with the same cases each time."""
    often: collections.Counter[str] = collections.Counter()
    first: dict[str, tuple[Any, str]] = {}
    count = 0

    @settings(
        max_examples=tries, deadline=None, database=None, derandomize=fixed, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(KINDS[kind].cases)
    def go(case: Any) -> None:
        nonlocal count
        count += 1
        try:
            KINDS[kind].check(case)
        except Find as find:
            mark = f"{case[0]}: {_mark(str(find))}"
            often[mark] += 1
            first.setdefault(mark, (case, str(find)))

    with suppress(KeyboardInterrupt):  # Ctrl-C ends a long lane, and what was found stays
        go()
    return Found(count, often, first)


def _mark(text: str) -> str:
    """What two finds of one kind have in common: the place, else the words without values."""
    said, _, place = text.partition("\n    at ")
    return f"{said.split(':')[0]} at {place}" if place else re.sub(r"0x[0-9a-f]+|'[^']*'", "_", said)
