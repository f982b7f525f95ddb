"""Compiled loops on disk are code: damaged ones are not used, nor those that somebody else could have put there."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_cache import hits, loop

from sdeopt.engine import private


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "loops"
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(place))
    return place


def flipped(data: bytes) -> bytes:
    """Four bytes of the machine code changed: LLVM would abort the process."""
    at = data.index(b"\x7fELF") + 600
    return data[:at] + bytes(b ^ 0xFF for b in data[at : at + 4]) + data[at + 4 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "foreign": lambda data: b"not a loop",
    "cut off": lambda data: data[:-100],
    "flipped": flipped,
    "first byte": lambda data: b"S" + data[1:],
    "pickle": lambda data: pickle.dumps(Bomb()),
}


class Bomb:
    def __reduce__(self) -> Any:
        return pytest.fail, ("it ran",)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_replaced(folder: Path, damage: str) -> None:
    assert loop(2.0)(1.0) == 2.0
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(DAMAGES[damage](whole))
    again = loop(2.0)
    with pytest.warns(UserWarning, match=r"compiled loop '.*\.loop' is damaged: it is compiled again"):
        assert (again(1.0), hits(again)) == (2.0, 0)
    third = loop(2.0)
    assert (third(1.0), hits(third)) == (2.0, 1)


def test_a_loop_under_the_name_of_another_is_not_used(folder: Path) -> None:
    assert loop(2.0)(1.0) == 2.0
    (first,) = folder.iterdir()
    assert loop(2.5)(1.0) == 2.5
    (second,) = set(folder.iterdir()) - {first}
    second.write_bytes(first.read_bytes())
    with pytest.warns(UserWarning, match="is damaged: it is compiled again"):
        assert loop(2.5)(1.0) == 2.5


def not_used(folder: Path, why: str) -> None:
    """Loops are compiled, with one warning, and nothing of the folder is read or written."""
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    first, second = loop(2.0), loop(2.5)
    with pytest.warns(UserWarning, match=f"compiled loops are not kept: '.*' {why}") as said:
        assert (first(1.0), second(1.0)) == (2.0, 2.5)
    assert (len(said), hits(first)) == (1, 0)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_used(folder: Path, mode: int) -> None:
    assert loop(2.0)(1.0) == 2.0
    folder.chmod(mode)
    private.is_private.cache_clear()
    not_used(folder, "can be written by others")


def test_a_folder_below_one_that_others_may_write_to_is_not_used(folder: Path) -> None:
    folder.parent.chmod(0o777)
    folder.mkdir(mode=0o700)
    not_used(folder, "can be written by others")


def test_a_folder_below_one_where_others_can_rename_only_their_own_is_used(folder: Path) -> None:
    folder.parent.chmod(0o1777)
    assert loop(2.0)(1.0) == 2.0
    again = loop(2.0)
    assert (again(1.0), hits(again)) == (2.0, 1)


def test_a_folder_of_somebody_else_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loop(2.0)(1.0) == 2.0
    private.is_private.cache_clear()
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    not_used(folder, f"belongs to user {folder.stat().st_uid}")


def test_a_file_that_others_could_write_is_not_used(folder: Path) -> None:
    assert loop(2.0)(1.0) == 2.0
    (file,) = folder.iterdir()
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    file.chmod(0o620)
    again = loop(2.0)
    assert (again(1.0), hits(again)) == (2.0, 0)
