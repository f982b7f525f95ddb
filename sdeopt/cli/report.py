"""``sdeopt report FILE``: a page of HTML from a result that was saved."""

from __future__ import annotations

import click

__all__ = ["report"]


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--out", metavar="FILE", help="Where the page goes.  [default: beside FILE, with .html]")
@click.option("--quiet", is_flag=True, help="Do not say what was written.")
def report(file: str, out: str | None, quiet: bool) -> None:
    """Write a page of HTML that holds all a saved result shows: words, figures, formulas, how to repeat it.

    Example: sdeopt report signsgd.npz
    """
    from pathlib import Path

    import matplotlib

    import sdeopt as so
    from sdeopt.cli.words import stem

    matplotlib.use("Agg")
    page = stem(out) or f"{file.removesuffix('.npz')}.html"
    so.load(Path(file)).html(page)
    if not quiet:
        click.echo(f"wrote {page}", err=True)
