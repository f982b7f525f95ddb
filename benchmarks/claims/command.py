"""The command that runs a folder of claims and writes its page."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click
from rich.console import Console

from benchmarks.claims import runner

__all__ = ["command"]


def command(folder: ModuleType, page: str, head: str) -> click.Command:
    """``[NAME ...] [--size TIMES] [--write FILE]``; ``page`` is where that file belongs, ``head`` how it begins."""

    @click.command(help=f"Measure claims of papers: all of them, or those with the NAMEs of their files. Page: {page}.")
    @click.argument("chosen", nargs=-1, metavar="[NAME]...")
    @click.option(
        "--size", type=click.FloatRange(0.0, min_open=True), default=1.0, help="Times the paths of the full run."
    )
    @click.option("--write", type=click.Path(path_type=Path), help=f"Also write the page {page} of a full run here.")
    def main(chosen: tuple[str, ...], size: float, write: Path | None) -> None:
        known = runner.names(folder)
        for name in chosen:
            if name not in known:
                raise click.BadParameter(f"no claim {name!r}; there are: {', '.join(known)}")
        if write and (chosen or size != 1.0):
            raise click.BadParameter("--write is for a full run: without names and --size")
        outcomes, whole = measured(folder, chosen or tuple(known), size)
        if write and whole:
            write.write_text(runner.markdown(head, outcomes), encoding="utf-8")

    return main


def measured(folder: ModuleType, chosen: tuple[str, ...], size: float) -> tuple[list[runner.Outcome], bool]:
    """Run the claims and print what they find; whether Ctrl-C left all of them."""
    console = Console()
    outcomes: list[runner.Outcome] = []
    try:
        for name in chosen:
            with Console(stderr=True).status(name):
                outcomes.append(runner.run(name, size, folder))
            console.print(runner.heading(outcomes[-1]))
            console.print(runner.table(outcomes[-1].findings))
    except KeyboardInterrupt:
        pass  # what is finished is shown, but a page is of a full run
    console.print(runner.tally(outcomes))
    return outcomes, len(outcomes) == len(chosen)
