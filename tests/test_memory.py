"""Memory: stated before a run, an upper bound that is not far off, and refused above half of the machine's."""

from __future__ import annotations

import logging
import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import memory
from sdeopt.engine.blocks import Task
from sdeopt.engine.simulate import plan
from sdeopt.objectives.contract import Smooth


class Wide(Smooth):
    """|x|²/2 in a thousand dimensions, in Python."""

    batched = True
    dim = 1000

    def grad(self, x: Any) -> Any:
        return x

    def hvp(self, x: Any, v: Any) -> Any:
        return v

    def __repr__(self) -> str:
        return "Wide()"


PROBLEM = so.Problem(Wide(), so.Gaussian(0.5))
RUN: dict[str, Any] = {"steps": 10, "paths": 64, "save_at": 10, "substeps": 2, "rng": 0}


@pytest.mark.parametrize("run", [so.simulate, so.compare], ids=["simulate", "compare"])
def test_the_estimate_bounds_what_a_run_takes(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, needed = [], memory.bytes_needed
    monkeypatch.setattr(memory, "bytes_needed", lambda *given: seen.append(needed(*given)) or seen[-1])
    with ThreadPoolExecutor(1) as pool:
        run(so.SGD(0.1), PROBLEM, executor=pool, **RUN)
        tracemalloc.start()
        run(so.SGD(0.1), PROBLEM, executor=pool, **RUN)
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert 0.4 * max(seen) < top < max(seen)


def test_what_stays_of_every_path_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "bytes_installed", lambda: 2.0 * 2**20 * 40)
    so.simulate(so.SGD(0.1), PROBLEM, executor=ThreadPoolExecutor(1), **RUN)
    with pytest.raises(ValueError, match=r"about \d+ MiB of memory \(limit 40 MiB, half .* save fewer times"):
        so.simulate(so.SGD(0.1), PROBLEM, executor=ThreadPoolExecutor(1), **RUN | {"paths": 5000})


def test_memory_is_stated(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sdeopt"):
        so.simulate(so.SGD(0.1), PROBLEM, **RUN)
    assert re.search(r"SGD\(lr=0.1\): about \d+ MiB of memory", caplog.text)


def test_a_network_says_what_a_pass_holds() -> None:
    """A batch of 64 paths through two units each holds little, until all examples no longer fit in one pass."""
    pytest.importorskip("torch")
    from small_networks import small

    f = small()
    task = Task((plan(so.SGD(0.1), so.Problem(f, so.Minibatch(2)), steps=4, rng=0),), np.sum)
    assert 64 * f.memory(1) == f.memory(64) < memory.bytes_needed(task, 64, 64, 2)
    assert memory.bytes_needed(task, 128, 64, 2) > 2 * f.memory(64)
    f._pairs = 100
    assert f.memory(64) - f.memory(63) < f.memory(1)
