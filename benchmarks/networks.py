"""What a network costs, in one run: ``python benchmarks/networks.py [network] [device]``; default "mlp cpu", on digits.

Against one gradient of the whole data: the full-covariance noise of the SDE, the Hessian product, the diagonal of the
covariance. How far that diagonal is off if it is refreshed every r steps only. Against the training loop that one would
write with torch.optim: a step of the page, one path and 64 at a time. CPU time of the calling thread with one thread of
PyTorch, on another device the time that passes; rounds are interleaved and the median is taken, so that the ratios mean
something on a busy machine too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

STEPS, BATCH, PATHS, ROUNDS = 50, 32, 64, 7
NETWORK, DEVICE = [*sys.argv[1:], *("mlp", "cpu")[len(sys.argv) - 1 :]][:2]
now = time.thread_time if DEVICE == "cpu" else time.perf_counter


def loop(f: so.TorchObjective, optimizer: Callable[[Any], Any]) -> Callable[[], None]:
    """STEPS steps of the usual training loop on random batches."""
    module, rng = f.module(f.start), np.random.default_rng(0)
    worker = optimizer(module.parameters())

    def train() -> None:
        for _ in range(STEPS):
            index = torch.from_numpy(rng.integers(0, f.examples(), BATCH)).to(f._device)
            worker.zero_grad()
            torch.nn.functional.cross_entropy(module(f._X[index]), f._y[index]).backward()
            worker.step()

    return train


def page(method: Any, problem: so.Problem, paths: int) -> Callable[[], Any]:
    """STEPS steps of the discrete column."""
    kernel = Kernel(plan(method, problem, steps=STEPS, save_at=1, observables=[], rng=0))
    return lambda: kernel(0, paths)


def stale(f: so.TorchObjective, page: Any, ages: tuple[int, ...] = (2, 5, 10, 20)) -> list[str]:
    """Along one run, diag Σ that is refreshed every r steps: error of its roots in the mean, and worst of its norm."""
    steps = 200
    run = so.simulate(page, so.Problem(f, so.Minibatch(BATCH)), steps=steps, paths=1, save_at=steps, observables=[],
                      keep_paths=True, rng=0, progress=False)  # fmt: skip
    exact = np.array([f.grad_var(x) for x in run.paths[0]])
    cells = []
    for r in ages:
        old = exact[np.arange(steps + 1) // r * r]
        root = np.abs(np.sqrt(old) - np.sqrt(exact)).sum(axis=1) / np.sqrt(exact).sum(axis=1)
        worst = (np.linalg.norm(old - exact, axis=1) / np.linalg.norm(exact, axis=1)).max()
        cells.append(f"{100 * root.mean():.1f} %, {100 * worst:.0f} %")
    return cells


def measured(tasks: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds of each task."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(ROUNDS + 1):
        for name, task in tasks.items():
            begin = now()
            task()
            times[name].append(now() - begin)
    return {name: median(seconds[1:]) for name, seconds in times.items()}


def main() -> None:
    torch.set_num_threads(1)
    f = getattr(so.networks, NETWORK)(device=DEVICE)
    problem, x = so.Problem(f, so.Minibatch(BATCH)), f.start
    o, w = problem.oracle, np.random.default_rng(0).standard_normal(f.examples())
    console = Console()

    cost = measured(
        {
            "gradient of the whole data": lambda: f.grad(x),
            "full-covariance noise Σ^{1/2} dW": lambda: o.noise.root_cov(o, x, w),
            "Hessian-vector product": lambda: f.hvp(x, x),
            "diagonal of Σ": lambda: f.grad_var(x),
        }
    )
    table = Table("answer", "ms", "of one gradient", title=repr(f))
    for name, seconds in cost.items():
        table.add_row(name, f"{1e3 * seconds:.2f}", f"{seconds / cost['gradient of the whole data']:.2f}")
    console.print(table)

    table = Table("diag Σ refreshed every", "2 steps", "5", "10", "20")
    for method in (so.SGD(0.1), so.AdamW(0.002), so.SignSGD(0.001)):
        table.add_row(repr(method), *stale(f, method))
    console.print(table)

    table = Table("step", "torch.optim, µs", "one path", "ratio", f"{PATHS} paths", "ratio to one")
    for method, optimizer in (
        (so.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        (so.AdamW(0.001), lambda p: torch.optim.AdamW(p, 0.001)),
    ):
        cost = measured({"loop": loop(f, optimizer), "1": page(method, problem, 1), "64": page(method, problem, PATHS)})
        a, b, c = (1e6 * seconds / STEPS for seconds in cost.values())
        table.add_row(type(method).__name__, f"{a:.0f}", f"{b:.0f}", f"{b / a:.2f}", f"{c:.0f}", f"{c / b:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
