"""A flag that loops read while they run, so that Ctrl-C ends them within a moment.

Python handles Ctrl-C in the main thread, which waits for threads in compiled code. A loop looks at the flag before each
tile of steps, one load among thousands of operations, and ends; whoever set the flag knows that the records are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

__all__ = ["Stop", "inside", "within"]


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
