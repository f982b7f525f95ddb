"""What is compiled apart from a loop, and what is compiled as a part of it only."""

from __future__ import annotations

import numpy as np
import pytest
from llvmlite.binding import Linkage
from numba import float64, int64, njit, uint64

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.compiler import apart, compile
from sdeopt.engine.simulate import plan


def loop_of(run):
    """The code of the loop that was made for a run."""
    kernels.Kernel(run)
    loop = list(compile.LOOPS.values())[-1]
    return next(iter(loop.overloads.values())).library


def test_a_loop_refers_to_the_generator_and_does_not_hold_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compile, "LOOPS", {})
    problem = so.Problem(so.Quadratic([1.0, 3.0]), so.Gaussian(0.1), x0=[1.0, 1.0])
    code = loop_of(plan(so.SGD(lr=0.1), problem, "discrete", steps=3))
    declared = {cell.name for cell in code._final_module.global_variables if cell.is_declaration}
    assert {"sdeopt.fill", "sdeopt.place"} <= declared


def test_what_a_loop_calls_is_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compile, "LOOPS", {})
    problem = so.Problem(so.Quadratic(np.ones(200)), so.Gaussian(0.1))
    code = loop_of(plan(so.SGD(lr=0.1), problem, "discrete", steps=3))
    names = [f.name for f in code._final_module.functions if not f.is_declaration and f.linkage != Linkage.internal]
    assert names and all("assemble_discrete" in name and name[:5] in ("_ZN6s", "_ZN7c", "cfunc") for name in names)


def chatty(x):
    if x[0] < 0.9:
        raise ValueError("x went too far", x[0])
    return 2.0 * x


@pytest.mark.slow
@pytest.mark.parametrize("dim", [2, 80])
def test_an_error_of_the_user_keeps_its_words(dim):
    """Numba makes them from objects that the inner function holds; d = 80 runs on vectors."""
    problem = so.Problem(so.Objective(grad=chatty, dim=dim), so.Gaussian(0.1), x0=np.ones(dim))
    with pytest.raises(ValueError, match="x went too far.*0.7"):
        so.simulate(so.SGD(lr=0.1), problem, steps=4, paths=1, rng=0)


def raised(f, *arguments):
    """The words of the error of a call."""
    try:
        f(*arguments)
    except ValueError as error:
        return str(error)


def test_an_error_in_what_is_apart_reaches_the_caller(monkeypatch, tmp_path):
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path))

    @apart.apart(float64[::1], int64, int64, int64, int64[:, ::1], uint64[:, ::1], int64, int64)
    @njit(error_model="numpy")
    def breaks(out, count, columns, width, layout, source, path, step):
        if path == 13:
            raise ValueError("thirteen")
        out[0] = step

    stand_in = apart.stand_in(breaks)
    apart.ready()

    @njit
    def caller(out, layout, keys, path):
        stand_in(out, 1, 2, 3, layout, keys, path, 7)
        return out[0]

    arguments = np.zeros(3), np.zeros((1, 4), np.int64), np.zeros((1, 2), np.uint64)
    assert caller(*arguments, 12) == 7.0
    assert raised(caller, *arguments, 13) == "thirteen"
