"""Adafactor, AMSGrad and NAdam beside what their second moments and momenta are by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.optimizers.adafactor import divided, means

LINE = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.6), x0=[1.0])
MATRIX = so.MatrixQuadratic([[2.0, 0.0, 0.6], [0.4, -2.0, 1.0]])


@pytest.mark.extras("torch")
@pytest.mark.parametrize("lr", [0.05, 0.3])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        (
            {"decay": 0.6, "clip": 1.5, "eps2": 0.5, "weight_decay": 0.1},
            {"beta2_decay": -0.6, "d": 1.5, "eps": (None, 0.5), "weight_decay": 0.1},
        ),
    ],
)
def test_adafactor_is_that_of_torch(lr: float, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """100 steps on the same draws; at lr = 0.3 the rate is 1/√k from step 12 on."""
    torch = pytest.importorskip("torch")
    o, page = so.Problem(MATRIX, so.Gaussian(0.6)).oracle, so.Adafactor(lr, **ours)
    start = np.linspace(-1.0, 1.5, 6)
    y = page.init(start, o)
    p = torch.tensor(start.reshape(2, 3).copy(), requires_grad=True)
    worker = torch.optim.Adafactor([p], lr=lr, **theirs)
    for k in range(100):
        z = np.sin(3.0 * k + np.arange(6))
        seen = MATRIX.grad(p.detach().numpy().ravel()) + 0.6 * z
        p.grad = torch.tensor(seen.reshape(2, 3))
        worker.step()
        y = page.step(k, y, o, (z,))
        assert np.abs(y[0] - p.detach().numpy().ravel()).max() < 1e-12
    assert np.abs(y[0] - start).max() > 0.3


def test_a_second_moment_of_rank_one_is_found() -> None:
    """γ_ij² = a_i b_j: every entry of γ/√V is ±1; of another the rows and columns are right in the mean."""
    a, b = np.array([1.0, 9.0]), np.array([4.0, 1.0, 0.25])
    g = np.sqrt(np.outer(a, b)).ravel() * np.array([1.0, -1.0, 1.0, 1.0, 1.0, -1.0])
    r, c = means(g, 2)
    assert r == pytest.approx(a * b.mean()) and c == pytest.approx(b * a.mean())
    assert divided(g, r, c, 1e-30) == pytest.approx(np.sign(g))
    wild = np.array([3.0, -1.0, 0.5, 0.2, 2.0, 1.0])
    r, c = means(wild, 2)
    v = (wild / divided(wild, r, c, 1e-30)).reshape(2, 3) ** 2
    assert v.mean(axis=1) == pytest.approx(r) and v.mean(axis=0) == pytest.approx(c)


def test_amsgrad_never_divides_by_less_than_before() -> None:
    """In either column, u is at least v and does not fall but by the noise of the sampled SDE."""
    page, o = so.AMSGrad(0.1, 0.5, 0.6, 0.0), LINE.oracle
    y = page.init(np.array([3.0]), o)
    largest = 0.0
    for k in range(40):
        y = page.step(k, y, o, (np.array([np.sin(3.0 * k)]),))
        largest = max(largest, y[2][0])
        assert y[3][0] == largest
    x, m, v, u = page.domain((y[0], y[1], np.array([99.0]), y[3]))
    assert u[0] == v[0] == 99.0


@pytest.mark.usefixtures("interpreted")
def test_amsgrad_with_a_rising_mean_of_squares_is_adam() -> None:
    """No noise, and a gradient that grows: u is v."""
    up = so.Problem(so.Quadratic([-1.0, -0.5]), x0=[1.0, -1.0])
    ends = [so.simulate(page(0.02), up, steps=50, paths=1).final for page in (so.AMSGrad, so.Adam)]
    assert np.array_equal(*ends)


@pytest.mark.parametrize(("psi", "mu"), [(0.05, 1.0), (0.0, 0.5)])
def test_nadam_at_rest_is_its_linear_equation(psi: float, mu: float) -> None:
    """dX = -[(1 - μ)(hX dt + √η s dW) + μ M dt]/s, dM = ρ(hX - M) dt + √η ρ s dW: the covariance by hand, d = 1.

    With a = (1 - μ)h/s, e = (1 - μ)²η and ρ: 2aP + 2μQ/s = e, (a + ρ)Q + μR/s - ρhP = -(1 - μ)ρη s, ρR - ρhQ = ½ρ²ηs².
    """
    h, s, lr, beta = 1.5, 0.6, 0.01, 0.9
    rho, a = (1 - beta) / lr, (1 - mu) * h / s
    A = np.array([[2 * a, 2 * mu / s, 0.0], [-rho * h, a + rho, mu / s], [0.0, -rho * h, rho]])
    P, _, _ = np.linalg.solve(A, [(1 - mu) ** 2 * lr, -(1 - mu) * rho * lr * s, 0.5 * rho**2 * lr * s**2])
    found = so.NAdam(lr, beta, 0.999, psi).stationary(np.array([[h]]), np.array([[s * s]]))
    assert found[0, 0] == pytest.approx(P, rel=1e-12)
    assert found[0, 0] == pytest.approx(0.5 * lr * s / h, rel=0.06)


def test_nadams_momentum_is_warmed_up() -> None:
    """μ = ½β₁ at first, and 0.75 β₁ where 0.96^{ψk} is a half; p is the product of all."""
    page, o = so.NAdam(0.1, 0.8, 0.9, 1.0, 0.0), LINE.oracle
    y, product = page.init(np.array([1.0]), o), 1.0
    for k in range(17):
        product *= 0.8 * (1.0 - 0.5 * 0.96 ** (k + 1))
        y = page.step(k, y, o, (np.array([0.3]),))
        assert y[3][0] == pytest.approx(product, rel=1e-12)
    assert page.drift(1.7, (y[0], 0.0 * y[0], y[2], y[3]), o)[0] == pytest.approx(
        -0.5 * 0.96**17 * 1.5 * y[0] / np.sqrt(y[2] / (1.0 - np.exp(-1.7))), rel=1e-12
    )
