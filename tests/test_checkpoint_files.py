"""What lies in a checkpoint's folder is data: it is checked before it is believed, and never run."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PATHS

import sdeopt as so
from sdeopt.core import files
from sdeopt.core.moments import Moments
from sdeopt.core.packing import pack, unpack
from sdeopt.engine import lock

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
RUN: dict[str, Any] = {"steps": 5, "paths": 700, "rng": 3}


def run(folder: Path | None, **more: Any) -> so.Ensemble:
    return so.simulate(so.SGD(0.1), PROBLEM, checkpoint=folder, **RUN | more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run(tmp_path / "run")
    return tmp_path / "run"


class Bomb:
    def __reduce__(self) -> Any:
        return os.mkdir, ("exploded",)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    """Four bytes of the numbers of the first array."""
    at = data.index(b"\x93NUMPY") + 200
    return data[:at] + bytes(b ^ 0xFF for b in data[at : at + 4]) + data[at + 4 :]


def rewritten(data: bytes) -> bytes:
    """A whole file, as NumPy writes it, with the head of this one and other numbers."""
    import io

    with np.load(io.BytesIO(data)) as found:
        arrays = {name: found[name] for name in found.files}
    stream = io.BytesIO()
    np.savez(stream, **{name: a if name == "head" else a + 1 for name, a in arrays.items()})
    return stream.getvalue()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "truncated": cut,
    "flipped": flipped,
    "rewritten": rewritten,
    "text": lambda data: b"a letter",
    "pickle": lambda data: pickle.dumps(Bomb()),
    "pickled array": lambda data: objects(),
}


def objects() -> bytes:
    import io

    stream = io.BytesIO()
    np.savez(stream, head=np.array([Bomb()], dtype=object))
    return stream.getvalue()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_chunk_is_computed_again(folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    file = folder / "256.256.npz"
    whole = file.read_bytes()
    file.write_bytes(DAMAGES[damage](whole))
    with pytest.warns(UserWarning, match=r"256\.256\.npz' is damaged: its paths are computed again"):
        found = run(folder)
    assert np.array_equal(found.final, run(None).final)
    assert file.read_bytes() == whole
    assert not Path("exploded").exists()


def test_a_chunk_is_not_believed_for_its_name(folder: Path, tmp_path: Path) -> None:
    """Nor is one of another run."""
    shutil.copy(folder / "0.256.npz", folder / "256.256.npz")
    run(tmp_path / "other", rng=4)
    shutil.copy(tmp_path / "other" / "512.188.npz", folder / "512.188.npz")
    with pytest.warns(UserWarning, match="is not what its name says") as said:
        found = run(folder)
    assert len([w for w in said if "name says" in str(w.message)]) == 2
    assert np.array_equal(found.final, run(None).final)
    assert np.array_equal(run(folder).final, found.final)  # without a warning


def test_a_head_that_was_cut_off_is_written_again(folder: Path) -> None:
    head = folder / "head.json"
    whole = head.read_bytes()
    head.write_bytes(cut(whole))
    with pytest.warns(UserWarning, match="head.json' is damaged, so it is written again"):
        run(folder)
    assert head.read_bytes() == whole
    head.write_text('{"title": "mine"}', encoding="utf-8")
    with pytest.raises(ValueError, match="empty or new folder, or one of this run"):
        run(folder)


def test_a_folder_whose_first_process_died_at_once_is_taken(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("process 1 on elsewhere", encoding="utf-8")
    (tmp_path / "sdeopt-abc.part").write_bytes(b"half")
    run(tmp_path)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == ["", ".json", ".npz", ".npz", ".npz"]


def test_what_is_packed_comes_back_bit_for_bit() -> None:
    fortran = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    moments = Moments(np.ones(1), np.full((1, 2), np.nan), np.full((1, 2), -0.0), np.zeros((1, 0, 0)))
    value = {"a": [fortran, (np.float64(1.5), 2**70, 0.1, None, True, "x")], 3: moments}
    data = files.to_bytes(value, {"run": "1"})
    assert data == files.to_bytes(files.from_bytes(data, {"run": "1"}), {"run": "1"})
    back = files.from_bytes(data, {"run": "1"})
    assert back["a"][0].flags.f_contiguous and back["a"][1] == value["a"][1]  # type: ignore[index]
    assert type(back["a"][1][0]) is np.float64 and back[3].mean.tobytes() == moments.mean.tobytes()
    with pytest.raises(ValueError, match="is not what its name says"):
        files.from_bytes(data, {"run": "2"})


@pytest.mark.parametrize("thing", [np.array([None]), {1.0}, len, np.array(["x"]), Bomb()])
def test_what_is_no_number_is_not_packed(thing: Any) -> None:
    with pytest.raises(TypeError, match="only numbers can be kept"):
        pack((thing,), [])


def test_unpacking_builds_nothing_that_did_not_ask_for_it() -> None:
    with pytest.raises(KeyError):
        unpack({"Path": ["x"]}, [])


# a full disk, and several processes at once


def test_a_full_disk_is_a_sentence_and_leaves_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, calls = files.whole, []

    def full(file: Path, data: bytes) -> None:
        calls.append(file)
        if len(calls) > 2:  # the head and one chunk
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(file, data)

    monkeypatch.setattr(files, "whole", full)
    with pytest.raises(OSError, match=r"^checkpoint '.*' cannot be written: No space left on device; what is finished"):
        run(tmp_path / "run")
    monkeypatch.undo()
    assert len(list((tmp_path / "run").glob("*.npz"))) == 1
    assert np.array_equal(run(tmp_path / "run").final, run(None).final)


def test_a_folder_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OSError, match=r"^checkpoint '.*' cannot be written: (File exists|Not a directory)$"):
            run(place)


HOLD = """
import sys, time
from test_checkpoint_files import run

run(sys.argv[1], progress=lambda done, total: (print("working", flush=True), time.sleep(600)))
"""
RACE = """
import sys, time
from pathlib import Path
from sdeopt.engine import lock

me, here = sys.argv[1], Path()
def wait(kind, number):
    while len(list(here.glob(f"{kind}-*"))) < number:
        time.sleep(0.01)

Path(f"ready-{me}").touch()
wait("ready", 4)
try:
    with lock.hold(here / "run", "checkpoint"):
        wait("refused", 3)
        print("works")
except ValueError as error:
    Path(f"refused-{me}").touch()
    print(error)
"""


def started(script: str, *words: str, cwd: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *words]
    return subprocess.Popen(command, cwd=cwd, env=os.environ | {"PYTHONPATH": PATHS}, stdout=subprocess.PIPE, text=True)


def test_of_four_processes_at_once_one_works_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    four = [started(RACE, str(i), cwd=tmp_path) for i in range(4)]
    said = [process.communicate(timeout=300)[0].strip() for process in four]
    (winner,) = (process for process, text in zip(four, said, strict=True) if text == "works")
    others = [text for text in said if text != "works"]
    assert others == [f"checkpoint 'run' is in use by process {winner.pid} on {socket.gethostname()}: wait for it, or "
                      "take another folder"] * 3  # fmt: skip


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    with started(HOLD, "run", cwd=tmp_path) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "working\n"
        with pytest.raises(ValueError, match=rf"is in use by process {holder.pid} on {socket.gethostname()}: wait"):
            run(tmp_path / "run")
        holder.kill()
    assert np.array_equal(run(tmp_path / "run").final, run(None).final)


def test_nor_do_two_threads_share_a_folder(tmp_path: Path) -> None:
    with (
        lock.hold(tmp_path, "checkpoint"),
        pytest.raises(ValueError, match=f"process {os.getpid()} on"),
        lock.hold(tmp_path / ".." / tmp_path.name, "checkpoint"),
    ):
        pass
    with lock.hold(tmp_path, "checkpoint"):
        pass
