"""``sdeopt sweep FILE``: a grid of runs, as a table and phase diagrams."""

from __future__ import annotations

from typing import Any

import click

from sdeopt.cli.runs import WIDE

__all__ = ["sweep"]

SCHEMA = """\b
The file, in TOML; all but method and [grid] may be left out:
  method = ["heavyball", "signsgd"]     one name or several, or "FILE.py:NAME"
  momentum = 0.9                        any hyperparameter, for those that have it
  objective = "quadratic:1,2"           one SPEC or several
  noise = ["gaussian:0.5", "laplace"]   one SPEC or several; or batch = 16
  x0 = [1.0, -1.0]
  horizon = 10.0                        or steps = 200
  paths = 1000                          of an error as many as decide in about 40 s
  seconds = 5.0                         for each error, in their place
  measures = ["loss", "diverged"]       of loss, median, spread, diverged, time, error
  level = 0.1                           of f(x), for time
  substeps = 16                         of the SDE, for error beside paths
  sde = "order2"                        for error, by name
  seed = 0
  threads = 2                           or processes = 2
  folder = "cells"
  out = "signs"
  [grid]                                fields of methods, noise, objectives
  lr = { geomspace = [0.01, 1.0, 9] }   from, to, number; also linspace
  scale = [0.5, 1.0]                    noise.scale where an objective has it too"""


@click.command("sweep", epilog=SCHEMA)
@click.argument("file", metavar="FILE")
@click.option(
    "--folder", metavar="FOLDER", help="Keep finished cells here; a sweep that was stopped goes on from them."
)
@click.option(
    "--out",
    metavar="STEM",
    help="Write STEM.csv, STEM.npz and a figure STEM-MEASURE.png for each measure; with STEM.html a page of them.",
)
@click.option("--seed", type=int, help="Randomness, the same for all cells.  [default: 0]")
@click.option("--threads", type=int, help="Cells at a time; they do not change the numbers.  [default: one per core]")
@click.option("--processes", type=int, help="Processes in their place, for objectives in Python.")
@click.option("--wide", is_flag=True, help=WIDE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, not a table.")
@click.option("--quiet", is_flag=True, help="No progress bar, no remarks.")
def sweep(file: str, wide: bool, as_json: bool, quiet: bool, **typed: Any) -> None:
    """Run every point of the grid in FILE: loss, spread, divergence, time to a level, weak error.

    Example: sdeopt sweep signs.toml --folder cells --out signs
    """
    import sdeopt as so
    from sdeopt.cli import output
    from sdeopt.cli.sweepfile import read

    job = read(file, typed)
    try:
        result = so.sweep(
            job.methods, job.problems, job.grid, **job.arguments, executor=job.executor,
            progress=False if quiet else None,
        )  # fmt: skip
    finally:
        if job.executor is not None:
            job.executor.shutdown(cancel_futures=True)
    if as_json:
        click.echo(result.to_json())
    else:
        output.show(result, None, wide)
    if job.stem:
        written = output.tables(result, job.stem)
        if not quiet:
            click.echo(f"wrote {', '.join(written)}", err=True)
