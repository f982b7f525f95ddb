"""Both loops of a comparison compiled at the same time: this process one, another the other; they meet in the cache.

A process compiles one loop after the other, and a second core idles meanwhile. So where the loop of the SDE is neither
in memory nor on disk, and that of the optimizer is asked for next, another process is started with both runs. It puts
the optimizer's loop into the folder of the cache, where this process finds it, as it finds one of yesterday; that is
the shorter one, for a process takes a second to begin. So it does with what draws for both.

Nothing depends on it. A loop is the same whoever compiled it; where the other process cannot be started, fails, is
killed or takes too long, this one compiles both. It is not started where it could not help: on one core, without a
cache, in a worker of an executor, for short loops, those on lanes. Nor with anything of the user's own in the run: its
module would have to be imported there once more, which may do anything.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType
from typing import IO, Any

from sdeopt.engine import identity, private
from sdeopt.engine.kernels import Kernel, lane_width
from sdeopt.engine.machine import draws
from sdeopt.engine.run import Run
from sdeopt.engine.shelf import MISSED
from sdeopt.engine.values import is_installed, ours

__all__ = ["compile_both", "each", "serve"]

log = logging.getLogger("sdeopt")
PATIENCE = 10.0  # seconds that the other process may take beyond twice what this one took for its loop
START = "import sys; sys.path[:] = sys.argv[1:]; from sdeopt.engine.ahead import serve; serve()"


def each(make: Callable[[Run], Any], runs: Iterable[Run]) -> list[Any]:
    """``make(run)`` of every run, which compiles its loop: that of an SDE here, that of the optimizer meanwhile."""
    runs = tuple(runs)
    made: list[Any] = [None] * len(runs)
    if not _helps(runs):
        made = [make(run) for run in runs]
    else:
        with _Other(runs) as other:
            for i in sorted(range(len(runs)), key=lambda i: runs[i].kind == "discrete"):
                made[i] = other.beside(make, runs[i])
    draws.ready()
    return made


def compile_both(runs: Iterable[Run]) -> None:
    """Have the loops of an optimizer and its SDE compiled, where another process can help, before one is asked for."""
    runs = tuple(runs)
    if _helps(runs):
        each(Kernel, runs)


def _helps(runs: tuple[Run, ...]) -> bool:
    """Whether another process may be started from here, and there is a loop of both kinds to be compiled."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    worker = multiprocessing.parent_process() is not None or "PYTEST_XDIST_WORKER" in os.environ
    main = threading.current_thread() is threading.main_thread() and not worker
    python = Path(sys.executable or "").name.startswith("python") and not hasattr(sys, "frozen")
    interpreted = identity.INTERPRETED or any(run.interpreted or run.discrete is not None for run in runs)
    return cores > 1 and main and python and not interpreted and len({run.kind for run in runs}) > 1


def _pays(columns: dict[str, Run]) -> bool:
    """Whether two are faster: a loop on lanes takes no longer than a process takes to begin and to compile it there."""
    return any(not lane_width(run) or run.oracle.noise.picks for run in columns.values())


class _Other:
    """The other process, from the moment in which the first loop turns out to be new until the second is asked for."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._columns = {run.kind: run for run in runs}
        self._begun = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def beside(self, make: Callable[[Run], Any], run: Run) -> Any:
        """``make(run)``; where its loop is new, this process is started or waited for."""
        token = MISSED.set(self._wait if run.kind == "discrete" else self._start)
        try:
            return make(run)
        finally:
            MISSED.reset(token)

    def _start(self) -> bool:
        """Start it, once; there is nothing to look for yet."""
        if not self._begun:
            self._begun = time.monotonic()
            try:
                if _pays(self._columns):
                    self._process = _process(self._columns)
            except Exception as error:  # no folder, nothing to start, what cannot be sent: none of them may stop a run
                log.debug("one process compiles: %s", error)
        return False

    def _wait(self) -> bool:
        """Whether it has ended well, so that the loop is on disk; one that hangs is not waited for."""
        process, self._process = self._process, None
        if process is None:
            return False
        try:
            return process.wait(PATIENCE + 2.0 * (time.monotonic() - self._begun)) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(process)

    def __enter__(self) -> _Other:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            _end(self._process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it, if it has not ended, and leave nothing of it in the table of processes."""
    process.kill()
    process.wait()


def _process(columns: dict[str, Run]) -> subprocess.Popen[bytes]:
    """Python, in which `serve` reads the runs from a file without a name."""
    if not private.usable():
        raise OSError("there is no folder to meet in")
    with tempfile.TemporaryFile() as file:
        _Sender(file, pickle.HIGHEST_PROTOCOL).dump(columns)
        file.seek(0)
        command, nowhere = [sys.executable, "-c", START, *sys.path], subprocess.DEVNULL
        return subprocess.Popen(command, stdin=file, stdout=nowhere, stderr=nowhere)


class _Sender(pickle.Pickler):
    """Pickles what is of this package and of large libraries, and nothing that refers to code of the user's."""

    def __init__(self, file: IO[bytes], protocol: int) -> None:
        super().__init__(file, protocol)

    def reducer_override(self, thing: Any) -> Any:
        """Leave everything to pickle, or refuse it."""
        if isinstance(thing, (type, FunctionType)) and not (ours(thing) or is_installed(thing.__module__)):
            raise pickle.PicklingError(f"{thing!r} is not of sdeopt")
        return NotImplemented


def serve() -> None:
    """What the other process does: put what draws into the cache, and the loop of the optimizer in its standard input.

    The loop comes last: as soon as it is found, this process is ended.
    """
    warnings.simplefilter("ignore")
    columns = pickle.load(sys.stdin.buffer)
    draws.ready()
    Kernel(columns["discrete"])
