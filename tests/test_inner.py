"""What is compiled apart from a loop, and what is compiled as a part of it only."""

from __future__ import annotations

import numpy as np
import pytest
from llvmlite.binding import Linkage
from numba import njit

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.compiler import apart, chains, compile
from sdeopt.engine.machine import draws, quick
from sdeopt.engine.simulate import plan


def loop_of(run):
    """The code of the loop that is made for a run."""
    quick.FOUND.clear()
    kernels.Kernel(run)
    loop = list(compile.LOOPS.values())[-1]
    return next(iter(loop.overloads.values())).library


def test_a_loop_refers_to_the_generator_and_does_not_hold_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compile, "LOOPS", {})
    problem = so.Problem(so.Quadratic([1.0, 3.0]), so.Gaussian(0.1), x0=[1.0, 1.0])
    code = loop_of(plan(so.SGD(lr=0.1), problem, "discrete", steps=3))
    declared = {cell.name for cell in code._final_module.global_variables if cell.is_declaration}
    assert "sdeopt.fill" in declared


@pytest.mark.parametrize("dim", [10, 200])
def test_the_text_of_a_loop_is_understood(dim, tmp_path, monkeypatch):
    """Else `chains` would leave it as it is, and nothing but its speed would tell."""
    understood, ordered = [], chains.apart
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compile, "LOOPS", {})
    monkeypatch.setattr(chains, "apart", lambda module: understood.append(ordered(module) is not module) or module)
    problem = so.Problem(so.Quadratic(np.ones(dim)), so.Gaussian(0.1))
    loop_of(plan(so.AdamW(lr=0.1), problem, "discrete", steps=3))
    assert understood == [True]


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


def test_an_error_in_what_is_apart_reaches_the_caller():
    """There is no room for the order of 2^60 examples."""

    @njit
    def caller(out, layout, keys, given):
        apart.fill(out, 1, 2, 1, layout, keys, given, 0, 0, 0)
        return out[1]

    few, many = (np.array([[0, 2, 3, count]]) for count in (2, 2**60))
    rest = np.zeros((1, 2), np.uint64), draws.NOTHING
    draws.ready()
    assert {caller(np.zeros(2), few, *rest)} <= {0.0, 1.0}
    for fill in (lambda *a: caller(*a), lambda out, *a: draws.fill(out, 1, 2, 1, *a, 0, 0, 0)):
        with pytest.raises(MemoryError, match="there is no room for the order of the examples"):
            fill(np.zeros(2), many, *rest)
