"""SGD's SDE with a Brownian bridge for each epoch: its increments, its variance at rest, and that of the optimizer."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.simulate import plan

Y = np.array([1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.3, -0.3])
LINE = so.LinearRegression(np.ones((8, 1)), Y)  # h = 1, and noise that does not depend on x
B, N = 2, 4


def spread(batch: int) -> float:
    """Standard deviation of the mean of a batch without replacement."""
    return math.sqrt(np.var(Y) / batch * (len(Y) - batch) / (len(Y) - 1))


@pytest.mark.parametrize("substeps", [1, 3])
def test_increments_of_an_epoch_are_those_of_a_bridge(substeps: int) -> None:
    """Over steps: variance 1, covariance -1/(N - 1), nothing between epochs, sum 0.

    16,000 samples know a covariance to 1 % at most: within six of them in all entries but for 4e-8.
    """
    run = plan(so.SGD(0.1), so.Problem(LINE, so.Reshuffled(B)), "sde", sde="epoched", steps=6, substeps=substeps,
               observables=[], rng=2)  # fmt: skip
    kernel = kernels.Kernel(replace(run, interpreted=True))
    fine = np.array([kernel.increments(path) for path in range(2000)]).reshape(2000, 6, substeps, 8)
    steps = fine.sum(axis=2) / math.sqrt(substeps)
    assert np.abs(steps[:, :N].sum(axis=1)).max() < 1e-13
    cov = np.einsum("pia,pja->ij", steps, steps) / (2000 * 8)
    exact = np.kron(np.eye(2), (N * np.eye(N) - 1.0) / (N - 1))[:6, :6]
    assert np.abs(cov - exact).max() < 0.06


def test_the_optimizer_at_rest_by_all_permutations() -> None:
    """E x² at the end of an epoch is that at its begin, ρ^{2N}, and the mean over the orders of what is added."""
    lr, c = 0.3, np.array([1.0, -0.4, -0.6, 0.2, -0.2])
    rho, n = 1.0 - lr, len(c)
    weights = lr * rho ** np.arange(n - 1.0, -1.0, -1.0)
    added = np.mean([(weights @ c[list(order)]) ** 2 for order in itertools.permutations(range(n))])
    exact = so.theory.reshuffled_variance(lr, 1.0, float(np.std(c)), n, discrete=True)
    assert exact == pytest.approx(added / (1.0 - rho ** (2 * n)), rel=1e-12)


@pytest.mark.parametrize("T", [0.3, 4.0])
def test_the_sde_at_rest_by_a_fine_bridge(T: float) -> None:
    lr, h, n, m = T / 5, 1.5, 5, 4000
    weights = np.exp(-h * T * (np.arange(m) + 0.5) / m)
    added = lr * n / (n - 1) * T / m * (weights @ weights - weights.sum() ** 2 / m)
    exact = so.theory.reshuffled_variance(lr, h, 1.0, n)
    assert exact == pytest.approx(added / -math.expm1(-2 * h * T), rel=1e-5)


def test_both_variances_meet_as_epochs_keep_their_length() -> None:
    ratios = [so.theory.reshuffled_variance(2.0 / n, 1.0, 1.0, n, discrete=True) for n in (10, 20, 40)]
    limits = [so.theory.reshuffled_variance(2.0 / n, 1.0, 1.0, n) for n in (10, 20, 40)]
    gaps = np.array(ratios) / limits - 1.0
    assert gaps[:-1] / gaps[1:] == pytest.approx(2.0, rel=0.25)
    tiny = so.theory.reshuffled_variance(1e-9, 1.0, 1.0, 5, discrete=True)
    assert tiny == pytest.approx(so.theory.reshuffled_variance(1e-9, 1.0, 1.0, 5), rel=1e-8)


@pytest.mark.slow
def test_runs_rest_at_the_variance_of_the_epochs() -> None:
    """Both columns after ten epochs; 4000 paths know a variance to 2.2 %: six of them, but for 2e-9."""
    lr, problem = 0.3, so.Problem(LINE, so.Reshuffled(B), x0=[0.0])
    for kind, substeps in (("discrete", None), ("sde", 8)):
        words = {} if substeps is None else {"sde": "epoched", "substeps": substeps}
        e = so.simulate(so.SGD(lr), problem, kind, steps=10 * N, save_at=1, paths=4000, observables=[], rng=3, **words)
        exact = so.theory.reshuffled_variance(lr, 1.0, spread(B), N, discrete=kind == "discrete")
        assert e.cov[-1, 0, 0] == pytest.approx(exact, rel=0.14)
        assert exact < 0.2 * lr * spread(B) ** 2 / (2.0 - lr)


def test_without_epochs_it_is_order1() -> None:
    records = []
    for sde in ("order1", "epoched"):
        run = plan(so.SGD(0.1), so.Problem(LINE, so.Minibatch(B)), "sde", sde=sde, steps=5, substeps=2, rng=4)
        records.append(kernels.Kernel(replace(run, interpreted=True))(0, 3))
    assert np.array_equal(*records)


@pytest.mark.slow
def test_ways_of_running_agree() -> None:
    run = plan(so.SGD(0.1), so.Problem(LINE, so.Reshuffled(3)), "sde", sde="epoched", steps=7, substeps=2, rng=5)
    kernel = kernels.Kernel(run)
    records = kernel(0, 9)
    assert np.array_equal(kernel(4, 3), records[4:7])
    assert np.array_equal(kernels.Kernel(replace(run, interpreted=True))(0, 9), records)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="the SDE 'epoched' of SGD needs a constant lr"):
        so.simulate(so.SGD(so.Power(0.1, 0.5)), so.Problem(LINE, so.Reshuffled(B)), "sde", sde="epoched", steps=4)
    with pytest.raises(ValueError, match="lr must be below 2/h"):
        so.theory.reshuffled_variance(2.0, 1.0, 1.0, 4, discrete=True)
