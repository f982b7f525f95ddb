"""Which raw draws a run needs in one step: their shape, kinds, strides and streams."""

from __future__ import annotations

from typing import Any

__all__ = ["draws"]


def draws(run: Any) -> tuple[Any, list[tuple[int, int, str, int]]]:
    """Nested shape of the draws of one step, and per vector (kind, stride, stream, resolution)."""
    objective, noise, fine = run.problem.objective, run.problem.noise, run.resolution
    if run.kind == "discrete":
        draws = noise.draws(objective)
        first = next((i for i, (kind, _) in enumerate(draws) if kind == "normal"), -1)
        streams = [
            (0, fine, "gradient", fine) if i == first else (int(kind == "uniform"), 1, f"noise.{i}", 1)
            for i, (kind, _) in enumerate(draws)
        ]
        return tuple(size for _, size in draws), streams
    if run.model.drift is None:
        return _sampled(run)
    names = run.model.brownian
    sizes = [(objective.dim,) if n == "state" else noise.brownian(n, objective) for n in names]
    nested = tuple(s[0] if len(s) == 1 else s for s in sizes)
    labels = [f"{n}.{i}" for n, s in zip(names, sizes, strict=True) for i in range(len(s))]
    stride = fine // run.substeps
    streams = [(0, stride, "gradient" if i == 0 else label, fine) for i, label in enumerate(labels)]
    return nested[0] if len(nested) == 1 else nested, streams


def _sampled(run: Any) -> tuple[Any, list[tuple[int, int, str, int]]]:
    """Two, for Heun four, sets of the draws of a step; the first normal of the first set is the shared one."""
    fine, draws = run.resolution, run.problem.noise.draws(run.problem.objective)
    first = next((i for i, (kind, _) in enumerate(draws) if kind == "normal"), -1)
    copies = 4 if run.scheme == "heun" else 2
    streams = [
        (int(kind == "uniform"), fine // run.substeps,
         "gradient" if (copy, i) == (0, first) else f"sampled.{copy}.{i}", fine)
        for copy in range(copies)
        for i, (kind, _) in enumerate(draws)
    ]  # fmt: skip
    return (tuple(size for _, size in draws),) * copies, streams
