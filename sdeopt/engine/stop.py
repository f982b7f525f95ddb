"""A flag that loops read while they run, so that Ctrl-C ends them within a moment.

Python handles Ctrl-C in the main thread, which waits for threads in compiled code. A loop looks at the flag before each
tile of steps, one load among thousands of operations, and ends; whoever set the flag knows that the records are none.

A flag does not reach other processes, and a signal reaches them only where a terminal sends it to all. They look at a
file (`lend`), which is empty until their run is to end.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np

__all__ = ["Stop", "inside", "lend", "watch_file", "within"]

MOMENT = 0.1  # seconds between two looks at the file


class Stop:
    """``set()`` ends all loops that got ``flag``, and those of every `Stop` below this one."""

    def __init__(self, above: Stop | None = None) -> None:
        self.flag = np.zeros(1, np.int64)
        self._below: list[Stop] = []
        if above is not None:
            above._below.append(self)
            self.flag |= above.flag

    def set(self) -> None:
        """Raise the flag."""
        self.flag[0] = 1
        for stop in self._below:
            stop.set()

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return bool(self.flag[0])

    def check(self) -> None:
        """Raise a ``CancelledError`` if the flag is up."""
        if self.flag[0]:
            raise CancelledError


_AROUND: ContextVar[Stop | None] = ContextVar("sdeopt-stop", default=None)


@contextmanager
def inside(stop: Stop | None) -> Iterator[None]:
    """Let ``stop`` end the runs that this thread begins here."""
    token = _AROUND.set(stop)
    try:
        yield
    finally:
        _AROUND.reset(token)


@contextmanager
def within() -> Iterator[Stop]:
    """A `Stop` for one run, below the one around it."""
    above = _AROUND.get()
    stop = Stop(above)
    try:
        yield stop
    finally:
        if above is not None:
            above._below.remove(stop)


@contextmanager
def lend(stop: Stop) -> Iterator[str]:
    """The name of a file that says to other processes whether ``stop`` was set when this ends.

    It then stays until this process ends, for those who have yet to begin.
    """
    handle, name = tempfile.mkstemp(prefix="sdeopt-", suffix=".stop")
    os.close(handle)
    try:
        yield name
    finally:
        if stop.is_set():
            Path(name).write_text("stop", encoding="ascii")
            atexit.register(Path(name).unlink, missing_ok=True)
        else:
            Path(name).unlink(missing_ok=True)


@contextmanager
def watch_file(name: str, stop: Stop) -> Iterator[None]:
    """Set ``stop`` as soon as the file `lend` says so; one that is not there, as on another machine, says nothing."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(MOMENT):
            if _is_set(name):
                stop.set()
                return

    if _is_set(name):
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _is_set(name: str) -> bool:
    try:
        return os.path.getsize(name) > 0
    except OSError:
        return False
