"""Cost of a path-step against peers, in one run: ``python benchmarks/speed.py``.

Every peer integrates the same SDE by Euler–Maruyama at the same dt: sdeopt (SIMD lanes, one thread, float64), NumPy
vectorised over blocks of paths that fit in cache (written by hand for each equation), and sdeint, path by path. Rounds
are interleaved and the median is taken, so that the ratios mean something on a busy machine too. Time to the first
result is that of a fresh process, with an empty and with a filled cache of compiled loops.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import sdeint
from rich.console import Console
from rich.table import Table
from scipy.special import erf

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

STEPS, SUBSTEPS, BLOCK, ROUNDS = 60, 16, 4096, 5
H, SCALE, X0, LR = np.array([1.0, 2.0]), np.array([0.5, 1.0]), np.array([1.0, -1.0]), 0.1
FINE, DT = STEPS * SUBSTEPS, LR / SUBSTEPS

PROBLEM = so.Problem(so.Quadratic(H), so.Gaussian(SCALE), x0=X0)
FIRST = """
import sdeopt as so
problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
so.simulate(so.SignSGD(lr=0.1), problem, kind="sde", steps=60, paths=1000, rng=0)
"""


def sgd(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drift and diffusion (diagonal) of the SDE of SGD."""
    return -H * x, np.sqrt(LR) * SCALE * np.ones_like(x)


def signsgd(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drift and diffusion (diagonal) of the SDE of SignSGD."""
    s = erf(H * x / (np.sqrt(2.0) * SCALE))
    return -s, np.sqrt(LR * (1.0 - s * s))


def by_sdeopt(method: so.SGD) -> Callable[[], int]:
    """Path-steps of a call, once compiled."""
    run = plan(method, PROBLEM, "sde", steps=STEPS, substeps=SUBSTEPS, scheme="euler", observables=[], save_at=6, rng=0)
    kernel = Kernel(run)
    kernel(0, 32)
    return lambda: kernel(0, BLOCK)[:, 0, 0].size * FINE


def by_numpy(coefficients: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Callable[[], int]:
    """The same, one block of paths at a time."""
    generator = np.random.Generator(np.random.SFC64(0))

    def call() -> int:
        x = np.tile(X0, (BLOCK, 1))
        for _ in range(FINE):
            b, s = coefficients(x)
            x = x + b * DT + s * np.sqrt(DT) * generator.standard_normal(x.shape)
        return BLOCK * FINE

    return call


def by_sdeint(coefficients: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Callable[[], int]:
    """The same, a single path."""
    times = DT * np.arange(FINE + 1)

    def call() -> int:
        sdeint.itoEuler(lambda y, t: coefficients(y)[0], lambda y, t: np.diag(coefficients(y)[1]), X0, times)
        return FINE

    return call


def nanoseconds(calls: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Median cost of a path-step per peer, over interleaved rounds."""
    costs: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.process_time()
            steps = call()
            costs[name].append(1e9 * (time.process_time() - start) / steps)
    return {name: median(values) for name, values in costs.items()}


def first_results() -> tuple[float, float]:
    """Seconds to the first result of a new process: nothing compiled yet, and everything compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"SDEOPT_CACHE_DIR": folder}
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", FIRST], env=environment, check=True)
            seconds.append(time.perf_counter() - start)
    return seconds[0], seconds[1]


def main() -> None:
    """Print the table."""
    table = Table("SDE (d = 2)", "sdeopt", "NumPy", "sdeint", "NumPy / sdeopt", "sdeint / sdeopt")
    for name, method, coefficients in (("SGD", so.SGD(LR), sgd), ("SignSGD", so.SignSGD(LR), signsgd)):
        cost = nanoseconds(
            {"sdeopt": by_sdeopt(method), "numpy": by_numpy(coefficients), "sdeint": by_sdeint(coefficients)}
        )
        values = [f"{cost[peer]:.1f} ns" for peer in ("sdeopt", "numpy", "sdeint")]
        table.add_row(name, *values, *(f"{cost[peer] / cost['sdeopt']:.1f}" for peer in ("numpy", "sdeint")))
    console = Console()
    console.print(table)
    cold, warm = first_results()
    console.print(f"first result of a new process: {cold:.1f} s cold, {warm:.1f} s warm")


if __name__ == "__main__":
    main()
