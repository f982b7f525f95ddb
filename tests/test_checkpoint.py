"""Runs that are killed go on where they were, and give the same bits; a folder serves one run only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PATHS
from slow_bowl import Bowl

import sdeopt as so
from sdeopt.engine import marks
from sdeopt.engine.content import content

QUADRATIC = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
NETWORK = so.Problem(Bowl(), so.Gaussian([0.2, 0.5, 1.0]))  # runs in Python, many paths at a time, as networks do
CHUNKS: dict[str, Any] = {"steps": 50, "paths": 2000, "rng": 3}
LONG: dict[str, Any] = {"steps": 60, "paths": 5, "substeps": 2, "save_at": 20, "rng": 3}
ADAM = so.Adam(0.05)

KILLED = """
import os, signal
import sdeopt as so
from sdeopt.engine import marks
from test_checkpoint import ADAM, CHUNKS, LONG, NETWORK, QUADRATIC, Bowl

def stop(*_):
    os.kill(os.getpid(), signal.SIGKILL)

marks.INTERVAL = 0.0
"""


def killed(tmp_path: Path, script: str) -> None:
    """Run a script that must die by kill -9."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED + script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": PATHS}, timeout=300
    )
    assert done.returncode == -signal.SIGKILL


def same(a: Any, b: Any) -> None:
    assert np.array_equal(a.mean, b.mean) and np.array_equal(a.cov, b.cov) and np.array_equal(a.final, b.final)
    assert all(np.array_equal(a.observables[n], b.observables[n]) for n in a.observables)


def test_kill_9_loses_the_chunks_under_way_only(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    killed(tmp_path, "so.simulate(so.SGD(0.1), QUADRATIC, progress=lambda done, _: done > 1000 and stop(),"
                     " checkpoint='run', **CHUNKS)")  # fmt: skip
    before = {file.name: file.stat().st_mtime_ns for file in folder.glob("*.256.npz")}
    assert len(before) >= 4
    e = so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=folder, **CHUNKS)
    same(e, so.simulate(so.SGD(0.1), QUADRATIC, **CHUNKS))
    assert all((folder / name).stat().st_mtime_ns == stamp for name, stamp in before.items())
    whole = (file.name for file in folder.iterdir() if file.suffix != ".part")
    assert sorted(whole) == sorted(
        ["head.json", "lock", *(f"{p}.{min(256, 2000 - p)}.npz" for p in range(0, 2000, 256))]
    )


MANY, ONE = "NETWORK", "so.Problem(Bowl(False), NETWORK.noise)"  # paths at a time
WAYS = [(MANY, "discrete"), (ONE, "sde")]
WAYS += [pytest.param(*way, marks=pytest.mark.slow) for way in ((ONE, "discrete"), (MANY, "sde"))]


@pytest.mark.parametrize(("problem", "kind"), WAYS)
def test_kill_9_within_a_chunk_loses_what_came_after_its_last_mark(
    tmp_path: Path, kind: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many paths at a time, and one after the other: the gradients that are asked for again are counted."""
    resumed, Bowl.asked = eval(problem), 0
    whole = so.simulate(ADAM, resumed, kind, **LONG)
    needed, Bowl.asked = Bowl.asked, 0
    killed(tmp_path, f"problem = {problem}\nBowl.asked, Bowl.limit = 0, {needed // 2}\n"
                     f"so.simulate(ADAM, problem, {kind!r}, checkpoint='run', **LONG)")  # fmt: skip
    monkeypatch.setattr(marks, "INTERVAL", 0.0)
    same(so.simulate(ADAM, resumed, kind, checkpoint=tmp_path / "run", **LONG), whole)
    between_saves = needed / 20 / (1 if resumed.objective.batched else 5)
    assert 0 < Bowl.asked <= needed / 2 + between_saves + 10  # some are asked before a run begins


@pytest.mark.slow
def test_a_comparison_goes_on_too(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"steps": 20, "paths": 200, "substeps": 2, "rng": 0}
    killed(tmp_path, "so.compare(so.SGD(0.1), NETWORK, progress=lambda done, _: done > 150 and stop(),"
                     f" checkpoint='run', **{settings!r})")  # fmt: skip
    assert list(tmp_path.glob("run/halved-*")) and list(tmp_path.glob("run/paths-*"))
    resumed = so.compare(so.SGD(0.1), NETWORK, checkpoint=tmp_path / "run", **settings)
    assert resumed.to_json() == so.compare(so.SGD(0.1), NETWORK, **settings).to_json()


def test_a_comparison_is_judged_once(tmp_path: Path) -> None:
    """More paths until a verdict pleases make 8 % false ones of 5 %."""
    settings: dict[str, Any] = {"steps": 4, "substeps": 2, "rng": 0, "checkpoint": tmp_path / "run"}
    first = so.compare(so.SGD(0.1), NETWORK, paths=60, **settings)
    assert so.compare(so.SGD(0.1), NETWORK, paths=60, **settings).to_json() == first.to_json()
    for paths in (50, 120):
        with pytest.raises(ValueError, match=f"paths must be 60, .* got {paths}: a second verdict"):
            so.compare(so.SGD(0.1), NETWORK, paths=paths, **settings)


CERTIFIED: dict[str, Any] = {"lrs": [0.2, 0.1, 0.05], "horizon": 0.4, "paths": 512, "max_paths": 1024, "rng": 0}


@pytest.mark.slow
def test_a_certificate_goes_on_too(tmp_path: Path) -> None:
    killed(tmp_path, "seen = []\ndef count(done, total):\n    seen.append(done)\n    len(seen) > 12 and stop()\n"
                     "so.certify(so.SGD(0.1), QUADRATIC, checkpoint='run', progress=count,"
                     f" **{CERTIFIED!r})")  # fmt: skip
    before = {file: file.stat().st_mtime_ns for file in tmp_path.glob("run/*.npz")}
    assert len(before) >= 12 and list(tmp_path.glob("run/*halved*"))
    resumed = so.certify(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path / "run", **CERTIFIED)
    assert resumed.to_json() == so.certify(so.SGD(0.1), QUADRATIC, **CERTIFIED).to_json()
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in before.items())
    with pytest.raises(ValueError, match="belongs to another run"):
        so.certify(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path / "run", **CERTIFIED | {"rng": 1})


def test_a_clock_that_was_set_back_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder comes from the future, and its first process from before the epoch."""

    def breaks(done: int, total: int) -> None:
        if done > 1000:
            raise ZeroDivisionError

    monkeypatch.setattr("time.time", lambda: -1e9)
    with pytest.raises(ZeroDivisionError):
        so.simulate(so.SGD(0.1), QUADRATIC, progress=breaks, checkpoint=tmp_path / "run", **CHUNKS)
    kept = {file: file.read_bytes() for file in tmp_path.glob("run/*.256.npz")}
    for file in (*kept, tmp_path / "run" / "head.json", tmp_path / "run" / "lock"):
        os.utime(file, (4e9, 4e9))
    monkeypatch.setattr("time.time", lambda: 0.0)
    same(so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path / "run", **CHUNKS), so.simulate(
        so.SGD(0.1), QUADRATIC, **CHUNKS))  # fmt: skip
    assert all(file.stat().st_mtime == 4e9 and file.read_bytes() == data for file, data in kept.items())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_a_network_goes_on_too(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("torch")
    from small_networks import small

    problem = so.Problem(small(), so.Minibatch(2))
    killed(tmp_path, "from small_networks import small\nfrom sdeopt.engine.checkpoint import Checkpoint\n"
                     "keep, kept = Checkpoint.put, []\n"
                     "def put(*given):\n    keep(*given)\n    kept.append(1)\n    len(kept) > 9 and stop()\n"
                     "Checkpoint.put = put\nproblem = so.Problem(small(), so.Minibatch(2))\n"
                     f"so.simulate(ADAM, problem, {kind!r}, checkpoint='run', **LONG)")  # fmt: skip
    assert list(tmp_path.glob("run/*.mark.*"))
    same(
        so.simulate(ADAM, problem, kind, checkpoint=tmp_path / "run", **LONG), so.simulate(ADAM, problem, kind, **LONG)
    )


DASK = """
import os, signal, sys, threading
from dask.distributed import Client, LocalCluster
import sdeopt as so
from test_checkpoint import CHUNKS, QUADRATIC

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        pids = list(client.run(os.getpid).values())
        def kill(done, total):
            if sys.argv[1] == "worker" and pids and done > 500:
                os.kill(pids[0], signal.SIGKILL)
                pids.clear()
            if sys.argv[1] == "all" and done > 1000:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                os.kill(os.getpid(), signal.SIGKILL)
        where = {"executor": client.get_executor(), "progress": kill, "checkpoint": "run"}
        e = so.simulate(so.SGD(0.1), QUADRATIC, **where, **CHUNKS)
        print(e.final.tobytes().hex())
"""


@pytest.mark.slow
@pytest.mark.extras("distributed")
@pytest.mark.parametrize("who", ["worker", "all"])
def test_dask_goes_on_without_a_worker_and_after_all_were_killed(tmp_path: Path, who: str) -> None:
    (tmp_path / "job.py").write_text(DASK, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": PATHS}
    done = subprocess.run([sys.executable, "job.py", who], cwd=tmp_path, env=env, capture_output=True, text=True,
                          timeout=240)  # fmt: skip
    whole = so.simulate(so.SGD(0.1), QUADRATIC, **CHUNKS)
    if who == "worker":
        assert done.stdout.split() == [whole.final.tobytes().hex()], done.stderr
    else:
        assert done.returncode == -signal.SIGKILL and len(list(tmp_path.glob("run/*.npz"))) >= 4
    same(so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path / "run", **CHUNKS), whole)


def test_more_paths_keep_those_that_are_there(tmp_path: Path) -> None:
    so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path, **CHUNKS)
    stamps = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.256.npz")}
    more = CHUNKS | {"paths": 2500}
    same(so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path, **more), so.simulate(so.SGD(0.1), QUADRATIC, **more))
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in stamps.items())


FEW: dict[str, Any] = {"steps": 4, "paths": 3, "rng": 3, "observables": {"y": lambda x, factor=1.0: factor * x[0]}}
OTHERS: dict[str, Any] = {
    "lr": (so.SGD(0.2), NETWORK, {}),
    "seed": (so.SGD(0.1), NETWORK, {"rng": 4}),
    "grid": (so.SGD(0.1), NETWORK, {"steps": 5}),
    "data": (so.SGD(0.1), replace(NETWORK, objective=Bowl(steepness=2.0)), {}),
    "noise": (so.SGD(0.1), replace(NETWORK, noise=so.Gaussian([0.2, 0.5, 1.1])), {}),
    "start": (so.SGD(0.1), replace(NETWORK, x0=[3.0, 1.0, 1.0]), {}),
    "positions": (so.SGD(0.1), NETWORK, {"keep_paths": True}),
    "code": (so.SGD(0.1), NETWORK, {"observables": {"y": lambda x, factor=1.0: factor * x[1]}}),
    "default": (so.SGD(0.1), NETWORK, {"observables": {"y": lambda x, factor=2.0: factor * x[0]}}),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_different_run_is_refused(tmp_path: Path, other: str) -> None:
    so.simulate(so.SGD(0.1), NETWORK, checkpoint=tmp_path, **FEW)
    method, problem, change = OTHERS[other]
    with pytest.raises(ValueError, match="belongs to another run"):
        so.simulate(method, problem, checkpoint=tmp_path, **FEW | change)


def test_the_refusal_says_what_differs(tmp_path: Path) -> None:
    so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path, **CHUNKS)
    with pytest.raises(ValueError, match=r"method SGD\(lr=0.1\), now SGD\(lr=0.2\)"):
        so.simulate(so.SGD(0.2), QUADRATIC, checkpoint=tmp_path, **CHUNKS)


def test_what_cannot_be_a_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ValueError, match="empty or new folder"):
        so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path, **CHUNKS)
    with pytest.raises(ValueError, match="checkpoint needs rng"):
        so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=tmp_path / "new", **CHUNKS | {"rng": None})
    with pytest.raises(TypeError, match="checkpoint must be a folder, got 3"):
        so.simulate(so.SGD(0.1), QUADRATIC, checkpoint=3, **CHUNKS)  # type: ignore[arg-type]


def scaled(factor: float) -> Any:
    return lambda x: factor * x


def test_content_is_that_of_values_not_of_addresses() -> None:
    assert content(scaled(1.0)) == content(scaled(1.0)) != content(scaled(1.5))
    assert content(Bowl()) == content(Bowl()) != content(Bowl(steepness=2.0))
    assert content(so.SGD(0.1)) != content(so.SignSGD(0.1))
    held = [np.ones(2)]
    assert content([held, held]) == content([[np.ones(2)], [np.ones(2)]])
