"""Files that are whole or not there."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["whole"]


def whole(file: Path, data: bytes) -> None:
    """Write ``file`` beside its place, force it to the disk and rename it: nobody ever sees half of it.

    A process that is killed leaves at most a file ``sdeopt-*.part``; an ``OSError`` leaves nothing.
    """
    part = file.with_name(f"sdeopt-{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
