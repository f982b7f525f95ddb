"""Two loops compiled at once: the same numbers, one process beside this one at most, and nothing depends on it."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.comparison import block
from sdeopt.engine import ahead, identity, shelf
from sdeopt.engine.compiler import compile
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.machine import draws, quick
from sdeopt.engine.planning import plan
from sdeopt.engine.run import Run

Started = list["subprocess.Popen[bytes]"]


def columns(problem: so.Problem, **how: Any) -> tuple[Run, ...]:
    """The runs of a comparison."""
    run = plan(so.SignSGD(lr=0.1), problem, "sde", steps=8, rng=0, **how)
    return block.columns(run)[:3]


@pytest.fixture
def runs() -> tuple[Run, ...]:
    return columns(so.Problem(so.Quadratic([1.0, 3.0]), so.Gaussian(0.1), x0=[1.0, 1.0]))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Started:
    """The processes that were started, where an empty folder and two cores are free."""
    all_: Started = []

    class Spy(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *given: Any, **how: Any) -> None:
            super().__init__(*given, **how)
            all_.append(self)

    draws.ready()  # from the usual folder
    monkeypatch.setattr(ahead, "_pays", lambda columns: True)
    monkeypatch.setattr(subprocess, "Popen", Spy)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "loops"))
    return all_


def look(run: Run) -> bool:
    """What asks for a loop that is not on disk: whether it is worth another look."""
    return shelf.MISSED.get()()


def compiled(monkeypatch: pytest.MonkeyPatch, runs: tuple[Run, ...], make: Callable[..., list[Kernel]]) -> Any:
    """The records of all columns by loops that are new in this process, and how many were compiled and in use."""
    monkeypatch.setattr(compile, "LOOPS", {})
    monkeypatch.setattr(quick, "FOUND", {})
    kernels = make(runs)
    return [kernel(0, 40).tobytes() for kernel in kernels], (len(compile.LOOPS), len(quick.FOUND))


def test_another_process_compiles_one_loop_to_the_same_bits(
    runs: tuple[Run, ...], started: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    both = functools.partial(ahead.each, Kernel)
    beside, made = compiled(monkeypatch, runs, both)
    assert (made, len(started), started[0].returncode) == ((1, 2), 1, 0)  # the optimizer's was on disk
    again, made = compiled(monkeypatch, runs, both)
    assert (made, len(started)) == ((0, 2), 1)  # where both are there, nothing is started
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "others"))
    alone, made = compiled(monkeypatch, runs, lambda runs: list(map(Kernel, runs)))
    assert (made, len(started)) == ((2, 2), 1)
    assert beside == again == alone


def test_it_ends_before_it_is_waited_for(runs: tuple[Run, ...], started: Started, monkeypatch: Any) -> None:
    monkeypatch.setattr(ahead, "START", "import sys; sys.stdin.buffer.read()")
    assert ahead.each(look, runs) == [True, False, False]  # the optimizer's is looked for again
    assert [process.returncode for process in started] == [0]


@pytest.mark.parametrize("start", ["raise SystemExit(3)", "import os; os.abort()", "import time; time.sleep(600)"])
def test_where_it_fails_or_hangs_this_process_compiles(
    start: str, runs: Any, started: Started, monkeypatch: Any
) -> None:
    monkeypatch.setattr(ahead, "START", start)
    monkeypatch.setattr(ahead, "PATIENCE", 0.5)
    assert ahead.each(look, runs) == [False, False, False]
    assert len(started) == 1
    assert started[0].returncode not in (None, 0)  # not None: it is gone from the table of processes


def test_ctrl_c_ends_it(runs: tuple[Run, ...], started: Started, monkeypatch: Any) -> None:
    monkeypatch.setattr(ahead, "START", "import time; time.sleep(600)")

    def interrupted(run: Run) -> None:
        look(run)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ahead.each(interrupted, runs)
    assert [process.returncode for process in started] == [-9]


def test_it_may_be_killed(runs: tuple[Run, ...], started: Started, monkeypatch: Any) -> None:
    monkeypatch.setattr(ahead, "START", "import time; time.sleep(600)")
    killer = threading.Timer(0.5, lambda: started[0].kill())
    killer.start()
    begun = time.monotonic()
    assert ahead.each(look, runs) == [False, False, False]
    assert time.monotonic() - begun < ahead.PATIENCE


def test_nothing_starts_where_nothing_is_missed(runs: tuple[Run, ...], started: Started) -> None:
    assert ahead.each(lambda run: run.kind, runs) == ["discrete", "sde", "sde"]
    assert ahead.each(look, runs[1:]) == [False, False]  # nor for one loop
    assert ahead.each(look, runs[:1]) == [False]
    assert started == []


def test_code_of_the_users_is_not_imported_a_second_time(started: Started) -> None:
    own = so.Objective(grad=lambda x: 2.0 * x, dim=2)
    assert ahead.each(look, columns(so.Problem(own, so.Gaussian(0.1), x0=[1.0, 1.0]))) == [False] * 3
    problem = so.Problem(so.Quadratic([1.0, 3.0]), so.Gaussian(0.1), x0=[1.0, 1.0])
    assert ahead.each(look, columns(problem, observables={"x1": lambda x: x[0]})) == [False] * 3
    assert started == []


def test_without_a_folder_to_meet_in_nothing_starts(
    runs: Any, started: Started, monkeypatch: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "file" / "loops"))
    assert ahead.each(look, runs) == [False] * 3
    assert started == []


def test_without_a_python_to_start_nothing_is_said(runs: Any, started: Started, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert ahead.each(look, runs) == [False] * 3
    assert started == []


@pytest.mark.parametrize("where", ["core", "xdist", "child", "embedded", "frozen", "interpreted"])
def test_nothing_starts_where_it_could_not_help(where: str, runs: Any, started: Started, monkeypatch: Any) -> None:
    assert ahead._helps(runs)
    {
        "core": lambda: monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}),
        "xdist": lambda: monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0"),
        "child": lambda: monkeypatch.setattr(ahead.multiprocessing, "parent_process", lambda: object()),
        "embedded": lambda: monkeypatch.setattr(sys, "executable", "/usr/bin/editor"),
        "frozen": lambda: monkeypatch.setattr(sys, "frozen", True, raising=False),
        "interpreted": lambda: monkeypatch.setattr(identity, "INTERPRETED", True),
    }[where]()
    assert not ahead._helps(runs)
    assert ahead.each(look, runs) == [False] * 3
    assert started == []


def test_threads_of_an_executor_start_nothing(runs: tuple[Run, ...], started: Started) -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(ahead.each, look, runs).result() == [False] * 3
    assert started == []


def test_it_pays_where_loops_are_long(runs: tuple[Run, ...]) -> None:
    both = {run.kind: run for run in runs}
    data = so.Problem(so.Logistic(np.eye(100, 30), np.arange(100) % 2), so.Minibatch(4))
    long = {run.kind: run for run in columns(data)}
    assert (ahead._pays(both), ahead._pays(long)) == (False, True)
