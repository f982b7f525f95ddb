"""A table of measurements: to the terminal, to JSON, to Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rich.table

__all__ = ["FIGURE", "GROWTH", "RESULTS", "Table", "load", "markdown", "save", "shown", "write_page"]

BENCHMARKS = Path(__file__).parent.parent
RESULTS, GROWTH = BENCHMARKS / "results.json", BENCHMARKS / "growth.json"
DOCS = BENCHMARKS.parent / "docs" / "performance.md"
FIGURE = DOCS.parent / "figures" / "growth.png"
HEAD = """# Performance

## Against others, and in itself

Written by `python -m benchmarks.peers --docs` from `benchmarks/results.json`, which holds the last run of each part of
`python -m benchmarks.peers` on each processor; numbers of other machines differ, ratios within a table less.
In runs before 30 November 2026 g++ optimized away a rounding in the erf of the C++ programs: their W2 rows are of a
wrong erf."""
START = """
## From the command to the answer

`sdeopt compare NAME` with its defaults, and the README's first command, by the clock and in CPU seconds: of the
installed package, on two cores of an AMD EPYC (Zen 3) with nothing else to do, first with an empty cache, then with
both loops on disk, 30 November 2026. The README's is the median of five runs with an empty cache, 18.7 to 22.5 s, and
the faster of two others, 10.5 and 11.5 s. An hour later, when the machine was a quarter slower by
its warm runs (12.9 to 14.4 s), four cold ones took 25.1 to 27.9 s.

| `sdeopt compare ...` | cold, s | CPU s | warm, s | CPU s |
| --- | --: | --: | --: | --: |
| the README's first, on 569 examples | 19.1 | 34.8 | 10.5 | 17.1 |
| sgd | 7.0 | 11.5 | 2.7 | 3.4 |
| segindependent | 7.0 | 10.9 | 2.0 | 2.6 |
| heavyball | 7.4 | 12.3 | 2.0 | 2.6 |
| dsgd | 7.7 | 11.4 | 2.0 | 2.6 |
| adam | 8.1 | 13.8 | 2.9 | 3.8 |
| ngn | 8.2 | 13.1 | 2.9 | 4.2 |
| sam | 8.3 | 14.4 | 3.2 | 4.6 |
| dpsgd | 11.7 | 20.0 | 4.8 | 8.2 |
| topkef | 12.7 | 23.4 | 5.5 | 9.7 |
| muon | 14.8 | 26.2 | 5.9 | 9.9 |
| rmsprop | 17.3 | 32.4 | 11.8 | 21.6 |
| signsgd | 18.5 | 33.2 | 12.3 | 21.5 |

Signs and RMSprop need 140,000 to 400,000 paths to decide; that is most of their time.

A comparison needs three pieces of machine code: the loop of the optimizer, that of its SDE, and what draws for both,
which all later runs share. Where the first is new and runs on vectors, a second process compiles the loop of the SDE.
None is started for loops on SIMD lanes: to begin, about a second, and to compile once more what both loops share is all
that it would do. The README's first command took 37.1 s with one process and 30.6 s with two.

This table and those of *the first result* above were measured before the last changes: since then what draws is written
for LLVM without Numba, loops consist of fewer functions, those on lanes that are on disk are called without Numba, and
statistics are summed along memory. On the same processor, idle, in a slower state of it, 1000 paths of 60 steps of
SignSGD's SDE took 8.8 s before and 3.6, 4.1, 4.3, 4.4 s after with an empty cache, and 1.31 to 1.38 s before and 0.62
to 0.89 s after with the loop on disk."""
GROWTH_HEAD = """
## How cost grows

`python -m benchmarks.growth` measures what a run costs as it becomes larger
in one respect: CPU time of one thread, the least of some rounds, and the peak of all arrays, both without what
compilation takes. *slope* is that of the logarithms of cost and size from the row before: 1 where the cost doubles with
the size, 0 where it stays. Of the last run of each part:

![cost, and memory, against size](figures/growth.png)"""


@dataclass(frozen=True)
class Table:
    """Rows of a name and numbers (None: not measured); ``note`` says how they were measured."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def shown(table: Table) -> rich.table.Table:
    """For the terminal."""
    out = rich.table.Table(title=table.title, caption=table.note, title_justify="left", caption_justify="left")
    for i, name in enumerate(table.head):
        out.add_column(name, justify="right" if i else "left")
    for row in table.rows:
        out.add_row(*map(_cell, row))
    return out


def save(file: Path, tables: Sequence[Table], about: dict[str, str]) -> None:
    """These tables in the place of older ones of this processor, with all digits; what else the file has stays."""
    content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    before = content.get(about["processor"], {"tables": [], "about": {}})
    kept = {table["title"]: table for table in before["tables"]}
    kept |= {table.title: asdict(table) for table in tables}
    peers = _versions(before["about"]) | _versions(about)  # those of older tables too
    words = {"peers": ", ".join(map(" ".join, peers.items()))} if peers else {}
    content[about["processor"]] = {"about": about | words, "tables": list(kept.values())}
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _versions(about: dict[str, str]) -> dict[str, str]:
    return dict(peer.split(" ") for peer in about.get("peers", "").split(", ") if peer)


def load(file: Path) -> list[tuple[list[Table], dict[str, str]]]:
    """What `save` wrote, for each processor; nothing where there is no file."""
    content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return [([Table(**table) for table in one["tables"]], one["about"]) for one in content.values()]


def write_page() -> None:
    """docs/performance.md from the files."""
    growth = [GROWTH_HEAD, *_runs(GROWTH)] if GROWTH.is_file() else []
    DOCS.write_text("\n".join([HEAD, *_runs(RESULTS), START, *growth]) + "\n", encoding="utf-8")


def _runs(file: Path) -> list[str]:
    return [line for tables, about in load(file) for line in markdown(tables, about)]


def markdown(tables: Sequence[Table], about: dict[str, str]) -> list[str]:
    """The lines of a run."""
    lines = ["", f"### {about['processor']}", ""]
    lines += [f"- {name}: {value}" for name, value in about.items() if name != "processor"]
    for table in tables:
        lines += ["", f"#### {table.title}", "", table.note, ""]
        lines += [_line(table.head), _line(["---", *["--:"] * (len(table.head) - 1)])]
        lines += [_line(map(_cell, row)) for row in table.rows]
    return lines


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"
