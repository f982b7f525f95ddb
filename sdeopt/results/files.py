"""The files of results: npz with arrays and a head in JSON, which says the kind of the result and its version.

What cannot be read is refused in one sentence, a ``ValueError`` that names the file. A file is data: nothing in it is
ever run.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import checks
from sdeopt.core.files import whole

__all__ = ["Content", "locate", "read", "write", "write_csv"]

SUFFIX = ".npz"
LONGEST = 255  # bytes of a name, on all usual file systems
UNNAMED = {  # files that do not say their kind: the first of these that is in one tells
    "coordinates": "Sweep", "estimates": "NoiseProfile", "observables": "Ensemble", "h": "Certificate",
    "before": "Evidence", "discrete": "Report",
}  # fmt: skip


class Content(NamedTuple):
    """What a file holds: kind and version of the result, its head without these, and its arrays."""

    path: Path
    kind: str
    version: int
    head: dict[str, Any]
    arrays: dict[str, Any]


def locate(file: str | Path, suffix: str = SUFFIX) -> Path:
    """The name with which what is called ``file`` is kept: it ends in ``suffix``, a result's in .npz."""
    path = Path(checks.path("file", file, "file"))
    if not path.name:
        raise ValueError(f"file must have a name, got {str(file)!r}")
    if os.fspath(file).endswith(("/", os.sep)):
        raise ValueError(f"file must not end like the name of a folder, got {checks.short(str(file))}")
    path = path if path.name.endswith(suffix) else path.with_name(path.name + suffix)
    if len(os.fsencode(path.name)) > LONGEST:
        raise ValueError(f"file must have a name of at most {LONGEST} bytes, got {checks.short(str(file))}")
    return path


def write(content: Content) -> None:
    """Keep ``content``, all of it or nothing."""
    head = json.dumps({"result": content.kind, "version": content.version, **content.head})
    out = io.BytesIO()
    np.savez_compressed(out, head=np.frombuffer(head.encode(), np.uint8), **content.arrays)
    whole(content.path, out.getvalue())


def write_csv(file: str | Path, names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep ``rows`` as comma-separated values below their ``names``, all of them or nothing."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    whole(locate(file, ""), out.getvalue().encode())


def read(file: str | Path) -> Content:
    """What `write` kept under this name, or what is in the file if its name is another."""
    path = locate(file)
    if not path.exists() and Path(file).is_file():
        path = Path(file)
    data = path.read_bytes()
    if not data:
        raise ValueError(f"{path} is empty")
    if not data.startswith(b"PK"):
        raise ValueError(f"{path} is no result of sdeopt: it is no npz file")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as entries:
            arrays = {name: entries[name] for name in entries.files}
    except Exception as error:  # zipfile, zlib, struct and numpy each have their own for bytes that are not theirs
        raise ValueError(f"{path} is damaged: it was cut off, or bytes of it have changed") from error
    return _content(path, arrays)


def _content(path: Path, arrays: Mapping[str, Any]) -> Content:
    """The parts of a file, whose head may be anything."""
    try:
        head = json.loads(bytes(arrays["head"]))
        kind = head.pop("result", None) or next(k for mark, k in UNNAMED.items() if mark in head or mark in arrays)
        version = int(head.pop("version", 0))
    except (KeyError, AttributeError, StopIteration, TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError(f"{path} is no result of sdeopt: no head says what it holds") from None
    return Content(path, str(kind), version, head, {name: array for name, array in arrays.items() if name != "head"})
