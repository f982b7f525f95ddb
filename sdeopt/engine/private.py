"""Folders and files in which nobody else can put anything, and the one of compiled loops.

A folder is private if it belongs to us and only we may write there, and if nobody else can put another one in its
place: the folders above it are ours or root's, and others may not write there either, except where everybody can remove
only what is his own, as in /tmp.
"""

from __future__ import annotations

import functools
import os
import stat
import warnings
from pathlib import Path

__all__ = ["folder", "is_private", "make", "read", "trusted", "usable"]

SHARED = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path:
    """Where compiled loops are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SDEOPT_CACHE_DIR") or Path(base) / "sdeopt")


def trusted() -> Path | None:
    """That folder, if files in it can be nobody's but ours."""
    place = folder()
    return place if place.is_dir() and is_private(place.resolve()) else None


def usable() -> Path | None:
    """That folder, made if need be, if files may be put there."""
    make(folder())
    return trusted()


@functools.cache
def is_private(place: Path) -> bool:
    """Whether ``place``, a resolved folder, is private; said once where it is not."""
    for here in (place, *place.parents):
        state = here.stat()
        above = here != place
        if state.st_uid != os.geteuid() and not (above and state.st_uid == 0):
            return _refuse(here, f"belongs to user {state.st_uid}")
        if state.st_mode & SHARED and not (above and state.st_mode & stat.S_ISVTX):
            return _refuse(here, "can be written by others")
    return True


def _refuse(place: Path, why: str) -> bool:
    warnings.warn(
        f"compiled loops are not kept: {str(place)!r} {why}, who could put code there; take away their right to write, "
        "or set SDEOPT_CACHE_DIR to a folder of your own",
        stacklevel=5,
    )
    return False


def make(place: Path) -> None:
    """Make a private folder, and those above it that are missing."""
    for here in (*reversed(place.parents), place):
        here.mkdir(mode=0o700, exist_ok=True)


def read(file: Path) -> bytes:
    """The bytes of a file of ours.

    Raises
    ------
    OSError
        If there is none, or one that somebody else could have written, before its folder was private.
    """
    with open(file, "rb") as stream:
        state = os.fstat(stream.fileno())
        if state.st_uid != os.geteuid() or state.st_mode & SHARED:
            raise PermissionError(f"{file} is not ours")
        return stream.read()
