"""Loops on vectors: expressions are NumPy's, products have one order of addition, memory is used again."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.runtime import _nrt_python, rtsys

import sdeopt as so
from sdeopt.core import matvec
from sdeopt.core.math import batch_entries, batch_matvec, batch_rmatvec
from sdeopt.engine import states
from sdeopt.engine.compiler.linker import Linker
from sdeopt.engine.compiler.pipeline import LOOP, OPTIONS
from sdeopt.engine.compiler.recycle import shelves
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan


def smooth(a, b, c):
    return np.sqrt(np.abs(a)) * b - 2 * c / 3.0 + np.maximum(a, -b)


def compared(a, b, c):
    return (a > b) & (c != 0.0)


def powers(a, b, c):
    return a**2 + b * c


def alone(a, b, c):
    return -a


@pytest.mark.parametrize("shape", [3, (3,), (), ((2, 1), (), 4), (((1, (2,)), 3), 2)])
def test_draws_are_cut_alike_however_that_is_written(shape: Any) -> None:
    """In one expression, and member by member; compiled, the expression gives the same."""
    draws, one = np.arange(100.0), states.slicer(shape)
    want = states.unpacker(shape, lambda a, b: lambda buffer, at: buffer[at + a : at + b])(draws, 7)
    for got in (one(draws, 7), njit(**LOOP)(one)(draws, 7)):
        assert repr(got) == repr(want)


EXPRESSIONS = {f: njit(**LOOP)(f) for f in (smooth, compared, powers, alone)}


def operands(*sizes):
    random = np.random.default_rng(1)
    return [random.standard_normal(size) for size in sizes]


@pytest.mark.parametrize("f", EXPRESSIONS)
@pytest.mark.parametrize("sizes", [(37, 37, 37), (1, 37, 37), (37, 1, 1), (1, 1, 37), (1, 1, 1), (0, 0, 0), (0, 1, 0)])
def test_an_expression_is_that_of_numpy(f, sizes):
    given = operands(*sizes)
    found, known = EXPRESSIONS[f](*given), f(*given)
    assert found.dtype == known.dtype
    assert np.array_equal(found, known)


@pytest.mark.parametrize("f", EXPRESSIONS)
def test_an_expression_takes_every_other_entry_whole_numbers_and_numbers(f):
    a, b, c = operands(40, 40, 20)
    for given in ((a[::2], b[1::2], c), (a[::-1], b, 3.0), (np.arange(40), a, b), (np.arange(40) > 7, a, 2)):
        if f in (smooth, alone) and given[0].dtype == bool:
            continue  # NumPy has no minus for truth values
        assert np.array_equal(EXPRESSIONS[f](*given), f(*given))


def test_vectors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="vectors of different sizes.*test_vectors.py, line"):
        EXPRESSIONS[smooth](*operands(5, 5, 4))


def test_three_vectors_are_divided_in_vector_registers():
    """In an inner function too, whose loops must reach the last passes of LLVM as they were written."""
    quotient = njit(**OPTIONS)(lambda a, b, c: a - b / np.sqrt(c))
    loop = njit(lambda a, b, c: quotient(a, b, c), **LOOP)
    loop(*np.abs(operands(8, 8, 8)))
    code = next(iter(loop.overloads.values())).library.get_llvm_str()
    assert re.search(r"fdiv <\d x double>", code)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_product_adds_columns_from_the_first_to_the_last(order):
    product = Linker(so.Quadratic, so.Gaussian, lanes=False).entry(lambda a, x: matvec(a, x))
    random = np.random.default_rng(2)
    for rows in (1, 7, 8, 9, 16, 23, 24, 25, 70):
        for columns in (1, 2, 7, 8, 9, 16, 29):
            a = np.array(random.standard_normal((rows, columns)), order=order)
            a[0] = -0.0  # sums of zeros keep their sign
            x = np.abs(random.standard_normal(columns))
            for one in (a, a[::2]) if order == "C" else (a,):
                found, known = product(one, x), matvec(one, x)
                assert found.tobytes() == known.tobytes()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("question", [batch_matvec, batch_rmatvec])
def test_products_with_some_rows_are_those_with_their_copy(question, order):
    product = Linker(so.LinearRegression, so.Minibatch, lanes=False).entry(lambda a, i, x: question(a, i, x))
    random = np.random.default_rng(3)
    for size in (1, 2, 3, 4, 5, 8, 9, 21):
        for columns in (1, 7, 8, 9, 31, 33, 70):
            a = np.array(random.standard_normal((12, columns)), order=order)
            a[0] = -0.0
            index = random.integers(12, size=size).astype(float if size % 2 else np.int64)
            x = np.abs(random.standard_normal(columns if question is batch_matvec else size))
            assert product(a, index, x).tobytes() == question(a, index, x).tobytes()


def test_entries_are_taken_by_numbers_that_are_floats():
    taken = Linker(so.LinearRegression, so.Minibatch, lanes=False).entry(lambda v, i: batch_entries(v, i))
    v, index = np.arange(5.0) ** 2, np.array([4.0, 0.0, 4.0])
    assert taken(v, index).tolist() == batch_entries(v, index).tolist() == [16.0, 0.0, 16.0]


@pytest.fixture
def blocks():
    """A function that tells how many blocks of memory arrays have taken, and how many of them they hold."""
    _nrt_python.memsys_enable_stats()
    first = rtsys.get_allocation_stats()

    def count():
        now = rtsys.get_allocation_stats()
        taken = now.mi_alloc - first.mi_alloc
        return taken, taken - (now.mi_free - first.mi_free)

    yield count
    _nrt_python.memsys_disable_stats()


def averaged(x, steps):
    for _ in range(steps):
        y = 0.5 * x
        x = y + 0.25 * x
    return x[0]


averaged_loop = njit(**LOOP)(averaged)


def test_blocks_are_used_again_and_returned(blocks):
    x = np.ones(100)
    result = averaged_loop(x, 1000)  # compiled; without shelves
    before, held = blocks()
    with shelves():
        assert averaged_loop(x, 1000) == result
        assert blocks()[1] - held > 0
    taken, holds = blocks()
    assert taken - before <= 5  # x itself and two or three vectors
    assert holds == held
    averaged_loop(x, 1000)
    assert blocks()[0] - taken >= 1000


@pytest.mark.parametrize("size", [0, 1, 8, 131071, 131072])
def test_blocks_of_every_size(blocks, size):
    with shelves():
        doubled_loop(np.ones(size))
        assert np.array_equal(doubled_loop(np.ones(size)), np.full(size, 2.0))
    assert blocks()[1] == 0


@njit(**LOOP)
def doubled_loop(x):
    y = x + x
    return y * 1.0


ASKING = [(so.AdamW(0.01), "discrete")]
LATER = [(so.AdamW(0.01), "sde"), (so.SAM(0.01, rho=0.1), "discrete"), (so.SAM(0.01, rho=0.1), "sde")]


@pytest.mark.parametrize(("page", "kind"), [*ASKING, *(pytest.param(*c, marks=pytest.mark.slow) for c in LATER)])
def test_a_step_on_vectors_asks_for_no_memory(blocks, page, kind):
    problem = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, 160)), so.Gaussian(0.5))
    grid = {"substeps": 1, "scheme": "euler", "observables": [], "save_at": 1, "rng": 0}
    taken = []
    for steps in (40, 400):
        kernel = Kernel(plan(page, problem, kind, steps=steps, **grid))
        assert kernel.mode == "vectors"
        kernel(0, 2)
        before, held = blocks()
        kernel(0, 2)
        taken.append(blocks()[0] - before)
        assert blocks()[1] == held
    assert taken[0] == taken[1] < 100


def test_every_thread_has_its_own_shelves():
    """Eight blocks of paths, d = 160, in as many threads: the bits of one thread."""
    problem = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, 160)), so.Gaussian(0.5))
    run = {"steps": 50, "paths": 128, "rng": 3, "observables": [], "progress": False}
    alone = so.simulate(so.AdamW(0.01), problem, **run)
    with ThreadPoolExecutor(8) as pool:
        together = so.simulate(so.AdamW(0.01), problem, **run, executor=pool)
    assert np.array_equal(alone.mean, together.mean)


def broken(x):
    y = 2.0 * x
    if y[0] < 1.9:
        raise ValueError("too far")
    return y


def test_shelves_end_with_an_error():
    problem = so.Problem(so.Objective(grad=broken, dim=160), x0=np.ones(160))
    for _ in range(3):
        with pytest.raises(ValueError, match="too far"):
            so.simulate(so.SGD(lr=0.1), problem, steps=4, paths=1, rng=0)
    x = np.ones(160)
    assert averaged_loop(x, 10) == averaged(x, 10)


@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_correlated_noise_is_compiled_on_vectors(kind):
    """By a product with a triangle, which on vectors is picked as any other: what is picked may pick in turn."""
    a = np.random.default_rng(0).normal(size=(40, 40))
    cov = a @ a.T / 40.0 + np.eye(40)
    run = plan(so.SGD(0.05), so.Problem(so.Quadratic(cov), so.Gaussian(cov=cov), x0=np.ones(40)), kind, steps=4, rng=0)
    kernel = Kernel(run)
    assert kernel.mode == "vectors"
    assert (kernel(0, 5) == Kernel(replace(run, interpreted=True))(0, 5)).all()
