"""The atlas of noise regimes: every method under every law, on one small regression: docs/regimes.md.

python -m benchmarks.regimes --write docs/regimes.md --folder cells    # the full run; goes on where it was stopped
python -m benchmarks.regimes --quick                                   # five methods under four laws, a minute
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import numpy as np

import sdeopt as so

__all__ = ["GRADIENTS", "main", "problem"]

GRADIENTS, PATHS, TUNING, SEED = 200, 400, 100, 0
QUICK = {"gradients": 100, "paths": 200, "tuning": 60, "lrs": (0.003, 0.01, 0.03, 0.1, 0.3)}


def problem() -> so.Problem:
    """Least squares on 16 examples of 8 features, whose gradient at the start is near the one of its noise."""
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((16, 8))
    return so.Problem(so.LinearRegression(X, X @ np.ones(8) + rng.standard_normal(16)))


def quick() -> so.Atlas:
    """Three methods under three laws."""
    laws = {"Gaussian": so.Gaussian(1.0), "Cauchy": so.StudentT(1.0, 1.0), "minibatch of 4": so.Minibatch(4)}
    return so.atlas(problem(), [so.SGD(0.1), so.SignSGD(0.1), so.HeavyBall(0.1)], laws, rng=SEED, **QUICK)


def full(folder: Path | None = None) -> so.Atlas:
    """All of them."""
    return so.atlas(problem(), gradients=GRADIENTS, paths=PATHS, tuning=TUNING, rng=SEED, folder=folder)


@click.command()
@click.option("--quick", "short", is_flag=True, help="Three methods under three laws.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep finished cells here.")
@click.option("--save", type=click.Path(path_type=Path), help="Keep the atlas here.")
def main(short: bool, folder: Path | None, save: Path | None) -> None:
    """Run the atlas and print it."""
    began = time.process_time()
    found: Any = quick() if short else full(folder)
    print(found)
    print(f"{(time.process_time() - began) / 60.0:.1f} minutes of processor time")
    if save:
        found.save(save)


if __name__ == "__main__":
    main()
