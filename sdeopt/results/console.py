"""A page on a console: the one place that builds tables of rich."""

from __future__ import annotations

import io
from typing import Any

from sdeopt.results.page import Cell, Line, Page, Table, cell

__all__ = ["WIDTH", "rich", "text"]

WIDTH = 118  # columns where there is no terminal to ask
STYLES = {"": "", "good": "green", "open": "yellow", "bad": "red", "dim": "dim"}


def rich(page: Page) -> Any:
    """The page for a console of rich."""
    from rich.console import Group
    from rich.text import Text

    parts = [_head(page.head), Text()]
    for table in page.tables:
        parts += [_grid(table), Text()]
    return Group(*parts, *(_styled(note, "dim") for note in page.notes))


def text(page: Page) -> str:
    """The page as plain text, 118 characters wide."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(rich(page))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).rstrip("\n")


def _styled(line: Line, style: str = "") -> Any:
    from rich.text import Text

    content, tone = cell(line)
    return Text(content, style=STYLES[tone] or style)


def _head(lines: list[tuple[str, Line]]) -> Any:
    """Names and texts; a name that is that of the line above is not repeated."""
    from rich.table import Table as Grid

    grid, above = Grid.grid(padding=(0, 2)), ""
    for name, value in lines:
        grid.add_row(_styled(Cell("" if name == above else name, "dim")), _styled(value))
        above = name
    return grid


def _grid(table: Table) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Grid

    grid = Grid(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for i, heading in enumerate(table.headings):
        words = [word for row in table.rows for word in cell(row[i]).text.split()]
        if i in table.left:
            grid.add_column(heading, min_width=max(map(len, words), default=0))
        else:
            grid.add_column(heading, justify="right", no_wrap=True)
    for row in table.rows:
        grid.add_row(*map(_styled, row))
    return grid
