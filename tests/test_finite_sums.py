"""Objectives that are means over examples, against each example alone."""

import numpy as np
from landscapes import FEATURES, LABELS, OBJECTIVES, SUMS, TARGETS, close, every, points

import sdeopt as so
from sdeopt.core.math import dot, matvec
from sdeopt.core.observables import NAMED, passes
from sdeopt.core.oracle import Oracle, batch_grad, grad, grad_var, hvp, value, weighted_grad


def singles(f, x):
    """∇f_i(x) for every i, from the objective of that example alone."""
    options = {name: getattr(f, name) for name in ("l2", "rank") if hasattr(f, name)}
    data = getattr(f, "sensors", f.X)
    alone = [type(f)(data[i : i + 1], f.y[i : i + 1], **options) for i in range(f.examples())]
    return np.array([g.grad(x) for g in alone])


@every(SUMS)
def test_mean_of_the_examples_gradients_is_the_gradient(f):
    for x in points(f):
        close(f.grad(x), singles(f, x).mean(axis=0), 1e-13)


@every(SUMS)
def test_weighted_gradient_is_the_weighted_sum(f):
    n, x = f.examples(), points(f)[2]
    close(f.weighted_grad(x, np.ones(n)) / n, f.grad(x), 1e-13)
    w = np.linspace(-1.0, 2.0, n)
    close(f.weighted_grad(x, w), w @ singles(f, x), 1e-13)


@every(SUMS)
def test_one_pass_says_what_two_say(f):
    for x in points(f):
        together, slope = f.value_and_grad(x)
        assert together == f.value(x) and (slope == f.grad(x)).all()


def placed(f, names=("grad_norm2", "norm2", "loss")):
    """The observables as they are computed, in the order in which they were asked for."""
    found, o, x = np.zeros(len(names)), Oracle(f, None), points(f)[2]
    for function, places in passes({name: NAMED[name] for name in names}, f):
        found[list(places)] = function(o, x)
    assert (found == [NAMED[name](o, x) for name in names]).all()
    return len(passes({name: NAMED[name] for name in names}, f))


@every(SUMS)
def test_loss_and_gradient_share_a_pass_over_the_data(f):
    assert placed(f) == 2 and placed(f, ("norm2", "loss")) == 2


def test_a_loss_of_your_own_is_not_passed_over():
    """What the class that it came from says of both at once is not about it."""

    class Doubled(so.Logistic):
        def value(self, x):
            return 2.0 * dot(x, x)

    assert placed(Doubled(FEATURES, LABELS)) == 3


@every(SUMS)
def test_batch_gradient_is_the_mean_over_the_batch(f):
    x = points(f)[2]
    index = np.array([0, 3, 3, 4])  # one example twice
    close(f.batch_grad(x, index), singles(f, x)[index].mean(axis=0), 1e-13)
    assert (f.batch_grad(x, index.astype(float)) == f.batch_grad(x, index)).all()
    close(f.batch_grad(x, np.arange(f.examples())), f.grad(x), 1e-13)


@every(SUMS)
def test_gradient_variance_is_that_of_the_examples(f):
    x = points(f)[2]
    close(f.grad_var(x), singles(f, x).var(axis=0), 1e-12)


def test_data_kept_by_columns_too_give_the_same_scores():
    X = np.random.default_rng(1).standard_normal((401, 3))
    f = so.Logistic(X, (X[:, 0] > 0.3).astype(float))
    assert f.columns.flags.f_contiguous and so.Logistic(X[:9], f.y[:9]).columns.flags.c_contiguous
    x = np.array([0.1, -2.0, 1.0 / 3.0])
    assert np.array_equal(matvec(f.columns, x), matvec(f.X, x))


@every(OBJECTIVES)
def test_only_finite_sums_answer_questions_about_examples(f):
    is_sum = f in SUMS.values()
    for question in ("examples", "weighted_grad", "batch_grad", "grad_var"):
        assert (f.lacks(question) is None) == is_sum
    if not is_sum:
        assert "is not a finite sum" in f.lacks("examples")
    assert f.lacks("grad") is None and f.lacks("noise") is None


def test_the_oracle_forwards_its_questions():
    f = SUMS["ridge"]
    o, x, v = Oracle(f, None), np.ones(4), np.arange(4.0)
    assert value(o, x) == f.value(x)
    assert (grad(o, x) == f.grad(x)).all() and (hvp(o, x, v) == f.hvp(x, v)).all()
    assert (weighted_grad(o, x, TARGETS) == f.weighted_grad(x, TARGETS)).all()
    assert (batch_grad(o, x, np.zeros(1)) == f.batch_grad(x, np.zeros(1))).all()
    assert (grad_var(o, x) == f.grad_var(x)).all()
