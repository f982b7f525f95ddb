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
both loops on disk, 30 November 2026. The README's is the better of two pairs; the other took 22.3 and 12.0 s. How fast
this machine is changes by a third within an hour, as warm runs tell.

| `sdeopt compare ...` | cold, s | CPU s | warm, s | CPU s |
| --- | --: | --: | --: | --: |
| the README's first, on 569 examples | 20.3 | 32.8 | 10.2 | 17.3 |
| segindependent | 4.6 | 5.2 | 1.3 | 1.9 |
| dsgd | 5.3 | 5.9 | 1.2 | 1.8 |
| adam | 5.5 | 6.2 | 1.3 | 1.9 |
| heavyball | 5.6 | 6.1 | 1.6 | 2.2 |
| ngn | 5.6 | 6.6 | 2.0 | 3.0 |
| sgd | 5.7 | 6.2 | 1.4 | 1.9 |
| sam | 7.3 | 8.9 | 3.2 | 4.7 |
| dpsgd | 7.6 | 9.7 | 3.5 | 5.5 |
| topkef | 9.2 | 12.1 | 4.0 | 7.0 |
| dsignsgd | 10.8 | 16.2 | 7.0 | 12.8 |
| rmsprop | 10.9 | 17.2 | 7.5 | 13.5 |
| cubicnewton | 11.0 | 18.4 | 4.5 | 7.6 |
| adafactor | 11.2 | 19.0 | 3.2 | 5.2 |
| pcnsgd | 11.3 | 14.9 | 4.3 | 7.6 |
| muon | 12.5 | 21.6 | 6.5 | 10.7 |
| signsgd | 13.0 | 17.4 | 6.7 | 11.7 |
| soap | 19.1 | 29.8 | 5.1 | 8.7 |

The other methods were not measured. Signs and RMSprop need 140,000 to 400,000 paths to decide, which is most of their
time; SOAP's, Muon's and Adafactor's is LLVM's, for matrices on vectors.

A comparison needs three pieces of machine code: the loop of the optimizer, that of its SDE, and what draws for both,
which all later runs share. Where the first is new and runs on vectors, a second process compiles the loop of the SDE.
None is started for loops on SIMD lanes: to begin, about a second, and to compile once more what both loops share is all
that it would do. Most of the time to compile a loop on lanes is Python's, some 30 ms for each function in it."""
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
