"""Pages on tensors against a loop of torch.optim: ``python -m benchmarks.cuda [device]``; default "cuda", else "cpu".

Agreement with the CPU, float64, after ten steps; then float32, time of a path-step over that of the plain loop, for SGD
and AdamW on an MLP (d = 101,770), a CNN and a Transformer on MNIST-5000 (the extra ``data``), one path and, on another
device than the CPU, 64. Rounds are interleaved and the least of each is taken, CPU time on a CPU. Under 3 minutes.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import torch

import sdeopt as so

DEVICE = sys.argv[1] if len(sys.argv) > 1 else "cuda"
CPU = DEVICE == "cpu"
BATCH, ROUNDS, STEPS = 64, 9, 20 if CPU else 100
NETWORKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "MLP": (so.networks.mlp, {"widths": (128,)}),
    "CNN": (so.networks.cnn, {"channels": (8, 16)}),
    "Transformer": (so.networks.transformer, {"width": 64, "heads": 4, "layers": 2}),
}
PAIRS: dict[str, tuple[Any, Any]] = {
    "SGD": (so.SGD(0.05), lambda ps: torch.optim.SGD(ps, lr=0.05)),
    "AdamW": (so.AdamW(1e-3), lambda ps: torch.optim.AdamW(ps, lr=1e-3)),
}


def spent(work: Any) -> float:
    """Seconds that ``work`` takes."""
    clock = time.process_time if CPU else time.perf_counter
    begin = clock()
    work()
    if not CPU:
        torch.cuda.synchronize()
    return clock() - begin


def plain(f: Any, make: Any, steps: int) -> Any:
    """The loop that one would write."""
    module = f.module(f.start)
    optimizer, X, y = make(module.parameters()), f._X, f._y

    def run() -> None:
        for _ in range(steps):
            i = torch.randint(len(X), (BATCH,), device=X.device)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(module(X[i]), y[i]).backward()
            optimizer.step()

    return run


def agreement() -> None:
    """Ten steps on the device and in NumPy's memory."""
    ends = []
    for place in ({}, {"device": DEVICE, "dtype": "float64"}):
        f = so.networks.mlp("digits", **place)
        ends.append(so.simulate(so.AdamW(1e-3), so.Problem(f, so.Minibatch(16)), steps=10, paths=2, rng=0).final)
    print(f"float64 on {DEVICE} against NumPy's memory, 10 steps of AdamW: {np.abs(ends[0] - ends[1]).max():.1e}")


def ratios(name: str) -> None:
    """The table of one network."""
    make, sizes = NETWORKS[name]
    f = make("mnist", **sizes, device=DEVICE, dtype="float32")
    problem = so.Problem(f, so.Minibatch(BATCH))
    for what, (page, optimizer) in PAIRS.items():
        for paths in (1,) if CPU else (1, 64):
            settings: dict[str, Any] = {"paths": paths, "rng": 0, "save_at": 1, "observables": {}, "progress": False}

            def ours(steps: int, page: Any = page, settings: dict[str, Any] = settings) -> None:
                so.simulate(page, problem, steps=steps, **settings)

            loop = plain(f, optimizer, STEPS)
            spent(loop), spent(lambda: ours(1))
            times = [(spent(loop), spent(lambda: ours(2 * STEPS)), spent(lambda: ours(STEPS))) for _ in range(ROUNDS)]
            theirs, twice, once = np.min(times, axis=0)
            mine = (twice - once) / paths  # both runs begin alike, and time a step before they begin
            print(
                f"{name:12s} d = {f.dim:7d} {what:6s} {paths:2d} paths: torch.optim {1e3 * theirs / STEPS:7.3f} ms, "
                f"page {1e3 * mine / STEPS:7.3f} ms per path-step, ratio {mine / theirs:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    if not CPU and not torch.cuda.is_available():
        sys.exit("no GPU is at hand: python -m benchmarks.cuda cpu runs the same on the CPU")
    torch.set_num_threads(1)
    agreement()
    for each in NETWORKS:
        ratios(each)
