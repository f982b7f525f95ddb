"""What private methods see: examples that are clipped one by one, and the batches that they come in.

Moments are exact, by quadrature in polar coordinates around the point where the gradient seen vanishes, or over all
batches. What is said of "theory" is section 4 of its compendium on private optimizers, 2603.03226 with the exact
moments of clipping.
"""

import copy
import math
import pickle

import numpy as np
import pytest
from clipping import FOUR, ONE, ROUND, SIGMA, moments, polar

import sdeopt as so
from sdeopt.core.oracle import Oracle, batch_size, clipped_grad, noise_var, noisy_grad, root_cov
from sdeopt.noise.batch import middle
from sdeopt.noise.directions import clipped

# ---- clipping


def examples(r, clip):
    """Gradients of one example at |∇f| = r along the first axis, with weights."""
    z, weights = polar(np.array([-r / SIGMA, 0.0]), clip / SIGMA)
    return np.array([r, 0.0]) + SIGMA * z, weights


@pytest.mark.parametrize(
    ("r", "mean", "along", "across", "share"),
    [
        (0.6, 0.36698190, 0.11524439, 0.14987233, 0.65288875),
        (1.2, 0.57866793, 0.03352149, 0.09476550, 0.88322005),
    ],
)
def test_moments_of_a_clipped_example(r, mean, along, across, share):
    """Theory's numbers for C = 0.7, σ = 0.6, d = 2, to all digits given."""
    o, z = Oracle(ROUND, ONE), examples(r, 0.7)
    x = np.array([r, 0.0])
    draws = (z[0] - x) / SIGMA
    m, S = moments(np.array([clipped_grad(o, x, (w,), 0.7) for w in draws]), z[1])
    np.testing.assert_allclose([*m, S[0, 0], S[1, 1], S[0, 1]], [mean, 0.0, along, across, 0.0], atol=6e-9)
    assert z[1] @ (np.linalg.norm(z[0], axis=1) > 0.7) == pytest.approx(share, abs=6e-9)


def test_clipping_keeps_short_vectors_and_shortens_long_ones():
    assert clipped(np.array([0.3, 0.4]), 0.5000001).tolist() == [0.3, 0.4]
    np.testing.assert_allclose(clipped(np.array([3.0, -4.0]), 2.0), [1.2, -1.6], rtol=1e-15)
    assert clipped(np.zeros(2), 1.0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("law", [so.Minibatch(3), so.Minibatch(3, replace=False), so.PoissonBatch(3)], ids=str)
def test_every_drawn_example_is_clipped_by_itself(law):
    """Against a sum over the drawn examples; the sum is divided by B, not by the number drawn."""
    rng = np.random.default_rng(2)
    f = so.LinearRegression(rng.standard_normal((5, 2)), rng.standard_normal(5), l2=0.1)
    o, x = Oracle(f, law), np.array([0.3, -0.7])
    u = np.array([0.1, 0.5, 0.99, 0.3, 0.9])[: 5 if isinstance(law, so.PoissonBatch) else 3]
    drawn = {"Minibatch(batch=3, replace=True)": [0, 2, 4], "Minibatch(batch=3, replace=False)": [0, 2, 4]}
    index = drawn.get(repr(law), [0, 1, 3])
    grads = [f.batch_grad(x, np.array([float(i)])) for i in index]
    clip = float(np.median([np.linalg.norm(g) for g in grads]))
    shares = [min(1.0, clip / np.linalg.norm(g)) for g in grads]
    assert min(shares) < 0.9
    expected = sum(s * g for s, g in zip(shares, grads, strict=True)) / 3
    np.testing.assert_allclose(clipped_grad(o, x, (u,), clip), expected, rtol=1e-13)
    np.testing.assert_allclose(clipped_grad(o, x, (u,), 1e3), noisy_grad(o, x, (u,)), rtol=1e-13)
    assert batch_size(o) == 3.0


# ---- batches


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_normals_of_the_examples_are_independent_and_sum_to_the_shared_one(batch):
    """N = A z with A Aᵀ = I and the rows of A summing to √B times the first unit vector, exactly."""
    units = np.eye(batch + 1)
    columns = [tuple(np.array([c]) for c in e) for e in units]
    A = np.array([[(middle(z, batch) + z[1 + j])[0] for z in columns] for j in range(batch)])
    np.testing.assert_allclose(A @ A.T, np.eye(batch), atol=1e-15)
    np.testing.assert_allclose(A.sum(axis=0), math.sqrt(batch) * units[0], atol=1e-15)


@pytest.mark.parametrize("law", [so.Gaussian(0.5), so.StudentT(3, 0.5), so.Laplace(0.5)], ids=str)
def test_a_batch_is_the_mean_of_draws_of_the_law(law):
    """The noise and the clipped gradient against the law's own samples, one example after the other."""
    o, x = Oracle(ROUND, so.Batch(law, 3)), np.array([0.3, -0.4])
    rng = np.random.default_rng(0)
    z = tuple(rng.standard_normal(2) for _ in o.noise.draws(ROUND))
    kinds = len(law.draws(ROUND))
    assert len(z) == 1 + 3 * kinds
    rest = [z[4 + (kinds - 1) * j :][: kinds - 1] for j in range(3)]
    noises = [law.sample(o, x, (z[0] / math.sqrt(3) + z[1 + j] - sum(z[1:4]) / 3, *rest[j])) for j in range(3)]
    np.testing.assert_allclose(o.noise.sample(o, x, z), sum(noises) / 3, rtol=1e-12)
    expected = sum(clipped(x + n, 0.4) for n in noises) / 3
    np.testing.assert_allclose(clipped_grad(o, x, z, 0.4), expected, rtol=1e-12)


def test_the_mean_of_normal_noise_is_normal_noise():
    """Every answer equals that of the Gaussian with a B-th of the covariance."""
    cov, x, g = np.array([[1.0, 0.3], [0.3, 0.5]]), np.ones(2), np.array([0.4, -0.2])
    rng = np.random.default_rng(1)
    for law, mean in ((so.Gaussian(cov=cov), so.Gaussian(cov=cov / 4)), (ONE, so.Gaussian(SIGMA / 2))):
        a, b = Oracle(ROUND, so.Batch(law, 4)), Oracle(ROUND, mean)
        w = rng.standard_normal(2)
        z = tuple(rng.standard_normal(2) for _ in a.noise.draws(ROUND))
        np.testing.assert_allclose(noisy_grad(a, x, z), noisy_grad(b, x, (z[0],)), rtol=1e-12)
        np.testing.assert_allclose(root_cov(a, x, w), root_cov(b, x, w), rtol=1e-12)
        np.testing.assert_allclose(noise_var(a, x), noise_var(b, x), rtol=1e-12)
        np.testing.assert_allclose(a.noise.root_square_cov(a, x, w), b.noise.root_square_cov(b, x, w), rtol=1e-12)
        for question in ("mean_sign", "expect_direction"):
            found, right = (getattr(o.noise, question)(o, x, g) for o in (a, b))
            np.testing.assert_allclose(found, right, rtol=1e-12)
        for question in ("root_sign_cov", "sign_response", "root_sign_residual", "direction_jacobian", "direction_cov"):
            found, right = (getattr(o.noise, question)(o, x, g, w) for o in (a, b))
            np.testing.assert_allclose(found, right, rtol=1e-11, err_msg=question)
        dw = (np.array([0.7]), w)
        found, right = (o.noise.direction_residual(o, x, g, dw) for o in (a, b))
        np.testing.assert_allclose(found, right, rtol=1e-10)


def test_batches_survive_copying_and_pickling():
    for law in (FOUR, so.Batch(so.StudentT(3, 0.5), 2)):
        for other in (copy.deepcopy(law), pickle.loads(pickle.dumps(law))):
            assert type(other) is type(law) and repr(other) == repr(law) and isinstance(other, so.Batch)


def test_what_a_batch_cannot_answer_is_refused():
    student = so.Problem(ROUND, so.Batch(so.StudentT(5, 1.0), 4))
    assert "its mean is not normal" in student.lacks("mean_sign")
    assert student.lacks("root_cov") is None
    assert so.Problem(ROUND, so.Batch(so.StudentT(5, 1.0), 1)).lacks("mean_sign") is None
    assert "no covariance" in so.Problem(ROUND, so.Batch(so.StudentT(1.5, 1.0), 4)).lacks("root_cov")


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: so.Batch(ONE, 0), ValueError, "batch must be at least 1"),
        (lambda: so.Batch(0.5, 4), TypeError, "law must be a noise law"),
        (lambda: so.Batch(so.Minibatch(2), 4), ValueError, "law must take one to 3 normals"),
        (lambda: so.Batch(so.NoNoise(), 4), ValueError, "law must take one to 3 normals"),
        (lambda: so.Problem(ROUND, so.Batch(so.Gaussian([1.0, 1.0, 1.0]), 4)), ValueError, "scale has 3 entries"),
        (lambda: so.Problem(ROUND, so.PoissonBatch(2)), ValueError, "Quadratic is not a finite sum"),
        (
            lambda: so.Problem(so.LinearRegression([[1.0], [2.0]], [1.0, 1.0]), so.PoissonBatch(3)),
            ValueError,
            "batch must be at most n = 2",
        ),
        (lambda: so.DPSGD(0.1, clip=0.0), ValueError, "clip must be in"),
        (lambda: so.DPSGD(0.1, sigma_dp=-1.0), ValueError, "sigma_dp must be in"),
    ],
)
def test_bad_input_is_refused_at_once(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_poisson_sampling_is_unbiased_and_has_the_stated_covariance():
    """Against all 2⁴ batches, each with its probability."""
    rng = np.random.default_rng(3)
    f = so.LinearRegression(rng.standard_normal((4, 2)), rng.standard_normal(4))
    o, x, q = Oracle(f, so.PoissonBatch(3)), np.array([0.3, -0.7]), 3 / 4
    values, weights = [], []
    for bits in range(16):
        seen = np.array([(bits >> i) & 1 for i in range(4)])
        values.append(noisy_grad(o, x, (np.where(seen, 0.99 * q, q),)))
        weights.append(q ** seen.sum() * (1 - q) ** (4 - seen.sum()))
    mean, cov = moments(np.array(values), np.array(weights))
    np.testing.assert_allclose(mean, f.grad(x), rtol=1e-12)
    root = np.array([root_cov(o, x, e) for e in np.eye(4)]).T
    np.testing.assert_allclose(root @ root.T, cov, rtol=1e-12)
    np.testing.assert_allclose(noise_var(o, x), np.diag(cov), rtol=1e-12)
