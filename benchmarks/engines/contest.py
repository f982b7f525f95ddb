"""All peers on the workloads, in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.engines.cpp import COMPILERS, LANES, by_cpp
from benchmarks.engines.hand import BY_HAND
from benchmarks.engines.others import INTEGRATORS, Unsuited
from benchmarks.engines.ours import by_sdeopt, cost, medians
from benchmarks.engines.tables import Table
from benchmarks.engines.workloads import STEPS, Workload
from sdeopt.engine.kernels import Kernel

__all__ = ["compare"]

SDEOPT = "sdeopt"
NOTE = (
    f"CPU nanoseconds of one thread per path and step, {STEPS} steps, float64. W1: OU, d = 2. W2: SignSGD, d = 2. W3: "
    "Adam, d = 10. W4: dense, d = 10; these are SDEs, by Euler–Maruyama. AdamW: the optimizer itself, d = 10. "
    "*Draws given*: the normals that sdeopt draws, made beforehand, without their cost; all others draw their own."
)


def contestants(w: Workload, skip: Callable[[str], None]) -> dict[str, Callable[[], float]]:
    """Who is compared on one workload: name -> a call that returns its cost. ``skip`` is told who is missing."""
    run, short = w.run(), w.run(steps=100, save_at=1)
    paths = 16384 if w.normals == 2 else 4096
    calls = {SDEOPT: by_sdeopt(run, paths), "sdeopt, vectors": by_sdeopt(run, 256, "vectors")}
    calls["sdeopt, interpreted"] = by_sdeopt(short, 2, "interpreted")
    final = np.concatenate([Kernel(run)(p, 256)[:, -1, 0] for p in range(0, 4096, 256)])
    for compiler in COMPILERS:
        for lanes in LANES:
            native = by_cpp(w, compiler, lanes, paths)
            if native is None:
                skip(f"{w.name}: no {compiler}")
                break
            check(f"{w.name}: {compiler}, {lanes} lanes", native()[1], paths, final)
            calls[f"C++, {compiler}, {lanes} lanes"] = lambda native=native: native()[0]
    for name, peer in (BY_HAND | INTEGRATORS).items():
        try:
            call, path_steps = peer(w)
            mean = call()
        except (ImportError, Unsuited) as reason:
            skip(f"{w.name}: no {name} ({reason})")
            continue
        check(f"{w.name}: {name}", mean, path_steps // STEPS, final)
        calls[name] = lambda call=call, path_steps=path_steps: cost(call, path_steps)
    return calls


def check(name: str, mean: float, paths: int, final: Any) -> None:
    """Refuse a peer that integrates something else: its mean of x_1 at the end, within 6 standard errors."""
    stderr = final.std() * np.sqrt(1.0 / paths + 1.0 / final.size)
    if not abs(mean - final.mean()) < 6.0 * stderr:
        raise RuntimeError(f"{name} gives {mean:.5f}, sdeopt {final.mean():.5f} ± {stderr:.5f}")


def compare(chosen: list[Workload], skip: Callable[[str], None]) -> Table:
    """All peers on the chosen workloads."""
    found = {w.name: medians(contestants(w, skip)) for w in chosen}
    names = dict.fromkeys(name for costs in found.values() for name in costs)
    order = sorted(names, key=lambda name: min(c[name] / c[SDEOPT] for c in found.values() if name in c))
    rows = [[name, *(n for c in found.values() for n in _pair(c, name))] for name in order]
    return Table("Peers", NOTE, ["", *(h for w in found for h in (w, "times sdeopt"))], rows)


def _pair(costs: dict[str, float], name: str) -> tuple[float | None, float | None]:
    return (costs[name], costs[name] / costs[SDEOPT]) if name in costs else (None, None)
