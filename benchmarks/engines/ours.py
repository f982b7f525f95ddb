"""What sdeopt costs beside itself: both columns, dimensions, paths, threads, memory, the first result of a process."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.engines.machine import beside, process
from benchmarks.engines.tables import Table
from benchmarks.engines.workloads import GRID, STEPS
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.machine import draws
from sdeopt.engine.simulate import plan

__all__ = ["by_sdeopt", "columns", "cost", "dimensions", "first", "large", "medians", "memory", "paths", "threads"]

ROUNDS = 5
START = """
import re
import sdeopt as so
problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
so.simulate(so.SignSGD(lr=0.1), problem, kind="sde", steps={steps}, paths={paths}, rng=0, progress=False)
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""


def cost(call: Callable[[], Any], path_steps: int) -> float:
    """Nanoseconds of CPU time per path and step."""
    start = time.process_time()
    call()
    return 1e9 * (time.process_time() - start) / path_steps


def medians(calls: dict[Any, Callable[[], float]]) -> dict[Any, float]:
    """The median of each over rounds in which all take their turn."""
    rounds = [{name: call() for name, call in calls.items()} for _ in range(ROUNDS)]
    return {name: median(one[name] for one in rounds) for name in calls}


def by_sdeopt(run: Any, count: int, mode: str = "lanes") -> Callable[[], float]:
    """The cost of a run of the engine on ``count`` paths, chunks of 256, in the given mode; compiled here."""
    kernel = Kernel(replace(run, lanes=mode == "lanes", interpreted=mode == "interpreted"))
    if kernel.mode != mode:
        raise RuntimeError(f"{run.method} runs in {kernel.mode}, not {mode}")
    kernel(0, min(count, 32))
    steps = run.steps * (run.substeps if run.kind == "sde" else 1)
    return lambda: cost(lambda: [kernel(p, min(256, count - p)) for p in range(0, count, 256)], count * steps)


def columns() -> Table:
    """The optimizer's recursion beside one Euler step of its SDE, and one of Heun."""
    two, ten = np.array([1.0, 2.0]), np.linspace(0.5, 2.0, 10)
    subjects = ((so.SGD(0.01), two), (so.SignSGD(0.01), two), (so.AdamW(0.01), ten))
    rows = []
    for method, h in subjects:
        problem = so.Problem(so.Quadratic(h), so.Gaussian(0.5))
        kinds = (("discrete", "euler"), ("sde", "euler"), ("sde", "heun"))
        runs = [plan(method, problem, kind, steps=STEPS, **GRID | {"scheme": scheme}) for kind, scheme in kinds]
        found = list(medians({i: by_sdeopt(run, 8192) for i, run in enumerate(runs)}).values())
        rows.append([f"{method}, d = {h.size}", *found, found[0] / found[1]])
    head = ["ns per path-step", "discrete", "SDE, Euler", "SDE, Heun", "discrete / Euler"]
    return Table("Both columns", "CPU time of one thread, SIMD lanes.", head, rows)


def large() -> Table:
    """Logistic regression with minibatches of 16 of 2000 examples, beside what NumPy takes for its parts."""
    rows, random = [], np.random.default_rng(0)
    for d in (10, 100, 1000):
        X = random.standard_normal((2000, d)) / np.sqrt(d)
        y = np.sign(X[:, 0] + 0.1 * random.standard_normal(2000))
        problem = so.Problem(so.Logistic(X, y, l2=0.01), so.Minibatch(16), x0=np.zeros(d))
        runs = [plan(so.SGD(0.1), problem, kind, steps=20, **GRID) for kind in ("discrete", "sde")]
        calls: dict[int, Any] = {i: by_sdeopt(run, 4, "vectors") for i, run in enumerate(runs)}
        calls[2] = lambda X=X, y=y: cost(lambda: [minibatch_step(X, y, random) for _ in range(200)], 200)
        calls[3] = lambda X=X, y=y: cost(lambda: [gradient(np.ones(X.shape[1]), X, y) for _ in range(40)], 40)
        step, sde, by_numpy, passed = (1e-3 * c for c in medians(calls).values())
        rows.append([f"d = {d}", step, by_numpy, by_numpy / step, sde, passed, sde / passed])
    head = ["µs per path-step", "SGD, B = 16", "by NumPy", "ratio", "SDE, Euler", "a gradient by NumPy", "ratio"]
    note = "One path at a time. The noise of the SDE has the covariance of a minibatch, from a sweep over all examples."
    return Table("Logistic regression, minibatches", f"{note} CPU time of one thread.", head, rows)


def gradient(x: Any, X: Any, y: Any) -> Any:
    """Of the mean of log(1 + exp(-y x·X)) + l2 |x|²/2."""
    return X.T @ (-y / (1.0 + np.exp(y * (X @ x)))) / len(y) + 0.01 * x


def minibatch_step(X: Any, y: Any, random: Any) -> Any:
    """A step of SGD as one writes it."""
    x, chosen = np.ones(X.shape[1]), random.integers(0, len(y), 16)
    return x - 0.1 * gradient(x, X[chosen], y[chosen])


def dimensions() -> Table:
    """Cost against the dimension, diagonal quadratic."""
    rows = []
    for d in (2, 8, 32, 128, 1024):
        problem = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, d)), so.Gaussian(0.5))
        run = plan(so.SGD(0.01), problem, "sde", steps=STEPS, **GRID)
        mode = Kernel(run).mode
        found = medians({0: by_sdeopt(run, max(64, 8192 // d // 32 * 32), mode)})[0]
        rows.append([f"d = {d}", mode, found, found / d])
    head = ["SDE of SGD, Euler", "mode", "ns per path-step", "per coordinate"]
    return Table("Cost against the dimension", "CPU time of one thread.", head, rows)


def paths() -> Table:
    """Cost of a whole call against the number of paths, on one thread."""
    counts = (32, 256, 2048, 16384, 131072)
    found = {n: median(_seconds(n, 1) for _ in range(3)) for n in counts}
    rows = [[f"{n:,}", 1e3 * s, 1e9 * s / (n * STEPS)] for n, s in found.items()]
    note = f"`so.simulate`, SDE of SignSGD, d = 2, {STEPS} steps of Heun's scheme, 3 observables, 101 saves. Wall time."
    return Table("Cost against the number of paths", note, ["paths", "ms", "ns per path-step"], rows)


def threads() -> Table:
    """Wall time of the same call on one thread and on two."""
    rounds = [(_seconds(100_000, 1), _seconds(100_000, 2)) for _ in range(ROUNDS)]
    one, two = (median(column) for column in zip(*rounds, strict=True))
    note = f"100,000 paths of the same call. Wall time, so it needs two idle cores; this machine has {os.cpu_count()}."
    rows = [["1", one, 1.0], ["2", two, median(a / b for a, b in rounds)]]
    return Table("Threads", note, ["threads", "seconds", "times faster"], rows)


def _seconds(count: int, workers: int) -> float:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    with ThreadPoolExecutor(workers) as pool:
        run: dict[str, Any] = {"substeps": 1, "rng": 0, "progress": False, "executor": pool}
        so.simulate(so.SignSGD(0.01), problem, "sde", steps=STEPS, paths=32, **run)
        start = time.perf_counter()
        so.simulate(so.SignSGD(0.01), problem, "sde", steps=STEPS, paths=count, **run)
        return time.perf_counter() - start


def _process(folder: str | None, steps: int, count: int) -> tuple[float, float, float]:
    """Seconds, those of them on the processor, and peak megabytes of a new process that prints a first result."""
    seconds, used, megabytes = process(["-c", START.format(steps=steps, paths=count)], folder)
    return seconds, used, float(megabytes)


def memory() -> Table:
    """Peak memory of a process."""
    grid = ((100, 1000), (10_000, 1000), (100, 100_000), (1000, 100_000))
    _process(None, 60, 32)
    rows = [[f"{steps:,} steps, {count:,} paths", _process(None, steps, count)[2]] for steps, count in grid]
    note = "Of a new process that simulates the SDE of SignSGD, d = 2, with 101 saves; Python and Numba included."
    return Table("Peak memory", note, ["run", "MB"], rows)


def first() -> Table:
    """Wall time from the start of Python to the first result."""
    load = beside()
    with tempfile.TemporaryDirectory() as folder:
        installed = _process(folder, 60, 1000)[:2]
        _forget(folder)
        cold = _process(folder, 60, 1000)[:2]
        rounds = [_process(folder, 60, 1000)[:2] for _ in range(ROUNDS)]
    warm = map(median, zip(*rounds, strict=True))
    rows = [["the first run ever", *installed], ["a new page or problem", *cold], ["found in the cache", *warm]]
    note = f"Of a new process: start of Python, imports, compilation or cache, 1000 paths of 60 steps. {load}"
    return Table("The first result", note, ["", "seconds", "of CPU"], rows)


def _forget(folder: str) -> None:
    """Remove the loops of pages; what draws stays."""
    for file in os.scandir(folder):
        if not file.name.startswith(draws.mark()[:16]):
            os.unlink(file.path)
