"""Every noise law against SciPy's distributions, exact cubature and brute force."""

import copy
import itertools
import math
import pickle

import numpy as np
import pytest
from scipy import stats

import sdeopt as so
from sdeopt.core.oracle import (
    Oracle,
    grad,
    mean_sign,
    noise,
    noise_var,
    noisy_grad,
    root_cov,
    root_sign_cov,
    root_square_cov,
)

COV = np.array([[0.5, 0.2, 0.1], [0.2, 0.3, -0.1], [0.1, -0.1, 0.4]])
X = np.array([0.3, -0.7, 1.1])
G = np.array([0.2, 0.0, -1.5])
SCALES = np.array([0.5, 1.0, 2.0])
DISTRIBUTIONS = {
    "normal": (so.Gaussian(0.5), stats.norm(scale=0.5)),
    "cauchy": (so.StudentT(1, 0.5), stats.cauchy(scale=0.5)),
    "t 0.5": (so.StudentT(0.5, 2.0), stats.t(0.5, scale=2.0)),
    "t 2": (so.StudentT(2, 0.5), stats.t(2, scale=0.5)),
    "t 4.5": (so.StudentT(4.5), stats.t(4.5)),
    "t 60": (so.StudentT(60), stats.t(60)),
    "laplace": (so.Laplace(0.7), stats.laplace(scale=0.7)),
}
LAWS = {
    "one scale": so.Gaussian(0.5),
    "scales": so.Gaussian([0.5, 0.0, 2.0]),
    "matrix": so.Gaussian(cov=COV),
    "singular matrix": so.Gaussian(cov=np.outer([1.0, 2.0, 0.0], [1.0, 2.0, 0.0])),
    "affine": so.AffineGaussian([0.5, 0.0, 2.0], 1.5),
    "field": so.Gaussian(lambda x: 0.1 + x * x),
    "field of a number": so.Gaussian(lambda x: 0.1 + x[0]),
    "t": so.StudentT(6, [0.5, 0.0, 2.0]),
    "t fractional": so.StudentT(4.5, [0.5, 0.0, 2.0]),
    "laplace": so.Laplace([0.5, 0.0, 2.0]),
    "rademacher": so.Rademacher([0.5, 0.0, 2.0]),
    "none": so.NoNoise(),
}


def every(table):
    return pytest.mark.parametrize("case", table.values(), ids=table)


def oracle(law, d=3):
    return Oracle(so.Quadratic(np.ones(d)), law)


def many(law, n, seed=1):
    """n independent values: one sample in n dimensions."""
    o, rng = oracle(law, n), np.random.default_rng(seed)
    return noise(o, np.zeros(n), [rng.standard_normal(size) for _, size in law.draws(o.objective)])


def matrix(act, size):
    """The matrix of a linear action."""
    return np.array([act(e) for e in np.eye(size)]).T


def expectation(law, function, points):
    """E function(ξ(X)) by Gauss–Hermite cubature in all the normals of a draw."""
    o = oracle(law)
    kinds = law.draws(o.objective)
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    weights = weights / weights.sum()
    total = 0.0
    for index in itertools.product(range(points), repeat=3 * len(kinds)):
        z = nodes[list(index)].reshape(len(kinds), 3)
        total = total + weights[list(index)].prod() * function(noise(o, X, z))
    return total


@every(DISTRIBUTIONS)
def test_samples_follow_the_law(case):
    law, truth = case
    draws = many(law, 200_000)
    assert stats.kstest(draws, truth.cdf).pvalue > 1e-7  # false alarm 1e-7
    beyond = int((np.abs(draws) > truth.isf(5e-4)).sum())  # 200 expected
    assert stats.binomtest(beyond, 200_000, 1e-3).pvalue > 1e-7  # false alarm 1e-7


def test_rademacher_has_one_size_and_fair_signs():
    draws = many(so.Rademacher(0.7), 100_000)
    assert set(np.abs(draws)) == {0.7}
    assert stats.binomtest(int((draws > 0).sum()), 100_000).pvalue > 1e-7  # false alarm 1e-7


@pytest.mark.parametrize("case", ["one scale", "scales", "matrix", "singular matrix", "field", "field of a number"])
def test_gaussian_roots_have_the_covariances_of_the_sample_and_of_its_squares(case):
    law = LAWS[case]
    o = oracle(law)
    cov = expectation(law, lambda s: np.outer(s, s), 3)
    root = matrix(lambda w: root_cov(o, X, w), 3)
    np.testing.assert_allclose(root @ root.T, cov, atol=1e-13)
    np.testing.assert_allclose(noise_var(o, X), np.diag(cov), atol=1e-13)
    fourth = expectation(law, lambda s: np.outer(s * s, s * s), 3)  # exact: degree 4 per normal
    root = matrix(lambda w: root_square_cov(o, X, w), 3)
    np.testing.assert_allclose(root @ root.T, fourth - np.outer(np.diag(cov), np.diag(cov)), atol=1e-12)


def test_the_given_covariance_is_the_one_sampled():
    np.testing.assert_allclose(expectation(LAWS["matrix"], lambda s: np.outer(s, s), 3), COV, atol=1e-14)


@pytest.mark.parametrize(
    ("law", "truth"),
    [
        (so.StudentT(4.5, SCALES), stats.t(4.5, scale=SCALES)),
        (so.StudentT(7, SCALES), stats.t(7, scale=SCALES)),
        (so.Laplace(SCALES), stats.laplace(scale=SCALES)),
        (so.Rademacher(SCALES), None),
    ],
    ids=["student 4.5", "student 7", "laplace", "rademacher"],
)
def test_independent_laws_have_the_textbook_moments(law, truth):
    o = oracle(law)
    var = SCALES**2 if truth is None else truth.var()
    kurtosis = -2.0 if truth is None else truth.stats(moments="k")  # excess
    np.testing.assert_allclose(noise_var(o, X), var, rtol=1e-13)
    np.testing.assert_allclose(matrix(lambda w: root_cov(o, X, w), 3), np.diag(np.sqrt(var)), rtol=1e-13)
    squares = np.diag(np.sqrt(kurtosis + 2.0) * var)
    np.testing.assert_allclose(matrix(lambda w: root_square_cov(o, X, w), 3), squares, rtol=1e-12)


@every(DISTRIBUTIONS)
def test_mean_signs_are_those_of_the_distribution_function(case):
    law, truth = case
    g = np.linspace(-6.0, 6.0, 201)
    np.testing.assert_allclose(mean_sign(oracle(law, 201), g, g), truth.cdf(g) - truth.sf(g), atol=1e-14)


@every(DISTRIBUTIONS | {"rademacher": (so.Rademacher(0.5), None)})
def test_mean_signs_are_those_of_the_samples(case):
    law = case[0]
    n = 200_000
    for g in (-0.3, 0.8):
        s = np.sign(g + many(law, n))
        expected = mean_sign(oracle(law, 1), np.zeros(1), np.array([g]))[0]
        assert abs(s.mean() - expected) <= 5.5 / math.sqrt(n)  # false alarm 4e-8: the variance of a sign is at most 1


def test_rademacher_signs_at_equality():
    o = oracle(so.Rademacher(0.5), 4)
    g = np.array([0.5, -0.5, 0.4, 0.6])
    np.testing.assert_array_equal(mean_sign(o, g, g), [0.5, -0.5, 0.0, 1.0])
    np.testing.assert_array_equal(root_sign_cov(o, g, g, np.ones(4)), [0.5, 0.5, 1.0, 0.0])


@pytest.mark.parametrize("case", ["one scale", "t", "t fractional", "laplace", "field"])
def test_independent_signs_have_the_variance_of_a_two_point_law(case):
    o = oracle(LAWS[case])
    s = mean_sign(o, X, G)
    noisy = noise_var(o, X) > 0.0
    expected = np.diag(np.where(noisy, np.sqrt(1.0 - s * s), 0.0))
    np.testing.assert_allclose(matrix(lambda w: root_sign_cov(o, X, G, w), 3), expected, atol=1e-15)


@pytest.mark.parametrize("case", ["scales", "t", "t fractional", "laplace", "rademacher", "none"])
def test_a_silent_coordinate_has_the_sign_of_its_gradient(case):
    o = oracle(LAWS[case])
    for g in (0.0, 0.3, -1e-3):
        assert mean_sign(o, X, np.array([0.0, g, 1.0]))[1] == np.sign(g)
        assert root_sign_cov(o, X, np.array([0.0, g, 1.0]), np.ones(3))[1] == 0.0


@every(LAWS)
def test_every_answer_is_a_finite_vector_at_the_declared_sizes(case):
    o, rng = oracle(case), np.random.default_rng(0)

    def increment(question):
        parts = tuple(rng.standard_normal(size) for size in case.brownian(question, o.objective))
        return parts if len(parts) > 1 else parts[0]

    z = tuple(rng.standard_normal(size) for _, size in case.draws(o.objective))
    for g in (G, np.zeros(3), 1e8 * G):
        for answer in (
            noise(o, X, z),
            root_cov(o, X, increment("gradient")),
            noise_var(o, X),
            mean_sign(o, X, g),
            root_sign_cov(o, X, g, increment("sign")),
            root_square_cov(o, X, increment("square")),
        ):
            assert answer.shape == (3,) and np.isfinite(answer).all()


@every(LAWS)
def test_the_noisy_gradient_is_gradient_plus_noise(case):
    o = oracle(case)
    z = np.random.default_rng(3).standard_normal((3, 3))[: len(case.draws(o.objective))]
    np.testing.assert_allclose(noisy_grad(o, X, z), grad(o, X) + noise(o, X, z), atol=1e-15)


@pytest.mark.parametrize("case", ["one scale", "matrix", "field", "t", "laplace", "rademacher"])
def test_sample_and_brownian_increment_move_together(case):
    o = oracle(LAWS[case])
    z = np.random.default_rng(4).standard_normal((3, 3))
    sample = noise(o, X, z[: len(LAWS[case].draws(o.objective))])
    np.testing.assert_array_equal(np.sign(sample), np.sign(root_cov(o, X, z[0])))
    if isinstance(LAWS[case], so.Gaussian):
        np.testing.assert_array_equal(sample, root_cov(o, X, z[0]))


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: so.Gaussian(-1.0), ValueError, "scale must be in"),
        (lambda: so.Gaussian([1.0, -1.0]), ValueError, "scale must be at least 0"),
        (lambda: so.Gaussian([1.0, np.nan]), ValueError, "scale must be finite"),
        (lambda: so.Gaussian("big"), TypeError, "scale must be a number"),
        (lambda: so.Gaussian(np.eye(2)), ValueError, "scale must have 1 dimension"),
        (lambda: so.Gaussian(1.0, cov=np.eye(2)), ValueError, "not both"),
        (lambda: so.Gaussian(cov=[[1.0, 2.0], [2.0, 1.0]]), ValueError, "cov must be positive semidefinite"),
        (lambda: so.Gaussian(cov=[[1.0, 2.0], [0.0, 1.0]]), ValueError, "cov must be symmetric"),
        (lambda: so.StudentT(0.0), ValueError, "nu must be in"),
        (lambda: so.StudentT(2.0, -1.0), ValueError, "scale must be in"),
        (lambda: so.StudentT(math.nan), ValueError, "nu must be in"),
        (lambda: so.Laplace([0.1, -0.1]), ValueError, "scale must be at least 0"),
        (lambda: so.Rademacher(math.inf), ValueError, "scale must be in"),
        (lambda: so.Problem(so.Quadratic(np.ones(3)), so.Laplace([1.0, 1.0])), ValueError, "scale has 2 entries"),
        (lambda: so.Problem(so.Quadratic(np.ones(3)), so.Gaussian(cov=np.eye(2))), ValueError, "cov has 2 entries"),
        (lambda: so.Problem(so.Quadratic(np.ones(3)), so.Gaussian(lambda x: x[:2])), ValueError, "one number or 3"),
    ],
)
def test_bad_input_is_refused_at_once(make, error, says):
    with pytest.raises(error, match=says):
        make()


@pytest.mark.parametrize(
    ("law", "question", "says"),
    [
        (so.StudentT(1.5), "root_cov", "StudentT(nu=1.5, scale=1.0) has no covariance (it needs nu > 2)"),
        (so.StudentT(2), "root_additive_cov", "has no covariance"),
        (so.StudentT(2), "noise_var", "so noise_var does not exist"),
        (so.StudentT(4), "root_square_cov", "has no fourth moment (it needs nu > 4)"),
        (so.Laplace(1.0), "expect_direction", "no closed form for the random direction"),
        (so.Rademacher(1.0), "direction_jacobian", "use Gaussian or NoNoise"),
        (so.StudentT(9), "direction_residual", "no closed form for the random direction"),
        (so.Gaussian(lambda x: x), "root_additive_cov", "depends on x"),
    ],
)
def test_unanswerable_questions_are_refused_in_a_sentence(law, question, says):
    assert says in so.Problem(so.Quadratic(np.ones(3)), law).lacks(question)


@pytest.mark.parametrize("question", ["noise", "mean_sign", "root_cov", "noise_var", "root_square_cov"])
@every(LAWS)
def test_answerable_questions_are_not_refused(case, question):
    assert so.Problem(so.Quadratic(np.ones(3)), case).lacks(question) is None


@pytest.mark.parametrize("case", ["one scale", "scales", "matrix", "t", "laplace", "none"])
def test_laws_survive_copying_and_pickling(case):
    law = LAWS[case]
    for other in (copy.deepcopy(law), pickle.loads(pickle.dumps(law))):
        assert type(other) is type(law) and repr(other) == repr(law)
        np.testing.assert_array_equal(root_cov(oracle(other), X, G), root_cov(oracle(law), X, G))


def test_gaussian_is_one_family():
    shown = {repr(LAWS[name]) for name in ("one scale", "scales", "matrix")}
    assert shown == {"Gaussian(scale=0.5)", "Gaussian(scale=[0.5, 0.0, 2.0])", f"Gaussian(cov={COV.tolist()})"}
    assert all(isinstance(LAWS[name], so.Gaussian) for name in ("one scale", "matrix", "field"))
    assert repr(so.Gaussian()) == "Gaussian(scale=1.0)"
