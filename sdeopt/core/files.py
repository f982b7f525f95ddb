"""Files that are whole or not there, and the format of what is kept: arrays, and the rest as JSON."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sdeopt.core.packing import pack, unpack

__all__ = ["to_bytes", "from_bytes", "whole", "writable"]


def whole(file: Path, data: bytes, mode: int = 0o666) -> None:
    """Write ``file`` beside its place, force it to the disk and rename it: nobody ever sees half of it.

    ``mode`` are the permissions that the process may grant at most.
    A process that is killed leaves at most a file ``sdeopt-*.part``; an ``OSError`` leaves nothing, and names ``file``.
    A link is followed, and what is no file, as the standard output, is written to: neither may be replaced.
    """
    if file.exists() and not (file.is_file() or file.is_dir()):
        file.write_bytes(data)
        return
    place = Path(os.path.realpath(file))
    part = place.with_name(f"sdeopt-{secrets.token_hex(8)}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(place)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(file)) from error
        raise


def writable(folder: Path, what: str) -> None:
    """Make ``folder`` and try to write there; the ``OSError`` says in a sentence ``what`` it was meant for."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"{what} {str(folder)!r} cannot be written: {error.strerror}") from error


def to_bytes(value: Any, label: Mapping[str, Any]) -> bytes:
    """An npz file of ``value``, made of numbers (`packing`), with its ``label`` and a checksum of both inside."""
    arrays: list[Any] = []
    head = {"label": dict(label), "form": pack(value, arrays)}
    return _npz(head | {"sha256": _checksum(head, arrays)}, {str(i): array for i, array in enumerate(arrays)})


def from_bytes(data: bytes, label: Mapping[str, Any]) -> Any:
    """The value that `to_bytes` put into a file, if it is whole and has this label.

    Raises
    ------
    ValueError
        If it is damaged, "is damaged", or somebody else's, "is not what its name says".
    """
    try:
        head, named = _parts(io.BytesIO(data))
        arrays = [named[str(i)] for i in range(len(named))]
        checksum = head.pop("sha256")
        if checksum != _checksum(head, arrays):
            raise ValueError("checksum")
    except Exception as error:  # whatever a reader of zip, npy or JSON raises on bytes that are none
        raise ValueError("is damaged") from error
    if head.get("label") != dict(label):
        raise ValueError("is not what its name says")
    return unpack(head["form"], arrays)


def _checksum(head: Mapping[str, Any], arrays: Sequence[Any]) -> str:
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}{np.isfortran(array)}".encode() + array.tobytes("A"))
    return digest.hexdigest()


def _npz(head: Mapping[str, Any], arrays: Mapping[str, Any], write: Any = np.savez) -> bytes:
    stream = io.BytesIO()
    write(stream, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays)
    return stream.getvalue()


def _parts(file: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    with np.load(file, allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    return json.loads(bytes(arrays.pop("head"))), arrays
