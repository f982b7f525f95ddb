"""The moments of signs: Student-t distribution functions, Plackett's integral, roots of singular covariances."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

import sdeopt as so
from sdeopt.core.math import pairs
from sdeopt.core.oracle import Oracle, mean_sign, noise, root_sign_cov
from sdeopt.noise.signs import arctan, root_times, sign_covariance

COV = np.array([[0.5, 0.2, 0.1], [0.2, 0.3, -0.1], [0.1, -0.1, 0.4]])
X = np.array([0.3, -0.7, 1.1])


def oracle(law, d=3):
    return Oracle(so.Quadratic(np.ones(d)), law)


def lower_root(c):
    return np.array([root_times(np.diag(c), c[pairs(len(c))], e) for e in np.eye(len(c))]).T


def pair(a, b, rho):
    return sign_covariance([a, b], [[1.0, rho], [rho, 1.0]])[0, 1]


def by_conditioning(a, b, rho):
    """Cov(sign(a + U), sign(b + V)) = ∫ sign(a + u) E[sign(b + V) | u] φ(u) du - E E, adaptively."""

    def given(u):
        return special.erf((b + rho * u) / math.sqrt(2 * (1 - rho * rho))) * stats.norm.pdf(u)

    breaks = sorted({-9.0, -a, max(-9.0, min(9.0, -b / rho)), 9.0})
    pieces = [
        math.copysign(1.0, (lo + hi) / 2 + a) * integrate.quad(given, lo, hi, epsabs=1e-13, limit=400)[0]
        for lo, hi in zip(breaks, breaks[1:], strict=False)
    ]
    return sum(pieces) - special.erf(a / math.sqrt(2)) * special.erf(b / math.sqrt(2))


def student_truth(nu, a):
    """2F_ν(a) - 1 by the incomplete beta function, from the side that does not cancel (stats.t loses 8 digits at 0)."""
    inner, outer = special.betainc(0.5, nu / 2, a * a / (nu + a * a)), special.betainc(nu / 2, 0.5, nu / (nu + a * a))
    return np.sign(a) * np.where(np.abs(a) < 1.0, inner, 1.0 - outer)


@pytest.mark.parametrize("nu", [0.1, 0.3, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 10, 10.5, 33.3, 49, 50, 99.5])
def test_student_signs_are_as_accurate_as_documented(nu):
    near, far = np.concatenate([np.linspace(-50.0, 50.0, 401), [1e-8, -1e-3]]), np.logspace(2, 100, 400)
    for a, atol in ((near, 3e-14), (far, 2e-12)):
        o = oracle(so.StudentT(nu), a.size)
        np.testing.assert_allclose(mean_sign(o, a, a), student_truth(nu, a), rtol=0, atol=atol)


def test_student_signs_have_the_closed_forms_of_one_two_three():
    a = np.array([-3.0, -0.2, 0.0, 0.7, 20.0])
    r = a / math.sqrt(3.0)
    forms = {
        1: 2 / np.pi * np.arctan(a),
        2: a / np.sqrt(2 + a * a),
        3: 2 / np.pi * (np.arctan(r) + r / (1 + r * r)),
    }
    for nu, expected in forms.items():
        np.testing.assert_allclose(mean_sign(oracle(so.StudentT(nu), 5), a, a), expected, atol=4e-16)


def test_student_signs_have_the_known_slopes_at_zero():
    g = np.array([1e-6])
    slopes = [mean_sign(oracle(so.StudentT(nu), 1), g, g)[0] / 1e-6 for nu in (1, 2, 3, 5)]
    np.testing.assert_allclose(slopes, [0.636620, 0.707107, 0.735105, 0.759213], atol=5e-7)


def test_arctan_to_the_last_digits():
    x = np.concatenate([np.linspace(-5.0, 5.0, 2001), [1e-300, 1e-9, -1.0, 1.0, 1e9, 1e300, -np.inf]])
    np.testing.assert_allclose(arctan(x), np.arctan(x), rtol=5e-16)


@pytest.mark.parametrize(
    ("a", "b", "rho", "expected"),
    [
        (0.0, 0.0, 0.8, 0.59033447),
        (1.0, 0.5, 0.8, 0.34451753),
        (1.0, -0.5, 0.8, 0.19278878),
        (2.0, 2.0, 0.5, 0.01414151),
        (0.3, 1.2, -0.4, -0.10791366),
    ],
)
def test_sign_covariances_known_to_eight_digits(a, b, rho, expected):
    assert abs(pair(a, b, rho) - expected) <= 5e-9


@pytest.mark.parametrize(("rho", "atol"), [(0.3, 1e-12), (-0.7, 1e-12), (0.9, 1e-12), (-0.99, 1e-9), (0.999, 3e-7)])
def test_sign_covariances_are_as_accurate_as_documented(rho, atol):
    rng = np.random.default_rng(11)
    for a, b in (*rng.uniform(-3.0, 3.0, (8, 2)), (0.4, 0.45), (-1.0, 1.1)):
        assert abs(pair(a, b, rho) - by_conditioning(a, b, rho)) <= atol


def test_signs_of_one_and_the_same_normal():
    for a, b in ((0.3, 0.3), (0.5, -0.4), (0.4, 0.45)):
        expected = 1 - 2 * (special.ndtr(max(a, b)) - special.ndtr(min(a, b)))  # E of the product of the signs
        expected -= special.erf(a / math.sqrt(2)) * special.erf(b / math.sqrt(2))
        assert abs(pair(a, b, 1.0) - expected) <= 2e-4


def test_signs_far_from_zero_do_not_vary():
    c = sign_covariance([60.0, -1e5, 0.5], 0.5 * np.eye(3) + 0.5)
    np.testing.assert_array_equal(c[:2], np.zeros((2, 3)))


@pytest.mark.parametrize("corr", [np.eye(3), [[1.0, 2.0], [2.0, 1.0]], [[2.0, 0.0], [0.0, 1.0]], [1.0, 1.0]])
def test_a_bad_correlation_matrix_is_refused(corr):
    with pytest.raises(ValueError, match="corr must"):
        sign_covariance([0.0, 0.0], corr)


def test_correlated_signs_have_the_covariance_of_the_samples():
    n = 400_000
    o = oracle(so.Gaussian(cov=COV))
    g = np.array([0.4, -0.3, 0.2])
    root = np.array([root_sign_cov(o, X, g, e) for e in np.eye(3)]).T
    z = np.random.default_rng(5).standard_normal((n, 3))
    signs = np.sign(g + z @ np.array([noise(o, X, (e,)) for e in np.eye(3)]).T.T)
    expected = np.cov(signs.T)
    np.testing.assert_allclose(root @ root.T, expected, atol=6.5 / math.sqrt(n))  # false alarm 9 x 8e-11
    np.testing.assert_allclose(mean_sign(o, X, g), signs.mean(axis=0), atol=6.5 / math.sqrt(n))  # likewise
    sd = np.sqrt(np.diag(COV))
    np.testing.assert_allclose(root @ root.T, sign_covariance(g / sd, COV / np.outer(sd, sd)), atol=1e-13)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_the_lower_root_of_a_covariance_of_any_rank(rank):
    for seed in range(20):
        a = np.random.default_rng(seed).standard_normal((4, rank))
        root = lower_root(a @ a.T)
        assert np.array_equal(root, np.tril(root))
        np.testing.assert_allclose(root @ root.T, a @ a.T, atol=1e-6 * np.abs(a @ a.T).max())
        np.testing.assert_allclose((root * root).sum(axis=1), np.diag(a @ a.T), rtol=1e-14)


def test_the_lower_root_keeps_the_variances_of_a_matrix_that_is_no_covariance():
    c = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    root = lower_root(c)
    np.testing.assert_allclose((root * root).sum(axis=1), np.ones(3), rtol=1e-14)


def test_perfectly_correlated_and_silent_coordinates_have_finite_signs():
    o = oracle(so.Gaussian(cov=np.outer([1.0, 2.0, 0.0], [1.0, 2.0, 0.0])))
    for g in (np.zeros(3), np.array([0.3, 0.6, 0.0]), np.array([0.3, -0.6, 1.0])):
        root = np.array([root_sign_cov(o, X, g, e) for e in np.eye(3)]).T
        s = mean_sign(o, X, g)
        np.testing.assert_allclose((root * root).sum(axis=1), np.append(1 - s[:2] ** 2, 0.0), atol=1e-15)
        assert s[2] == np.sign(g[2])


def test_signs_are_the_same_to_the_last_bit_beside_a_coordinate_without_noise():
    """Where all coordinates have noise, there is code of its own, which does not ask."""
    g, dw = np.array([0.3, -2.0, 0.0]), np.array([1.0, -0.5, 2.0])
    sd = np.array([0.5, 1.5, 1e-100])
    noisy, silent = oracle(so.Gaussian(sd)), oracle(so.Gaussian(np.append(sd, 0.0)), 4)
    assert type(noisy.noise) is not type(silent.noise)
    more = np.append(g, 0.0), np.append(dw, 1.0)
    assert mean_sign(noisy, g, g).tolist() == mean_sign(silent, more[0], more[0]).tolist()[:3]
    assert root_sign_cov(noisy, g, g, dw).tolist() == root_sign_cov(silent, more[0], more[0], more[1]).tolist()[:3]
    assert root_sign_cov(silent, more[0], more[0], more[1])[3] == 0.0  # the sign of 0 is 0, always
