"""Chunks of paths: memory, Ctrl-C, progress, and how many paths a chunk holds."""

import signal
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest
from slow_bowl import Bowl

import sdeopt as so
from sdeopt.engine import blocks
from sdeopt.engine.simulate import plan

QUADRATIC = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
SGD = so.SGD(lr=0.1)


def run(**kwargs):
    return so.simulate(SGD, QUADRATIC, horizon=2.0, rng=0, **kwargs)


def test_memory_does_not_grow_with_steps():
    def peak(steps):
        so.simulate(SGD, QUADRATIC, "sde", steps=10, paths=512, rng=0, save_at=10)
        tracemalloc.start()
        so.simulate(SGD, QUADRATIC, "sde", steps=steps, paths=512, rng=0, save_at=10)
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return top

    assert peak(2000) < 1.2 * peak(20) + 100_000


@pytest.mark.filterwarnings("ignore::sdeopt.PartialWarning")
def test_ctrl_c_keeps_what_is_finished():
    def interrupt(done, total):
        if done >= 512:
            signal.raise_signal(signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores the signal
    try:
        e = run(paths=256 * 40, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert e.meta["partial"]
    assert 512 <= len(e.final) < 256 * 40
    assert (e.final == run(paths=len(e.final)).final).all()


def test_progress_counts_paths():
    seen = []
    run(paths=600, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(256, 600), (512, 600), (600, 600)]


def test_the_bar_moves_within_a_chunk():
    """Of paths that run in Python: at every save, and the two columns by the steps that they take."""
    seen = []
    task = blocks.Task((plan(SGD, so.Problem(Bowl(), so.Gaussian(0.5)), steps=10, save_at=5, rng=0),), run)
    records = blocks.marks.Chunk([blocks.Kernel(task.runs[0])] * 2, "0.4", seen.append, None).records(0, 4)
    assert np.allclose(seen, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert np.array_equal(records[0], blocks.Kernel(task.runs[0])(0, 4))


def test_costly_problems_come_in_small_chunks():
    f = so.LinearRegression(np.random.default_rng(0).normal(size=(40, 20)), np.ones(40))
    data = so.Problem(f, so.Minibatch(4))
    assert blocks.chunk_size(blocks.Task((plan(SGD, data, steps=10, rng=0),), run)) == 16
    for d, size in ((64, 256), (65, 16)):
        many = so.Problem(so.Quadratic(np.ones(d)), so.Gaussian(1.0))
        assert blocks.chunk_size(blocks.Task((plan(SGD, many, steps=10, rng=0),), run)) == size


def test_chunks_shrink_with_the_records():
    def size(saves):
        return blocks.chunk_size(blocks.Task((plan(SGD, QUADRATIC, steps=100_000, save_at=saves, rng=0),), run))

    assert size(10) == 256 > size(10_000) >= 1


def test_a_bar_appears_while_nothing_is_done_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops are compiled before the first path moves: that takes seconds, and is said."""
    from sdeopt.engine import progress

    told: list[str] = []
    begun = progress.threading.Event()

    def begin(self: Any) -> None:
        told.append(self._label)
        begun.set()

    monkeypatch.setattr(progress.Progress, "_begin", begin)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with progress.Progress(4, None, "SGD"):
        assert begun.wait(10.0)
    monkeypatch.setattr(progress, "PATIENCE", 100.0)
    with progress.Progress(4, None, "SGD") as bar:
        bar.expect(lambda: 9.0)
        assert told == ["SGD"]
        bar.expect(lambda: 30.0)
    assert told == ["SGD", "SGD, about 30 s"]
