"""How long `sdeopt compare NAME` takes from the command to the answer: a table of docs/performance.md.

python -m benchmarks.answers              all methods and the README's first command, into the file and the page
python -m benchmarks.answers adam muon    these, printed alone

Each runs in processes of its own, first with an empty folder of loops, then with what that left there. Times are those
of the clock on the wall, so nothing else should run beside it.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from statistics import median
from typing import Any

from rich.console import Console

import sdeopt as so
from benchmarks.decisions import command
from benchmarks.engines import tables
from benchmarks.engines.machine import about, process

README = "the README's first, on 569 examples"


def timed(words: str, folder: str) -> tuple[float, float]:
    """Seconds of `sdeopt compare` with these words, on the wall and of the processors."""
    with tempfile.TemporaryDirectory() as out:
        kept = ["--out", os.path.join(out, "figure")] if words == command() else []
        return process(["-m", "sdeopt", "compare", *shlex.split(words), *kept], folder)[:2]


def row(name: str) -> list[Any]:
    """Seconds with an empty folder, and with that which it left."""
    with tempfile.TemporaryDirectory() as folder:
        words = command() if name == README else name
        return [name, *timed(words, folder), *timed(words, folder)]


def table(rows: list[list[Any]]) -> tables.Table:
    """The rows by the time that the first takes, and what they come to."""
    rows = sorted(rows, key=lambda one: float(one[1]))
    cold, warm = ([one[i] for one in rows] for i in (1, 3))
    note = (
        f"{len(rows)} commands: with an empty folder of loops {median(cold):.1f} s in the median and {max(cold):.1f} s "
        f"at most, with their loops on disk {median(warm):.1f} and {max(warm):.1f} s."
    )
    return tables.Table("Defaults", note, ["`sdeopt compare`", "cold, s", "CPU s", "warm, s", "CPU s"], rows)


def main(names: list[str]) -> None:
    """Measure, print, and write what is whole."""
    console, rows = Console(width=118), []
    for name in names or [README, *(name.lower() for name in so.methods())]:
        rows.append(row(name))
        console.print(name, *(f"{number:.1f}" for number in rows[-1][1:]))
    made = table(rows)
    console.print(tables.shown(made))
    if not names:
        tables.save(tables.ANSWERS, [made], about())
        tables.write_page()


if __name__ == "__main__":
    main(sys.argv[1:])
