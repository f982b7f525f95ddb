"""The central flow: in closed form where the sharpness is a coordinate, and where it enters and leaves the edge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so

pytest.importorskip("sympy")

LR, EDGE, TOP = 0.2, 10.0, 14.0
VALLEY = so.DiagonalLinearNetwork([[1.0]], [1.0])


def ramp(k: float, m: float, fall: float = 0.0) -> so.Objective:
    """A function of (x, y, z) of sharpness y about x = 0: y is pulled towards z + 14, z towards 0, and z falls."""

    def value(x: Any) -> Any:
        return 0.5 * x[1] * x[0] ** 2 + 0.5 * k * (x[1] - x[2] - TOP) ** 2 + 0.5 * m * x[2] ** 2 + fall * x[2]

    return so.Objective(value=value, dim=3)


@pytest.mark.parametrize(("k", "m"), [(0.1, 0.05), (1.0, 0.2)])
def test_at_the_edge_in_closed_form(k: float, m: float) -> None:
    """y stays at 2/η, z' = -4k - (k + m) z, σ² = 2k (4 + z)."""
    times = np.array([0.0, 0.7, 3.0])
    flow = so.theory.central_flow(ramp(k, m), [0.0, EDGE, 0.0], LR, times)
    z = -(TOP - EDGE) * k / (k + m) * -np.expm1(-(k + m) * times)
    np.testing.assert_allclose(flow.positions, np.stack([0.0 * times, 0.0 * times + EDGE, z], axis=1), atol=1e-6)
    np.testing.assert_allclose(flow.variance, 2 * k * (TOP - EDGE + z), rtol=1e-5)
    np.testing.assert_allclose(flow.sharpness, EDGE, rtol=1e-8)


def test_below_the_edge_it_is_the_gradient_flow() -> None:
    """y and z alone, up to the time of arrival; then the edge."""
    f, times = ramp(0.5, 0.0), np.array([0.5, 6.0])
    flow = so.theory.central_flow(f, [0.0, 7.0, 0.0], LR, times)
    gap = -7.0 * np.exp(-2 * 0.5 * 0.5)  # y - z - 14, and y + z is kept
    np.testing.assert_allclose(flow.positions[0], [0.0, (21.0 + gap) / 2, -(7.0 + gap) / 2], rtol=1e-6, atol=1e-9)
    assert flow.variance[0] == 0.0 and flow.sharpness[1] == pytest.approx(EDGE, rel=1e-7)


def test_it_leaves_the_edge_where_the_gradient_points_off_it() -> None:
    """As z falls, so does where y is pulled to: σ² ends, then y falls."""
    f, times = ramp(0.5, 0.0, fall=2.0), np.linspace(0.0, 6.0, 13)
    flow = so.theory.central_flow(f, [0.0, EDGE, 0.0], LR, times)
    left = flow.variance == 0.0
    assert not left[0] and left[-1] and (np.diff(left.astype(int)) >= 0).all()
    assert (flow.sharpness[left][1:] < EDGE).all() and (np.abs(flow.sharpness[~left] - EDGE) < 1e-6).all()


def test_gradient_descent_oscillates_about_it() -> None:
    f, times = ramp(0.1, 0.05), np.linspace(0.0, 40.0, 201)
    flow, path = so.theory.central_flow(f, [0.0, EDGE, 0.0], LR, times), [np.array([0.8**0.5, EDGE, 0.0])]
    for _ in range(200):
        path.append(path[-1] - LR * f.grad(path[-1]))
    path = np.array(path)
    assert np.abs(path[:, 2] - flow.positions[:, 2]).max() < 0.05 * np.abs(flow.positions[-1, 2])
    assert np.mean(path[100:, 0] ** 2) == pytest.approx(np.mean(flow.variance[100:]), rel=0.05)


def test_it_ends_at_a_minimum_on_the_edge() -> None:
    """Of u² - v² = 1 the one with 4(u² + v²) = 2/η; the gradient flow would end at 4√5."""
    flow = so.theory.central_flow(VALLEY, [1.0, 1.0], 0.23, [6.0])
    u, v = flow.positions[0]
    assert 4 * (u * u + v * v) == pytest.approx(2 / 0.23, rel=1e-6) and u * u - v * v == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize(
    ("x", "lr", "times", "sentence"),
    [
        ([1.0, 1.0], 0.3, [1.0], "x must be where the sharpness is at most 2/lr"),
        ([1.0], 0.1, [1.0], "x must have 2 entries"),
        ([1.0, 1.0], 0.0, [1.0], "lr must"),
        ([1.0, 1.0], 0.1, [1.0, 1.0], "times must increase"),
    ],
)
def test_refusals(x: Any, lr: float, times: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        so.theory.central_flow(VALLEY, x, lr, times)


@pytest.mark.parametrize(
    "flow",
    [
        lambda f: so.theory.central_flow(f, [1.0, 1.0], 0.1, [1.0]),
        lambda f: so.theory.rmsprop_central_flow(f, [1.0, 1.0], [1.0, 1.0], 0.1, 0.9, [1.0]),
        lambda f: so.theory.flow_limit(f, [1.0, 1.0]),
    ],
)
def test_a_game_has_no_edge_and_no_minimiser(flow: Any) -> None:
    with pytest.raises(ValueError, match="BilinearGame.* is a game: it has no Hessian"):
        flow(so.BilinearGame(1.0))
