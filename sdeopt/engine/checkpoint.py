"""Checkpoints: a folder that holds what is finished of a run, so that the same run goes on after a crash.

``head.json`` says whose folder it is: a hash of everything that shapes the numbers (method and problem with their code
and data, grid, entropy of ``rng``, version of sdeopt), and the same in words for people. A different run is refused. A
finished chunk of paths is one file; so is the mark of a chunk under way (`marks`). Files are written beside their place
and renamed, so a process that dies leaves whole files. They are pickles, which run code when they are read: take no
folder from someone that you do not trust.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sdeopt.core import checks, files
from sdeopt.engine import cache
from sdeopt.engine.content import content

__all__ = ["Checkpoint", "opened"]


def opened(folder: str | os.PathLike[str] | None, rng: Any, subject: Any, words: Mapping[str, Any]) -> Any:
    """The `Checkpoint`, or None where no folder was given; without ``rng`` no run is the same as another."""
    if folder is None:
        return None
    if not isinstance(folder, (str, os.PathLike)):
        raise TypeError(f"checkpoint must be a folder, got {checks.short(folder)}")
    if rng is None:
        raise ValueError("checkpoint needs rng, an integer for example: a run that draws anew cannot go on")
    return Checkpoint(folder, subject, {name: value for name, value in words.items() if name != "x0"})


class Checkpoint:
    """The folder ``folder`` of the run that ``subject`` holds; ``words`` describe it, JSON-able.

    Raises
    ------
    ValueError
        If the folder belongs to another run.
    """

    def __init__(self, folder: str | os.PathLike[str], subject: Any, words: Mapping[str, Any]) -> None:
        self.folder, self._part = Path(folder), ""
        key = hashlib.sha256(f"{cache._sources('')}{content(subject)}".encode()).hexdigest()
        head = {"key": key, **words}
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "head.json"
        if not file.exists():
            if any(self.folder.iterdir()):
                raise ValueError(f"checkpoint must be an empty or new folder, or one of this run, got {str(folder)!r}")
            files.whole(file, json.dumps(head, indent=1, ensure_ascii=False).encode())
            return
        old = json.loads(file.read_bytes())
        if old["key"] != key:
            changed = [f"{name} {old.get(name)}, now {head[name]}" for name in words if old.get(name) != head[name]]
            raise ValueError(
                f"checkpoint {str(folder)!r} belongs to another run ("
                + ("; ".join(changed) or "its data, code or version of sdeopt differ")
                + "): take another folder, or delete it"
            )

    def part(self, name: str) -> Checkpoint:
        """The files of one of several sets of chunks."""
        twin = object.__new__(Checkpoint)
        twin.folder, twin._part = self.folder, f"{name}-"
        return twin

    def get(self, name: str) -> Any:
        """What `put` kept under this name, or None."""
        try:
            return pickle.loads(self._file(name).read_bytes())
        except FileNotFoundError:
            return None

    def put(self, name: str, value: Any) -> None:
        """Keep ``value``."""
        files.whole(self._file(name), pickle.dumps(value))

    def drop(self, stem: str) -> None:
        """Remove everything whose name begins so."""
        for file in self.folder.glob(f"{self._part}{stem}*"):
            file.unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.folder / f"{self._part}{name}"
