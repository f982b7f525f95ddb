"""Files that are whole or not there, and the format of what has a ``save``: arrays, and the rest as JSON."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["load", "save", "whole"]


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


def save(file: str | Path, head: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write ``arrays`` and ``head``, which JSON can hold, as npz."""
    text = np.frombuffer(json.dumps(head).encode(), np.uint8)
    np.savez_compressed(file, head=text, **arrays)


def load(file: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Head and arrays of what `save` wrote."""
    with np.load(file, allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    return json.loads(bytes(arrays.pop("head"))), arrays
