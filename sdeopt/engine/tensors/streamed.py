"""`simulate` of large networks: what is kept of a save is small, and the last positions of all paths.

Where a position has a million numbers, a hundred saves of eight paths do not fit into memory. So time is outermost, the
paths of a group are all at the same step, and a save keeps of each path its observables, some projections on fixed
random directions, and its part of tr Cov x, which is exact within the group. Positions are kept at the end only.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from sdeopt.engine.blocks import Task
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.memory import check_memory
from sdeopt.engine.progress import Progress
from sdeopt.engine.run import Run
from sdeopt.engine.stop import within
from sdeopt.engine.work import announce
from sdeopt.results.pages import TRACE

__all__ = ["collect", "large", "project", "projected", "tall"]

LARGE = 10_000  # coordinates from which on positions are projected
PROJECTIONS = 8
FINAL = 16  # bytes of every coordinate of a last position, while those of all paths are put together
GROUP = 2**28  # bytes of positions that are at the same step


def large(run: Run) -> bool:
    """Whether a run on tensors keeps projections of its positions."""
    return tall(run.problem)


def tall(problem: Any) -> bool:
    """Whether runs on this problem do."""
    return getattr(getattr(problem, "objective", None), "tensors", False) and problem.dim > LARGE


def project(run: Run, count: int, keep_paths: bool, checkpoint: Any) -> Run:
    """The run with projections for positions, and the trace among what is observed; refused if more is asked."""
    asked = "keep_paths" if keep_paths else "checkpoint" if checkpoint is not None else ""
    if asked:
        raise ValueError(f"{asked} is not for pages on tensors above {LARGE} parameters, which keep projections of x")
    return projected(run, count > 1)


def projected(run: Run, traced: bool = True) -> Run:
    """The run with projections for positions and, last of what is observed, the part of tr Cov x of each path."""
    trace = {TRACE: _of_all_paths} if traced else {}
    return dataclasses.replace(run, projections=PROJECTIONS, observables=run.observables | trace)


def _of_all_paths(o: Any, x: Any) -> Any:
    raise ValueError("the trace of a covariance is no function of one position")


def collect(run: Run, count: int, summarize: Any, join: Any, progress: Any) -> tuple[dict[str, Any], bool]:
    """The summary of all paths, in groups, and whether Ctrl-C left it partial."""
    size = max(8, GROUP // (8 * run.problem.dim * len(run.method.parts)))
    groups, found, done = -(-count // size), None, 0
    ends = np.linspace(0, count, groups + 1).astype(int)
    task = Task((run,), summarize, FINAL * run.problem.dim)
    told = f"{run.method} {run.kind}, {check_memory(task, count, min(size, count), 1)}"
    with within() as stop, Progress(count, progress, told) as bar:
        kernel = Kernel(run, stop)
        announce(bar, (run,), count, 1)
        for first, end in zip(ends, ends[1:], strict=False):
            records = np.empty((end - first, len(run.saves), run.width))
            try:
                last = kernel.ends(int(first), records)
            except BaseException as error:
                if found is None or not (isinstance(error, KeyboardInterrupt) or stop.is_set()):
                    raise
                return found, True
            part = summarize(int(first), records)
            lost = np.isnan(records[:, -1, 0])
            final = np.stack([x.double().cpu().numpy() for x in last])
            final[lost] = np.nan
            part["final"] = [final]
            found = part if found is None else join(found, part)
            done += end - first
            bar.advance(done)
    assert found is not None  # there is a path
    return found, False
