"""Files of machine code in the folder of compiled loops: kept where it is private, and taken where they are whole.

A file begins with its key and with a checksum, so that a damaged or renamed one is not taken, with a warning. It is
written beside its place and renamed, so that concurrent processes never read half of it. None of what may go wrong
here stops a run: what is not found is compiled.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Callable
from contextvars import ContextVar

from sdeopt.core import files
from sdeopt.engine import private

__all__ = ["MISSED", "keep", "take"]

log = logging.getLogger("sdeopt")
MAGIC = b"sdeopt loop 2\n"  # then the key and the checksum, 32 bytes each
HEAD = len(MAGIC) + 64
MISSED: ContextVar[Callable[[], bool]] = ContextVar("sdeopt-missed", default=lambda: False)  # before one is compiled


def take(name: str, key: bytes) -> bytes | None:
    """What was kept under this name and key."""
    try:
        place = private.trusted()
        if place is None:
            return None
        data = private.read(place / name)
    except Warning:  # where warnings are errors
        raise
    except Exception as error:  # no such file, no home
        log.debug("not cached: %s", error)
        return None
    head, payload = data[:HEAD], data[HEAD:]
    if head == MAGIC + key + hashlib.sha256(payload).digest():
        return payload
    warnings.warn(f"the compiled loop {str(place / name)!r} is damaged: it is compiled again", stacklevel=2)
    return None


def keep(name: str, key: bytes, payload: bytes) -> None:
    """Keep it; without a usable folder, do nothing."""
    try:
        place = private.usable()
        if place is not None:
            files.whole(place / name, MAGIC + key + hashlib.sha256(payload).digest() + payload, mode=0o600)
    except Warning:  # where warnings are errors
        raise
    except Exception as error:  # no folder, no room, no home
        log.debug("not caching: %s", error)
