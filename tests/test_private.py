"""Private methods: the noise multiplier, steps by hand, both phases of the SDEs.

Moments are exact, by quadrature in polar coordinates around the point where the gradient seen vanishes. What is said of
"theory" is section 4 of its compendium on private optimizers, 2603.03226 with the exact moments of clipping.
"""

import math

import numpy as np
import pytest
from clipping import FOUR, ONE, ROUND, SIGMA, moments, polar
from scipy.special import gamma, hyp1f1, ndtr

import sdeopt as so
from sdeopt.core.oracle import Oracle
from sdeopt.noise.signs import sign_covariance
from sdeopt.optimizers.dpsignsgd import difference, direction_moments
from sdeopt.theory.private import private_scale

# ---- the noise multiplier, and steps by hand


def test_the_multiplier_is_that_of_the_sum_and_is_divided_by_the_batch():
    """Var G = S/B + (C z/B)² from the response of the step to the private normal alone: C z/B, for each law's B."""
    f = so.LinearRegression(np.eye(3), np.ones(3))
    x = np.zeros(3)
    for law, B in ((so.NoNoise(), 1), (so.Batch(ONE, 8), 8), (so.Minibatch(2), 2), (so.PoissonBatch(2), 2)):
        o = Oracle(f, law)
        seen = tuple(np.full(size, 0.3) for _, size in law.draws(f))
        page = so.DPSGD(lr=0.1, clip=0.5, sigma_dp=3.0)
        quiet, loud = (page.step(0, x, o, (seen, (w,))) for w in (np.zeros(3), np.array([1.0, 0.0, -2.0])))
        np.testing.assert_allclose((loud - quiet) / -0.1, 0.5 * 3.0 / B * np.array([1.0, 0.0, -2.0]), atol=1e-14)


def test_two_steps_of_dp_adam_by_hand():
    """In two dimensions with B = 2, against the formulas written out in NumPy."""
    o, page = Oracle(ROUND, so.Batch(ONE, 2)), so.DPAdam(0.1, 0.8, 0.9, 1e-3, clip=0.5, sigma_dp=2.0)
    rng = np.random.default_rng(5)
    x, m, v = np.array([0.9, -0.4]), np.zeros(2), np.zeros(2)
    y = page.init(x, o)
    for k in range(2):
        W, e1, e2, w = rng.standard_normal((4, 2))
        y = page.step(k, y, o, ((W, e1, e2), (w,)))
        seen = [x + SIGMA * (W / math.sqrt(2) + e - (e1 + e2) / 2) for e in (e1, e2)]
        total = sum(g * min(1.0, 0.5 / math.hypot(*g)) for g in seen)
        G = (total + 0.5 * 2.0 * w) / 2
        m, v = 0.8 * m + 0.2 * G, 0.9 * v + 0.1 * G**2
        x = x - 0.1 * (m / (1 - 0.8 ** (k + 1))) / (np.sqrt(v / (1 - 0.9 ** (k + 1))) + 1e-3)
        np.testing.assert_allclose(np.concatenate(y), np.concatenate([x, m, v]), rtol=1e-12)


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.8, 0.85), (0.9, 0.5), (0.0, 0.0)])
def test_the_domain_of_dp_adam_holds_every_state_that_it_can_reach(beta1, beta2):
    """The running means of any gradients stay as they are, those that come closest touch the bound; others move."""
    page, weights = so.DPAdam(0.1, beta1, beta2), np.random.default_rng(6).standard_normal((40, 50))
    m, v = np.zeros((2, 50))
    worst = (beta1 / max(beta2, 1e-9)) ** np.arange(40.0)[::-1]
    for i in range(40):
        g = np.append(weights[i, 1:], worst[i])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        kept = page.domain((m, m, v))[2]
        np.testing.assert_allclose(kept, v, rtol=1e-12)
    low = page.domain((m, m, 0.0 * v))[2]
    if beta1**2 < beta2:
        assert (low > 0.0).all() and low[-1] == pytest.approx(v[-1], rel=0.05)
    else:
        assert not low.any()


# ---- the SDEs


def direction_mean(r, d):
    """Theory's E u for noise σ in d dimensions, along ∇f."""
    return (
        r / (SIGMA * math.sqrt(2)) * gamma((d + 1) / 2) / gamma(d / 2 + 1)
        * hyp1f1(0.5, d / 2 + 1, -(r**2) / (2 * SIGMA**2))
    )  # fmt: skip


@pytest.mark.parametrize(("d", "mean"), [(2, 0.55717947), (10, 0.29623569)])
def test_the_drift_when_everything_is_clipped(d, mean):
    """C E u with theory's numbers at |∇f| = σ = 0.6; a batch of 4 must not change it."""
    assert direction_mean(0.6, d) == pytest.approx(mean, abs=5e-9)
    for law in (ONE, FOUR):
        o, page = Oracle(so.Quadratic(np.ones(d)), law), so.DPSGD(0.1, 0.7, 1.0)
        drift = page.sdes["clipped"].drift(page, 0.0, 0.6 * np.eye(d)[0], o)
        np.testing.assert_allclose(drift, -0.7 * mean * np.eye(d)[0], atol=5e-9)


@pytest.mark.slow
def test_the_diffusion_when_everything_is_clipped():
    """η C² [Cov(u)/B + (z/B)² I] with Cov u by quadrature; the three increments enter additively."""
    page, o, x = so.DPSGD(0.2, 0.7, 3.0), Oracle(ROUND, FOUR), np.array([0.6, 0.0])
    zero, silent = np.zeros(2), (np.zeros(1), np.zeros(2))

    def kick(*dw):
        return page.sdes["clipped"].diffusion(page, 0.0, x, o, dw)

    draws, weights = polar(np.array([-0.6 / SIGMA, 0.0]), n=14, around=20)
    g = x + SIGMA * draws
    _, S = moments(g / np.linalg.norm(g, axis=1)[:, None], weights)
    linear = np.array([kick(e, silent, zero) for e in np.eye(2)])
    rest = np.array([kick(zero, (np.ones(1), w), zero) for w in draws])
    private = np.array([kick(zero, silent, e) for e in np.eye(2)])
    np.testing.assert_allclose(private, -math.sqrt(0.2) * 0.7 * 3.0 / 4 * np.eye(2), rtol=1e-12)
    found = linear.T @ linear + rest.T * weights @ rest + private.T @ private
    np.testing.assert_allclose(found, 0.2 * 0.7**2 * (S / 4 + (3.0 / 4) ** 2 * np.eye(2)), rtol=1e-7, atol=1e-9)
    w = np.array([0.3, -1.1])
    both = kick(w, (np.array([-0.4]), w), w)
    np.testing.assert_allclose(both, w @ linear - 0.4 * kick(zero, (np.ones(1), w), zero) + w @ private, rtol=1e-12)


def test_the_sde_when_nothing_is_clipped():
    """Drift -∇f, covariance η [Σ/B + (C z/B)² I] for correlated noise."""
    cov = np.array([[0.5, 0.2], [0.2, 0.3]])
    page, o, x = (
        so.DPSGD(0.2, 10.0, 0.3),
        Oracle(so.Quadratic([1.0, 2.0]), so.Batch(so.Gaussian(cov=cov), 4)),
        np.ones(2),
    )
    sde, zero = page.sdes["unclipped"], np.zeros(2)
    np.testing.assert_allclose(sde.drift(page, 0.0, x, o), [-1.0, -2.0])
    kicks = np.array([sde.diffusion(page, 0.0, x, o, dw) for e in np.eye(2) for dw in ((e, zero), (zero, e))])
    np.testing.assert_allclose(kicks.T @ kicks, 0.2 * (cov / 4 + (10.0 * 0.3 / 4) ** 2 * np.eye(2)), rtol=1e-12)


def test_signs_of_a_correlated_normal():
    """`difference` has mean 0, the covariance of Plackett's identity and no third moments; 10⁶ draws, 6 errors."""
    rng, A, m = np.random.default_rng(7), np.array([[1.0, 0.6], [0.6, 0.8]]), np.array([0.4, -0.7])
    a, b = (np.linalg.cholesky(A) @ rng.standard_normal((2, 10**6)) for _ in range(2))
    d = difference(m[:, None], a, b)
    sd = np.sqrt(np.diag(A))
    expected = sign_covariance(m / sd, A / np.outer(sd, sd))
    assert expected[0, 1] > 0.2
    np.testing.assert_allclose(d @ d.T / 10**6, expected, atol=6e-3)  # each product is at most 2
    np.testing.assert_allclose(d.mean(axis=1), 0.0, atol=6e-3)
    np.testing.assert_allclose(np.einsum("ip,jp,kp->ijk", d, d, d) / 10**6, 0.0, atol=6 * 2.83e-3)
    assert (d * a).mean() > 0.3  # it moves with the increment that the columns share


def test_the_sign_drift_when_nothing_is_clipped():
    """erf(∇f/√(2A)) is exact for normal noise: against the mean over the law of G itself, one coordinate."""
    o, page = Oracle(so.Quadratic([1.0]), FOUR), so.DPSignSGD(0.1, 10.0, 0.2)
    s = private_scale(SIGMA, 4, 10.0, 0.2)
    found = page.sdes["unclipped"].drift(page, 0.0, np.array([0.5]), o)
    np.testing.assert_allclose(found, ndtr(-0.5 / s) - ndtr(0.5 / s), rtol=1e-12)


def exact_sign(r, z, batch):
    """E sign of the first coordinate of Σ_j u_j + z w, from E sin(t S) by the characteristic function of u."""
    draws, weights = polar(np.array([-r / SIGMA, 0.0]), n=24, around=48)
    g = np.array([r, 0.0]) + SIGMA * draws
    u = g[:, 0] / np.linalg.norm(g, axis=1)
    points, w = np.polynomial.legendre.leggauss(80)
    t = (points + 1.0) * 6.0 / z
    phi = np.array([weights @ np.exp(1j * tk * u) for tk in t])
    return float(2.0 / np.pi * (6.0 / z * w) @ ((phi**batch).imag * np.exp(-0.5 * (t * z) ** 2) / t))


@pytest.mark.parametrize(("z", "low", "high"), [(1.0, 0.015, 0.02), (4.0, 0.005, 0.007)])
def test_the_plateau_of_the_gaussian_closure(z, low, high):
    """The largest relative error of the drift of "clipped", which no η and no C removes, as the page states it."""
    o, page = Oracle(ROUND, FOUR), so.DPSignSGD(0.1, 0.1, z)
    drifts = [page.sdes["clipped"].drift(page, 0.0, np.array([r, 0.0]), o)[0] for r in (0.1, 0.3, 0.6, 1.2)]
    errors = [-drift / exact_sign(r, z, 4) - 1.0 for drift, r in zip(drifts, (0.1, 0.3, 0.6, 1.2), strict=True)]
    assert low < max(map(abs, errors)) < high
    other = page._replace(clip=0.01, lr=1e-3)
    assert other.sdes["clipped"].drift(other, 0.0, np.array([0.6, 0.0]), o)[0] == drifts[2]


def test_the_covariance_of_a_direction_is_filled_by_columns():
    """Against quadrature, off the axes."""
    x = np.array([0.4, 0.5])
    draws, weights = polar(-x / SIGMA)
    g = x + SIGMA * draws
    _, S = moments(g / np.linalg.norm(g, axis=1)[:, None], weights)
    assert abs(S[0, 1]) > 0.01
    variance, below = direction_moments(Oracle(ROUND, FOUR), x, x / 2.0)
    np.testing.assert_allclose([*variance, *below], [S[0, 0], S[1, 1], S[1, 0]], atol=1e-9)


@pytest.mark.parametrize("sde", ["unclipped", "clipped"])
def test_the_sign_diffusion_is_made_of_normals_with_the_covariance_of_the_gradient(sde):
    """[sign(m + a) - sign(m + b)]/√2 with a, b = A^{1/2} (w₂ ± w₁)/√2, for 200 draws: a wrong A turns some signs."""
    x, page, rng = np.array([0.3, 0.25]), so.DPSignSGD(0.25, 0.2, 1.0), np.random.default_rng(11)
    draws, weights = polar(-x / SIGMA)
    g = x + SIGMA * draws
    m, S = moments(g / np.linalg.norm(g, axis=1)[:, None], weights)
    if sde == "unclipped":
        m, S = x / page.clip, SIGMA**2 / page.clip**2 * np.eye(2)
    turned = 0
    for w in rng.standard_normal((200, 4, 2)):
        a, b = (np.linalg.cholesky(S / 4) @ w[i] + w[i + 1] / 4 for i in (0, 2))
        signs = np.sign(m + (b + a) / math.sqrt(2)) - np.sign(m + (b - a) / math.sqrt(2))
        kick = page.sdes[sde].diffusion(page, 0.0, x, Oracle(ROUND, FOUR), tuple(w))
        np.testing.assert_allclose(kick, -0.5 * signs / math.sqrt(2), atol=1e-12)
        turned += np.abs(signs).sum() / 2
    assert turned > 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_mixed_clipping_on_the_quadratic(kind):
    """Theory's table: C = 0.7, z = 1, B = 4, η = 0.025, t = 1, and the errors of its exact SDE; 5 standard errors."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), FOUR, x0=[1.0, -0.7])
    e = so.simulate(
        so.DPSGD(0.025, 0.7, 1.0), problem, kind, horizon=1.0, paths=100_000, save_at=[1.0], substeps=4, rng=3
    )
    truth = np.array([0.6210, 0.0333, 0.0245, 0.0006]) - (0 if kind == "discrete" else 1) * np.array(
        [-5.06e-4, 1.62e-4, 2.78e-4, 7.78e-5]
    )
    V = e.cov[-1] / 0.025
    found = np.array([e.mean[-1, 0], V[0, 0], V[1, 1], V[0, 1]])
    bound = 5e-5 + 5 * np.array([e.stderr[-1, 0], *np.array([2**0.5 * V[0, 0], 2**0.5 * V[1, 1], 0.03]) / 100_000**0.5])
    assert (np.abs(found - truth) < bound).all(), (found, truth, bound)
