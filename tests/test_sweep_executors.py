"""Sweeps on executors: the same table from all, failures that stay where they are, and the order of work."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PATHS

import sdeopt as so
from sdeopt.sweeps.axes import axes
from sdeopt.sweeps.cells import Settings
from sdeopt.sweeps.grid import lay_out
from sdeopt.sweeps.schedule import order

BOWL = so.Quadratic([1.0, 2.0])
PROBLEM = so.Problem(BOWL, so.Gaussian(0.5), x0=[1.0, -1.0])
GRID = {"lr": [0.1, 0.2, 3.0], "scale": [0.1, 0.5]}


def run(executor: Executor | None = None, **more: Any) -> so.Sweep:
    return so.sweep(so.SGD(lr=0.1), PROBLEM, GRID, steps=100, paths=300, level=0.1, rng=0, executor=executor, **more)


def table(found: so.Sweep) -> tuple[bytes, ...]:
    return tuple(getattr(found, name).tobytes() for name in ("value", "stderr", "low", "high", "status", "reason"))


@pytest.fixture(scope="module")
def whole() -> so.Sweep:
    return run()


def test_threads_give_the_same_table(whole: so.Sweep) -> None:
    for count in (1, 3):
        with ThreadPoolExecutor(count) as pool:
            assert table(run(pool)) == table(whole)


def test_processes_give_the_same_table(whole: so.Sweep) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert table(run(pool)) == table(whole)


@pytest.mark.extras("distributed")
def test_dask_gives_the_same_table(whole: so.Sweep) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Dask and what it imports find deprecated
        from distributed import Client, LocalCluster

        cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
        with cluster, Client(cluster) as client:
            found = run(client.get_executor())
    assert table(found) == table(whole)


@pytest.mark.extras("mpi4py")
def test_mpi_gives_the_same_table(whole: so.Sweep, tmp_path: Path) -> None:
    """The manager and two workers, started by the mpiexec beside this interpreter or on the path."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    mpiexec = shutil.which("mpiexec", path=path)
    if mpiexec is None:
        pytest.skip("needs mpiexec: pip install mpich")
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys\nsys.path[:0] = {PATHS.split(os.pathsep)!r}\nif __name__ == '__main__':\n"
        "    from mpi4py.futures import MPIPoolExecutor\n    import test_sweep_executors as t\n"
        "    with MPIPoolExecutor() as pool:\n        t.run(pool).save('found.npz')\n"
    )
    env = os.environ | {"PYTHONPATH": PATHS}
    command = [mpiexec, "-n", "3", sys.executable, "-m", "mpi4py.futures", str(script)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert table(so.Sweep.load(tmp_path / "found.npz")) == table(whole)


class Falls(Executor):
    """Refuses after so many cells, as a pool whose worker was killed."""

    def __init__(self, cells: int) -> None:
        self.left = cells

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.left == 0:
            raise RuntimeError("a worker died")
        self.left -= 1
        future: Future[Any] = Future()
        future.set_result(function(*args, **kwargs))
        return future


def test_a_broken_pool_keeps_what_is_finished(tmp_path: Path, whole: so.Sweep) -> None:
    found = run(Falls(4), folder=tmp_path)
    there = found["diverged"].status == "ok"
    assert there.sum() == len(list(tmp_path.glob("*.json"))) == 4
    assert set(found["diverged"].reason[~there].tolist()) == {"executor: RuntimeError: a worker died"}
    again = run(folder=tmp_path)
    assert again.meta["resumed"] == 4
    assert table(again) == table(whole)


def test_an_executor_that_never_works_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="the executor could not run a cell: RuntimeError: a worker died"):
        run(Falls(0))
    local = so.Problem(so.Objective(grad=lambda x: x, dim=2), so.Gaussian(0.5))  # it is not sent, and not compiled
    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
        pytest.raises(RuntimeError, match=r"could not run a cell: .*pickle.*lambda"),
    ):
        so.sweep(so.SGD(lr=0.1), local, {}, steps=2, paths=2, measures=["spread"], rng=0, executor=pool)


class Cliff:
    """f = x²/2 on [-3, 3], in Python: no dataclass, so that nothing is compiled."""

    dim, start = 1, np.ones(1)

    def lacks(self, question: str) -> str | None:
        return "Cliff has no value" if question == "value" else None

    def grad(self, x: Any) -> Any:
        if np.abs(x).max() > 3.0:
            raise ArithmeticError(f"too far out: {np.abs(x).max():.0f}")
        return x


class Valley(Cliff):
    """f = log x where x > 0, else NaN."""

    def lacks(self, question: str) -> str | None:
        return None

    def value(self, x: Any) -> Any:
        return np.log(x[0])


def test_an_objective_that_raises_in_the_middle_fails_its_cell_only() -> None:
    """At lr = 3 a step doubles x, and its third is beyond 3; at lr = 0.1 it shrinks."""
    problem = so.Problem(Cliff(), so.NoNoise())
    found = so.sweep(so.SGD(lr=0.1), problem, {"lr": [0.1, 3.0, 0.2]}, steps=5, paths=2, measures=["spread"], rng=0)
    assert found["spread"].status.ravel().tolist() == ["ok", "failed", "ok"]
    assert found["spread"].reason.ravel().tolist()[1] == "ArithmeticError: too far out: 4"
    assert "! failed: ArithmeticError: too far out: 4 (1)." in str(found)


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_an_objective_that_becomes_nan_is_counted_as_diverged() -> None:
    """Where a step goes below 0."""
    problem = so.Problem(Valley(), so.Gaussian(0.5))
    found = so.sweep(so.SGD(lr=0.5), problem, {}, steps=4, paths=200, rng=0)
    e = so.simulate(so.SGD(lr=0.5), problem, steps=4, paths=200, save_at=2, rng=0)
    assert found["loss"].status.item() == "diverged"
    assert 0.3 < found["diverged"].value.item() == e.diverged.count / 200 < 0.7


def test_a_measure_that_the_problem_refuses_fails_alone() -> None:
    laws = so.Problem(BOWL, so.StudentT(nu=2))
    found = so.sweep(so.SGD(lr=0.1), laws, {}, steps=4, paths=16, measures=["diverged", "error"], rng=0)
    assert (found["diverged"].status.item(), found["error"].status.item()) == ("ok", "failed")
    assert "has no covariance (it needs nu > 2)" in found["error"].reason.item()


def test_work_is_ordered_by_code_and_by_cost() -> None:
    """First a cell of each code, then one code after the other, the slow cells first."""
    methods = [so.SGD(lr=0.1), so.SignSGD(lr=0.1)]
    problems = [PROBLEM, so.Problem(BOWL, so.StudentT(nu=3))]
    settings = Settings(horizon=10.0, steps=None, paths=10, level=None, substeps=16, seed=0)
    cells, _ = lay_out(methods, problems, axes({"lr": [0.2, 0.1, 0.4]}, methods, problems), settings, ["run", "error"])
    queue = [cells[key] for key in order(cells)]
    assert len(queue) == len(cells) == 24
    assert len({cell.code for cell in queue[:8]}) == 8
    codes = [cell.code for cell in queue[8:]]
    assert sum(a != b for a, b in zip(codes, codes[1:], strict=False)) == 7
    assert {cell.method.lr for cell in queue[:8]} == {0.1}
    assert [cell.method.lr for cell in queue[8:10]] == [0.2, 0.4]
