"""Normalised steps: NGN, NGN-M, PCNSGD, the warm-up of (H0, H1)-smooth functions; what the family refuses."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import gamma, hyp1f1

import sdeopt as so
from sdeopt.engine.draws import draws
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

X = np.array([[1.0, 0.3], [0.2, 1.2], [-0.5, 0.4], [0.8, -0.9]])
Y = np.array([2.0, -1.5, 1.0, 2.5])
LINEAR = so.LinearRegression(X, Y)
LABELS = so.Logistic(X, [1, 0, 0, 1], l2=0.1)


def picks(*examples: int, n: int = 4) -> Any:
    """Draws of a minibatch with replacement that pick these examples."""
    return (np.array([(i + 0.5) / n for i in examples]),)


# -- NGN


@pytest.mark.parametrize("c", [0.1, 3.0, 1e3])
def test_ngn_without_noise_is_implicit_euler_on_quadratics(c: float) -> None:
    o = so.Problem(so.Quadratic([2.0])).oracle
    assert so.NGN(lr=c).step(0, np.array([1.0]), o, ()) == pytest.approx(1.0 / (1.0 + 2.0 * c), rel=1e-14)


def test_ngn_on_quadratic_samples_has_a_constant_step_size_and_its_stationary_variance() -> None:
    """x' = a_i x + b_i with a = 1/(1 + ch) for either sample h (x - a_i)²/2, so Var x is that of an AR(1) process."""
    c, h, y = 0.7, 2.5, np.array([1.0, -0.4])
    page, o = so.NGN(lr=c), so.Problem(so.LinearRegression(np.sqrt([[h], [h]]), y), so.Minibatch(1)).oracle
    at = [[page.step(0, np.array([x]), o, picks(i, n=2)).item() for i in (0, 1)] for x in (0.0, 1.0)]
    shift, a = np.array(at[0]), np.array(at[1]) - np.array(at[0])
    assert a == pytest.approx(1.0 / (1.0 + c * h), rel=1e-13)
    size = c / (1.0 + c * h)
    stationary = np.var(shift) / (1.0 - a[0] ** 2)
    assert stationary == pytest.approx(size * h * np.var(y / np.sqrt(h)) / (2.0 - size * h), rel=1e-12)


def test_ngn_with_an_additive_law_sees_the_full_loss() -> None:
    x, z = np.array([1.0, -1.0]), np.array([0.3, -2.0])
    o = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5)).oracle
    g = np.array([1.0, -2.0]) + 0.5 * z
    expected = x - 0.2 / (1.0 + 0.2 * (g @ g) / (2.0 * 1.5)) * g
    assert so.NGN(lr=0.2).step(0, x, o, (z,)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("loss", [0.0, -1.0])
def test_ngn_takes_no_step_where_the_loss_is_not_positive(loss: float) -> None:
    o = so.Problem(so.Objective(value=lambda x: loss + 0.5 * (x[0] * x[0] - 1.0), grad=lambda x: x, dim=1)).oracle
    assert so.NGN(lr=0.5).step(0, np.ones(1), o, ()) == 1.0


def test_ngn_stays_at_an_interpolating_minimum() -> None:
    o = so.Problem(so.Quadratic([2.0])).oracle
    assert so.NGN(lr=0.5).step(0, np.zeros(1), o, ()) == 0.0


def batch_moments(c: float) -> Any:
    """Errors of mean and covariance of a step, by all batches of one, against the drift and diffusion of its SDE."""
    x, problem = np.array([1.0, -0.5]), so.Problem(LINEAR, so.Minibatch(1))
    page, o = so.NGN(lr=c), problem.oracle
    moves = np.array([page.step(0, x, o, picks(i)) - x for i in range(4)])
    mean, cov = moves.mean(axis=0), np.cov(moves.T, bias=True)
    kicks = np.array([page.diffusion(0.0, x, o, e) for e in np.eye(4)])
    noise = kicks.T @ kicks
    return np.array([
        np.linalg.norm(mean / c - page.drift(0.0, x, o)) / np.linalg.norm(mean / c),
        np.linalg.norm(cov / c - noise) / np.linalg.norm(noise),
    ])  # fmt: skip


def test_ngn_step_moments_tend_to_those_of_the_sde() -> None:
    coarse, fine = batch_moments(2e-4), batch_moments(1e-4)
    assert (fine < 1e-3).all()
    assert coarse / fine == pytest.approx(2.0, rel=1e-2)


def test_ngnm_is_the_published_recursion() -> None:
    """x' = x - (1 - β) γ g + β (x - x₋), written with two positions."""
    c, beta, n = 0.8, 0.6, 12
    page, o = so.NGNM(lr=c, beta=beta), so.Problem(LINEAR, so.Minibatch(2)).oracle
    batches = np.random.default_rng(3).integers(0, 4, (n, 2))
    x = before = np.array([1.0, -1.0])
    y = page.init(x, o)
    for k, batch in enumerate(batches):
        residual = X[batch] @ x - Y[batch]
        g, loss = X[batch].T @ residual / 2.0, residual @ residual / 4.0
        size = c / (1.0 + c * (g @ g) / (2.0 * loss))
        x, before = x - (1.0 - beta) * size * g + beta * (x - before), x
        y = page.step(k, y, o, picks(*batch))
    assert y[0] == pytest.approx(x, rel=1e-12)


# -- losses of samples


@pytest.mark.parametrize("f", [LINEAR, LABELS, so.DiagonalLinearNetwork(X, Y)], ids=lambda f: type(f).__name__)
def test_batch_values_average_to_the_loss_and_have_the_batch_gradient(f: Any) -> None:
    x, v = np.linspace(0.5, -0.7, f.dim), np.linspace(1.0, -2.0, f.dim)
    singles = [float(f.batch_value(x, np.array([float(i)]))) for i in range(4)]
    assert f.batch_value(x, np.arange(4.0)) == pytest.approx(f.value(x), rel=1e-14)
    assert np.mean(singles) == pytest.approx(f.value(x), rel=1e-14)
    batch, h = np.array([0.0, 2.0, 2.0]), 1e-5
    slope = (f.batch_value(x + h * v, batch) - f.batch_value(x - h * v, batch)) / (2.0 * h)
    assert slope == pytest.approx(f.batch_grad(x, batch) @ v, rel=1e-8)


# -- PCNSGD


def direction(g: Any) -> Any:
    return g / np.linalg.norm(g)


def test_pcnsgd_divides_a_batch_by_class() -> None:
    x, page, o = np.array([0.4, -0.8]), so.PCNSGD(lr=0.1), so.Problem(LABELS, so.Minibatch(3)).oracle
    unused = picks(1, 1, 1)

    def grad(*examples: int) -> Any:
        return LABELS.batch_grad(x, np.array(examples, dtype=float))

    both = page.step(0, x, o, (picks(0, 2, 3), unused))
    assert both == pytest.approx(x - 0.1 * (direction(grad(0, 3)) + direction(grad(2))), rel=1e-14)
    one = page.step(0, x, o, (picks(0, 0, 3), unused))
    assert one == pytest.approx(x - 0.1 * direction(grad(0, 0, 3)), rel=1e-14)


def test_pcnsgd_with_an_additive_law_disturbs_the_classes_apart() -> None:
    x, page, o = np.array([0.4, -0.8]), so.PCNSGD(lr=0.1), so.Problem(LABELS, so.Gaussian(0.3)).oracle
    a, b = np.array([0.5, 1.0]), np.array([-1.5, 0.2])
    negative, positive = (LABELS.batch_grad(x, np.array(c)) for c in ([1.0, 2.0], [0.0, 3.0]))
    expected = x - 0.1 * (direction(negative + 0.3 * a) + direction(positive + 0.3 * b))
    assert page.step(0, x, o, ((a,), (b,))) == pytest.approx(expected, rel=1e-14)


def class_gradients(x: Any) -> Any:
    return [LABELS.batch_grad(x, np.array(c)) for c in ([1.0, 2.0], [0.0, 3.0])]


def test_pcnsgd_drift_is_the_confluent_form() -> None:
    """E u = (g/σ) Γ((d + 1)/2)/(√2 Γ(d/2 + 1)) ₁F₁(½; d/2 + 1; -|g|²/(2σ²)), d = 2, of each class."""
    x, sigma = np.array([0.4, -0.8]), 0.4
    o = so.Problem(LABELS, so.Gaussian(sigma)).oracle
    m = gamma(1.5) / (np.sqrt(2.0) * gamma(2.0))
    pulls = [g / sigma * m * hyp1f1(0.5, 2.0, -(g @ g) / (2.0 * sigma**2)) for g in class_gradients(x)]
    drift = so.PCNSGD.sdes["directions"].drift(so.PCNSGD(lr=0.1), 0.0, x, o)
    assert drift == pytest.approx(-sum(pulls), rel=1e-9)


def test_pcnsgd_diffusion_has_the_covariance_of_two_independent_directions() -> None:
    """By Gauss-Hermite, where g is six times the noise or more; what is not linear in the noise is 3 % of Cov u₋."""
    x, lr, sigma = np.array([0.4, -0.8]), 0.1, 0.03
    o = so.Problem(LABELS, so.Gaussian(sigma)).oracle
    points, weights = np.polynomial.hermite_e.hermegauss(8)
    grid = list(itertools.product(range(8), repeat=2))
    nodes = [(points[[i, j]], weights[i] * weights[j] / weights.sum() ** 2) for i, j in grid]
    cov = np.zeros((2, 2))
    for g in class_gradients(x):
        u = np.array([direction(g + sigma * z) for z, _ in nodes])
        p = np.array([w for _, w in nodes])
        cov += (u - p @ u).T * p @ (u - p @ u)
    nil, page = np.zeros(2), so.PCNSGD(lr=lr)
    rest = (np.zeros(1), nil)
    diffusion = so.PCNSGD.sdes["directions"].diffusion
    got = np.zeros((2, 2))
    for e in np.eye(2):
        for dw in ((e, rest, nil, rest), (nil, rest, e, rest)):
            kick = diffusion(page, 0.0, x, o, dw)
            got += np.outer(kick, kick)
    for z, w in nodes:
        for dw in ((nil, (np.ones(1), z), nil, rest), (nil, rest, nil, (np.ones(1), z))):
            kick = diffusion(page, 0.0, x, o, dw)
            got += w * np.outer(kick, kick)
    assert np.abs(got - lr * cov).max() < 1e-4 * lr * np.abs(cov).max()


def test_an_increment_named_twice_is_two_increments() -> None:
    run = plan(so.PCNSGD(lr=0.1), so.Problem(LABELS, so.Gaussian(0.3)), "sde", sde="directions", steps=2, save_at=2)
    streams = [vector.stream for vector in draws(run)[1]]
    assert len(streams) == len(set(streams)) == 6


# -- warm-up


def test_warmup_flow_on_a_quadratic() -> None:
    """H₀ log(x₀/x) + H₁ h (x₀² - x²)/4 = h t along the flow, by Runge-Kutta."""
    h, h0, h1, x0, n = 2.0, 1.5, 0.8, 3.0, 2000
    page, o = so.WarmupSGD(lr=0.1, h0=h0, h1=h1), so.Problem(so.Quadratic([h])).oracle
    x, dt = np.array([x0]), 2.0 / n
    for _ in range(n):
        a = page.drift(0.0, x, o)
        b = page.drift(0.0, x + 0.5 * dt * a, o)
        c = page.drift(0.0, x + 0.5 * dt * b, o)
        d = page.drift(0.0, x + dt * c, o)
        x = x + dt / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    passed = h0 * np.log(x0 / x) + h1 * h * (x0**2 - x**2) / 4.0
    assert passed == pytest.approx(h * 2.0, rel=1e-10)


def test_warmup_without_curvature_gain_is_sgd() -> None:
    x, z, o = np.array([0.4, -1.0]), np.array([1.0, 2.0]), so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5)).oracle
    page, sgd = so.WarmupSGD(lr=0.2, h0=4.0, h1=0.0), so.SGD(lr=0.05)
    assert page.step(0, x, o, (z,)) == pytest.approx(sgd.step(0, x, o, (z,)), rel=1e-14)
    assert 0.2 * page.drift(0.0, x, o) == pytest.approx(0.05 * sgd.drift(0.0, x, o), rel=1e-14)
    kicks = np.sqrt(0.2) * page.diffusion(0.0, x, o, z), np.sqrt(0.05) * sgd.diffusion(0.0, x, o, z)
    assert kicks[0] == pytest.approx(kicks[1], rel=1e-14)


def test_warmup_measures_the_loss_from_the_minimum() -> None:
    o = so.Problem(so.Quadratic([2.0])).oracle
    x = np.array([1.0])  # f = 1
    assert so.WarmupSGD(lr=1.0, minimum=-2.0).drift(0.0, x, o) == pytest.approx(-2.0 / 4.0)
    assert so.WarmupSGD(lr=1.0, minimum=2.0).drift(0.0, x, o) == pytest.approx(-2.0)


# -- what is refused, and the bits of the compiled loop


@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: so.Scion(lr=0.1, radius=0.0), "radius"),
        (lambda: so.NGNM(lr=0.1, beta=1.0), "beta"),
        (lambda: so.WarmupSGD(lr=0.1, h0=0.0), "h0"),
        (lambda: so.WarmupSGD(lr=0.1, h1=-1.0), "h1"),
        (lambda: so.MatrixQuadratic([[1.0, 2.0]], A=[[1.0], [2.0]]), "A must have 1 rows"),
    ],
)
def test_bad_numbers_are_named(make: Any, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        make()


@pytest.mark.parametrize(
    "page, problem, reason",
    [
        (so.Muon(lr=0.1), so.Problem(so.Quadratic([1.0])), "no function of a matrix"),
        (so.PCNSGD(lr=0.1), so.Problem(LINEAR, so.Gaussian(0.1)), "no classification"),
        (so.NGN(lr=0.1), so.Problem(so.Objective(grad=lambda x: x, dim=1)), "Objective has no value"),
        (so.NGN(lr=0.1), so.Problem(LINEAR, so.PoissonBatch(2)), "may draw no example"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_problems_that_lack_something_are_refused(page: Any, problem: so.Problem, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        so.simulate(page, problem, horizon=0.2, paths=2, rng=0)


BATCHES = [(so.NGN(lr=0.1), LINEAR), pytest.param(so.PCNSGD(lr=0.1), LABELS, marks=pytest.mark.slow)]


@pytest.mark.parametrize("page, objective", BATCHES, ids=lambda v: type(v).__name__)
def test_batches_give_the_bits_of_plain_python(page: Any, objective: Any) -> None:
    run = plan(page, so.Problem(objective, so.Minibatch(3)), "discrete", steps=6, save_at=6, rng=2)
    compiled = Kernel(run)
    assert compiled.mode != "interpreted"
    assert np.array_equal(compiled(0, 8), Kernel(replace(run, interpreted=True))(0, 8))
