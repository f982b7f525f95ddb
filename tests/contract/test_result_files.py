"""Files of results: what is damaged, foreign, newer or cannot be written is refused; what was written before opens."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_results import OLD, every, example

import sdeopt as so
from sdeopt.results import files


def refused(file: Path, kind: str) -> str:
    """The one sentence that opening the file ends in."""
    said = set()
    for opened in (so.load, getattr(so, kind).load):
        error: Exception | None = None
        try:
            opened(file)
        except ValueError as caught:
            error = caught
        assert type(error) is ValueError and str(file) in str(error) and "\n" not in str(error)
        said.add(str(error))
    (sentence,) = said
    return sentence


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    example("Diagnosis").save(tmp_path / "r.npz")
    return tmp_path / "r.npz"


@every
def test_what_is_cut_off_or_changed_is_refused(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "r.npz"
    example(kind).save(file)
    data = file.read_bytes()
    for size in range(1, len(data), max(1, len(data) // 20)):
        file.write_bytes(data[:size])
        assert "is damaged" in refused(file, kind) or size < 2
    for at in range(40, len(data) // 2, max(1, len(data) // 40)):  # its second half also holds names and dates
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            assert so.load(file).to_json() == example(kind).to_json()
        except ValueError as error:
            assert type(error) is ValueError and "is damaged" in str(error)
    file.write_bytes(b"")
    assert refused(file, kind).endswith("is empty")


def test_files_of_other_programs_are_refused(tmp_path: Path) -> None:
    def zipped(file: Path) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("letter.txt", "dear")

    def saved(file: Path, array: Any) -> None:
        with file.open("wb") as stream:
            np.save(stream, array)

    makers: dict[str, Callable[[Path], Any]] = {
        "text": lambda file: file.write_text("times,mean\n0,1\n"),
        "array": lambda file: saved(file, np.ones(3)),
        "pickle": lambda file: saved(file, np.array([{}], dtype=object)),
        "arrays": lambda file: np.savez(file, x=np.ones(3)),
        "head": lambda file: np.savez(file, head=np.frombuffer(b"[1, 2", np.uint8)),
        "list": lambda file: np.savez(file, head=np.frombuffer(b"[1, 2]", np.uint8)),
        "endless": lambda file: np.savez(file, head=np.frombuffer(b'{"result":"Report","version":1e400}', np.uint8)),
        "deep": lambda file: np.savez(file, head=np.frombuffer(b"[" * 100_000, np.uint8)),
        "zip": zipped,
    }
    for name, make in makers.items():
        file = tmp_path / f"{name}.npz"
        make(file)
        sentence = refused(file, "Diagnosis")
        assert "is no result of sdeopt" in sentence or name == "zip"


def test_objects_in_arrays_are_never_run(tmp_path: Path) -> None:
    file = tmp_path / "r.npz"
    np.savez(file, head=np.array([{}], dtype=object))
    assert "is damaged" in refused(file, "Diagnosis")


def test_another_kind_is_refused_by_name(kept: Path) -> None:
    with pytest.raises(ValueError, match="r.npz holds a Diagnosis, not a Scaling: sdeopt.load opens either"):
        so.Scaling.load(kept)
    with pytest.raises(ValueError, match="r.npz holds a Diagnosis, not an Ensemble: sdeopt.load opens either"):
        so.Ensemble.load(kept)


def rewritten(file: Path, **changes: Any) -> Path:
    """The file with other entries in its head; None takes one out."""
    content = files.read(file)
    head = {"result": content.kind, "version": content.version, **content.head} | changes
    text = json.dumps({name: value for name, value in head.items() if value is not None})
    np.savez(file, head=np.frombuffer(text.encode(), np.uint8), **content.arrays)
    return file


def test_a_newer_version_is_refused(kept: Path) -> None:
    said = refused(rewritten(kept, version=99), "Diagnosis")
    assert "holds a Diagnosis of version 99, and this sdeopt knows them up to 1" in said


def test_unknown_kinds_are_refused(kept: Path) -> None:
    for kind in ("Telescope", "SGD", "simulate", "__file__"):
        with pytest.raises(ValueError, match=f"holds a {kind}, which this sdeopt does not know"):
            so.load(rewritten(kept, result=kind))


def test_a_file_without_a_part_is_refused(kept: Path) -> None:
    assert "does not hold the parts of a Diagnosis" in refused(rewritten(kept, alpha=None), "Diagnosis")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="r.npz"):
        so.load(tmp_path / "r")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("9" * 300, "file must have a name of at most 255 bytes"),
        (".", r"file must have a name, got '\.'"),
        ("", "file must be the name of a file"),
        ("runs/", "file must not end like the name of a folder, got 'runs/'"),
        (1, "file must be a file, got 1"),  # a number is an open file of the system, and 1 the standard output
    ],
)
def test_names_that_no_file_can_have_are_refused(name: Any, says: str) -> None:
    found = [example(kind) for kind in ("Sweep", "Atlas")]
    for write in [f for r in found for f in (r.save, r.html, r.to_csv)]:
        with pytest.raises((ValueError, TypeError), match=says):
            write(name)


@pytest.mark.parametrize("place", ["folder", "file/r"])
def test_what_cannot_be_written_is_named_as_it_was_given(place: str, tmp_path: Path) -> None:
    """And not by the name of the part that would have become it; nothing of that is left."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    found = example("Sweep")
    for write in (found.html, found.to_csv):
        with pytest.raises(OSError) as error:
            write(tmp_path / place)
        assert error.value.filename == str(tmp_path / place)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["file", "folder"]


# what older versions wrote

OLD_FILES = {
    "certificate": "Certificate(SGD, SDE order1: inconclusive)",
    "ensemble": "Ensemble(SGD(lr=0.1), discrete, paths=20, horizon=0.5, d=2)",
    "ensemble_sde": "Ensemble(SGD(lr=0.1), sde, paths=20, horizon=0.5, d=2)",
    "evidence": "Evidence(SGD(lr=0.005) -> SGD(lr=0.02): not judged; naive SGD(lr=0.005): not judged)",
    "profile": "NoiseProfile(Quadratic(H=[1.0, 2.0], center=[0.0, 0.0]), Gaussian(scale=0.5))",
    "report": "Report(SGD(lr=0.1), SDE order1: not judged)",
    "sweep": "Sweep(1 method, 1 problem, lr x noise.scale: 4 points of loss, spread, diverged)",
}


@pytest.mark.parametrize("name", OLD_FILES)
def test_old_files_open(name: str) -> None:
    found = so.load(OLD / f"{name}.npz")
    assert repr(found) == OLD_FILES[name]
    assert str(found) and json.loads(found.to_json())
    assert type(found).load(OLD / name).to_json() == found.to_json()


def test_what_is_no_file_of_its_own_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """A link stays one, and so does a pipe: /dev/stdout is the one or the other."""
    found, pipe, link = example("Sweep"), tmp_path / "pipe", tmp_path / "link"
    found.to_csv(tmp_path / "plain")
    link.symlink_to(tmp_path / "target")
    found.to_csv(link)
    assert link.is_symlink() and (tmp_path / "target").read_bytes() == (tmp_path / "plain").read_bytes()
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    found.to_csv(pipe)
    assert pipe.is_fifo() and os.read(reader, 1 << 16) == (tmp_path / "plain").read_bytes()
    os.close(reader)
