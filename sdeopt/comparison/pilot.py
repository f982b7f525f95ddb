"""The runs of a pilot: paths numbered from anywhere, of which nothing but the statistics is kept."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.engine.blocks import Interrupted, Task, fold
from sdeopt.engine.run import Run
from sdeopt.results import paired

__all__ = ["both", "try_steps"]

Array = NDArray[np.float64]


def try_steps(
    runs: tuple[Run, ...], paths: int, vectors: bool, first: int, executor: Any, progress: Any, store: Any
) -> tuple[paired.Paired, paired.Paired]:
    """Both columns and, beside the SDE, the one with dt/2, on paths that are numbered from ``first``."""
    return _pilot(runs[:3], _three, _join, paths, vectors, first, executor, progress, store)  # type: ignore[no-any-return]


def both(
    runs: tuple[Run, ...], paths: int, vectors: bool, first: int, executor: Any, progress: Any, store: Any
) -> paired.Paired:
    """Both columns alone, likewise."""
    return _pilot(runs[:2], paired.reduce, paired.merge, paths, vectors, first, executor, progress, store)  # type: ignore[no-any-return]


def _pilot(
    runs: tuple[Run, ...], reduce: Any, merge: Any, paths: int, vectors: bool, first: int, executor: Any, progress: Any,
    store: Any,
) -> Any:  # fmt: skip
    task = Task(
        runs, functools.partial(reduce, d=runs[0].kept, keep=0, vectors=vectors, traced=bool(runs[0].projections))
    )
    label, told = f"{runs[0].method}, pilot", not callable(progress) and progress
    try:
        return fold(task, paths, merge, executor, told, label, first, store)
    except Interrupted:
        raise KeyboardInterrupt from None


Two = tuple[paired.Paired, paired.Paired]


def _three(first: int, discrete: Array, sde: Array, fine: Array, **how: Any) -> Two:
    return paired.reduce(first, discrete, sde, **how), paired.reduce(first, sde, fine, **how)


def _join(a: Two, b: Two) -> Two:
    return paired.merge(a[0], b[0]), paired.merge(a[1], b[1])
