"""Compiled loops on disk: found again by another process, keyed by all that shapes them, never in the way."""

import os
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import numba
import numpy as np
import pytest
from command import run, succeeded
from numba import njit

import sdeopt as so
from sdeopt.core import rival
from sdeopt.engine import kept, kernels, private
from sdeopt.engine.compiler import cache
from sdeopt.engine.machine import quick
from sdeopt.engine.simulate import plan
from sdeopt.engine.values import describe

SCRIPT = """
import time
import numpy as np
import sdeopt as so
from sdeopt.engine import kept, private
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

objective = so.Objective(value=lambda x: FACTOR * x[0] * x[0], grad=lambda x: 2.0 * FACTOR * x, dim=1)
problem = so.Problem(objective, so.Gaussian(0.5), x0=[1.0])
kernel = Kernel(plan(so.SGD(lr=0.1), problem, "discrete", steps=5, rng=0, observables=["loss"]))
print(kernel.mode, kernel(0, 3)[:, -1].tobytes().hex())
"""

LOADED = """
import os, sys
print("scipy.linalg" in sys.modules)  # Numba would load it, for its BLAS
there = os.environ["SDEOPT_CACHE_DIR"]
print(len(os.listdir(there)))
"""
PARALLEL = """
from numba import njit
from sdeopt.engine.compiler import cache

def loop(factor):
    f = njit(lambda x: factor * x)
    f._cache = cache.LoopCache(("test", factor))
    return f

print(*(loop(factor)(1.0) for factor in (0.0, 1.5, 3.0, 4.5)), sep=",")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "loops"
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(place))
    return place


def test_a_second_process_finds_the_loop(fresh, folder):
    first = fresh(SCRIPT.replace("FACTOR", "0.5"))
    stamps = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(stamps) == 2  # the loop, and what draws
    changed = SCRIPT.replace("FACTOR", "0.25")  # the user's code has changed: a loop of its own
    again, loaded, count, other = fresh(SCRIPT.replace("FACTOR", "0.5") + LOADED + changed).splitlines()
    assert (f"{again}\n", loaded, count) == (first, "False", "2")
    assert other != again
    assert {file: file.stat().st_mtime_ns for file in stamps} == stamps
    assert len(set(folder.iterdir()) - set(stamps)) == 1
    assert kept.info().usable == kept.info().entries == 3


def loop(factor, key="test"):
    """A small compiled function that is kept on disk."""
    f = njit(lambda x: factor * x)
    f._cache = cache.LoopCache((key, factor))
    return f


def hits(f):
    return sum(f.stats.cache_hits.values())


@pytest.mark.parametrize("place", ["below a file", "/proc", "/proc/loops", "no home"])
def test_without_a_usable_folder_loops_are_compiled(place, tmp_path, monkeypatch):
    """The folder /proc exists and takes no files, not even from root; /proc/loops cannot be made."""
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "file" / "loops") if place[0] == "b" else place)
    if place == "no home":
        monkeypatch.delenv("SDEOPT_CACHE_DIR")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setattr(Path, "home", nowhere)
    assert loop(3.0)(1.0) == 3.0


def nowhere():
    raise RuntimeError("Could not determine home directory.")


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch):
    def full(self, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert loop(4.0)(1.0) == 4.0
    assert list(folder.iterdir()) == []


def test_processes_may_start_at_once(folder, tmp_path):
    """On an empty folder: all have the result, and whole files stay."""
    script = tmp_path / "script.py"
    script.write_text(PARALLEL)
    env = os.environ | {"PYTHONPATH": str(Path(so.__file__).parent.parent)}
    running = [Popen([sys.executable, script], env=env, stdout=PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 2
    assert {text.split()[0] for text in said} == {"0.0,1.5,3.0,4.5"}
    assert (kept.info().entries, kept.info().usable) == (4, 4)
    assert [hits(f) for f in map(loop, (0.0, 1.5, 3.0, 4.5)) if f(1.0) is not None] == [1] * 4


def test_info_and_clear_know_our_files_only(folder):
    assert kept.info() == kept.clear() == (0, 0, 0)  # before the folder exists
    for factor in (1.0, 2.0):
        loop(factor)(1.0)
    ours = sorted(folder.iterdir())
    old = folder / f"{16 * '0'}{ours[0].name[16:]}"  # of another version
    old.write_bytes(b"12345")
    (folder / "sdeopt-abc.part").write_bytes(b"")  # of a process that was killed
    for name in ("mine.txt", "x.loop", "notes.part"):
        (folder / name).write_text("keep")
    size = sum(file.stat().st_size for file in ours) + 5
    assert kept.info() == (4, size, 2)
    said = succeeded("cache", "info").stdout
    assert str(folder) in said
    assert f"4 entries, {size / 1e6:.1f} MB, 2 usable" in said
    assert f"sdeopt {so.__version__}, Numba {numba.__version__}" in said
    assert succeeded("cache", "clear").stdout == f"removed 4 entries, {size / 1e6:.1f} MB, from {folder}\n"
    assert sorted(file.name for file in folder.iterdir()) == ["mine.txt", "notes.part", "x.loop"]
    assert kept.info() == (0, 0, 0)


def test_cache_alone_shows_its_help():
    assert succeeded("cache").stdout == succeeded("cache", "--help").stdout
    assert "No such command 'empty'" in run("cache", "empty").stderr


def test_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path))
    assert private.folder() == tmp_path
    monkeypatch.delenv("SDEOPT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert private.folder() == tmp_path / "sdeopt"


def function(factor):
    return lambda x: factor * x


def test_a_description_changes_with_all_that_is_compiled():
    same = describe(function(1.0)) == describe(function(1.0))
    assert same
    variants = [
        function(1.0),
        function(2.0),
        lambda x: 1.0 * x,
        lambda x: 1.5 * x,
        function(np.ones(2)),
        function(np.zeros(2)),
        function(function(1.0)),
        lambda x, factor=1.0: factor * x,
        lambda x, factor=2.0: factor * x,
        lambda x, *, factor=1.0: factor * x,
        lambda x, *, factor=2.0: factor * x,
        (function(1.0), 1),
        so.Quadratic,
        None,
    ]
    assert len({describe(v) for v in variants}) == len(variants)


def test_recursive_functions_can_be_described():
    def loop(n):
        return loop(n - 1) if n else 0

    assert "again" in describe(loop)


def test_a_rival_defined_anew_is_compiled_anew():
    """As in a notebook cell that is run again with another formula."""

    def final(factor):
        class Flow:
            """A drift alone. Source: this test."""

            def drift(self, t, x, o):
                return factor * x

            def diffusion(self, t, x, o, dw):
                return 0.0 * dw

        rival(so.SGD, "anew", order=1)(Flow)
        problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
        return so.simulate(so.SGD(lr=0.1), problem, "sde", sde="anew", horizon=1.0, paths=1, rng=0).final.item()

    try:
        np.testing.assert_allclose([final(-1.0), final(-2.0)], np.exp([-1.0, -2.0]), rtol=3e-4)
    finally:
        del so.SGD.sdes["anew"]


def test_loops_are_reused_for_new_values():
    before = set(quick.FOUND)
    for lr, scale, x0 in ((0.1, 0.5, 1.0), (0.2, 0.7, 2.0)):
        problem = so.Problem(so.Quadratic([1.0, 3.0]), so.Gaussian([scale, 1.0]), x0=[x0, 0.0])
        so.simulate(so.SGD(lr=lr), problem, steps=3, paths=2, rng=0, observables=[])
    assert len(set(quick.FOUND) - before) <= 1


def test_a_function_without_a_module_is_compiled(folder):
    """As ``exec`` makes them in a bare namespace."""
    made = {}
    exec("def grad(x):\n    return 2.0 * x", made)
    assert made["grad"].__module__ is None
    problem = so.Problem(so.Objective(grad=made["grad"], dim=2), so.Gaussian(0.1), x0=[1.0, -1.0])
    assert kernels.Kernel(plan(so.SGD(lr=0.1), problem, "discrete", steps=2)).mode == "lanes"


UNFILED = """
from types import ModuleType
import sdeopt as so
from sdeopt.engine import kept, private
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

space = ModuleType("of_no_file")
exec("def grad(x):\\n    return 2.0 * x", vars(space))
problem = so.Problem(so.Objective(grad=space.grad, dim=2), so.Gaussian(0.1), x0=[1.0, -1.0])
kernel = Kernel(plan(so.SGD(lr=0.1), problem, "discrete", steps=2))
print(kernel.mode)
"""


@pytest.mark.slow
def test_a_second_process_finds_a_loop_with_functions_of_no_file(fresh, folder):
    """As derived pages are, and pages that were typed: no process could import the module that they name."""
    assert fresh(UNFILED) == "lanes\n"
    stamps = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert fresh(UNFILED) == "lanes\n"
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == stamps


TYPED = """
from typing import NamedTuple
from numba import njit
from sdeopt.engine.compiler import cache

class Page(NamedTuple):
    lr: float
    scale: float

Page.usual = Page(0.1, 2.0)
f = njit(lambda page: page.lr * page.scale)
f._cache = cache.LoopCache(("typed",))
print(f(Page.usual), sum(f.stats.cache_hits.values()))
"""


def test_a_loop_does_not_carry_the_class_of_its_page(fresh, folder):
    """A class of a script is packed whole by Numba; one that holds an instance of its own could not be unpacked."""
    assert fresh(TYPED) == "0.2 0\n"
    assert fresh(TYPED) == "0.2 1\n"
