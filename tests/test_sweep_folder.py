"""Cells in a folder: killed sweeps go on, nothing that is finished is lost, trouble with the disk is said."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PACKAGE

import sdeopt as so
from sdeopt.engine.lock import NAME, hold
from sdeopt.results.estimate import Estimate
from sdeopt.sweeps.store import Store

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
GRID = {"lr": [0.1, 0.2, 0.3], "scale": [0.1, 0.5, 1.0]}
SCRIPT = """
import sys, time
import sdeopt as so

problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
grid = {"lr": [0.1, 0.2, 0.3], "scale": [0.1, 0.5, 1.0]}

def slowly(done, total):
    print(done, flush=True)
    time.sleep(0.3)

so.sweep(so.SGD(lr=0.1), problem, grid, steps=20, paths=50, rng=0, folder=sys.argv[1], progress=slowly)
"""


def run(folder: Any = None, grid: Any = GRID, **more: Any) -> so.Sweep:
    return so.sweep(so.SGD(lr=0.1), PROBLEM, grid, steps=20, paths=50, rng=0, folder=folder, **more)


def table(found: so.Sweep) -> tuple[bytes, ...]:
    return tuple(getattr(found, name).tobytes() for name in ("value", "stderr", "low", "high", "status", "reason"))


@pytest.fixture(scope="module")
def whole() -> so.Sweep:
    return run()


def test_a_killed_sweep_goes_on_where_it_stopped(tmp_path: Path, whole: so.Sweep) -> None:
    folder = tmp_path / "cells"
    env = os.environ | {"PYTHONPATH": str(PACKAGE)}
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder)], env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 3:
            pass
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    kept = {file: file.stat().st_mtime_ns for file in folder.glob("*.json")}
    assert 3 <= len(kept) < 9
    found = run(folder)
    assert found.meta["resumed"] == len(kept)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert len(list(folder.glob("*.json"))) == 9
    assert table(found) == table(whole)


def test_a_larger_grid_takes_what_is_there(tmp_path: Path, whole: so.Sweep) -> None:
    small = run(tmp_path, {"lr": [0.1, 0.2], "scale": [0.5]})
    seen: list[tuple[int, int]] = []
    found = run(tmp_path, progress=lambda *counts: seen.append(counts))
    assert (small.meta["resumed"], found.meta["resumed"]) == (0, 2)
    assert (seen[0], seen[-1]) == ((2, 9), (9, 9))
    assert table(found) == table(whole)
    assert run(tmp_path).meta["resumed"] == 9


def test_a_cell_says_what_it_is_and_can_be_read_at_any_time(tmp_path: Path) -> None:
    """Every file is whole JSON whenever it is there."""

    def look(done: int, total: int) -> None:
        said = [json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.glob("*.json")]
        assert len(said) >= done

    found = run(tmp_path, progress=look)
    said = [json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.glob("*.json")]
    (cell,) = [s for s in said if "lr=0.2" in s["cell"]["method"] and "0.5" in s["cell"]["noise"]]
    assert cell["cell"]["objective"] == "Quadratic(H=[1.0, 2.0], center=[0.0, 0.0])"
    assert cell["measures"]["loss"]["value"] == found["loss"].value[0, 0, 1, 1]


def test_a_damaged_file_is_computed_again(tmp_path: Path, whole: so.Sweep) -> None:
    """Also one with another number in it, and one that is a copy of another's."""
    run(tmp_path)
    first, second, third, fourth, fifth, sixth, *_ = sorted(tmp_path.glob("*.json"))
    first.write_bytes(first.read_bytes()[:40])
    second.write_text("[]", encoding="utf-8")
    third.write_bytes(b"\xff")
    text = fourth.read_text(encoding="utf-8")
    fourth.write_text(text.replace('"value": 0.', '"value": 1.', 1), encoding="utf-8")
    fifth.write_bytes(sixth.read_bytes())
    with pytest.warns(UserWarning, match=r"the cell '.*\.json' is damaged or another's: it is computed again") as said:
        found = run(tmp_path)
    assert (len(said), found.meta["resumed"]) == (5, 4)
    assert table(found) == table(whole)


def test_a_write_that_is_cut_short_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a power failure between writing and renaming."""
    store, one = Store(tmp_path), Estimate(1.0, 0.1, 0.8, 1.2)
    store.write("key", {}, {"loss": one})

    def fails(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OSError, match="Input/output error; the 1 cells there are kept"):
        store.write("key", {}, {"loss": one._replace(value=2.0)})
    assert store.read("key") == {"loss": one}
    assert len(list(tmp_path.iterdir())) == 1


def test_numbers_come_back_bit_for_bit(tmp_path: Path) -> None:
    estimate = Estimate(0.1 + 0.2, np.pi, -np.inf, np.inf, "undecided", "ein Grund")
    Store(tmp_path).write("key", {}, {"loss": estimate, "time": Estimate(np.nan, 0.0, 0.0, 0.0)})
    found = Store(tmp_path).read("key")
    assert found is not None
    assert found["loss"] == estimate
    assert np.isnan(found["time"].value)


def test_a_cell_that_failed_is_tried_again(tmp_path: Path, whole: so.Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("sdeopt.sweeps.cells.fold", broken)
    first = run(tmp_path)
    assert set(first["loss"].reason.ravel().tolist()) == {"MemoryError: no room"}
    assert [file.name for file in tmp_path.iterdir()] == [NAME]
    monkeypatch.undo()
    second = run(tmp_path)
    assert second.meta["resumed"] == 0
    assert table(second) == table(whole)


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(OSError, match=r"folder '.*file/cells' cannot be written: Not a directory"):
        run(tmp_path / "file" / "cells", progress=lambda *_: pytest.fail("it ran"))


def test_one_sweep_at_a_time_works_in_a_folder(tmp_path: Path, whole: so.Sweep) -> None:
    with (
        hold(tmp_path, "folder"),
        pytest.raises(ValueError, match=rf"folder '.*' is in use by process {os.getpid()} on"),
    ):
        run(tmp_path)
    assert list(tmp_path.glob("*.json")) == []
    assert table(run(tmp_path)) == table(whole)


def test_a_full_disk_stops_the_sweep_and_keeps_what_is_finished(tmp_path: Path, whole: so.Sweep) -> None:
    """No file may grow beyond 10 bytes from the third cell on."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(done: int, total: int) -> None:
        if done >= 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))

    try:
        with pytest.raises(OSError, match=r"could not be written to .*: File too large; the \d cells there are kept"):
            run(tmp_path, progress=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    kept = list(tmp_path.glob("*.json"))
    assert 3 <= len(kept) < 9
    assert list(tmp_path.glob("*.part")) == []
    found = run(tmp_path)
    assert found.meta["resumed"] == len(kept)
    assert table(found) == table(whole)


@pytest.mark.filterwarnings("ignore::sdeopt.PartialWarning")
def test_ctrl_c_keeps_what_is_finished(tmp_path: Path, whole: so.Sweep) -> None:
    def interrupt(done: int, total: int) -> None:
        if done >= 4:
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores the signal
    try:
        found = run(tmp_path, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    there = found["loss"].status != "missing"
    assert found.meta["partial"]
    assert 4 <= there.sum() < 9
    assert len(list(tmp_path.glob("*.json"))) == there.sum()
    assert (found["loss"].value[there] == whole["loss"].value[there]).all()
    assert "interrupted" in str(found)
    assert table(run(tmp_path)) == table(whole)


def test_ctrl_c_before_anything_is_finished_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sdeopt.sweeps.cells.fold", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run()


@pytest.mark.filterwarnings("ignore::sdeopt.PartialWarning")
def test_cells_that_run_stop_on_ctrl_c() -> None:
    """The other has 1e6 steps for each of 1e5 paths."""
    began = time.monotonic()

    def interrupt(done: int, total: int) -> None:
        signal.raise_signal(signal.SIGINT)

    quick, endless = so.SGD(lr=1.0), so.SGD(lr=1e-6)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        found = so.sweep([quick, endless], PROBLEM, {}, horizon=1.0, paths=100_000, rng=0, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert found["loss"].status.ravel().tolist() == ["ok", "missing"]
    assert time.monotonic() - began < 100.0
