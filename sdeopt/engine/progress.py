"""A progress bar for runs over two seconds, compiling too, on a terminal or in a notebook; or the user's callback."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from html import escape
from typing import Any

from sdeopt.core import checks

__all__ = ["Progress"]

log = logging.getLogger("sdeopt")
PATIENCE = 2.0  # seconds before a bar appears
LONG = 10.0  # seconds from which a run says before it begins how long it will take
FIRST = ": compiling what is new"  # until the first path moves
MEMORY = 1800.0  # seconds from which the speed is estimated: a path of a network may take minutes


class Progress:
    """Context in which ``advance(done)`` is called between chunks, and ``share`` within those that can tell.

    ``progress`` None shows a bar on a terminal or in a notebook after two seconds, also where nothing is done yet
    because loops are being compiled; earlier where `expect` is told that the run will take long. True shows it at
    once, False never; a function is called with (done, total), between chunks.
    """

    def __init__(
        self,
        total: int,
        progress: bool | Callable[[int, int], None] | None,
        label: str,
        unit: str = "paths",
    ) -> None:
        checks.progress(progress)
        self._total, self._label, self._unit = total, label, unit
        self._callback = progress if callable(progress) else None
        wanted = _notebook() or sys.stderr.isatty() if progress is None else progress is True
        wait = 0.0 if progress is True else PATIENCE
        self._wanted = wanted and self._callback is None
        self._level = logging.WARNING if progress is None and not self._wanted else logging.INFO
        self._done, self._shares = 0, dict[int, float]()
        self._lock, self._closed = threading.Lock(), False
        self._clock = threading.Timer(wait, self._open)
        self._clock.daemon = True
        self._bar: Any = None
        self._id: Any = None

    def __enter__(self) -> Progress:
        if self._wanted:
            self._clock.start()
        return self

    def expect(self, estimate: Callable[[], float]) -> None:
        """Say how many seconds it will take by an ``estimate``, where that is long; the bar then appears now."""
        if not self._wanted:
            return
        seconds = estimate()
        with self._lock:
            self._label += say(seconds)
            if seconds >= LONG and self._bar is None:
                self._begin()
            self._show()

    def log(self, seconds: float) -> None:
        """Say the same on the log; as a warning, which is shown on stderr, if nobody has said whether to show a bar."""
        if seconds >= LONG:
            log.log(self._level, "%s%s", self._label, say(seconds))

    def advance(self, done: int) -> None:
        """Report that so many paths, or what the unit is, are finished."""
        if self._callback is not None:
            self._callback(done, self._total)
        with self._lock:
            self._done = done
            self._shares = {first: share for first, share in self._shares.items() if first >= done}
            self._show()

    def share(self, first: int, paths: int, share: float) -> None:
        """Report, from any thread, how much is done of the chunk of ``paths`` that begins ``first`` into the run."""
        with self._lock:
            if first >= self._done:
                self._shares[first] = paths * share
                self._show()

    def _show(self) -> None:
        if self._bar is not None:
            done = self._done + sum(self._shares.values())
            self._bar.update(self._id, completed=done, description=self._label if done else f"{self._label}{FIRST}")

    def _open(self) -> None:
        with self._lock:
            if not self._closed and self._bar is None:
                self._begin()
                self._show()

    def _begin(self) -> None:
        if _notebook():
            self._bar = Cell(self._total, self._unit)
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        done = TextColumn(f"{{task.completed:.0f}}/{{task.total}} {self._unit}")
        columns = (TextColumn("{task.description}"), BarColumn(), done, TimeElapsedColumn(), TextColumn("left"),
                   TimeRemainingColumn())  # fmt: skip
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=MEMORY)
        self._bar.start()
        self._id = self._bar.add_task(self._label, total=self._total)

    def __exit__(self, *_: object) -> None:
        self._clock.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()


def _notebook() -> bool:
    """Whether a kernel of Jupyter runs this, whose cells show HTML."""
    python = sys.modules.get("IPython")
    return hasattr(python and python.get_ipython(), "kernel")


class Cell:
    """A bar in a cell of a notebook, of plain HTML, which no widget has to be installed for; gone when it stops."""

    def __init__(self, total: int, unit: str) -> None:
        from IPython.display import DisplayHandle

        self._total, self._unit, self._seen = total, unit, 0.0
        self._handle = DisplayHandle()
        self._text = ""
        self._handle.display(self)

    def _repr_html_(self) -> str:
        return self._text

    def update(self, _: Any, completed: float, description: str) -> None:
        """Show how much is done, five times a second at most."""
        now = time.monotonic()
        if now - self._seen < 0.2:
            return
        self._seen = now
        bar = f'<progress max="{self._total}" value="{completed:.6g}"></progress>'
        self._text = f"{escape(description)} {bar} {completed:.0f}/{self._total} {escape(self._unit)}"
        self._handle.update(self)

    def stop(self) -> None:
        """Leave nothing."""
        self._text = ""
        self._handle.update(self)


def say(seconds: float) -> str:
    """A long run's time in words, else nothing."""
    if seconds < LONG:
        return ""
    return f", about {seconds:.0f} s" if seconds < 120.0 else f", about {seconds / 60.0:.0f} min"
