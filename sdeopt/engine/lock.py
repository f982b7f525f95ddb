"""One process at a time in a folder.

The lock is POSIX's, on a file ``lock`` that says who holds it. The system takes it away with the process, however that
ends, so a lock is never stale and takes no clock to judge; children do not inherit it. Such locks do not keep out
threads of the same process, which a set of held folders does.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NAME", "hold"]

NAME = "lock"
MOMENT = 0.01  # seconds until a process that has just got the lock has said so
_HELD: set[Path] = set()
_GUARD = threading.Lock()


@contextmanager
def hold(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of ``folder``, which the caller knows by the argument ``name``.

    Raises
    ------
    ValueError
        If another process, or another thread of this one, holds it; it is named.
    OSError
        If the file system knows no locks, or refuses the file.
    """
    place = folder.resolve()
    with _GUARD:
        if place in _HELD:
            raise ValueError(_refusal(folder, name, _me()))
        _HELD.add(place)
    try:
        with open(place / NAME, "a+", encoding="utf-8") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                raise ValueError(_refusal(folder, name, _holder(place / NAME))) from None
            file.truncate(0)
            file.write(_me())
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)
    finally:
        with _GUARD:
            _HELD.discard(place)


def _me() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def _holder(file: Path) -> str:
    """Who holds the lock, in words."""
    for _ in range(20):
        said = file.read_text(encoding="utf-8").strip()
        if said:
            return said
        time.sleep(MOMENT)
    return "another process"


def _refusal(folder: Path, name: str, who: str) -> str:
    return f"{name} {str(folder)!r} is in use by {who}: wait for it, or take another folder"
