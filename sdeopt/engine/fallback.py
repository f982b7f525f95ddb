"""What is said when a problem does not compile as it should: one line to the log, with the place and the remedy."""

from __future__ import annotations

import functools
import linecache
import logging
import re
from pathlib import Path

__all__ = ["explain", "say"]

log = logging.getLogger("sdeopt")
INSTEAD = {"lanes": "one path at a time on vectors, some times slower than on SIMD lanes", "vectors": "interpreted"}


def explain(subject: str, mode: str, error: Exception) -> str:
    """Where and why ``subject`` does not compile on ``mode``, from the report of Numba; by an ``if``, what to write."""
    text = str(error)
    place = re.search(r"at (\S[^\n]*) \((\d+)\)", text)  # the innermost comes first
    refused = re.search(r">>> ([^\n]+)", text)
    where = f" ({Path(place[1]).name}, line {place[2]}: {_line(place)})" if place else ""
    if mode == "lanes" and refused and re.match(r"(bool|truth)\(Mask", refused[1]):
        why = "decides by a value of a path, with if, while, and, or, or not"
        remedy = "; write sdeopt.core.where(condition, a, b), one in the other for several conditions"
    else:
        why = f"does what {mode} do not know" + (f", {refused[1]}" if refused else "")
        remedy = ""
    return f"{subject}{where} {why}, so it runs {INSTEAD[mode]}{remedy}"


def _line(place: re.Match[str]) -> str:
    return linecache.getline(place[1], int(place[2])).strip()


@functools.lru_cache(maxsize=256)
def _say_once(message: str) -> None:
    log.info(message)


def say(subject: str, mode: str, error: Exception) -> None:
    """Log the explanation, once in a process: both columns of a page, and every run of it, would repeat it."""
    _say_once(explain(subject, mode, error))
