"""Finished cells in a folder: one file each, complete or not there.

A file is written under another name, forced to the disk and renamed, so that neither a killed process nor one that
reads along ever sees half of it. It is JSON and says in words what was run.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from sdeopt.core import files
from sdeopt.results.estimate import Estimate

__all__ = ["Store"]


class Store:
    """A folder of cells.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise OSError(f"folder {str(folder)!r} cannot be written: {error.strerror}") from error

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def read(self, key: str) -> dict[str, Estimate] | None:
        """Measure -> estimate of a finished cell, or None; a damaged file counts as none."""
        try:
            found = json.loads(self._file(key).read_text(encoding="utf-8"))["measures"]
            return {name: Estimate.from_json(entry) for name, entry in found.items()}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, key: str, what: dict[str, Any], measures: dict[str, Estimate]) -> None:
        """Keep a finished cell."""
        text = json.dumps(
            {"cell": what, "measures": {name: estimate.to_json() for name, estimate in measures.items()}},
            ensure_ascii=False, indent=1, allow_nan=False,
        )  # fmt: skip
        try:
            files.whole(self._file(key), text.encode())
        except OSError as error:
            raise OSError(
                f"a finished cell could not be written to {str(self.folder)!r}: {error.strerror}; the {len(self)} "
                "cells there are kept, and the same sweep with this folder goes on from them"
            ) from error

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob("*.json"))
