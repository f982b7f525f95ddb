"""Compiled loops on disk: found again by another process, keyed by all that shapes them, never in the way."""

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core import rival
from sdeopt.engine import cache, kernels

SCRIPT = """
import time
import numpy as np
import sdeopt as so
from sdeopt.engine.kernels import Kernel, _LOOPS
from sdeopt.engine.simulate import plan

objective = so.Objective(value=lambda x: FACTOR * x[0] * x[0], grad=lambda x: 2.0 * FACTOR * x, dim=1)
problem = so.Problem(objective, so.Gaussian(0.5), x0=[1.0])
kernel = Kernel(plan(so.SGD(lr=0.1), problem, "sde", steps=5, rng=0))
print(kernel.mode, kernel(0, 3)[:, -1].tobytes().hex())
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "loops"
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(place))
    return place


def test_a_second_process_finds_the_loop(fresh, folder):
    first = fresh(SCRIPT.replace("FACTOR", "0.5"))
    (file,) = folder.iterdir()
    stamp = file.stat().st_mtime_ns
    assert fresh(SCRIPT.replace("FACTOR", "0.5")) == first
    assert [f.stat().st_mtime_ns for f in folder.iterdir()] == [stamp]
    other = fresh(SCRIPT.replace("FACTOR", "0.25"))  # the user's code has changed: a loop of its own
    assert other != first
    assert len(list(folder.iterdir())) == 2
    file.write_bytes(file.read_bytes()[:1000])  # a damaged file is compiled again
    assert fresh(SCRIPT.replace("FACTOR", "0.5")) == first


def test_without_a_usable_folder_loops_are_compiled(fresh, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "file" / "loops"))
    assert fresh(SCRIPT.replace("FACTOR", "0.5")).startswith("lanes")


def test_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path))
    assert cache.folder() == tmp_path
    monkeypatch.delenv("SDEOPT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "sdeopt"


def function(factor):
    return lambda x: factor * x


def test_a_description_changes_with_all_that_is_compiled():
    same = cache.describe(function(1.0)) == cache.describe(function(1.0))
    assert same
    variants = [
        function(1.0),
        function(2.0),
        lambda x: 1.0 * x,
        lambda x: 1.5 * x,
        function(np.ones(2)),
        function(np.zeros(2)),
        function(function(1.0)),
        (function(1.0), 1),
        so.Quadratic,
        None,
    ]
    assert len({cache.describe(v) for v in variants}) == len(variants)


def test_recursive_functions_can_be_described():
    def loop(n):
        return loop(n - 1) if n else 0

    assert "again" in cache.describe(loop)


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
        np.testing.assert_allclose([final(-1.0), final(-2.0)], np.exp([-1.0, -2.0]), rtol=1e-4)
    finally:
        del so.SGD.sdes["anew"]


def test_loops_are_reused_for_new_values():
    before = set(kernels._LOOPS)
    for lr, scale, x0 in ((0.1, 0.5, 1.0), (0.2, 0.7, 2.0)):
        problem = so.Problem(so.Quadratic([1.0, 3.0]), so.Gaussian([scale, 1.0]), x0=[x0, 0.0])
        so.simulate(so.SGD(lr=lr), problem, steps=3, paths=2, rng=0, observables=[])
    made = set(kernels._LOOPS) - before
    assert len(made) <= 1
    assert all(len(kernels._LOOPS[key].signatures) == 1 for key in made)
