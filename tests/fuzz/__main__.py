"""The long lane: ``python -m tests.fuzz [TRIES] [KIND ...]`` lists every kind of find, with how often it came."""

from __future__ import annotations

import collections
import re
import sys
import time
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import InMemoryExampleDatabase

from .judge import Find
from .kinds import KINDS


def lane(kind: str, tries: int, seed: bool = False) -> tuple[int, collections.Counter[str], dict[str, Any]]:
    """Try a kind; how many tries there were, and what was found, each with its first example."""
    found: collections.Counter[str] = collections.Counter()
    first: dict[str, Any] = {}
    count = 0

    @settings(
        max_examples=tries, deadline=None, database=InMemoryExampleDatabase(), derandomize=seed,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(KINDS[kind].cases)
    def go(case: Any) -> None:
        nonlocal count
        count += 1
        try:
            KINDS[kind].check(case)
        except Find as find:
            name = case[0] if isinstance(case, tuple) else ""
            first.setdefault(mark := f"{name}: {_mark(str(find))}", (case, str(find)))
            found[mark] += 1

    go()
    return count, found, first


def _mark(text: str) -> str:
    """What two finds of one kind have in common: the place, else the words without values."""
    said, _, place = text.partition("\n    at ")
    return f"{said.split(':')[0]} at {place}" if place else re.sub(r"0x[0-9a-f]+|'[^']*'", "_", said)


def shown(case: Any) -> str:
    try:
        return repr(case)[:400]
    except Exception:
        return "what has no repr"


def main() -> int:
    """Run the lanes."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    total = 0
    for kind in sys.argv[2:] or KINDS:
        began = time.process_time()
        count, found, first = lane(kind, tries)
        total += len(found)
        print(f"{kind}: {count} tries, {sum(found.values())} finds of {len(found)} kinds, "
              f"{time.process_time() - began:.0f} s of CPU time")  # fmt: skip
        for mark, often in found.most_common():
            case, text = first[mark]
            print(f"--- {often} times: {mark}\n    {text[:300]!r}\n    {shown(case)}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
