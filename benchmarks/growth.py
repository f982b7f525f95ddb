"""How the cost of a run grows, in one respect at a time: a table and a panel each of docs/performance.md.

    python -m benchmarks.growth                   all, into benchmarks/growth.json, the figure and the page
    python -m benchmarks.growth --only paths d    some, in this order; the file keeps the others

Costs are CPU time of one thread, without compilation, the least of some rounds in which all sizes take their turn; a
size that takes over `DEAR` seconds has one turn. Memory is the peak of all arrays as tracemalloc sees it, in a call of
its own. Threads and the workers of a sweep are measured by the clock on the wall, so they need as many idle cores.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console

import sdeopt as so
from benchmarks.engines import tables
from benchmarks.engines.machine import about, beside, processor

console = Console(width=118)
ROUNDS, DEAR = 3, 1.0
TWO = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))


@dataclass(frozen=True)
class Growth:
    """Runs of ``sizes`` in one respect: ``words(size)`` are the arguments of `so.simulate`; ``why`` explains."""

    title: str
    axis: str
    sizes: Sequence[int]
    words: Callable[[int], dict[str, Any]]
    why: str


def _examples(n: int, batch: int) -> so.Problem:
    random = np.random.default_rng(0)
    X = random.standard_normal((n, 20))
    return so.Problem(so.Logistic(X, np.sign(X[:, 0]), l2=0.01), so.Minibatch(batch), x0=np.zeros(20))


def _run(method: Any, problem: so.Problem, kind: str, steps: int, paths: int, save_at: Any = 2) -> dict[str, Any]:
    extra = {"substeps": 1, "scheme": "euler"} if kind == "sde" else {}
    return {
        "method": method,
        "problem": problem,
        "kind": kind,
        "steps": steps,
        "paths": paths,
        "save_at": save_at,
    } | extra


def _diagonal(d: int) -> so.Problem:
    return so.Problem(so.Quadratic(np.linspace(1.0, 2.0, d)), so.Gaussian(0.5))


def _agents(n: int) -> so.Problem:
    return so.Problem(so.Quadratic([1.0, 2.0]), so.Agents(so.Gaussian(0.5), agents=n))


GROWTHS = {
    "paths": Growth(
        "Paths", "paths", [10**k for k in range(2, 8)],
        lambda n: _run(so.SGD(0.01), TWO, "sde", 10, n),
        "SDE of SGD, d = 2, 10 steps. Paths cost the same each; what a call costs at all is seen below some thousand. "
        "Memory is their positions at the end, 16 bytes each, which the result keeps, twice while chunks are put "
        "together; all else becomes statistics as soon as a chunk is done.",
    ),
    "steps": Growth(
        "Steps", "steps", [10**k for k in range(2, 6)],
        lambda n: _run(so.SGD(0.01), TWO, "sde", n, 256),
        "SDE of SGD, d = 2, 256 paths, 2 saves. A call costs some milliseconds before its first step, which is all up "
        "to a thousand steps: slope 0. Then steps are what counts, each costs the same, and the slope tends to 1. They "
        "take no memory: draws are made as they are needed, in a buffer of at most 64 steps.",
    ),
    "d": Growth(
        "Dimension", "d", [1, 10, 100, 1000, 10_000],
        lambda n: _run(so.SGD(0.01), _diagonal(n), "sde", 100, 32),
        "SDE of SGD on a diagonal quadratic, 100 steps of 32 paths. Up to d = 100 the call costs more than its steps: "
        "slope 0. Up to 128 coordinates SIMD lanes take paths side by side; from there on loops over coordinates of "
        "one path take their place, at about twice the cost of a coordinate, and the slope tends to 1. Memory is that "
        "of the positions that are saved.",
    ),
    "saves": Growth(
        "Saves", "saves", [2, 10, 100, 1000, 4000],
        lambda n: _run(so.SGD(0.01), TWO, "sde", 4000, 512, n),
        "SDE of SGD, d = 2, 4000 steps of 512 paths. Up to 100 saves steps are what counts, slope 0; then saves are, "
        "each of which costs as much as some ten steps: slope 1. Memory holds the saves of the chunk at work, which "
        "has fewer paths where they would take over 8 MB: it stays at some 15 MB.",
    ),
    "agents": Growth(
        "Agents", "agents", [1, 4, 16],
        lambda n: _run(so.DSGD(0.01), _agents(n), "discrete", 200, 64),
        "DSGD, d = 2, 200 steps of 64 paths. Every agent draws its own noise, so steps cost in proportion to them; up "
        "to 16 agents a call costs more than its steps, and the slope is near 0.",
    ),
    "n": Growth(
        "Examples, the optimizer", "n", [100, 1000, 10_000, 100_000],
        lambda n: _run(so.SGD(0.1), _examples(n, 16), "discrete", 100, 16),
        "SGD with minibatches of 16 of n examples, logistic regression, d = 20, 100 steps of 16 paths, 3 saves. A step "
        "reads 16 examples, wherever they lie: slope 0. The slope of 1 in the end is that of the saves, whose loss and "
        "gradient read all examples. Memory is that of the data, twice.",
    ),
    "n_sde": Growth(
        "Examples, the SDE", "n", [100, 1000, 10_000, 100_000],
        lambda n: _run(so.SGD(0.1), _examples(n, 16), "sde", 10, 4),
        "Its SDE, 10 steps of 4 paths: drift and noise are sums over all examples, so the slope is 1 as soon as they "
        "outweigh the call.",
    ),
    "B": Growth(
        "Batch", "B", [1, 4, 16, 64, 256, 1024],
        lambda n: _run(so.SGD(0.1), _examples(2000, n), "discrete", 100, 16),
        "SGD with minibatches of B of 2000 examples, 100 steps of 16 paths. A step reads B examples: slope 0 as long "
        "as the call costs more, up to B = 64, then on the way to 1. Memory is that of the data.",
    ),
}  # fmt: skip


@contextmanager
def _tracing() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def _cost(words: dict[str, Any], pool: Any) -> float:
    start = time.process_time()
    so.simulate(**words, rng=0, executor=pool, progress=False)
    return time.process_time() - start


def grow(growth: Growth) -> tables.Table:
    """The table of one of them."""
    runs = {size: growth.words(size) for size in growth.sizes}
    best, peaks = dict.fromkeys(runs, np.inf), {}
    with ThreadPoolExecutor(1) as pool:
        for size, words in runs.items():
            _cost(words | {"paths": 2}, pool)  # compiles
            with _tracing():
                _cost(words, pool)
                peaks[size] = tracemalloc.get_traced_memory()[1] / 1e6
        for _ in range(ROUNDS):
            for size, words in runs.items():
                if not DEAR < best[size] < np.inf:
                    best[size] = min(best[size], _cost(words, pool))
    rows, before = [], None
    for size, seconds in best.items():
        slope = np.log(seconds / best[before]) / np.log(size / before) if before else None
        rows.append([f"{size:,}", 1e3 * seconds, slope, peaks[size]])
        before = size
    return tables.Table(growth.title, growth.why, [growth.axis, "ms", "slope", "MB"], rows)


def threads() -> tables.Table:
    """One call on one thread and on two, by the clock on the wall."""
    load = beside()
    words = _run(so.SGD(0.01), TWO, "sde", 100, 500_000) | {"rng": 0, "progress": False}
    best, used = {}, {}
    for _ in range(3):
        for count in (1, 2):
            with ThreadPoolExecutor(count) as pool:
                start, cpu = time.perf_counter(), time.process_time()
                so.simulate(**words, executor=pool)
                seconds = time.perf_counter() - start
                if seconds < best.get(count, np.inf):
                    best[count], used[count] = seconds, time.process_time() - cpu
    rows = [[str(count), 1e3 * s, best[1] / s, 1e3 * used[count]] for count, s in best.items()]
    why = f"SDE of SGD, d = 2, 100 steps of 500,000 paths. {load} "
    why += "Of a chunk of 256 paths as short as these a fifth of the time is spent in the loop, the rest in Python on "
    why += "small arrays, which one thread at a time can do: a second thread gains nothing; see the table above."
    return tables.Table("Threads", why, ["threads", "ms on the wall", "times faster", "ms of CPU"], rows)


def cells() -> tables.Table:
    """A sweep of eight cells on one worker of Dask and on two, by the clock on the wall."""
    from distributed import Client, LocalCluster

    grid = {"lr": [0.01, 0.012, 0.014, 0.016, 0.018, 0.02, 0.022, 0.024]}
    rows, first, load = [], None, beside()
    for count in (1, 2):
        with (
            LocalCluster(n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            words: dict[str, Any] = {"rng": 0, "executor": client.get_executor(), "progress": False}
            so.sweep(so.SGD(0.01), TWO, grid, steps=10, paths=100, **words)  # every worker compiles, or reads
            start = time.perf_counter()
            so.sweep(so.SGD(0.01), TWO, grid, steps=500, paths=200_000, **words)
            seconds = time.perf_counter() - start
            first = first or seconds
            rows.append([str(count), 1e3 * seconds, first / seconds])
    why = f"Eight learning rates of SGD, d = 2, 500 steps of 200,000 paths each. Cells are independent. {load}"
    return tables.Table("Cells on workers", why, ["workers of Dask", "ms on the wall", "times faster"], rows)


def figure(made: Sequence[tables.Table], machine: dict[str, str]) -> None:
    """Cost, and memory where there is any, against size: a panel for each table of this machine."""
    import matplotlib.pyplot as plt

    plots, axes = plt.subplots(2, (len(made) + 1) // 2, figsize=(3.1 * ((len(made) + 1) // 2), 5.6))
    for axis, table in zip(axes.flat, made, strict=False):
        sizes = [float(str(row[0]).replace(",", "")) for row in table.rows]
        axis.plot(sizes, [row[1] for row in table.rows], "o-", color="C0", label=table.head[1])
        if table.head[-1] == "MB":
            axis.plot(sizes, [row[3] for row in table.rows], "s--", color="C1", label="MB")
        scale = "linear" if len(sizes) < 3 else "log"
        axis.set(xscale=scale, yscale=scale, xlabel=table.head[0], title=table.title)
        if scale == "linear":
            axis.set(xticks=sizes, ylim=(0.0, 1.2 * max(row[1] for row in table.rows)))
        axis.legend(frameon=False, fontsize=7)
    for axis in axes.flat[len(made) :]:
        axis.set_visible(False)
    plots.suptitle(machine["processor"], fontsize=9)
    plots.tight_layout()
    plots.savefig(tables.FIGURE, dpi=110)


def main() -> None:
    """Measure, print, write."""
    parts: dict[str, Callable[[], tables.Table]] = {name: lambda g=g: grow(g) for name, g in GROWTHS.items()}
    parts |= {"threads": threads, "cells": cells}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(parts), default=list(parts), help="these")
    for name in parser.parse_args().only:
        made = parts[name]()
        console.print(tables.shown(made), "")
        tables.save(tables.GROWTH, [made], about())  # a later part may fail
    runs = tables.load(tables.GROWTH)
    figure(*max(runs, key=lambda run: (len(run[0]), run[1]["processor"] == processor())))  # not of a few parts
    tables.write_page()


if __name__ == "__main__":
    main()
