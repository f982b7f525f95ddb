"""``python -m benchmarks.claims [NAME ...]``: run all claims, or the named ones, and print what was found."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from benchmarks.claims import runner


@click.command()
@click.argument("chosen", nargs=-1, metavar="[NAME]...")
@click.option("--size", type=click.FloatRange(0.0, min_open=True), default=1.0, help="Times the paths of the full run.")
@click.option("--write", type=click.Path(path_type=Path), help="Also write the page docs/claims.md of a full run here.")
def main(chosen: tuple[str, ...], size: float, write: Path | None) -> None:
    """Measure claims of papers: all of them, or those with the NAMEs of their files."""
    known = runner.names()
    for name in chosen:
        if name not in known:
            raise click.BadParameter(f"no claim {name!r}; there are: {', '.join(known)}")
    if write and (chosen or size != 1.0):
        raise click.BadParameter("--write is for a full run: without names and --size")
    console = Console()
    outcomes: list[runner.Outcome] = []
    try:
        for name in chosen or known:
            with Console(stderr=True).status(name):
                outcomes.append(runner.run(name, size))
            console.print(runner.heading(outcomes[-1]))
            console.print(runner.table(outcomes[-1].findings))
    except KeyboardInterrupt:
        write = None  # what is finished is shown, but a page is of a full run
    console.print(runner.tally(outcomes))
    if write:
        write.write_text(runner.markdown(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main()
