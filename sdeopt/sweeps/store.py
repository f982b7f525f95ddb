"""Finished cells in a folder: one file each, complete or not there.

A file is written under another name, forced to the disk and renamed, so that neither a killed process nor one that
reads along ever sees half of it. It is JSON and says in words what was run, with its key and a checksum inside. One
sweep at a time holds the folder, as one run holds a checkpoint.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdeopt.core import checks, files
from sdeopt.engine import lock
from sdeopt.results.estimate import Estimate

__all__ = ["Store", "open_store"]


@contextmanager
def open_store(folder: str | Path | None) -> Iterator[Store | None]:
    """Hold the `Store` of a folder, or None where none was given; a ``ValueError`` names who else holds it."""
    if folder is None:
        yield None
        return
    store = Store(folder)
    with lock.hold(store.folder, "folder"):
        yield store


class Store:
    """A folder of cells.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(checks.path("folder", folder))
        files.writable(self.folder, "folder")

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def read(self, key: str) -> dict[str, Estimate] | None:
        """Measure -> estimate of a finished cell, or None; of a damaged or renamed file none, with a warning."""
        file = self._file(key)
        try:
            found = json.loads(file.read_bytes())
            if found["key"] != key or found["sha256"] != _checksum(found):
                raise ValueError("checksum")
            return {name: Estimate.from_json(entry) for name, entry in found["measures"].items()}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            warnings.warn(f"the cell {str(file)!r} is damaged or another's: it is computed again", stacklevel=3)
            return None

    def write(self, key: str, what: dict[str, Any], measures: dict[str, Estimate]) -> None:
        """Keep a finished cell."""
        kept = {"key": key, "cell": what, "measures": {name: e.to_json() for name, e in measures.items()}}
        kept["sha256"] = _checksum(kept)
        text = json.dumps(kept, ensure_ascii=False, indent=1, allow_nan=False)
        try:
            files.whole(self._file(key), text.encode())
        except OSError as error:
            raise OSError(
                f"a finished cell could not be written to {str(self.folder)!r}: {error.strerror}; the {len(self)} "
                "cells there are kept, and the same sweep with this folder goes on from them"
            ) from error

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob("*.json"))


def _checksum(cell: dict[str, Any]) -> str:
    return hashlib.sha256(
        json.dumps([cell["key"], cell["cell"], cell["measures"]], sort_keys=True).encode()
    ).hexdigest()
