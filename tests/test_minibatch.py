"""Minibatch noise against the enumeration of all batches of a tiny problem."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import (
    Oracle,
    grad,
    noise,
    noise_var,
    noisy_grad,
    root_cov,
)
from sdeopt.engine import kernels
from sdeopt.engine.planning import plan
from sdeopt.noise.minibatch import floyd, independent_draws

N, D = 5, 3
RNG = np.random.default_rng(20)
SUM = so.LinearRegression(RNG.standard_normal((N, D)), RNG.standard_normal(N), l2=0.1)
X = np.array([0.3, -0.7, 1.1])
GRADS = np.array([N * SUM.weighted_grad(X, e / N) for e in np.eye(N)])  # the gradients of the five examples

both = pytest.mark.parametrize("law", [so.Minibatch(3), so.Minibatch(3, replace=False)], ids=str)


def uniforms(law):
    """Uniforms in the middle of the cells of every equally likely draw: all of them."""
    first = N if law.replace else N - law.batch + 1
    cells = [N if law.replace else first + i for i in range(law.batch)]
    for index in itertools.product(*(range(c) for c in cells)):
        yield (np.array(index) + 0.5) / np.array(cells)


def root(law):
    o = Oracle(SUM, law)
    return np.array([root_cov(o, X, e) for e in np.eye(N)]).T


@both
def test_noise_of_all_batches_has_mean_zero_and_the_stated_covariance(law):
    o = Oracle(SUM, law)
    draws = np.array([noise(o, X, (u,)) for u in uniforms(law)])
    np.testing.assert_allclose(draws.mean(axis=0), np.zeros(D), atol=1e-14)
    cov = draws.T @ draws / len(draws)
    np.testing.assert_allclose(root(law) @ root(law).T, cov, rtol=1e-12)
    np.testing.assert_allclose(noise_var(o, X), np.diag(cov), rtol=1e-12)


@both
def test_the_covariance_is_that_of_the_examples_over_the_batch(law):
    factor = 1.0 if law.replace else (N - 3) / (N - 1)
    np.testing.assert_allclose(root(law) @ root(law).T, factor / 3 * np.cov(GRADS.T, bias=True), rtol=1e-12)


@both
def test_the_noisy_gradient_is_the_mean_gradient_of_the_batch(law):
    o = Oracle(SUM, law)
    u = np.array([0.1, 0.99, 0.5])
    index = [0, 4, 2] if law.replace else [0, 3, 2]
    np.testing.assert_allclose(noisy_grad(o, X, (u,)), GRADS[index].mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(noise(o, X, (u,)), noisy_grad(o, X, (u,)) - grad(o, X), atol=1e-14)


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5])
def test_floyd_draws_every_subset_equally_often(batch):
    law = so.Minibatch(batch, replace=False)
    sets = Counter(frozenset(floyd(u, N)) for u in uniforms(law))
    assert len(sets) == math.comb(N, batch) and all(len(s) == batch for s in sets)
    assert len(set(sets.values())) == 1


def test_uniforms_next_to_one_stay_inside_the_data():
    last = np.full(3, 1.0 - 2.0**-53)
    assert independent_draws(last, N).tolist() == [4.0, 4.0, 4.0]
    assert sorted(floyd(last, N)) == [2.0, 3.0, 4.0]
    assert independent_draws(np.ones(2), N).tolist() == [4.0, 4.0]


def test_the_whole_data_set_has_no_noise():
    o = Oracle(SUM, so.Minibatch(N, replace=False))
    u = np.array([0.2, 0.7, 0.1, 0.9, 0.5])
    np.testing.assert_allclose(noisy_grad(o, X, (u,)), grad(o, X), rtol=1e-13)
    np.testing.assert_array_equal(noise_var(o, X), np.zeros(D))
    np.testing.assert_array_equal(root_cov(o, X, u), np.zeros(D))


def test_one_example_has_no_noise():
    o = Oracle(so.LinearRegression([[1.0, 2.0]], [3.0]), so.Minibatch(1, replace=False))
    np.testing.assert_array_equal(noise_var(o, np.ones(2)), np.zeros(2))


def test_the_law_depends_on_where_it_is_asked():
    o = Oracle(SUM, so.Minibatch(2))
    assert not np.allclose(noise_var(o, X), noise_var(o, 2 * X))


def test_sizes_of_draws_and_increments():
    law = so.Minibatch(3)
    assert law.draws(SUM) == (("uniform", 3),)
    assert law.brownian("gradient", SUM) == (N,)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: so.Minibatch(0), ValueError, "batch must be at least 1"),
        (lambda: so.Minibatch(1.5), TypeError, "batch must be an integer"),
        (lambda: so.Minibatch(True), TypeError, "batch must be an integer"),
        (lambda: so.Minibatch(2, replace="no"), TypeError, "replace must be True or False"),
        (lambda: so.Problem(SUM, so.Minibatch(6, replace=False)), ValueError, "at most n = 5 without replacement"),
        (lambda: so.Problem(so.Quadratic([1.0]), so.Minibatch(1)), ValueError, "Quadratic is not a finite sum"),
    ],
)
def test_bad_input_is_refused_at_once(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_more_draws_than_examples_are_fine_with_replacement():
    assert so.Problem(SUM, so.Minibatch(6)).lacks("noise") is None


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("expect_direction", "no closed form for the random direction"),
        ("root_additive_cov", "depends on x"),
        ("mean_sign", "the SDE 'sampled' does without"),
        ("root_square_cov", "the SDE 'sampled' does without"),
    ],
)
def test_unanswerable_questions_are_refused_in_a_sentence(question, says):
    assert says in so.Problem(SUM, so.Minibatch(2)).lacks(question)


@pytest.mark.parametrize(("law", "kind", "sde", "wide"), [
    (so.Minibatch(1), "discrete", None, False), (so.Reshuffled(1), "discrete", None, False),
    (so.Agents(so.Minibatch(1), 2), "discrete", None, False),
    (so.Minibatch(1), "sde", "sampled", False), (so.Minibatch(1), "sde", "order1", True),
])  # fmt: skip
def test_lanes_are_not_tried_where_examples_are_looked_up(law, kind, sde, wide, monkeypatch):
    """They do not compile there, which takes a second to find out, in every process."""
    tried = []

    def compiled(run, shape, width, *rest):
        tried.append(width > 0)
        return None, ()

    monkeypatch.setattr(kernels, "compile_loop", compiled)
    problem = so.Problem(so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0]), law)
    kernels.Kernel(plan(so.SGD(0.1), problem, kind, steps=2, sde=sde))
    assert tried == [wide]
