"""sdeopt against its peers, everything measured in one run: ``python benchmarks/peers.py [W1 W2 ...]``.

Costs are CPU seconds of one thread per path and step; the peers of one workload are run in turn, several rounds, and
the medians are compared, so that the ratios mean something on a busy machine too. Peers that are not installed (extra
``bench``) and a missing C++ compiler are skipped with a note. Then: the optimizer's own loop beside its SDE, large
problems, threads, memory, and the time to the first result of a new process.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
from engines.cpp import by_cpp
from engines.others import PEERS
from engines.workloads import WORKLOADS, Workload
from rich.console import Console
from rich.table import Table

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

ROUNDS, STEPS = 5, 1000
CPP = "C++, explicit vectors"
LANES = "sdeopt"
FIRST = """
import sdeopt as so
problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
so.simulate(so.SignSGD(lr=0.1), problem, kind="sde", steps=60, paths=1000, rng=0)
"""
console = Console(width=110)


def cost(call: Callable[[], Any], path_steps: int) -> float:
    """Nanoseconds of CPU time per path and step."""
    start = time.process_time()
    call()
    return 1e9 * (time.process_time() - start) / path_steps


def by_sdeopt(run: Any, paths: int, mode: str = "lanes") -> Callable[[], float]:
    """A run of the engine on ``paths`` paths, chunks of 256, in the given mode."""
    kernel = Kernel(replace(run, lanes=mode == "lanes", interpreted=mode == "interpreted"))
    if kernel.mode != mode:
        raise RuntimeError(f"{run.method} runs in {kernel.mode}, not {mode}")
    kernel(0, min(paths, 32))
    steps = run.steps * (run.substeps if run.kind == "sde" else 1)

    def call() -> float:
        return cost(lambda: [kernel(p, min(256, paths - p)) for p in range(0, paths, 256)], paths * steps)

    return call


def columns(w: Workload) -> dict[str, Callable[[], float]]:
    """What is compared on one workload: name -> a call that returns its cost."""
    grid: dict[str, Any] = {"substeps": 1, "scheme": "euler", "observables": [], "save_at": 10, "rng": 0}
    run = plan(w.method, w.problem, "sde", sde=w.sde, steps=STEPS, **grid)
    paths = 8192 if w.start.size == 2 else 2048
    calls = {LANES: by_sdeopt(run, paths), "sdeopt, vectors": by_sdeopt(run, 256, "vectors")}
    calls["sdeopt, interpreted"] = by_sdeopt(replace(run, steps=100, saves=(100,)), 2, "interpreted")
    native = by_cpp(w.name, paths, STEPS, w.dt)
    if native is None:
        console.print("no g++: the C++ baseline is skipped")
    else:
        calls[CPP] = lambda: native()[0]
    for name, peer in PEERS.items():
        try:
            call, path_steps = peer(w)
            call()
        except ImportError as missing:
            console.print(f"{w.name}: {name} skipped ({missing})")
            continue
        calls[name] = lambda call=call, path_steps=path_steps: cost(call, path_steps)
    return calls


def compare(names: list[str]) -> None:
    """The table of costs and ratios."""
    chosen = [w for w in WORKLOADS if w.name in names]
    rows: dict[str, dict[str, float]] = {}
    for w in chosen:
        calls = columns(w)
        rounds = [{name: call() for name, call in calls.items()} for _ in range(ROUNDS)]
        for name in calls:
            rows.setdefault(name, {})[w.name] = median(one[name] for one in rounds)
    table = Table("ns per path-step (times sdeopt)", *(w.name for w in chosen), title="Euler–Maruyama, one thread")
    for name, found in sorted(rows.items(), key=lambda item: min(item[1].values())):
        cells = [
            f"{found[w.name]:.3g} ({found[w.name] / rows[LANES][w.name]:.2g})" if w.name in found else ""
            for w in chosen
        ]
        table.add_row(name, *cells)
    console.print(table)


def own_columns() -> None:
    """The optimizer's recursion beside one Euler step of its SDE, and one of Heun."""
    table = Table("ns per path-step", "discrete", "SDE, Euler", "SDE, Heun", "discrete / Euler", title="Both columns")
    h = np.linspace(0.5, 2.0, 10)
    subjects = [
        (so.SGD(0.01), so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))),
        (so.SignSGD(0.01), so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))),
        (so.AdamW(0.01), so.Problem(so.Quadratic(h), so.Gaussian(0.5))),
    ]
    for method, problem in subjects:
        runs = {
            kind: plan(method, problem, kind[0], steps=STEPS, substeps=1, scheme=kind[1], observables=[], rng=0)
            for kind in (("discrete", "euler"), ("sde", "euler"), ("sde", "heun"))
        }
        calls = {kind: by_sdeopt(run, 2048) for kind, run in runs.items()}
        rounds = [{kind: call() for kind, call in calls.items()} for _ in range(ROUNDS)]
        found = [median(one[kind] for one in rounds) for kind in runs]
        table.add_row(f"{method}, d = {problem.dim}", *(f"{c:.3g}" for c in found), f"{found[0] / found[1]:.2f}")
    console.print(table)


def large() -> None:
    """Logistic regression with minibatches, n = 2000: cost against d; one gradient pass by NumPy for scale."""
    table = Table(
        "d", "discrete, B = 16", "SDE, Euler", "a gradient, NumPy", "SDE / gradient", title="µs per path-step"
    )
    point = np.random.default_rng(0)
    for d in (10, 100, 1000):
        X = point.standard_normal((2000, d)) / np.sqrt(d)
        f = so.Logistic(X, np.sign(X[:, 0] + 0.1 * point.standard_normal(2000)), l2=0.01)
        problem = so.Problem(f, so.Minibatch(16), x0=np.zeros(d))
        grid: dict[str, Any] = {"steps": 20, "substeps": 1, "scheme": "euler", "observables": [], "rng": 0}
        calls = [by_sdeopt(plan(so.SGD(0.1), problem, kind, **grid), 4, "vectors") for kind in ("discrete", "sde")]
        x = np.ones(d)
        calls.append(lambda f=f, x=x: cost(lambda: [f.X.T @ (f.X @ x) for _ in range(20)], 20))
        rounds = [[call() for call in calls] for _ in range(ROUNDS)]
        found = [1e-3 * median(column) for column in zip(*rounds, strict=True)]
        table.add_row(str(d), *(f"{c:.3g}" for c in found), f"{found[1] / found[2]:.2g}")
    console.print(table)


def threads() -> None:
    """Wall time of the same run on one thread and on two, and the peak of memory."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    seconds = []
    for workers in (1, 2):
        with ThreadPoolExecutor(workers) as pool:
            run: dict[str, Any] = {"steps": 400, "paths": 100_000, "rng": 0, "progress": False, "executor": pool}
            so.simulate(so.SignSGD(0.01), problem, kind="sde", **run | {"paths": 256})
            start = time.perf_counter()
            so.simulate(so.SignSGD(0.01), problem, kind="sde", **run)
            seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    console.print(f"two threads: {seconds[0] / seconds[1]:.2f} times one; peak memory of this process {peak:.2f} GB")


def first_results() -> None:
    """Seconds to the first result of a new process: nothing compiled yet, and everything compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", FIRST], env=os.environ | {"SDEOPT_CACHE_DIR": folder}, check=True)
            seconds.append(time.perf_counter() - start)
    console.print(f"first result of a new process: {seconds[0]:.1f} s cold, {min(seconds[1:]):.1f} s warm")


def main() -> None:
    """Print everything, or the named workloads only."""
    names = sys.argv[1:]
    compare(names or [w.name for w in WORKLOADS])
    if not names:
        own_columns()
        large()
        threads()
        first_results()


if __name__ == "__main__":
    main()
