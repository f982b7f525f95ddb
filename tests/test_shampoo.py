"""Shampoo beside roots of matrices by LAPACK, Adagrad on the line, and what a rotation does to it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.optimizers.shampoo import eigen, inverse_fourth_root

TARGET = np.array([[2.0, 0.0, 0.6], [0.4, -2.0, 1.0]])


def root(a: Any) -> Any:
    """A^{-1/4}, by LAPACK."""
    values, axes = np.linalg.eigh(a)
    return axes / np.sqrt(np.sqrt(values)) @ axes.T


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9])
def test_roots_are_those_of_lapack(n: int) -> None:
    a = np.random.default_rng(n).standard_normal((n, n + 1))
    a = a @ a.T
    values, axes = eigen(a.ravel(), n)
    assert np.sort(values) == pytest.approx(np.linalg.eigvalsh(a), rel=1e-11)
    q = axes.reshape(n, n)
    np.testing.assert_allclose(q * values @ q.T, a, atol=1e-12 * np.abs(a).max())
    np.testing.assert_allclose(inverse_fourth_root(a.ravel(), n, 1e-9).reshape(n, n), root(a), rtol=1e-9, atol=1e-11)


def test_small_eigenvalues_count_as_the_least() -> None:
    found = inverse_fourth_root(np.diag([16.0, -3.0, 0.0]).ravel(), 3, 1e-4)
    np.testing.assert_allclose(found.reshape(3, 3), np.diag([0.5, 10.0, 10.0]), rtol=1e-14)


def test_shampoo_is_its_published_recursion() -> None:
    lr, eps = 0.3, 1e-3
    page, o = so.Shampoo(lr, eps), so.Problem(so.MatrixQuadratic(TARGET), so.Gaussian(0.6)).oracle
    x, left, right = np.full((2, 3), 0.5), eps * np.eye(2), eps * np.eye(3)
    y = page.init(x.ravel(), o)
    for k in range(25):
        z = np.sin(3.0 * k + np.arange(6.0))
        g = x - TARGET + 0.6 * z.reshape(2, 3)
        left, right = left + g @ g.T, right + g.T @ g
        move = lr * root(left) @ g @ root(right)
        x = x - move
        y = page.step(k, y, o, (z,))
        assert np.linalg.norm(move, 2) < lr
        for found, wanted in zip(y, (x, left, right), strict=True):
            np.testing.assert_allclose(found, wanted.ravel(), rtol=1e-9, atol=1e-10)


def test_shampoo_of_one_number_is_adagrad() -> None:
    one, other = so.Shampoo(0.3, 0.2), so.Adagrad(0.3, 0.0, 0.2)
    o, z = so.Problem(so.MatrixQuadratic([[1.5]]), so.Gaussian(0.6)).oracle, (np.array([0.7]),)
    y, u = one.init(np.array([0.4]), o), other.init(np.array([0.4]), o)
    for k in range(5):
        y, u = one.step(k, y, o, z), other.step(k, u, o, z)
        assert y[0] == pytest.approx(u[0], rel=1e-14)


def test_shampoo_turns_with_its_matrix() -> None:
    """X → QXPᵀ, the target too: the path turns, that of Adagrad does not."""
    Q, P = (np.linalg.qr(np.random.default_rng(n).standard_normal((n, n)))[0] for n in (2, 3))
    ends = {}
    for page in (so.Shampoo(0.3), so.Adagrad(0.3)):
        for target in (TARGET, Q @ TARGET @ P.T):
            o = so.Problem(so.MatrixQuadratic(target)).oracle
            y = page.init(np.zeros(6), o)
            for k in range(10):
                y = page.step(k, y, o, ())
            ends.setdefault(type(page), []).append(y[0].reshape(2, 3))
    apart = {cls: np.abs(Q @ first @ P.T - turned).max() for cls, (first, turned) in ends.items()}
    assert apart[so.Shampoo] < 1e-9
    assert apart[so.Adagrad] > 0.1


def test_the_rule_of_shampoo_keeps_what_a_step_does() -> None:
    """Long after the start, at 1/κ² of the sums, which gain little: steps κ times as long."""
    o, rng = so.Problem(so.MatrixQuadratic(TARGET)).oracle, np.random.default_rng(0)
    a, b = rng.standard_normal((2, 4)), rng.standard_normal((3, 5))
    y = (np.zeros(6), 1e9 * (a @ a.T).ravel(), 1e9 * (b @ b.T).ravel())
    page = so.Shampoo(0.1, 0.9)
    after = so.scale(page, batch=(2, 6)).after
    assert after == so.Shampoo(0.1, 0.1)
    moves = page.step(0, y, o, ())[0], after.step(0, (y[0], y[1] / 9.0, y[2] / 9.0), o, ())[0]
    assert moves[1] == pytest.approx(3.0 * moves[0], rel=1e-6)


def test_mean_and_covariance_of_a_step_of_two_by_two_entries() -> None:
    """Over all draws of normal noise: those of -A^{-1/4} Γ B^{-1/4}, ΓΓᵀ and ΓᵀΓ, A = α²L and B = α²R, up to O(α²)."""
    A, B = np.array([[1.5, 0.6], [0.6, 0.8]]), np.array([[0.9, -0.3], [-0.3, 2.0]])
    problem, sd = so.Problem(so.MatrixQuadratic(TARGET[:, :2]), so.Gaussian([0.3, 0.5, 0.4, 0.2])), [0.3, 0.5, 0.4, 0.2]
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    places = np.array(list(itertools.product(range(5), repeat=4)))
    draws, share = nodes[places], np.prod(weights[places] / weights.sum(), axis=1)

    def moments(moves: Any) -> tuple[Any, Any]:
        mean = share @ moves
        return mean, (moves - mean).T @ (share[:, None] * (moves - mean))

    seen = (problem.objective.grad(problem.x0) + sd * draws).reshape(-1, 2, 2)
    turned = seen.swapaxes(1, 2)
    parts = -root(A) @ seen @ root(B), seen @ turned, turned @ seen
    mean, cov = moments(np.hstack([part.reshape(-1, 4) for part in parts]))
    apart = []
    for lr in (0.04, 0.02):
        page, y = so.Shampoo(lr, 1e-9), (problem.x0, A.ravel() / lr**2, B.ravel() / lr**2)
        after = [page.step(0, y, problem.oracle, (z,)) for z in draws]
        steps = [[(b - a) / w for a, b, w in zip(y, one, (lr**2, 1.0, 1.0), strict=True)] for one in after]
        found, spread = moments(np.array(steps).reshape(-1, 12))
        np.testing.assert_allclose(found[4:], mean[4:], rtol=1e-8)
        np.testing.assert_allclose(spread[4:, 4:], cov[4:, 4:], rtol=1e-7, atol=1e-8)
        apart.append([np.abs(found - mean).max(), np.abs(spread - cov).max()])
    assert (np.array(apart[0]) < 0.02).all()
    assert np.divide(*apart) == pytest.approx([4.0, 4.0], rel=0.05)
