"""The kinds of tries: what is drawn, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import constructors, damage, lines, verbs


class Kind(NamedTuple):
    """Cases, what checks one, and how many the quick lane takes."""

    cases: Any
    check: Callable[[Any], None]
    quick: int


KINDS = {
    "constructors": Kind(constructors.made(), constructors.check, 300),
    "verbs": Kind(verbs.called(), verbs.check, 100),
    "lines": Kind(lines.typed(), lines.check, 60),
    "toml": Kind(lines.written(), lines.check_file, 60),
    "files": Kind(damage.damaged(), damage.check, 80),
}
