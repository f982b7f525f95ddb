"""RMSprop's central flow: in closed form on one coordinate and on quadratics, and beside RMSprop itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.theory.edge_rmsprop import by_steps, complementary

pytest.importorskip("sympy")

LR = 0.1


def test_on_one_coordinate_in_closed_form() -> None:
    """f'' = (2/η)(√V + ε) is kept, so that dV = η√V df''; with both equations this has one root s² > 0."""
    f = so.Objective(value=lambda x: 0.5 * x[0] ** 2 + 0.3 * x[0] ** 3, dim=1)
    x, beta, eps = -0.02, 0.9, 0.01
    slope, bend, third = x + 0.9 * x**2, 1.0 + 1.8 * x, 1.8
    v, rho = (0.5 * LR * bend - eps) ** 2, (1.0 - beta) / (beta * LR)

    def rates(s2: Any) -> Any:
        mean = slope + 0.5 * s2 * third
        return -2.0 / (LR * bend) * mean, rho * (mean**2 + s2 * bend**2 - v)

    def gap(s2: Any) -> Any:
        dx, dv = rates(s2)
        return dv - LR * np.sqrt(v) * third * dx

    a, b, c = np.polyfit([0.0, 0.001, 0.002], [gap(s) for s in (0.0, 0.001, 0.002)], 2)  # it is quadratic
    s2 = (-b + np.sqrt(b * b - 4.0 * a * c)) / (2.0 * a)
    flow = so.theory.rmsprop_central_flow(f, [x], [v], LR, beta, [0.0, 1e-6], eps)
    assert s2 > 1e-4 and flow.covariance[0, 0, 0] == pytest.approx(s2, rel=1e-5)
    assert (flow.positions[1, 0] - x) / 1e-6 == pytest.approx(rates(s2)[0], rel=1e-4)
    assert (flow.squares[1, 0] - v) / 1e-6 == pytest.approx(rates(s2)[1], rel=1e-4)


def test_below_the_edge_it_is_the_flow_of_the_mean_squares() -> None:
    """On a slope g: V = g² + (V₀ - g²) e^{-ρt}, with ρ = (1 - β)/(βη), and X falls by ∫ g/√V."""
    f = so.Objective(grad=lambda x: 0.0 * x + 2.0, hvp=lambda x, v: 0.0 * v, dim=1)
    flow = so.theory.rmsprop_central_flow(f, [0.0], [9.0], LR, 0.98, [5.0])
    rho = 0.02 / (0.98 * LR)
    assert flow.squares[0, 0] == pytest.approx(4.0 + 5.0 * np.exp(-5.0 * rho), rel=2e-3)
    t = np.linspace(0.0, 5.0, 100_001)
    assert flow.positions[0, 0] == pytest.approx(
        -np.trapezoid(2.0 / np.sqrt(4.0 + 5.0 * np.exp(-rho * t)), t), rel=1e-3
    )
    assert flow.covariance[0, 0, 0] == 0.0


def test_on_a_turned_quadratic_x_ends_at_half_a_step_in_every_coordinate() -> None:
    """P w = (η/2) H w and V = (H w)² s² ask for s |w_i| = η/2: √V = (η/2) |H σ| for signs σ, here both the same.

    One direction oscillates then, the other is below the edge; RMSprop does so too.
    """
    H = np.array([[2.0, 0.8], [0.8, 1.0]])
    f = so.Quadratic(H)
    flow = so.theory.rmsprop_central_flow(f, [0.3, -0.2], [0.1, 0.1], LR, 0.9, [9.0])
    assert flow.sharpness[0] == pytest.approx(2.0 / LR, rel=1e-6)
    assert flow.squares[0] == pytest.approx((0.5 * LR * H.sum(axis=1)) ** 2, rel=1e-3)
    np.testing.assert_allclose(flow.covariance[0], np.full((2, 2), LR**2 / 4.0), rtol=1e-3)
    path = rmsprop(f, [0.06, 0.03], flow.squares[0], 0.9, 600)[400:]
    np.testing.assert_allclose(np.mean([np.outer(x, x) for x, _ in path], axis=0), flow.covariance[0], rtol=0.01)


def rmsprop(f: Any, x: Any, v: Any, beta: float, steps: int) -> list[Any]:
    """States (x_k, v_{k+1}) of the discrete method: v is the one by which the step from x divides."""
    page, o = so.RMSprop(LR, beta, 0.0), so.Problem(f).oracle
    y, out = (np.array(x), np.array(v)), []
    for k in range(steps):
        new = page.step(k, y, o, ())
        out.append((y[0], new[1]))
        y = new
    return out


@pytest.mark.parametrize("seed", range(6))
def test_complementary_matrices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, r = rng.standard_normal((3, 3)), rng.standard_normal((9, 9))
    swap = np.eye(9).reshape(3, 3, 9).transpose(1, 0, 2).reshape(9, 9)
    r = 0.5 * (np.eye(9) + swap) @ (r @ r.T) @ (0.5 * (np.eye(9) + swap))  # acts on symmetric matrices
    alpha = a + a.T
    for X in (complementary(alpha, r), by_steps(alpha, r, np.zeros((3, 3)))):
        F = alpha + (r @ X.ravel()).reshape(3, 3)
        size = np.abs(alpha).max()
        assert np.linalg.eigvalsh(X)[0] >= -1e-9 and np.linalg.eigvalsh(F)[0] >= -1e-5 * size
        assert abs(np.sum(X * F)) <= 1e-5 * size * max(1.0, np.abs(X).max())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"squares": [1e-6, 1.0]}, "squares must be such that the sharpness is at most 2/lr = 20"),
        ({"squares": [1.0]}, "squares must be 2 numbers > 0"),
        ({"squares": [1.0, 0.0]}, "squares must be 2 numbers > 0"),
        ({"x": [1.0]}, "x must have 2 entries"),
        ({"lr": 0.0}, "lr must"),
        ({"beta": 1.0}, "beta must"),
        ({"eps": -1.0}, "eps must"),
        ({"times": [1.0, 1.0]}, "times must increase"),
        ({"times": [1e6]}, "at most 10000 steps"),
        ({"lr": 1e-300, "beta": 1e-300, "times": [0.0]}, "beta lr > 0, got 0 and 0"),
    ],
)
def test_refusals(change: Any, sentence: str) -> None:
    words = {"x": [1.0, 1.0], "squares": [1.0, 1.0], "lr": LR, "beta": 0.9, "times": [1.0]} | change
    with pytest.raises(ValueError, match=sentence):
        so.theory.rmsprop_central_flow(so.Quadratic([1.0, 2.0]), **words)
