"""A table of measurements: to the terminal, to JSON, to Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rich.table

__all__ = ["Table", "load", "markdown", "save", "shown"]


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
    """Everything that was measured, with all digits."""
    content = {"about": about, "tables": [asdict(table) for table in tables]}
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(file: Path) -> tuple[list[Table], dict[str, str]]:
    """What `save` wrote."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return [Table(**table) for table in content["tables"]], content["about"]


def markdown(tables: Sequence[Table], about: dict[str, str]) -> str:
    """A page of the documentation."""
    lines = [
        "# Performance",
        "",
        "Written by `python -m benchmarks.peers --docs` from `benchmarks/results.json`, which holds one run of",
        "`python -m benchmarks.peers`; numbers of other machines differ, ratios less.",
        "",
        *(f"- {name}: {value}" for name, value in about.items()),
    ]
    for table in tables:
        lines += ["", f"## {table.title}", "", table.note, ""]
        lines += [_line(table.head), _line(["---", *["--:"] * (len(table.head) - 1)])]
        lines += [_line(map(_cell, row)) for row in table.rows]
    return "\n".join(lines) + "\n"


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"
