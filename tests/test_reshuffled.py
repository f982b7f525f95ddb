"""Epochs without replacement: the draws are permutations, and the iterates those of the exact recursion over them."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.machine.draws import NOTHING, fill
from sdeopt.engine.run import Run, lacking
from sdeopt.engine.simulate import plan

RNG = np.random.default_rng(3)
N, B, LR = 6, 2, 0.1
SUM = so.LinearRegression(RNG.standard_normal((N, 2)), RNG.standard_normal(N))
START = np.array([1.0, -0.5])
PATHS = 20_000
settings: dict[str, Any] = {"steps": 30, "save_at": 10, "observables": [], "rng": 1}


def run(page: Any, law: Any, kind: str = "discrete", f: Any = SUM, **more: Any) -> Run:
    return plan(page, so.Problem(f, law), kind, **settings | more)


def drawn(law: Any, n: int, steps: int, path: int) -> Any:
    """The numbers of the examples of every step, (steps, B)."""
    f = so.LinearRegression(np.ones((n, 1)), np.zeros(n))
    column = replace(run(so.SGD(0.1), law, f=f, steps=steps), interpreted=True)
    return kernels.Kernel(column).increments(path).astype(int)


def test_every_epoch_is_a_new_permutation_of_what_whole_batches_hold() -> None:
    epochs = drawn(so.Reshuffled(3), 10, 12, 5).reshape(4, 9)
    assert all(len(set(epoch)) == 9 and set(epoch) <= set(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert not np.array_equal(drawn(so.Reshuffled(3), 10, 12, 6).reshape(4, 9), epochs)


def test_all_permutations_are_equally_likely() -> None:
    """720 epochs of 3! orders: chi-squared of 5 degrees of freedom; above 40 with probability 1.5e-7."""
    orders = drawn(so.Reshuffled(1), 3, 3 * 720, 0).reshape(720, 3)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6 and np.sum((counts - 120.0) ** 2 / 120.0) < 40.0


@pytest.mark.slow
def test_the_whole_data_in_one_batch_has_no_noise() -> None:
    e = so.simulate(so.SGD(LR), so.Problem(SUM, so.Reshuffled(N), START), paths=3, **settings | {"steps": 5})
    x = START
    for _ in range(5):
        x = x - LR * SUM.grad(x)
    np.testing.assert_allclose(e.final, [x, x, x], rtol=1e-12)


def affine(index: Any) -> Any:
    """The step x -> A x + c of a batch as a matrix on (1, x)."""
    X, y = SUM.X[list(index)], SUM.y[list(index)]
    whole = np.eye(3)
    whole[1:, 1:] -= LR * X.T @ X / len(X)
    whole[1:, 0] = LR * X.T @ y / len(X)
    return whole


def exact_cov(sequences: Any, times: int) -> Any:
    """Covariance after ``times`` independent draws, all equally likely, from sequences of batches."""
    maps = [functools.reduce(lambda m, batch: affine(batch) @ m, batches, np.eye(3)) for batches in sequences]
    lifted = np.mean([np.kron(m, m) for m in maps], axis=0)  # second moments of (1, x) go to second moments
    lead = np.array([1.0, *START])
    moments = (np.linalg.matrix_power(lifted, times) @ np.kron(lead, lead)).reshape(3, 3)
    return moments[1:, 1:] - np.outer(moments[0, 1:], moments[0, 1:])


@pytest.mark.slow
def test_variances_are_those_of_the_recursion_over_permutations() -> None:
    """Ten epochs; a variance of nearly normal x has a relative standard error of √(2/paths) = 1 %: six of them.

    Within six in all three entries but for 1e-8.
    """
    epochs = [[p[0:2], p[2:4], p[4:6]] for p in itertools.permutations(range(N))]
    batches = [[b] for b in itertools.combinations(range(N), B)]
    exact = {so.Reshuffled(B): exact_cov(epochs, 10), so.Minibatch(B, replace=False): exact_cov(batches, 30)}
    shuffled, fresh = exact.values()
    assert np.trace(shuffled) < 0.5 * np.trace(fresh)
    for law, cov in exact.items():
        e = so.simulate(so.SGD(LR), so.Problem(SUM, law, START), paths=PATHS, **settings)
        scale = np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
        assert (np.abs(e.cov[-1] - cov) < 6.0 * np.sqrt(2.0 / PATHS) * scale).all(), law


@pytest.mark.parametrize("page", [so.SGD(0.05), so.SignSGD(0.05)], ids=repr)
def test_the_sde_keeps_independent_batches(page: Any) -> None:
    """By formula and sampled, it is bit for bit that of batches without replacement."""
    records = []
    for law in (so.Reshuffled(B), so.Minibatch(B, replace=False)):
        column = replace(run(page, law, "sde", substeps=2), interpreted=True)
        assert lacking(column) is None
        records.append(kernels.Kernel(column)(0, 3))
    assert np.array_equal(*records)


@pytest.mark.slow
def test_ways_of_running_agree() -> None:
    """Compiled and interpreted, whole or in parts; the tile of draws does not divide the epochs."""
    column = run(so.SGD(LR), so.Reshuffled(B), steps=200)
    kernel, single = kernels.Kernel(column), kernels.Kernel(replace(column, interpreted=True))
    assert (kernel.mode, single.mode) == ("vectors", "interpreted") and kernel._tile % (N // B)
    records = kernel(0, 70)
    assert np.array_equal(kernel(33, 4), records[33:37])
    assert np.array_equal(single(64, 3), records[64:67])


def test_many_paths_at_once_draw_what_each_draws() -> None:
    """Fills in the layout of lanes, as networks use: a column per path."""
    layout, key, columns = np.array([[0, 3, 3, 10]]), np.array([[1, 2]], dtype=np.uint64), 3
    together, alone = np.empty(20 * columns * 8), np.empty(20 * columns)
    fill(together, 20, columns, 8, layout, key, NOTHING, 16, 0, 7)
    for lane in range(8):
        fill(alone, 20, columns, 1, layout, key, NOTHING, 16 + lane, 0, 7)
        assert np.array_equal(together.reshape(-1, 8)[:, lane], alone)


def test_each_question_is_about_the_drawn_examples() -> None:
    """Signs of classes, clipping and losses, against the formulas of `Minibatch` on the same examples."""
    f = so.Logistic(RNG.standard_normal((N, 2)), np.arange(N) % 2)
    law, other = so.Reshuffled(3), so.Minibatch(3)
    o, index = so.Problem(f, law).oracle, np.array([4.0, 0.0, 3.0])
    z, u = (index,), ((index + 0.5) / N,)
    for question in ("noisy_value", "noisy_grad"):
        assert np.array_equal(getattr(law, question)(o, START, z), getattr(other, question)(o, START, u))
    assert np.array_equal(law.clipped_grad(o, START, z, 0.2), other.clipped_grad(o, START, u, 0.2))
    pairs = zip(law.noisy_class_grads(o, START, (z, z)), other.noisy_class_grads(o, START, (u, u)), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="batch must be at most n = 6 without replacement, got 7"):
        so.Problem(SUM, so.Reshuffled(7))
    with pytest.raises(ValueError, match="laws must all be Minibatch or none"):
        so.Agents(so.Reshuffled(1), agents=2)
