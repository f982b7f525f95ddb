"""sdeopt against its peers, everything measured in one run on this machine.

    python -m benchmarks.peers                  tables, and benchmarks/results.json
    python -m benchmarks.peers --only W1 first  some parts; the file keeps the others
    python -m benchmarks.peers --docs           docs/performance.md from the files; measures nothing

The file keeps the last run of every part on every processor. How costs grow is measured by `benchmarks/growth.py`.

Costs are CPU nanoseconds of one thread per path and step, without compilation and warm-up. All peers of a workload take
the same number of steps of the same size in float64; they run in turn, several rounds, and medians are compared, so
that the ratios mean something on a busy machine too. Each must give the same mean as sdeopt, within its sampling error.
Peers that are not installed (extra ``bench``) and a missing C++ compiler are skipped with a note.
"""

from __future__ import annotations

import argparse

from rich.console import Console

from benchmarks.engines import contest, ours, tables
from benchmarks.engines.machine import about
from benchmarks.engines.workloads import WORKLOADS

PARTS = ("columns", "large", "dimensions", "paths", "threads", "memory", "first")
console = Console(width=118)


def main() -> None:
    """Measure, print, write."""
    names = [w.name for w in WORKLOADS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*names, *PARTS], help="these parts")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md from results.json")
    asked = parser.parse_args()
    if asked.docs and not tables.RESULTS.is_file():
        parser.error(f"there is no {tables.RESULTS.name} yet: measure first, without --docs")
    if asked.docs:
        tables.write_page()
        return
    console.print(*(f"{name}: {value}" for name, value in about().items()), "", sep="\n")
    wanted = asked.only or [*names, *PARTS]
    chosen = [w for w in WORKLOADS if w.name in wanted]
    parts = [lambda: contest.compare(chosen, console.print)] if chosen else []
    made = []
    for part in parts + [getattr(ours, name) for name in PARTS if name in wanted]:
        made.append(part())
        console.print(tables.shown(made[-1]), "")
        if made[-1].title != "Peers" or len(chosen) == len(WORKLOADS):
            tables.save(tables.RESULTS, made[-1:], about())  # a later part may fail


if __name__ == "__main__":
    main()
