"""The atlas of noise regimes: every method that can run under every law, on one small regression: docs/regimes.md.

python -m benchmarks.regimes --folder cells --write docs/regimes.md    # goes on where it was stopped
python -m benchmarks.regimes --quick                                   # three methods under three laws, a minute
"""

from __future__ import annotations

import datetime
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np

import sdeopt as so
from benchmarks.regimes_page import write
from sdeopt.atlases.regimes import quick

__all__ = ["COMPARED", "full", "main", "problem"]

GRADIENTS, PATHS, TUNING, SEED = 100, 400, 100, 0
COMPARED = (
    "Gaussian 1", "Student-t, ν = 5", "Cauchy", "minibatch of 4", "unequal agents", "compressed, ω = 3",
    "private, ε = 1",
)  # fmt: skip


def problem() -> so.Problem:
    """Least squares on 16 examples of 8 features: every law of the noise has a meaning there."""
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((16, 8))
    return so.Problem(so.LinearRegression(X, X @ np.ones(8) + rng.standard_normal(16)))


def full(folder: Path | None = None, workers: int | None = None) -> so.Atlas:
    """Every method of the package at its defaults, in processes, since NumPy's small steps hold the interpreter."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return so.atlas(
            problem(), gradients=GRADIENTS, paths=PATHS, tuning=TUNING, compare=COMPARED, rng=SEED, folder=folder,
            executor=pool,
        )  # fmt: skip


def total(folder: Path | None, minutes: float) -> float:
    """Minutes of all runs that filled the folder, which remembers them; a run that was killed left none."""
    if folder is None:
        return minutes
    file = folder / "minutes.txt"
    minutes += float(file.read_text(encoding="utf-8")) if file.exists() else 0.0
    file.write_text(f"{minutes:.2f}\n", encoding="utf-8")
    return minutes


@click.command()
@click.option("--quick", "short", is_flag=True, help="Three methods under three laws.")
@click.option("--workers", type=int, help="Processes.  [default: one per core]")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep finished cells here.")
@click.option("--save", type=click.Path(path_type=Path), help="Keep the atlas here.")
@click.option("--write", "file", type=click.Path(path_type=Path), help="Write the page docs/regimes.md of a full run.")
def main(short: bool, workers: int | None, folder: Path | None, save: Path | None, file: Path | None) -> None:
    """Run the atlas and print it."""
    if short and file:
        raise click.BadParameter("--write is for a full run: without --quick")
    found = so.atlas(problem(), **quick(problem()), rng=SEED) if short else full(folder, workers)
    minutes = total(folder, sum(os.times()[:4]) / 60.0)  # of the workers too
    print(found)
    print(f"{minutes:.1f} minutes of processor time")
    if save:
        found.save(save)
    if file:
        write(found, minutes, f"{datetime.date.today():%d %B %Y}", file)


if __name__ == "__main__":
    main()
