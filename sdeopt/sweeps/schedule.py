"""Cells on any executor: in an order that shares compiled code, each kept as soon as it is finished."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from sdeopt.core import checks
from sdeopt.engine.progress import Progress
from sdeopt.engine.stop import Stop, lend, watch_file
from sdeopt.results.estimate import Estimate, failed
from sdeopt.sweeps.cells import Cell, compute

__all__ = ["order", "run_cells"]

WINDOW = 512  # cells that are handed out and not yet back
Measured = dict[str, Estimate]


def order(cells: Mapping[str, Cell]) -> list[str]:
    """Keys in the order of work.

    One cell of every code comes first, so that workers compile different things; then code follows code, the costly
    cells before the cheap ones.
    """
    code = {key: cell.code for key, cell in cells.items()}
    rest = sorted(cells, key=lambda key: (code[key], -cells[key].cost))
    first = list({code[key]: key for key in reversed(rest)}.values())[::-1]
    early = set(first)
    return first + [key for key in rest if key not in early]


@contextmanager
def _submitter(executor: Executor | None) -> Iterator[Callable[[Cell], Future[Measured]]]:
    """How a cell is handed out; cells that run are told to stop when this ends early."""
    stop = Stop()
    checks.executor(executor)
    if executor is not None and not isinstance(executor, ThreadPoolExecutor):
        with lend(stop) as file:
            try:
                yield lambda cell: executor.submit(_remote, cell, file)
            except BaseException:
                stop.set()
                raise
        return
    pool = executor or ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        yield lambda cell: pool.submit(compute, cell, stop)
    finally:
        stop.set()
        if executor is None:
            pool.shutdown(wait=True, cancel_futures=True)


def _remote(cell: Cell, file: str) -> Measured:
    """A cell in another process, until ``file`` tells it to stop (`lend`)."""
    stop = Stop()
    with watch_file(file, stop):
        return compute(cell, stop)


def run_cells(
    cells: Mapping[str, Cell],
    done: dict[str, Measured],
    keep: Callable[[str, Measured], None],
    executor: Executor | None,
    progress: bool | Callable[[int, int], None] | None,
) -> bool:
    """Compute the cells that are not in ``done`` and add them there; return whether Ctrl-C came before the end.

    ``keep(key, measured)`` is called here, in this process, for every cell that has not failed; one without a loss,
    because its objective has no value, has not. What the executor itself raises (a worker that was killed, a cell that
    cannot be sent) is a failed cell, too; for the first cell it is raised, since the others would fare no better.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C before any cell is finished.
    """
    waiting = deque(order({key: cell for key, cell in cells.items() if key not in done}))
    pending: dict[Future[Measured], str] = {}
    try:
        with Progress(len(cells), progress, "sweep", "cells") as bar, _submitter(executor) as submit:
            if done:
                bar.advance(len(done))
            while waiting or pending:
                while waiting and len(pending) < WINDOW:
                    key = waiting.popleft()
                    pending[_submit(submit, cells[key])] = key
                finished, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in sorted(finished, key=_lost):
                    key = pending.pop(future)
                    measured = _outcome(future, cells[key], alone=not done)
                    if any(estimate.status != "failed" for estimate in measured.values()):
                        keep(key, measured)
                    done[key] = measured
                    bar.advance(len(done))
    except KeyboardInterrupt:
        if not done:
            raise
        return True
    finally:
        for future in pending:
            future.cancel()
    return False


def _submit(submit: Callable[[Cell], Future[Measured]], cell: Cell) -> Future[Measured]:
    """The future of a cell; a pool that is broken refuses at once, and that is an outcome as well."""
    try:
        return submit(cell)
    except RuntimeError as error:
        refused: Future[Measured] = Future()
        refused.set_exception(error)
        return refused


def _lost(future: Future[Measured]) -> bool:
    """Whether the executor has nothing to give: such cells come after those that it has."""
    return future.cancelled() or future.exception() is not None


def _outcome(future: Future[Measured], cell: Cell, alone: bool) -> Measured:
    try:
        return future.result()
    except Exception as error:
        if alone:
            raise RuntimeError(f"the executor could not run a cell: {type(error).__name__}: {error}") from error
        return dict.fromkeys(cell.measures, failed(f"executor: {type(error).__name__}: {error}"))
