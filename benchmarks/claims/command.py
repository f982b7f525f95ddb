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
    @click.option(
        "--write",
        type=click.Path(path_type=Path),
        help=f"Also write the page {page} here; with NAMEs, what it says of these, on a page that is there.",
    )
    def main(chosen: tuple[str, ...], size: float, write: Path | None) -> None:
        known = runner.names(folder)
        for name in chosen:
            if name not in known:
                raise click.BadParameter(f"no claim {name!r}; there are: {', '.join(known)}")
        if write and size != 1.0:
            raise click.BadParameter("--write is for the paths of the full run: without --size")
        if write and chosen and not write.is_file():
            raise click.BadParameter(f"--write with NAMEs is for a page that is there, and there is no {write}")
        lacking = {name: why for name in chosen or known if (why := runner.lacking(name, folder))}
        for name, why in lacking.items():
            if write or name in chosen:
                raise click.BadParameter(f"{name} cannot be measured here: {why}")
            click.echo(f"{name} is left out: {why}", err=True)
        outcomes, whole = measured(folder, tuple(name for name in chosen or known if name not in lacking), size)
        if write and whole and chosen:
            write.write_text(runner.renewed(head, write.read_text(encoding="utf-8"), outcomes), encoding="utf-8")
        elif write and whole:
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
    console.print(runner.tally([o.verdict for o in outcomes]))
    return outcomes, len(outcomes) == len(chosen)
