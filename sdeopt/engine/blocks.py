"""Chunks of paths on any executor, folded in order; progress, Ctrl-C and checkpoints live between chunks.

A `Task` is one or several runs on the same paths (several share their draws) and a function that reduces the records
of a chunk to something small. Chunks are numbered; their reductions are folded in that order, whoever made them.
"""

from __future__ import annotations

import functools
import os
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.engine import ahead, batched, duration, marks, memory, work
from sdeopt.engine.checkpoint import Checkpoint
from sdeopt.engine.kernels import Kernel, lane_width, numbers
from sdeopt.engine.progress import Progress
from sdeopt.engine.run import Run
from sdeopt.engine.stop import Stop, lend, watch_file, within

__all__ = ["Interrupted", "Task", "check_size", "chunk_size", "fold", "records"]

Array = NDArray[np.float64]
SMALL = 64  # numbers of a state
RECORD_LIMIT = 8 * 2**20  # bytes of records that a chunk may hold


@dataclass(frozen=True)
class Task:
    """Runs on common paths, and the reduction of their records.

    ``reduce(first, records)`` gets the number of the first path and one array (paths, saves, width) per run; it must
    be picklable for executors of other processes. ``kept`` is the bytes that stay of every path.
    """

    runs: tuple[Run, ...]
    reduce: Callable[..., Any]
    kept: int = 0


class Interrupted(Exception):
    """Ctrl-C came; ``folded`` paths are done and their fold is ``result``."""

    def __init__(self, result: Any, folded: int) -> None:
        super().__init__(f"interrupted after {folded} paths")
        self.result, self.folded = result, folded


def chunk_size(task: Task) -> int:
    """Paths per chunk, by the task alone: 256, or 16 of large problems, or a batch; fewer for large records."""
    bytes_per_path = 8 * sum(len(run.saves) * run.width for run in task.runs)
    together = all(batched.suits(run) for run in task.runs)
    small = all(lane_width(run) and max(numbers(run)) <= SMALL for run in task.runs)
    size = min(map(batched.width_of, task.runs)) if together else 256 if small else 16
    while size > 1 and size * bytes_per_path > RECORD_LIMIT * (8 if together else 1):
        size //= 2
    return size


class Worker:
    """The compiled kernels of a task, and where its finished chunks are kept."""

    def __init__(self, task: Task, store: Checkpoint | None, stop: Stop | None = None) -> None:
        self.task, self.store, self.stop = task, store, stop or Stop()
        self.kernels = ahead.each(functools.partial(Kernel, stop=self.stop), task.runs)

    def __call__(self, first: int, count: int, report: Callable[[float], None] = lambda share: None) -> Any:
        """The reduction of a chunk, made or found; ``report`` is told how much of it is done."""
        name = f"{first}.{count}"
        found = self.store.get(name) if self.store else None
        if found is None:
            found = self.task.reduce(first, *marks.Chunk(self.kernels, name, report, self.store).records(first, count))
            if self.store:
                self.store.put(name, found)
                self.store.drop(f"{name}.mark.")
        report(1.0)
        return found


@functools.lru_cache(maxsize=8)
def _unpickle(payload: bytes, file: str) -> Worker:
    """The worker of one run: another has another ``file``."""
    return Worker(*pickle.loads(payload))


def _remote(payload: bytes, file: str, first: int, count: int) -> Any:
    """A chunk in another process: the task travels as bytes and is compiled once per process.

    It ends when ``file`` says so (`lend`). The main thread waits for another one, so that Ctrl-C reaches it at once.
    """
    worker = _unpickle(payload, file)
    with watch_file(file, worker.stop):
        if threading.current_thread() is not threading.main_thread():
            return worker(first, count)
        with ThreadPoolExecutor(1) as thread:
            try:
                return thread.submit(worker, first, count).result()
            except KeyboardInterrupt:
                worker.stop.set()
                _unpickle.cache_clear()
                raise


@contextmanager
def _executor(given: Executor | None) -> Iterator[Executor]:
    checks.executor(given)
    if given is not None:
        yield given
        return
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _threads(executor: Executor | None) -> int:
    return int(getattr(executor, "_max_workers", os.cpu_count() or 1))


def check_size(task: Task, paths: int, executor: Executor | None = None) -> str:
    """The memory that so many paths will take, in words; a ``ValueError`` if it is too much, or they take too long."""
    threads = _threads(executor)
    duration.check(sum(run.steps * (run.substeps if run.kind == "sde" else 1) for run in task.runs), paths, threads)
    return memory.check_memory(task, paths, min(chunk_size(task), paths), threads)


def fold(
    task: Task, paths: int, merge: Callable[[Any, Any], Any], executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None, label: str = "", first: int = 0,
    store: Checkpoint | None = None,
) -> Any:  # fmt: skip
    """Run ``paths`` paths, from the path numbered ``first`` on, and fold the reductions of the chunks in order.

    Raises
    ------
    ValueError
        If the run would take too much memory, see `memory`, or too long, see `duration`.
    Interrupted
        On Ctrl-C, if at least one chunk is done; it carries their fold.
    """
    size, label = chunk_size(task), f"{label}, {check_size(task, paths, executor)}"
    starts = ((first + i, min(size, paths - i)) for i in range(0, paths, size))
    local = executor is None or isinstance(executor, ThreadPoolExecutor)
    result, done = None, 0
    pending: deque[tuple[Future[Any], int]] = deque()
    with (
        within() as stop,
        nullcontext("") if local else lend(stop) as file,
        _executor(executor) as pool,
        Progress(paths, progress, label) as bar,
    ):
        worker = Worker(task, store, stop)  # in this process also for remote executors: errors surface here, at once
        work.announce(bar, task.runs, paths, min(_threads(executor), -(-paths // size)))
        remote = None if local else functools.partial(_remote, pickle.dumps((task, store)), file)

        def submit(start: int, count: int) -> tuple[Future[Any], int]:
            if remote:
                return pool.submit(remote, start, count), count
            return pool.submit(worker, start, count, functools.partial(bar.share, start - first, count)), count

        try:
            pending.extend(submit(*chunk) for chunk in islice(starts, 2 * (os.cpu_count() or 1)))
            while pending:
                future, count = pending[0]
                part = future.result()
                result = part if done == 0 else merge(result, part)
                pending.popleft()
                done += count
                bar.advance(done)
                stop.check()
                pending.extend(submit(*chunk) for chunk in islice(starts, 1))
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt) or stop.is_set()
            stop.set()
            for future, _ in pending:
                future.cancel()
            if not interrupted:
                raise
            if done == 0:
                raise KeyboardInterrupt from None
            raise Interrupted(result, done) from None
    return result


def records(run: Run, paths: int, first: int = 0, **where: Any) -> Array:
    """The records of some paths themselves, (paths, saves, width); ``where`` is the rest of `fold`."""
    try:
        return np.concatenate(fold(Task((run,), _as_list), paths, list.__add__, first=first, **where))
    except Interrupted:
        raise KeyboardInterrupt from None


def _as_list(first: int, records: Array) -> list[Array]:
    return [records]
