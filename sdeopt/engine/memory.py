"""What a run will hold in memory, estimated before it begins, and refused above half of the machine's.

Every thread works on one chunk: its records, ``COPIES`` times over while they are reduced, and what the objective holds
for a pass of so many paths (``memory(paths)``, where it has one). What stays is the last position of every path, all
positions where they are kept, and the moments.
"""

from __future__ import annotations

import logging
import os
from typing import Any

__all__ = ["check_memory", "most_paths"]

log = logging.getLogger("sdeopt")
COPIES = 3.5  # measured: 2.1 in simulate and 1.7 in compare, 3.0 and 2.7 where paths diverge
SHARE = 0.5  # of the machine's memory


def bytes_needed(task: Any, paths: int, chunk: int, workers: int) -> int:
    """Bytes that ``paths`` paths will take, ``chunk`` at a time in each of so many threads."""
    records = 8 * sum(len(run.saves) * run.width for run in task.runs)
    objective = task.runs[0].problem.objective
    passes = objective.memory(chunk) if hasattr(objective, "memory") else 0
    busy = min(workers, -(-paths // chunk))
    return int(busy * (COPIES * chunk * records + passes) + 2 * workers * COPIES * records + task.kept * paths)


def check_memory(task: Any, paths: int, chunk: int, workers: int) -> str:
    """The estimate in words, also logged; a ``ValueError`` if it is above the limit."""
    size, limit = bytes_needed(task, paths, chunk, workers), SHARE * bytes_installed()
    text = _words(size)
    if size > limit:
        run = task.runs[0]
        raise ValueError(
            f"the run would take about {text} of memory (limit {_words(limit)}, half of what the machine has): "
            f"save fewer times (save_at, now {len(run.saves)} saves of {run.width} numbers a path), take fewer paths "
            f"(now {paths}), or fewer threads (executor=ThreadPoolExecutor(1), now {workers})"
        )
    log.info("%s: about %s of memory", task.runs[0].method, text)
    return text


def most_paths(kept: int) -> int:
    """Paths of which so many bytes each fill half of what a run may hold."""
    return max(1, int(0.5 * SHARE * bytes_installed() / kept))


def bytes_installed() -> float:
    """Bytes of memory of the machine."""
    return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")


def _words(size: float) -> str:
    unit, name = (2**30, "GiB") if size >= 2**30 else (2**20, "MiB")
    return f"{size / unit:.2g} {name}" if size < 10 * unit else f"{size / unit:.0f} {name}"
