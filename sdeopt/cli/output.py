"""What a run prints and writes: a table or JSON on stdout, files beside ``--out``."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import IO, Any, cast

from sdeopt.core import files
from sdeopt.results.console import WIDTH, full

__all__ = ["console", "show", "tables", "write"]

PAGE = ".html"


class Bare(io.TextIOBase):
    """Standard output without blanks at the ends of lines, as tables have them."""

    def write(self, text: str) -> int:
        """Write what is before those blanks."""
        return sys.stdout.write(re.sub(r"[ ]+$", "", text, flags=re.MULTILINE))


def console() -> Any:
    """Where tables go: the terminal, or as many columns of a file as COLUMNS says, 118 by default."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    said = os.environ.get("COLUMNS", "")
    return Console(file=cast(IO[str], Bare()), width=int(said) if said.isdecimal() else WIDTH, highlight=False)


def show(result: Any, remark: str | None, wide: bool = False) -> None:
    """Print a result, after a remark on how it was made; ``wide``, with every column of its tables."""
    from rich.text import Text

    out = console()
    if wide:
        out.width = max(out.width, full(result.page()))
    if remark:
        out.print(Text(remark, style="dim"))
    out.print(result)


def write(result: Any, stem: str) -> list[str]:
    """Write the result to STEM.npz and its figure to STEM.png, or a page to STEM.html; return their names."""
    import matplotlib

    matplotlib.use("Agg")
    bare = stem.removesuffix(PAGE)
    result.save(f"{bare}.npz")
    if bare != stem:
        result.html(stem)
        return [stem, f"{bare}.npz"]
    picture(result.plot().figure, f"{stem}.png")
    return [f"{stem}.png", f"{stem}.npz"]


def picture(figure: Any, file: str) -> None:
    """Write a figure, whole or not at all."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    files.whole(Path(file), drawn.getvalue())


def tables(result: Any, stem: str) -> list[str]:
    """Write a table of measures to STEM.npz and STEM.csv and a figure of each, or a page of them to STEM.html.

    What cannot be drawn without asking where to cut is said.
    """
    import click
    import matplotlib

    matplotlib.use("Agg")
    bare = stem.removesuffix(PAGE)
    result.save(f"{bare}.npz")
    result.to_csv(f"{bare}.csv")
    written = [f"{bare}.npz", f"{bare}.csv"]
    if bare != stem:
        result.html(stem)
        return [*written, stem]
    try:
        for measure, ax in zip(result.measures, result.drawn(), strict=True):
            picture(ax.figure, f"{stem}-{measure}.png")
            written.append(f"{stem}-{measure}.png")
    except ValueError as error:
        click.echo(f"no figure: {error}", err=True)
    return written
