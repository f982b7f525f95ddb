"""A table that fits its terminal: the columns that matter least fall away first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["Fitted"]

GAP = 2  # blanks between columns


class Fitted:
    """A table for a rich console; ``importance`` names its columns, the first falls away last.

    Columns in ``left`` are texts, which may be folded where even the first two do not fit; the others are numbers and
    stay on one line. ``colour(cells)`` is the style of the last cell of a line.
    """

    def __init__(
        self, headings: Sequence[str], lines: Sequence[Sequence[str]], importance: Sequence[str], left: Sequence[str],
        colour: Callable[[Sequence[str]], str],
    ) -> None:  # fmt: skip
        self.headings, self.lines, self.left, self.colour = headings, lines, left, colour
        self.importance = importance

    def shown(self, width: int) -> list[int]:
        """The columns that fit, in their order; always the two that matter most."""
        from rich.cells import cell_len

        wide = [max(cell_len(line[i]) for line in (self.headings, *self.lines)) for i in range(len(self.headings))]
        chosen = [self.headings.index(name) for name in self.importance]
        while len(chosen) > 2 and sum(wide[i] + GAP for i in chosen) - GAP > width:
            chosen.pop()
        return sorted(chosen)

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        """What rich prints."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        columns = self.shown(options.max_width)
        for i in columns:
            text = self.headings[i] in self.left
            table.add_column(self.headings[i], justify="left" if text else "right", no_wrap=not text)
        for line in self.lines:
            *cells, last = [line[i] for i in columns]
            table.add_row(*map(Text, cells), Text(last, style=self.colour(line)))
        yield table
