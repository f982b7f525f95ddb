"""Marks: a loop in plain Python tells how far it is, and can be taken up at a save.

Paths on a network may take hours, so a chunk of them is too large a unit. A loop of `loops` that is not compiled is
assembled with a `Watch` around its step and its write, which sees every step and every save. At the first save
after ``INTERVAL`` seconds a mark is kept: the states, the step and the records so far. A loop that finds a mark draws
its numbers up to there without using them, which costs next to nothing beside the gradients of a network, and goes on
from the states that were kept: the numbers are the same bit by bit.
"""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable
from typing import Any

from sdeopt.engine import batched
from sdeopt.engine.assembly import assemble
from sdeopt.engine.checkpoint import Checkpoint
from sdeopt.engine.kernels import Kernel

__all__ = ["INTERVAL", "Chunk"]

INTERVAL = 30.0  # seconds between marks, at least


class Chunk:
    """A chunk under way, called ``name``: ``report(share)`` is told how much of it is done; marks go to ``store``."""

    def __init__(self, kernels: list[Kernel], name: str, report: Callable[[float], None], store: Checkpoint | None):
        self._kernels, self._name, self._report, self._store = kernels, name, report, store
        work = [kernel.run.steps * (kernel.run.substeps if kernel.run.kind == "sde" else 1) for kernel in kernels]
        self._ends = [sum(work[:i]) / sum(work) for i in range(len(work) + 1)]
        self._marked = time.monotonic()

    def records(self, first: int, count: int) -> list[Any]:
        """The records of all columns, those of compiled kernels without a word in between."""
        return [self._seen(column, kernel)(first, count) for column, kernel in enumerate(self._kernels)]

    def _seen(self, column: int, kernel: Kernel) -> Kernel:
        if kernel.mode not in ("batched", "interpreted"):
            return kernel
        loop, twin, run, shape = kernel._loop, copy.copy(kernel), kernel.run, kernel.shape
        if kernel.mode == "interpreted":
            loop = batched.Loop(run, shape, lambda _, watch: assemble(run, shape, watch=watch), width=1)
        twin._loop = loop.seen(lambda make: lambda *arguments: Watch(self, column, kernel, arguments).run(make))
        return twin

    def share(self, column: int, share: float) -> None:
        """Report that so much of a column is done."""
        begin, end = self._ends[column : column + 2]
        self._report(begin + (end - begin) * share)

    def get(self, name: str) -> Any:
        """A mark, or None."""
        return self._store.get(f"{self._name}.mark.{name}") if self._store else None

    def put(self, name: str, mark: Callable[[], Any]) -> None:
        """Keep a mark, if it is time."""
        if self._store and time.monotonic() - self._marked >= INTERVAL:
            try:
                self._store.put(f"{self._name}.mark.{name}", mark())
            except TypeError as error:  # a page may carry anything from step to step
                warnings.warn(f"{error}: only whole chunks of paths are kept in the checkpoint", stacklevel=2)
                self._store = None
            self._marked = time.monotonic()


class Watch:
    """What is seen of one call of a loop, on one group of paths."""

    def __init__(self, chunk: Chunk, column: int, kernel: Kernel, arguments: Any) -> None:
        self._chunk, self._column, self._run, self._arguments = chunk, column, kernel.run, arguments
        self._stop = kernel.stop
        path0, _, self._records = arguments[batched.LEAD[kernel.run.kind] :][:3]
        self._name = f"{column}.{path0}.{len(self._records)}"
        self._begin, self._written, self._state, self._fresh = 0, 0, None, False

    def run(self, make: Callable[[Watch], Any]) -> None:
        """Make the loop and call it, from its last mark on if there is one."""
        mark = self._chunk.get(self._name)
        if mark is not None:
            self._begin, self._state, seen = mark
            self._written = seen.shape[1]
            self._records[:, : self._written] = seen
        if self._written < len(self._run.saves):
            make(self)(*self._arguments)
        self._chunk.put(self._name, lambda: (0, None, self._records))

    def write(self, write: Any) -> Any:
        """The write of a save, after which the share that is done is reported."""

        def written(o: Any, x: Any, alive: Any, records: Any, p: int, s: int) -> None:
            if s >= self._written:
                write(o, x, alive, records, p, s)
                self._written, self._fresh = s + 1, True
                self._chunk.share(self._column, self._run.saves[s] / self._run.steps)

        return written

    def step(self, step: Any) -> Any:
        """A step of the optimizer, left out up to the mark."""
        return lambda m, k, y, o, z: y if k < self._begin else step(m, k, self._at(k, y), o, z)

    def move(self, move: Any) -> Any:
        """A step of the integrator likewise."""
        return lambda m, o, j, y, *rest: y if j < self._begin else move(m, o, j, self._at(j, y), *rest)

    def _at(self, number: int, y: Any) -> Any:
        """The state with which step ``number`` begins: the marked one, or ``y``, which may be worth a mark."""
        self._stop.check()  # a step of a network may take seconds
        if self._state is not None:
            y, self._state = self._state, None
        if self._fresh:  # a save was written, and this is the state behind it
            self._fresh = False
            self._chunk.put(self._name, lambda: (number, y, self._records[:, : self._written]))
        return y
