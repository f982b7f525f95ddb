"""A progress bar for runs over two seconds, on a terminal only; or the user's own callback."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Progress"]

PATIENCE = 2.0  # seconds before a bar appears


class Progress:
    """Context in which ``advance(done)`` is called between chunks.

    ``progress`` None shows a bar on a terminal after two seconds, True shows it at once, False never; a function is
    called with (done, total).
    """

    def __init__(
        self, total: int, progress: bool | Callable[[int, int], None] | None, label: str, unit: str = "paths"
    ) -> None:
        self._total, self._label, self._unit = total, label, unit
        self._callback = progress if callable(progress) else None
        wanted = sys.stderr.isatty() if progress is None else progress is True
        self._wait = 0.0 if progress is True else PATIENCE
        self._wanted = wanted and self._callback is None
        self._began = time.monotonic()
        self._bar: Any = None
        self._id: Any = None

    def __enter__(self) -> Progress:
        return self

    def advance(self, done: int) -> None:
        """Report that so many paths, or what the unit is, are finished."""
        if self._callback is not None:
            self._callback(done, self._total)
        if self._bar is None and self._wanted and time.monotonic() - self._began >= self._wait:
            self._open()
        if self._bar is not None:
            self._bar.update(self._id, completed=done)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(self._unit),
                   TimeRemainingColumn())  # fmt: skip
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._id = self._bar.add_task(self._label, total=self._total)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
