"""A page on a console: the one place that builds tables of rich."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from sdeopt.results.page import Cell, Line, Page, Table, cell

__all__ = ["WIDTH", "full", "rich", "text"]

WIDTH = 118  # columns where there is no terminal to ask
GAP = 2  # blanks between columns
STYLES = {"": "", "good": "green", "open": "yellow", "bad": "red", "dim": "dim"}


def rich(page: Page) -> Any:
    """The page for a console of rich."""
    from rich.console import Group
    from rich.text import Text

    parts = [_head(page.head), Text()]
    for table in page.tables:
        parts += [_Grid(table), Text()]
    return Group(*parts, *(_styled(note, "dim") for note in page.notes))


def full(page: Page) -> int:
    """Columns at which no table of the page leaves anything out or breaks a line."""
    return max((sum(_wide(t)) + GAP * len(t.headings) for t in page.tables), default=0)


def text(page: Page) -> str:
    """The page as plain text, 118 characters wide."""
    from rich.console import Console

    out = io.StringIO()
    plain: dict[str, Any] = {"color_system": None, "force_terminal": False, "legacy_windows": False}
    console = Console(file=out, width=WIDTH, force_jupyter=False, **plain)  # which would display, and write nothing
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


def _wide(table: Table) -> list[int]:
    """Width of every column."""
    from rich.cells import cell_len

    texts = [table.headings, *([cell(c).text for c in row] for row in table.rows)]
    return [max(cell_len(row[i]) for row in texts) for i in range(len(table.headings))]


class _Grid:
    """A table that knows how wide the console is only when it is printed."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def shown(self, width: int) -> list[int]:
        """The columns that fit, in their order; of those whose importance is known always the first two."""
        wide, chosen = _wide(self.table), list(self.table.important)
        while len(chosen) > 2 and sum(wide[i] + GAP for i in chosen) - GAP > width:
            chosen.pop()
        return sorted(chosen) or list(range(len(wide)))

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        """What rich prints."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table as Grid

        grid, columns = Grid(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False), []
        for i in self.shown(options.max_width):
            columns.append(i)
            words = [word for row in self.table.rows for word in cell(row[i]).text.split()]
            if i in self.table.left:
                grid.add_column(self.table.headings[i], min_width=max(map(len, words), default=0))
            else:
                grid.add_column(self.table.headings[i], justify="right", no_wrap=True)
        for row in self.table.rows:
            grid.add_row(*(_styled(row[i]) for i in columns))
        yield grid
