"""``Page``: what a result shows, as a document; `console` and `markup` are its dresses.

A page says what it means by a *tone*, never by a colour: "good", "open", "bad", "dim", or none.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Cell", "Line", "Page", "Table", "cell"]


class Cell(NamedTuple):
    """A text and its tone."""

    text: str
    tone: str = ""


Line = str | Cell


class Table(NamedTuple):
    """Headings and rows; the columns ``left`` hold words, which may be broken into lines, the others numbers.

    ``important`` are the columns, the first of which fall away last where a console is too narrow; default, none does.
    """

    headings: tuple[str, ...]
    rows: list[tuple[Line, ...]]
    left: tuple[int, ...] = (0,)
    important: tuple[int, ...] = ()


class Page(NamedTuple):
    """Lines of a name and a text; tables; notes on how to read them."""

    head: list[tuple[str, Line]]
    tables: list[Table]
    notes: list[Line]


def cell(line: Line) -> Cell:
    """A cell; a plain text has no tone."""
    return line if isinstance(line, Cell) else Cell(line)
