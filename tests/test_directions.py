"""The direction of a noisy gradient against closed forms, published numbers, a fine quadrature and Monte Carlo."""

import functools
import math

import numpy as np
import pytest
from scipy import special

import sdeopt as so
from sdeopt.core.oracle import Oracle, direction_cov, direction_jacobian, direction_residual, expect_direction, root_cov

COV = np.array([[0.5, 0.2], [0.2, 0.3]])
G = np.array([0.3, -0.2])


def oracle(law, d=2):
    return Oracle(so.Quadratic(np.ones(d)), law)


def mean(law, g):
    return expect_direction(oracle(law, len(g)), np.ones(len(g)), g)


def jacobian(law, g):
    o = oracle(law, len(g))
    return np.array([direction_jacobian(o, np.ones(len(g)), g, e) for e in np.eye(len(g))]).T


legendre = functools.cache(np.polynomial.legendre.leggauss)


def covariance(law, g):
    o = oracle(law, len(g))
    return np.array([direction_cov(o, np.ones(len(g)), g, e) for e in np.eye(len(g))]).T


def reference(g, variances):
    """E u, Cov u and the matrix M for Σ = diag(variances), by the integral over s of 1/|y| = 2/√π ∫ exp(-s²|y|²) ds.

    A quadrature of its own: s = r/((1 - r)² a), so that its nodes differ from those of the law in number and place.
    """
    points, weights = legendre(600)
    r = 0.5 * (points + 1.0)
    a = math.sqrt(variances.sum() + g @ g)
    s = (r / (1 - r) ** 2 / a)[:, None]
    ds = 0.5 * weights * (1 + r) / (1 - r) ** 3 / a
    shrink = 1 + 2 * s**2 * variances
    m = g / shrink
    p = 2 / math.sqrt(math.pi) * ds * np.exp(-0.5 * np.log(shrink).sum(1) - (s**2 * g**2 / shrink).sum(1))
    u, q = p @ m, math.sqrt(math.pi) * s * p[:, None]
    cov = (m * q).T @ m + np.diag((q * variances / shrink).sum(0)) - np.outer(u, u)
    return u, cov, np.diag(p @ (1 / shrink)) - (m * (2 * s**2 * p[:, None])).T @ m


def test_published_numbers_of_a_correlated_noise():
    law = so.Gaussian(cov=COV)
    np.testing.assert_allclose(mean(law, G), [0.30672445, -0.25199537], atol=5e-9)
    m = jacobian(law, G)
    np.testing.assert_allclose(m, [[0.86437964, -0.05902519], [-0.05902519, 0.99467344]], atol=5e-9)
    np.testing.assert_allclose(jacobian(law, np.zeros(2)), [[0.98819, -0.14688], [-0.14688, 1.13506]], atol=5e-6)
    np.testing.assert_array_equal(mean(law, np.zeros(2)), np.zeros(2))


def residuals(law, g, n):
    """u - E u - M Z, what the linear response leaves, for n draws of the noise Z, and the draws."""
    o = oracle(law, len(g))
    root = np.array([root_cov(o, g, e) for e in np.eye(len(g))]).T
    y = np.random.default_rng(7).standard_normal((n, len(g))) @ root.T
    u = (g + y) / np.linalg.norm(g + y, axis=1)[:, None]
    return u - mean(law, g) - y @ jacobian(law, g), y


def test_second_moments_of_the_direction_are_the_published_ones():
    law = so.Gaussian(cov=COV)
    u, expected = mean(law, G), [[0.56976092, 0.06986853], [0.06986853, 0.43023908]]
    np.testing.assert_allclose(covariance(law, G) + np.outer(u, u), expected, atol=5e-9)


def test_the_residual_has_the_rest_of_the_covariance():
    law, n = so.Gaussian(cov=COV), 1_000_000
    m, rest = jacobian(law, G), residuals(law, G, n)[0]
    products = (rest[:, :, None] * rest[:, None, :]).reshape(n, 4)
    error = np.abs(products.mean(axis=0) - (covariance(law, G) - m @ COV @ m).ravel())
    assert (error <= 6.5 * products.std(axis=0) / math.sqrt(n)).all()  # false alarm 4 x 8e-11


@pytest.mark.parametrize("law", [so.Gaussian([0.7, 0.4, 0.5]), so.Gaussian(cov=np.diag([0.49, 0.16, 0.25]) + 0.1)])
def test_the_jacobian_is_the_linear_response_to_the_noise(law):
    g, n = np.array([0.3, -0.2, 0.5]), 400_000
    rest, y = residuals(law, g, n)
    products = (rest[:, :, None] * y[:, None, :]).reshape(n, 9)  # Stein: Cov(u, Z) = M Σ, so the rest is uncorrelated
    assert (np.abs(products.mean(axis=0)) <= 6.5 * products.std(axis=0) / math.sqrt(n)).all()  # false alarm 9 x 8e-11


@pytest.mark.parametrize(
    "law",
    [so.Gaussian(0.6), so.Gaussian([0.7, 0.4]), so.Gaussian(lambda x: 0.5 * x), so.Gaussian(cov=COV)],
    ids=["scale", "scales", "field", "cov"],
)
def test_the_residual_is_what_the_linear_response_leaves_with_a_random_sign(law):
    o, x = oracle(law), np.array([1.0, 2.0])
    e, w = np.array([-1.3]), np.array([0.4, -0.9])
    y = law.axes @ (np.sqrt(law.spectrum) * w) if hasattr(law, "axes") else root_cov(o, x, w)
    u = (G + y) / np.linalg.norm(G + y)
    expected = e * (u - expect_direction(o, x, G) - direction_jacobian(o, x, G, y))
    np.testing.assert_allclose(direction_residual(o, x, G, (e, w)), expected, atol=1e-14)
    assert law.brownian("direction", o.objective) == (1, 2)


def test_the_axes_carry_the_covariance():
    law = so.Gaussian(cov=COV)
    np.testing.assert_allclose((law.axes * law.spectrum) @ law.axes.T, COV, atol=1e-15)


def test_in_one_dimension_the_direction_is_the_sign():
    for g in (0.0, 0.1, -1.0, 3.0, 40.0, -1e3):
        one = np.array([g])
        for law in (so.Gaussian(0.5), so.Gaussian(cov=[[0.25]])):
            np.testing.assert_allclose(mean(law, one), special.erf(one / (math.sqrt(2) * 0.5)), atol=3e-11)
            slope = math.sqrt(2 / math.pi) / 0.5 * np.exp(-2 * one**2)
            np.testing.assert_allclose(jacobian(law, one)[0], slope, atol=1e-11)
            variance = 1 - special.erf(one / (math.sqrt(2) * 0.5)) ** 2
            np.testing.assert_allclose(covariance(law, one)[0], variance, atol=3e-11)


@pytest.mark.parametrize("d", [1, 2, 6])
@pytest.mark.parametrize("a", [0.01, 0.7, 2.0, 5.0, 12.0])
def test_isotropic_noise_has_the_confluent_hypergeometric_form(d, a):
    sd, axis = 0.3, np.linspace(1.0, 2.0, d) / np.linalg.norm(np.linspace(1.0, 2.0, d))
    c = math.gamma((d + 1) / 2) / (math.sqrt(2) * math.gamma(d / 2 + 1))
    length = c * a * special.hyp1f1(0.5, d / 2 + 1, -a * a / 2)
    slope = c * (
        special.hyp1f1(0.5, d / 2 + 1, -a * a / 2) - a * a / (d + 2) * special.hyp1f1(1.5, d / 2 + 2, -a * a / 2)
    )
    law, g = so.Gaussian(sd), sd * a * axis
    np.testing.assert_allclose(mean(law, g), length * axis, atol=3e-11)
    along = np.outer(axis, axis)
    np.testing.assert_allclose(jacobian(law, g), (slope * along + length / a * (np.eye(d) - along)) / sd, atol=2e-10)
    across = special.hyp1f1(1.0, d / 2 + 1, -a * a / 2) / d  # E u² in a direction perpendicular to g
    second = (1 - (d - 1) * across) * along + across * (np.eye(d) - along)
    np.testing.assert_allclose(covariance(law, g), second - length**2 * along, atol=6e-11)


@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_full_and_diagonal_laws_agree_after_a_rotation(d):
    rng = np.random.default_rng(d)
    q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    sd, g = rng.uniform(0.2, 1.0, d), rng.standard_normal(d)
    full, diagonal = so.Gaussian(cov=(q * sd**2) @ q.T), so.Gaussian(sd)
    np.testing.assert_allclose(mean(full, q @ g), q @ mean(diagonal, g), atol=1e-14)
    np.testing.assert_allclose(jacobian(full, q @ g), q @ jacobian(diagonal, g) @ q.T, atol=1e-13)
    np.testing.assert_allclose(covariance(full, q @ g), q @ covariance(diagonal, g) @ q.T, atol=1e-13)


def test_the_jacobian_is_the_derivative_of_the_mean():
    law, g = so.Gaussian(cov=[[0.5, 0.2, 0.1], [0.2, 0.3, -0.1], [0.1, -0.1, 0.4]]), np.array([0.3, -0.2, 0.6])
    h = 1e-5
    slopes = np.array([(mean(law, g + h * e) - mean(law, g - h * e)) / (2 * h) for e in np.eye(3)]).T
    np.testing.assert_allclose(jacobian(law, g), slopes, atol=1e-9)


@pytest.mark.parametrize(("spread", "atol"), [(1, 3e-11), (2, 3e-11), (4, 2e-10), (6, 2e-5)])
def test_the_error_of_the_quadrature_is_the_documented_one(spread, atol):
    rng = np.random.default_rng(spread)
    for _ in range(12):
        d = int(rng.integers(1, 7))
        g = rng.choice([-1.0, 1.0], d) * 10 ** rng.uniform(-3, 2, d)
        sd = np.sqrt(10.0 ** rng.uniform(-spread, 0, d))
        u, cov, m = reference(g, sd**2)
        np.testing.assert_allclose(mean(so.Gaussian(sd), g), u, atol=atol)
        np.testing.assert_allclose(covariance(so.Gaussian(sd), g), cov, atol=atol)
        np.testing.assert_allclose(jacobian(so.Gaussian(sd), g) * sd, m * sd, atol=atol)


def test_a_quiet_direction_costs_digits_but_not_more_than_documented():
    g = np.array([0.3, 0.001])
    u, cov, m = reference(g, np.array([1.0, 0.0]))
    law = so.Gaussian([1.0, 0.0])
    np.testing.assert_allclose(mean(law, g), u, atol=3e-4)
    np.testing.assert_allclose(covariance(law, g), cov, atol=3e-4)
    np.testing.assert_allclose(jacobian(law, g)[:, 0], m[:, 0], atol=3e-4)


def test_large_gradients_have_their_own_direction():
    for size in (1e4, 1e8, 1e100):
        g = size * np.array([0.6, -0.8])
        np.testing.assert_allclose(mean(so.Gaussian(0.5), g), [0.6, -0.8], atol=2e-9 if size == 1e4 else 3e-11)


def test_a_thousand_dimensions_do_not_underflow():
    rng = np.random.default_rng(2)
    g, sd = 0.1 * rng.standard_normal(1000), rng.uniform(0.3, 1.5, 1000)
    u, cov, m = reference(g, sd**2)
    o, x = oracle(so.Gaussian(sd), 1000), np.ones(1000)
    np.testing.assert_allclose(expect_direction(o, x, g), u, atol=1e-13)
    np.testing.assert_allclose(direction_jacobian(o, x, g, g), m @ g, atol=1e-12)
    np.testing.assert_allclose(direction_cov(o, x, g, g), cov @ g, atol=1e-12)


def test_a_field_uses_the_noise_at_x():
    x, g = np.array([0.5, 2.0]), np.array([0.3, -0.2])
    o = oracle(so.Gaussian(lambda x: x * x))
    constant = so.Gaussian(x * x)
    np.testing.assert_array_equal(expect_direction(o, x, g), mean(constant, g))
    for answer in (direction_jacobian, direction_cov):
        np.testing.assert_array_equal(answer(o, x, g, x), answer(oracle(constant), x, g, x))


@pytest.mark.parametrize("law", [so.Gaussian(0.0), so.Gaussian([0.0, 1.0]), so.Gaussian(cov=[[1.0, 1.0], [1.0, 1.0]])])
def test_silent_coordinates_and_vanishing_gradients_give_finite_answers(law):
    o = oracle(law)
    for g in (np.zeros(2), np.array([0.0, 1e-3]), np.array([1e-200, 0.0])):
        for answer in (
            expect_direction(o, g, g),
            direction_jacobian(o, g, g, root_cov(o, g, np.ones(2))),
            direction_cov(o, g, g, np.ones(2)),
            direction_residual(o, g, g, (np.ones(1), np.ones(2))),
        ):
            assert np.isfinite(answer).all()
    assert not expect_direction(o, G, np.zeros(2)).any()


def test_no_direction_has_no_derivative_either():
    for law in (so.Gaussian(0.0), so.Gaussian(cov=np.zeros((2, 2))), so.NoNoise()):
        np.testing.assert_array_equal(jacobian(law, np.zeros(2)), np.zeros((2, 2)))


def test_without_noise_the_direction_is_that_of_the_gradient():
    o, g, h = oracle(so.NoNoise()), np.array([3.0, 4.0]), 1e-6
    np.testing.assert_allclose(expect_direction(o, g, g), [0.6, 0.8], rtol=1e-15)
    slopes = [(expect_direction(o, g, g + h * e) - expect_direction(o, g, g - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(jacobian(so.NoNoise(), g), np.transpose(slopes), atol=1e-10)
    for answer in (
        expect_direction(o, g, 0 * g),
        direction_jacobian(o, g, 0 * g, g),
        direction_cov(o, g, g, g),
        direction_residual(o, g, g, np.ones(2)),
    ):
        np.testing.assert_array_equal(answer, np.zeros(2))
