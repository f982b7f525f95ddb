"""Ctrl-C: once, whatever runs, and within two seconds what is finished is there."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from slow_bowl import Bowl

import sdeopt as so
from sdeopt.engine.blocks import Task, _remote, _unpickle
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import _replay, plan, summary
from sdeopt.engine.stop import Stop, inside, lend

QUADRATIC = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
WIDE = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, 100)), so.Gaussian(0.5))
PYTHON = so.Problem(Bowl(), so.Gaussian(0.5))
ALONE = so.Problem(Bowl(False), so.Gaussian(0.5))
SGD = so.SGD(lr=0.01)
EQUATION = so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1)
LONG = 2 * 10**9  # steps: minutes for any of them
MOMENT = 2.0


@pytest.fixture(autouse=True)
def handled() -> Iterator[None]:
    """A job in the background ignores the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(run: Callable[[], Any], after: float = 1.0) -> Any:
    """The outcome of a run at which Ctrl-C came once, and the seconds that it took to end."""
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(after, press)
    timer.start()
    try:
        found = run()
    except KeyboardInterrupt:
        found = None
    finally:
        timer.cancel()
    assert pressed, "it was over before"
    assert time.monotonic() - pressed[0] < MOMENT
    return found


RUNS: dict[str, Callable[[int], Any]] = {
    "lanes": lambda n: so.simulate(SGD, QUADRATIC, steps=n, paths=300, rng=0),
    "sde": lambda n: so.simulate(SGD, QUADRATIC, "sde", steps=n, paths=300, rng=0),
    "vectors": lambda n: so.simulate(SGD, WIDE, steps=n, paths=3, rng=0),
    "batched": lambda n: so.simulate(SGD, PYTHON, steps=n, paths=64, save_at=2, rng=0),
    "interpreted": lambda n: so.simulate(SGD, ALONE, "sde", steps=n, paths=2, save_at=2, rng=0),
    "compare": lambda n: so.compare(SGD, QUADRATIC, steps=n, paths=64, rng=0),
    "certify": lambda n: so.certify(SGD, QUADRATIC, horizon=n / 100.0, paths=32, max_paths=32, rng=0),
    "integrate": lambda n: so.integrate(EQUATION, [1.0], horizon=n, steps=n, rng=0),
    "sweep": lambda n: so.sweep(SGD, QUADRATIC, {"lr": [0.1, 0.2, 0.3]}, steps=n, paths=100, rng=0),
    "error": lambda n: so.sweep(SGD, QUADRATIC, {}, steps=n, paths=100, rng=0, measures=["error"]),
}


LATER = {"integrate", "error", "vectors"}  # the same engine, and more loops to compile


@pytest.mark.parametrize("kind", [pytest.param(k, marks=pytest.mark.slow if k in LATER else ()) for k in RUNS])
def test_once_ends_what_is_under_way(kind: str) -> None:
    RUNS[kind](8)  # compiles, which nobody can break off
    assert interrupted(lambda: RUNS[kind](LONG)) is None


def test_a_replay_ends_too() -> None:
    ensemble = so.simulate(SGD, ALONE, steps=50, paths=1, rng=0)
    assert len(ensemble.replay(0).states) == 51
    longer = replace(ensemble, _replay=partial(_replay, replace(ensemble._replay.args[0], steps=10**6)))
    assert interrupted(lambda: longer.replay(0), 2.0) is None


@pytest.mark.filterwarnings("ignore::sdeopt.PartialWarning")
def test_what_is_finished_stays(tmp_path: Path) -> None:
    """The last chunk of the same paths, longer by far, is broken off, and nothing of it is kept."""
    short = so.simulate(SGD, QUADRATIC, steps=100, paths=512, rng=0, checkpoint=tmp_path / "a")
    found = interrupted(
        lambda: so.simulate(SGD, QUADRATIC, steps=60_000, paths=256 * 4000, rng=0, checkpoint=tmp_path / "b"), 3.0
    )
    assert short.meta["partial"] is False and found.meta["partial"] and 256 <= len(found.final) < 256 * 4000
    kept = sorted(int(file.name.split(".")[0]) for file in (tmp_path / "b").glob("*.npz"))
    assert kept[: len(found.final) // 256] == list(range(0, len(found.final), 256))
    whole = so.simulate(SGD, QUADRATIC, steps=60_000, paths=256, rng=0)
    assert np.array_equal(found.final[:256], whole.final)
    assert not list((tmp_path / "b").glob("*.part"))


def test_a_loop_that_is_told_to_stop_is_no_result() -> None:
    stop = Stop()
    kernel = Kernel(plan(SGD, QUADRATIC, steps=10, rng=0), stop)
    kernel(0, 4)
    stop.set()
    with pytest.raises(BaseException, match="^$") as told:
        kernel(0, 4)
    assert type(told.value).__name__ == "CancelledError"


def test_a_stop_reaches_the_runs_below_it_and_none_beside() -> None:
    above = Stop()
    below, beside = Stop(above), Stop()
    below.set()
    assert (below.is_set(), above.is_set()) == (True, False)
    above.set()
    assert (Stop(above).is_set(), beside.is_set()) == (True, False)
    with inside(above), pytest.raises(KeyboardInterrupt):
        so.simulate(SGD, QUADRATIC, steps=10, paths=4, rng=0)


def test_an_error_in_a_callback_does_not_wait_for_chunks() -> None:
    def fails(done: int, total: int) -> None:
        raise ZeroDivisionError

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        so.simulate(SGD, QUADRATIC, steps=10**5, paths=256 * 1000, rng=0, progress=fails)
    assert time.monotonic() - began < 60.0


def test_a_worker_of_another_process_ends_too() -> None:
    """There Ctrl-C finds its main thread in the middle of a chunk."""
    task = Task((plan(SGD, QUADRATIC, steps=LONG, rng=0),), partial(summary, d=2, keep=False))
    payload = pickle.dumps((task, None))
    _unpickle(payload, "")
    assert interrupted(lambda: _remote(payload, "", 0, 300)) is None
    again = _unpickle(payload, "")
    assert not again.stop.is_set()


def test_a_file_ends_chunks_in_other_processes() -> None:
    """What runs when the run ends, and what begins after: a pool has handed out more than it has workers."""
    task = Task((plan(SGD, QUADRATIC, steps=LONG, rng=0),), partial(summary, d=2, keep=False))
    payload, stop = pickle.dumps((task, None)), Stop()
    with ThreadPoolExecutor(1) as thread:
        with lend(stop) as file:
            _unpickle(payload, file)
            running = thread.submit(_remote, payload, file, 0, 300)
            time.sleep(0.5)
            assert not running.done()
            stop.set()
        began = time.monotonic()
        chunks = [running, thread.submit(_remote, payload, file, 300, 300)]
        late = wait(chunks, timeout=2.0 * MOMENT).not_done
        _unpickle(payload, file).stop.set()  # else a thread that nobody told would never end
        assert not late
        for chunk in chunks:
            with pytest.raises(CancelledError):
                chunk.result()
    assert time.monotonic() - began < MOMENT
    with lend(Stop()) as other:
        pass
    assert not Path(other).exists()


POOL = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import sdeopt as so

if __name__ == "__main__":
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]))
    try:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            so.simulate(so.SGD(0.01), problem, steps=8, paths=8, rng=0, executor=pool)
            print("begins", flush=True)
            if sys.argv[1] == "sweep":
                so.sweep(so.SGD(0.01), problem, {"lr": [0.1, 0.2]}, steps=2 * 10**9, paths=8, rng=0, executor=pool)
            so.simulate(so.SGD(0.01), problem, steps=2 * 10**9, paths=8, rng=0, executor=pool)
    except KeyboardInterrupt:
        print("ended")
"""


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["simulate", "sweep"])
def test_ctrl_c_at_the_parent_alone_ends_its_pool(tmp_path: Path, verb: str) -> None:
    """A chunk of theirs takes minutes, and the parent waits for its workers."""
    (tmp_path / "job.py").write_text(POOL, encoding="utf-8")
    command = [sys.executable, "job.py", verb]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "begins\n"
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert said == "ended\n"
