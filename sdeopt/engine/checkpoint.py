"""Checkpoints: a folder that holds what is finished of a run, so that the same run goes on after a crash.

``head.json`` says whose folder it is: the key of the run (`keys`), and the same in words for people. A different run is
refused, and so is a second process while one works there. A finished chunk of paths is one file; so is the mark of a
chunk under way (`marks`). Files are written beside their place and renamed, so a process that dies leaves whole files.
They hold numbers, and reading them runs no code. Each says inside of what run and of which paths it is, with a
checksum: what is damaged, cut off, renamed or of another run is computed again, with a warning.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdeopt.core import checks, files
from sdeopt.engine import lock
from sdeopt.engine.content import content
from sdeopt.engine.keys import key

__all__ = ["Checkpoint", "open_checkpoint"]

OURS = re.compile(r"[\w.-]+\.npz|sdeopt-\w+\.part|head\.json|lock")


@contextmanager
def open_checkpoint(
    folder: str | os.PathLike[str] | None, rng: Any, subject: Any, words: Mapping[str, Any]
) -> Iterator[Checkpoint | None]:
    """Hold the `Checkpoint` of the run that ``subject`` is, or None where no folder was given; ``words`` describe it.

    Raises
    ------
    ValueError, TypeError
        If the folder is no folder, belongs to another run or to nobody, or is in use; without ``rng``, since no run is
        then the same as another.
    OSError
        If it cannot be written.
    """
    if folder is None:
        yield None
        return
    checks.path("checkpoint", folder)
    if rng is None:
        raise ValueError("checkpoint needs rng, an integer for example: a run that draws anew cannot go on")
    store = Checkpoint(Path(folder), key(content(subject)))
    files.writable(store.folder, "checkpoint")
    store.check_files()
    with lock.hold(store.folder, "checkpoint"):
        store.claim({name: value for name, value in words.items() if name != "x0"})
        yield store


class Checkpoint:
    """The files of the run with this ``key`` in ``folder``; their names begin with ``part``."""

    def __init__(self, folder: Path, key: str, part: str = "") -> None:
        self.folder, self.key, self._part = folder, key, part

    def check_files(self) -> None:
        """Refuse a folder with files that no run has written."""
        if any(OURS.fullmatch(file.name) is None for file in self.folder.iterdir()):
            raise ValueError(f"checkpoint must be an empty or new folder, or one of this run, got {str(self.folder)!r}")

    def claim(self, words: Mapping[str, Any]) -> None:
        """Write whose folder this is, or see that it is that of this run; remove what killed processes left."""
        for file in self.folder.glob("sdeopt-*.part"):
            file.unlink(missing_ok=True)
        file, head = self.folder / "head.json", {"key": self.key, **words}
        try:
            old = json.loads(file.read_bytes())
        except FileNotFoundError:
            old = head | {"key": None}
        except ValueError:
            warnings.warn(f"checkpoint file {str(file)!r} is damaged, so it is written again", stacklevel=6)
            old = head | {"key": None}
        if not isinstance(old, dict) or "key" not in old:
            raise ValueError(f"checkpoint must be an empty or new folder, or one of this run, got {str(self.folder)!r}")
        if old["key"] is None:
            self._write(file, json.dumps(head, indent=1, ensure_ascii=False).encode())
        elif old["key"] != self.key:
            changed = [f"{name} {old.get(name)}, now {head[name]}" for name in words if old.get(name) != head[name]]
            raise ValueError(
                f"checkpoint {str(self.folder)!r} belongs to another run ("
                + ("; ".join(changed) or "its data or code differ")
                + "): take another folder, or delete it"
            )

    def part(self, name: str) -> Checkpoint:
        """The files of one of several sets of chunks."""
        return Checkpoint(self.folder, self.key, f"{self._part}{name}-")

    def get(self, name: str) -> Any:
        """What `put` kept under this name, or None."""
        file = self._file(name)
        try:
            return files.from_bytes(file.read_bytes(), self._label(name))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            warnings.warn(f"checkpoint file {str(file)!r} {said}: its paths are computed again", stacklevel=2)
            return None

    def put(self, name: str, value: Any) -> None:
        """Keep ``value``, made of numbers.

        Raises
        ------
        OSError
            If there is no room, or so.
        """
        self._write(self._file(name), files.to_bytes(value, self._label(name)))

    def drop(self, stem: str) -> None:
        """Remove everything whose name begins so."""
        for file in self.folder.glob(f"{self._part}{stem}*"):
            file.unlink(missing_ok=True)

    def _label(self, name: str) -> dict[str, str]:
        return {"run": self.key, "paths": f"{self._part}{name}"}

    def _file(self, name: str) -> Path:
        return self.folder / f"{self._part}{name}.npz"

    def _write(self, file: Path, data: bytes) -> None:
        try:
            files.whole(file, data)
        except OSError as error:
            raise OSError(
                f"checkpoint {str(self.folder)!r} cannot be written: {error.strerror}; what is finished stays there, "
                "and the same call goes on from it"
            ) from error
