"""What the folder of compiled loops holds of ours: ``sdeopt cache info`` and ``sdeopt cache clear``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sdeopt.engine.machine import draws, quick
from sdeopt.engine.private import folder

__all__ = ["Contents", "clear", "info"]

OURS = re.compile(r"([0-9a-f]{16})-[0-9a-f]{48}\.loop|sdeopt-\w+\.part")


class Contents(NamedTuple):
    """Files of the cache: how many, their bytes, and how many of them these sources and compilers can use."""

    entries: int
    bytes: int
    usable: int


def _files() -> list[tuple[Path, str | None]]:
    """Our files in the folder, each with the mark of the sources that it was made by."""
    found = [(file, OURS.fullmatch(file.name)) for file in folder().iterdir()] if folder().is_dir() else []
    return [(file, match[1]) for file, match in sorted(found) if match]


def info() -> Contents:
    """What the folder of the cache holds of ours.

    Examples
    --------
    >>> from sdeopt.engine import kept
    >>> kept.info().entries >= kept.info().usable
    True
    """
    files, marks = _files(), {draws.mark()[:16], quick.mark()[:16]}
    return Contents(len(files), sum(_size(file) for file, _ in files), sum(mark in marks for _, mark in files))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # another process has just cleared the cache
        return 0


def clear() -> Contents:
    """Remove the files of the cache, and no others; return what there was. Loops are compiled anew when needed."""
    there = info()
    for file, _ in _files():
        file.unlink(missing_ok=True)
    return there
