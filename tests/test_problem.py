"""Problem, methods and schedules: what they accept, and the sentences that refuse the rest."""

import pickle

import numpy as np
import pytest

import sdeopt as so
from sdeopt.optimizers.registry import lookup


def test_a_problem_has_defaults():
    problem = so.Problem(so.Quadratic([1.0, 2.0]))
    assert problem.dim == 2
    assert isinstance(problem.noise, so.NoNoise)
    assert (problem.x0 == problem.objective.start).all()


def test_a_problem_is_frozen_data():
    problem = so.Problem(so.Quadratic([1.0]), x0=[2.0])
    with pytest.raises(ValueError, match="read-only"):
        problem.x0[0] = 1.0
    with pytest.raises(AttributeError):
        problem.x0 = [1.0]
    assert (pickle.loads(pickle.dumps(problem)).x0 == problem.x0).all()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((lambda x: x,), TypeError, "objective must be one of"),
        ((so.Quadratic([1.0]), 0.5), TypeError, "noise must be one of"),
        ((so.Quadratic,), TypeError, r"objective must be an instance, Quadratic\(...\), got the class itself"),
        ((so.Quadratic([1.0]), so.Gaussian), TypeError, r"noise must be an instance, Gaussian\(...\), got the class"),
        (
            (so.Quadratic([1.0]), so.NoNoise(), [1.0, 2.0]),
            ValueError,
            r"x0 must have shape .1,., or .paths, 1.",
        ),
        ((so.Quadratic([1.0]), so.NoNoise(), [np.nan]), ValueError, "x0 must be finite"),
        ((so.Quadratic([1.0]), so.NoNoise(), ["a"]), TypeError, "x0 must be an array of numbers"),
        ((so.Quadratic([1.0, 2.0]), so.Gaussian([1.0, 2.0, 3.0])), ValueError, "scale"),
        ((so.Quadratic([1.0]), so.Minibatch(4)), ValueError, "not a finite sum"),
    ],
)
def test_bad_problems_are_refused_at_once(arguments, error, says):
    with pytest.raises(error, match=says):
        so.Problem(*arguments)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: so.SGD(lr=-0.1), ValueError, r"SGD: lr must be in \(0, inf\), got -0.1"),
        (lambda: so.SGD(lr=np.nan), ValueError, "SGD: lr"),
        (lambda: so.SGD(lr="0.1"), TypeError, "SGD: lr must be a number"),
        (lambda: so.HeavyBall(lr=0.1, momentum=1.0), ValueError, r"momentum must be in \[0, 1\), got 1.0"),
        (lambda: so.Adam(lr=0.1, beta2=1.5), ValueError, "Adam: beta2"),
        (lambda: so.Adam(lr=0.1, eps=-1.0), ValueError, "Adam: eps"),
        (lambda: so.AdamW(lr=0.1, weight_decay=-1.0), ValueError, "AdamW: weight_decay"),
        (lambda: so.SAM(lr=0.1, rho=-1.0), ValueError, "SAM: rho"),
        (lambda: so.Schedule(0.1, lambda t: 2.0), ValueError, r"shape\(0\) must be in \[0, 1\], got 2"),
        (lambda: so.Cosine(0.1, horizon=0.0), ValueError, "horizon"),
        (lambda: so.Cosine(0.1, horizon=1.0, final=2.0), ValueError, "final"),
        (lambda: so.Power(0.1, exponent=-1.0), ValueError, "exponent"),
        (lambda: lookup("adamm"), ValueError, "did you mean 'Adam'"),
    ],
)
def test_bad_hyperparameters_are_refused_at_once(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_methods_are_typed_values():
    assert so.SGD(0.1) == so.SGD(lr=0.1) != so.SignSGD(0.1)
    assert len({so.SGD(0.1), so.SignSGD(0.1), so.SGD(0.1)}) == 2
    assert repr(so.SGD(lr=1)) == "SGD(lr=1.0)"
    assert pickle.loads(pickle.dumps(so.Adam(0.1))) == so.Adam(0.1)
    assert lookup("signsgd") is so.SignSGD


def test_replaced_hyperparameters_are_checked():
    assert so.SGD(0.1)._replace(lr=1) == so.SGD(1.0)
    with pytest.raises(ValueError, match=r"SGD: lr must be in \(0, inf\), got -1"):
        so.SGD(0.1)._replace(lr=-1)
    with pytest.raises(TypeError, match="Adam: beta1 must be a number"):
        so.Adam(0.1)._replace(beta1="0.9")


def test_a_schedule_stands_where_the_learning_rate_does():
    method = so.SGD(lr=so.Cosine(0.1, horizon=2.0))
    assert method.clock == 0.1
    assert method.constant() == so.SGD(0.1)
    assert so.SGD(lambda t: 0.2 / (1 + t)).constant() == so.SGD(0.2)
    assert so.SGD(lambda t: 0.2 / (1 + t)).lr.factor(1.0) == pytest.approx(0.5)


def test_the_clock_of_momentum_is_the_root_of_the_learning_rate():
    assert so.HeavyBall(lr=0.01).clock == pytest.approx(0.1)
