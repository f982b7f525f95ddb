"""Pages on tensors against a loop of torch.optim: ``python -m benchmarks.cuda [device]``; default "cuda", else "cpu".

Agreement with the CPU, float64, after ten steps; then float32, time of a path-step over that of the plain loop, for SGD
and AdamW on an MLP (d = 101,770), a CNN and two Transformers (d = 71,946 and about 10^6) on MNIST-5000 (the extra
``data``), one path and, on another device than the CPU, 64. Rounds are interleaved and the least of each is taken, CPU
time on a CPU. Under 3 minutes on a GPU, and two or three of CPU time. ``python -m benchmarks.cuda cpu NAME`` runs one.
"""

from __future__ import annotations

import sys
import time
from typing import Any, NamedTuple

import numpy as np
import torch

import sdeopt as so

DEVICE = sys.argv[1] if len(sys.argv) > 1 else "cuda"
CPU = DEVICE == "cpu"
ROUNDS = 6 if CPU else 9


class Case(NamedTuple):
    """A network, its sizes, the batch, and steps in a round."""

    make: Any
    sizes: dict[str, Any]
    batch: int = 64
    steps: int = 20 if CPU else 100


NETWORKS = {
    "MLP": Case(so.networks.mlp, {"widths": (128,)}),
    "CNN": Case(so.networks.cnn, {"channels": (8, 16)}),
    "Transformer": Case(so.networks.transformer, {"width": 64, "heads": 4, "layers": 2}, steps=10 if CPU else 100),
    "Transformer6": Case(so.networks.transformer, {"width": 248, "heads": 4, "layers": 2}, steps=3 if CPU else 50),
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


def plain(f: Any, make: Any, case: Case) -> Any:
    """The loop that one would write."""
    module = f.module(f.start)
    optimizer, X, y = make(module.parameters()), f._X, f._y

    def run() -> None:
        for _ in range(case.steps):
            i = torch.randint(len(X), (case.batch,), device=X.device)
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
    case = NETWORKS[name]
    f = case.make("mnist", **case.sizes, device=DEVICE, dtype="float32")
    problem, n = so.Problem(f, so.Minibatch(case.batch)), case.steps
    for what, (page, optimizer) in PAIRS.items():
        for paths in (1,) if CPU else (1, 64):
            settings: dict[str, Any] = {"paths": paths, "rng": 0, "save_at": 1, "observables": {}, "progress": False}

            def ours(steps: int, page: Any = page, settings: dict[str, Any] = settings) -> None:
                so.simulate(page, problem, steps=steps, **settings)

            loop = plain(f, optimizer, case)
            spent(loop), spent(lambda: ours(1))
            times = [(spent(loop), spent(lambda: ours(2 * n)), spent(lambda: ours(n))) for _ in range(ROUNDS)]
            theirs, twice, once = np.min(times, axis=0)
            mine = (twice - once) / paths  # both runs begin alike, and time a step before they begin
            print(
                f"{name:12s} d = {f.dim:7d} batch {case.batch:2d} {what:6s} {paths:2d} paths: "
                f"torch.optim {1e3 * theirs / n:7.3f} ms, page {1e3 * mine / n:7.3f} ms per path-step, "
                f"ratio {mine / theirs:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    if not CPU and not torch.cuda.is_available():
        sys.exit("no GPU is at hand: python -m benchmarks.cuda cpu runs the same on the CPU")
    torch.set_num_threads(1)
    agreement()
    for each in sys.argv[2:] or NETWORKS:
        ratios(each)
