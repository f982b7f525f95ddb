"""Label noise: its covariance, exact laws on u² - v² = y, and the slow flow against the limits of gradient flows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import noisy_grad, root_cov
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

ONE = so.DiagonalLinearNetwork([[1.0]], [1.0])
X = np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -0.6]])
WIDE = so.DiagonalLinearNetwork(X, [0.9, -0.4])
START = np.array([1.1, 0.6, 0.8, 0.5, 0.9, 0.7])


def test_the_covariance_is_that_of_the_hessian_where_the_data_are_fitted() -> None:
    x, scale = so.theory.flow_limit(WIDE, START), 0.7
    o, n = so.Problem(WIDE, so.LabelNoise(scale)).oracle, 2
    kicks = np.array([noisy_grad(o, x, (e,)) - WIDE.grad(x) for e in np.eye(n)])
    np.testing.assert_allclose(kicks.T @ kicks, scale**2 / n * WIDE.hessian(x), rtol=0, atol=1e-9)
    roots = np.array([root_cov(o, x, e) for e in np.eye(n)])
    np.testing.assert_allclose(roots, kicks, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(o.noise.var(o, x), np.diag(kicks.T @ kicks), rtol=1e-12)
    v = np.arange(6.0)
    np.testing.assert_allclose(o.noise.noise_cov(o, x, v), kicks.T @ kicks @ v, rtol=1e-12)


def test_what_is_seen_is_the_gradient_with_other_targets() -> None:
    z, x = np.array([0.4, -1.3]), START
    other = so.DiagonalLinearNetwork(X, np.array([0.9, -0.4]) + 0.7 * z)
    o = so.Problem(WIDE, so.LabelNoise(0.7)).oracle
    np.testing.assert_allclose(noisy_grad(o, x, (z,)), other.grad(x), rtol=1e-13)
    line = so.LinearRegression(X, [0.9, -0.4], l2=0.3)
    o = so.Problem(line, so.LabelNoise(0.7)).oracle
    moved = so.LinearRegression(X, np.array([0.9, -0.4]) + 0.7 * z, l2=0.3)
    np.testing.assert_allclose(noisy_grad(o, x[:3], (z,)), moved.grad(x[:3]), rtol=1e-13)


def test_the_product_decays_by_the_square_of_the_learning_rate() -> None:
    """E[u'v'] = u v (1 - 4η²(r² + δ²)) in one step, and d E[UV] = -4ηδ² E[UV] dt in the SDE."""
    lr, scale, x = 0.05, 0.7, np.array([1.3, 0.9])
    o, page = so.Problem(ONE, so.LabelNoise(scale)).oracle, so.SGD(lr)
    r = x[0] ** 2 - x[1] ** 2 - 1.0
    ends = [np.prod(page.step(0, x, o, (np.array([z]),))) for z in (-1.0, 1.0)]  # a square: two points are enough
    assert np.mean(ends) == pytest.approx(np.prod(x) * (1 - 4 * lr**2 * (r**2 + scale**2)), rel=1e-12)
    b, kick = page.drift(0.0, x, o), page.diffusion(0.0, x, o, np.array([1.0]))
    slope = b[0] * x[1] + x[0] * b[1] + kick[0] * kick[1]
    assert slope == pytest.approx(-4 * lr * scale**2 * np.prod(x), rel=1e-12)


def test_the_flow_of_one_example_in_closed_form() -> None:
    times, scale = np.array([0.0, 0.3, 1.5]), 0.8
    Y, traces = so.theory.label_noise_flow(ONE, [1.6, 1.2], scale, times)
    product = 1.6 * 1.2 * np.exp(-4 * scale**2 * times)
    np.testing.assert_allclose(Y[:, 0] * Y[:, 1], product, rtol=1e-6)
    np.testing.assert_allclose(traces, 4 * np.sqrt(1 + 4 * product**2), rtol=1e-6)


def test_the_flow_is_the_mean_of_limits_of_gradient_flows() -> None:
    """½ ∂²Φ[Σ] of the general theory, by second differences of Φ along the columns of Σ^{1/2}: another computation."""
    scale, step, n = 0.9, 0.02, 2
    (y, later), _ = so.theory.label_noise_flow(WIDE, START, scale, [0.0, 1e-3])
    o = so.Problem(WIDE, so.LabelNoise(scale)).oracle
    pushed = np.zeros(6)
    for e in np.eye(n):
        kick = step * root_cov(o, y, e)
        pushed += so.theory.flow_limit(WIDE, y + kick) + so.theory.flow_limit(WIDE, y - kick) - 2 * y
    np.testing.assert_allclose((later - y) / 1e-3, 0.5 * pushed / step**2, rtol=0.02, atol=2e-4)


@pytest.mark.slow
def test_sgd_follows_the_flow() -> None:
    """At T = kη² = 0.8 with ηtr∇²f <= 0.1 at first; the product to six standard errors and the order of η."""
    lr, scale, paths = 0.02, 0.5, 400
    problem = so.Problem(ONE, so.LabelNoise(scale), x0=so.theory.flow_limit(ONE, [1.2, 0.7]))
    e = so.simulate(so.SGD(lr), problem, steps=2000, paths=paths, save_at=1, observables=["norm2"], rng=2)
    _, (first, last) = so.theory.label_noise_flow(ONE, problem.x0, scale, [0.0, 0.8])
    value, stderr = e.observables["norm2"]
    assert abs(4 * value[-1] / last - 1) < 6 * stderr[-1] / value[-1] + 0.04  # false alarm below 1e-8
    assert last < 0.75 * first


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_compiled_runs_have_the_bits_of_plain_python(kind: str) -> None:
    run = plan(so.SGD(0.1), so.Problem(WIDE, so.LabelNoise(0.5), x0=START), kind, steps=4, substeps=2, save_at=4,
               observables=["norm2"], rng=3)  # fmt: skip
    assert np.array_equal(Kernel(run)(0, 3), Kernel(replace(run, interpreted=True))(0, 3))


@pytest.mark.slow
def test_agents_may_have_it_all_alike() -> None:
    law = so.Agents(so.LabelNoise(0.6), agents=3)
    o, alone = so.Problem(WIDE, law).oracle, so.Problem(WIDE, so.LabelNoise(0.6)).oracle
    np.testing.assert_allclose(o.noise.var(o, START), alone.noise.var(alone, START) / 3, rtol=1e-12)
    e = so.simulate(so.DSGD(0.05), so.Problem(WIDE, law), "sde", steps=2, paths=2, rng=0)
    assert np.isfinite(e.mean).all()
    with pytest.raises(ValueError, match="label noise has its own"):
        so.simulate(so.DSGD(0.1), so.Problem(WIDE, so.Agents([so.LabelNoise(1), so.Gaussian(1.0)])), "sde", steps=2)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: so.LabelNoise(-1.0), ValueError, "scale"),
        (lambda: so.Problem(so.Quadratic([1.0]), so.LabelNoise()), ValueError, "has no targets to disturb"),
        (lambda: so.Batch(so.LabelNoise(), 2), ValueError, "normals per coordinate"),
        (lambda: so.simulate(so.SignSGD(0.1), so.Problem(WIDE, so.LabelNoise()), "sde", sde="order1", steps=2),
         ValueError, "no closed form"),
        (lambda: so.simulate(so.NGN(0.1), so.Problem(WIDE, so.LabelNoise()), steps=2), ValueError, "residuals"),
        (lambda: so.theory.label_noise_flow(so.Quadratic([1.0]), [1.0], 1.0, [1.0]), ValueError, "regression"),
        (lambda: so.theory.label_noise_flow(ONE, [1.0, 0.5], math.inf, [1.0]), ValueError, "scale"),
        (lambda: so.theory.label_noise_flow(ONE, [1.0, 0.5], 1.0, [1.0, 0.5]), ValueError, "times must increase"),
        (lambda: so.theory.label_noise_flow(ONE, [1.0], 1.0, [1.0]), ValueError, "x must have 2 entries"),
        (lambda: so.theory.flow_limit(3, [1.0]), TypeError, "objective must be"),
    ],
)  # fmt: skip
def test_refusals(call: Any, kind: Any, sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        call()
