"""``python -m benchmarks.claims.networks [NAME ...]``: run all claims about networks, or the named ones."""

from __future__ import annotations

import pkgutil

import click
from rich.console import Console

import benchmarks.claims.networks
from benchmarks.claims import runner

KNOWN = sorted({m.name for m in pkgutil.iter_modules(benchmarks.claims.networks.__path__)} - {"__main__", "trained"})


@click.command()
@click.argument("chosen", nargs=-1, type=click.Choice(KNOWN), metavar="[NAME]...")
@click.option("--size", type=click.FloatRange(0.0, min_open=True), default=1.0, help="Times the paths of the full run.")
def main(chosen: tuple[str, ...], size: float) -> None:
    """Measure claims about networks."""
    import torch

    torch.set_num_threads(1)  # paths run in threads
    console = Console()
    for name in chosen or KNOWN:
        outcome = runner.run(f"networks.{name}", size)
        console.print(runner.heading(outcome))
        console.print(runner.table(outcome.findings))


if __name__ == "__main__":
    main()
