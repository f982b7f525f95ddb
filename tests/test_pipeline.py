"""The accelerators of compilation: on or off by a word, off by themselves where Numba's private side has moved."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest
from conftest import PACKAGE

from sdeopt.engine.compiler import inner, pipeline, recycle

SCRIPT = """
import numpy as np, sdeopt as so
small = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
large = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, 80)), so.Gaussian(0.5), x0=np.ones(80))
for problem in (small, large):
    print(so.simulate(so.SignSGD(lr=0.05), problem, kind="sde", steps=3, paths=16, rng=0).mean.tobytes().hex())
from sdeopt.engine.compiler import pipeline
print(pipeline.MODE)
"""


def run(script: str, tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"SDEOPT_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(PACKAGE)} | environment
    return subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, encoding="utf-8", timeout=600)


@pytest.mark.slow
def test_a_loop_gives_the_same_bits_without_accelerators(tmp_path):
    fast = run(SCRIPT, tmp_path)
    plain = run(SCRIPT, tmp_path, SDEOPT_COMPILER="plain")  # one folder for both: neither may take the other's loops
    assert (fast.returncode, plain.returncode) == (0, 0), fast.stderr + plain.stderr
    *numbers, mode = fast.stdout.split()
    *same, other = plain.stdout.split()
    assert (mode, other) == ("accelerated", "plain")
    assert numbers == same and len(set(numbers)) == 2


def test_a_wrong_word_is_told(tmp_path):
    done = run("import sdeopt.engine.compiler.pipeline", tmp_path, SDEOPT_COMPILER="fast")
    assert "SDEOPT_COMPILER must be one of accelerated, plain, got 'fast'" in done.stderr


def test_a_moved_layout_is_seen_and_told(tmp_path):
    script = """
import warnings
warnings.simplefilter("error", DeprecationWarning)
from sdeopt.engine.compiler import recycle
recycle.check = lambda: (_ for _ in ()).throw(RuntimeError("a block of memory begins with 7"))
from sdeopt.engine.compiler import pipeline
print(pipeline.MODE, "pipeline_class" in pipeline.LOOP)
"""
    done = run(script, tmp_path)
    assert done.stdout == "plain False\n"
    assert "without its accelerators" in done.stderr and "a block of memory begins with 7" in done.stderr


def test_the_checks_pass_here():
    recycle.check()
    inner.check()
    assert pipeline.MODE == "accelerated"


def test_the_check_of_the_layout_can_fail(monkeypatch):
    """A block with another size in its head."""
    block = (ctypes.c_size_t * 8)(1, 0, 0, 0, 191)
    block[3] = ctypes.addressof(block) + 64
    foreign = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32)(lambda *_: ctypes.addressof(block))
    address = ctypes.cast(foreign, ctypes.c_void_p).value
    monkeypatch.setitem(recycle._nrt_python.c_helpers, "MemInfo_alloc_aligned", address)
    monkeypatch.setattr(recycle, "_free", lambda _: None)
    with pytest.raises(RuntimeError, match="a block of memory begins with 1, 0, .*, 191"):
        recycle.check()
