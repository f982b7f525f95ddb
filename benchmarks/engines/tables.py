"""A table of measurements: to the terminal, to JSON, to Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rich.table

__all__ = ["ANSWERS", "FIGURE", "GROWTH", "RESULTS", "Table", "load", "markdown", "save", "shown", "write_page"]

BENCHMARKS = Path(__file__).parent.parent
RESULTS, GROWTH, ANSWERS = (BENCHMARKS / f"{name}.json" for name in ("results", "growth", "answers"))
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

`python -m benchmarks.answers` runs `sdeopt compare NAME` with its defaults, for every method, and the README's first
command: first with an empty folder of loops, then with what that left there. How fast a machine is may change by a
third within an hour.

A comparison needs three pieces of machine code: the loop of the optimizer, that of its SDE, and what draws for both,
which all later runs share. Where the first is new and runs on vectors, a second process compiles the optimizer's.
None is started for loops on SIMD lanes: to begin, about a second, and to compile once more what both loops share is all
that it would do. Most of the time to compile a loop on lanes is Python's, some 30 ms for each function in it; of
matrices on vectors it is LLVM's. What is left are the paths that decide, within a budget of work that is about 6 s on
two cores of Zen 3, and less on those of Zen 4. The table of Zen 3 is of 30 November 2026, when that was 9 s. In
that machine's slow hours, in which compilation takes twice as long, in turn with the tree of then, cold: `dpadam`
15.3 s for 19.3, `directsearch` 17.4 for 21.6, `ngnmd` 16.4 for 21.2, `dpsignsgd` 15.0 for 18.8, `dsignsgd` 13.9 for
16.8; the README's first 26 for 25, and 9.5 for 11.8 once its loops are compiled; `soap`, whose work was counted too
high, so that its budget ended early, 26.9 for 21.1."""
GROWTH_HEAD = """
## How cost grows

`python -m benchmarks.growth` measures what a run costs as it becomes larger
in one respect: CPU time of one thread, the least of some rounds, and the peak of all arrays, both without what
compilation takes. *slope* is that of the logarithms of cost and size from the row before: 1 where the cost doubles with
the size, 0 where it stays. Of the last run of each part; the figure is of
the processor with the most parts:

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
    DOCS.write_text("\n".join([HEAD, *_runs(RESULTS), START, *_runs(ANSWERS), *growth]) + "\n", encoding="utf-8")


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
