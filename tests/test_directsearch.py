"""Direct search: the best of three points by hand, exact moments of a step, levels at rest, and how it ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

import sdeopt as so

LENGTH, SQUARE = math.sqrt(math.pi / 2.0), 2.0  # E |u| and E |u|² in the plane


def linear(slope: Any) -> so.Objective:
    return so.Objective(value=lambda x: slope[0] * x[0] + slope[1] * x[1], dim=2)


def around(slope: Any) -> Any:
    """Unit vectors, of which as many point up a slope as down."""
    angles = np.arctan2(slope[1], slope[0]) + (np.arange(4000) + 0.5) * (2.0 * np.pi / 4000)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def at(page: Any, problem: so.Problem, x: Any, u: Any, seen: Any = ()) -> Any:
    return page.step(0, x, problem.oracle, (seen, (np.asarray(u, dtype=float),)))


def test_the_best_of_three_points_by_hand() -> None:
    f = so.Quadratic([[1.2, 0.4], [0.4, -0.5]])
    problem, page, rng = so.Problem(f, so.Gaussian(0.7)), so.DirectSearch(0.6), np.random.default_rng(0)
    x, wins = np.array([0.3, -0.2]), set()
    for _ in range(60):
        xi, u = 0.7 * (z := rng.standard_normal(2)), rng.standard_normal(2)
        three = np.array([x, x + 0.6 * u, x - 0.6 * u])
        best = int(np.argmin([f.value(y) + xi @ y for y in three]))
        wins.add(best)
        np.testing.assert_allclose(at(page, problem, x, u, (z,)), three[best], rtol=1e-13)
    assert wins == {0, 1, 2}


def test_one_step_on_a_linear_loss_has_the_moments_of_the_sde() -> None:
    """In the plane u is a length times a unit vector, and the step is linear in the length."""
    slope, lr = np.array([0.6, -1.7]), 0.3
    problem, page, x = so.Problem(linear(slope)), so.DirectSearch(lr), np.array([0.2, 0.1])
    moves = np.array([at(page, problem, x, u) - x for u in around(slope)])
    mean = LENGTH * moves.mean(axis=0)
    np.testing.assert_allclose(mean, lr * page.drift(0.0, x, problem.oracle), rtol=1e-5)
    cov = SQUARE * moves.T @ moves / len(moves) - np.outer(mean, mean)
    kicks = np.array([page.diffusion(0.0, x, problem.oracle, e) for e in np.eye(2)])
    np.testing.assert_allclose(cov, lr * kicks.T @ kicks, rtol=1e-5, atol=1e-7)


def test_noise_turns_the_line_by_the_direction_of_the_gradient_seen() -> None:
    """Of one sample the mean is -η√(2/π) γ/|γ|; over normal ξ the mean of γ/|γ| is e."""
    slope, z = np.array([0.6, -0.7]), np.array([1.5, 0.4])
    problem, page, x = so.Problem(linear(slope), so.Gaussian([0.4, 0.9])), so.DirectSearch(0.3), np.zeros(2)
    seen = slope + np.array([0.4, 0.9]) * z
    moves = np.array([at(page, problem, x, u, (z,)) for u in around(seen)])
    wanted = -0.3 * math.sqrt(2.0 / math.pi) * seen / np.linalg.norm(seen)
    np.testing.assert_allclose(LENGTH * moves.mean(axis=0), wanted, rtol=1e-5, atol=1e-6)
    r, u = np.linspace(0.0, 8.0, 2001)[:, None, None], around(slope)[::20]
    density = r[..., 0] * np.exp(-0.5 * (((r * u - slope) / [0.4, 0.9]) ** 2).sum(axis=-1)) / (0.4 * 0.9 * len(u))
    e = 8.0 / 2000 * density.sum(axis=0) @ u
    np.testing.assert_allclose(page.drift(0.0, x, problem.oracle), -math.sqrt(2.0 / math.pi) * e, rtol=1e-5)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_level_at_rest(d: int) -> None:
    lr, h, sigma, page = 1e-3, 1.7, 0.6, so.DirectSearch(1e-3)
    chi = math.sqrt(2.0) * math.gamma((d + 1) / 2) / math.gamma(d / 2)
    level = page.sdes["order1"].stationary(page, h * np.eye(d), sigma**2 * np.eye(d))
    np.testing.assert_allclose(level, 0.5 * lr * sigma / h * math.sqrt(math.pi / 2) * d / chi * np.eye(d), atol=1e-12)


def test_the_response_at_rest_is_the_derivative_of_the_drift() -> None:
    """Of noise that is correlated, by differences; in space, for axes in the plane can be their own transpose."""
    sigma, page = np.array([[0.5, 0.2, 0.1], [0.2, 0.3, -0.1], [0.1, -0.1, 0.8]]), so.DirectSearch(0.1)
    o = so.Problem(so.Quadratic(np.ones(3)), so.Gaussian(cov=sigma)).oracle
    A = -np.array([page.drift(0.0, 1e-5 * e, o) - page.drift(0.0, -1e-5 * e, o) for e in np.eye(3)]).T / 2e-5
    level = page.sdes["order1"].stationary(page, np.eye(3), sigma)
    np.testing.assert_allclose(A @ level + level @ A.T, 0.1 * np.eye(3), rtol=1e-7, atol=1e-9)


GRID, CURVE, TIME = np.linspace(-6.0, 6.0, 301), 2.0, 0.8  # of x on a line, f = x², normal noise of deviation 1


def after_steps(lr: float, f: Any) -> float:
    """E f(x) after ``TIME`` from 1: backward in the steps, the two points win with probabilities of the noise."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    length = 4.5 * (nodes + 1.0)
    share, move, x = 9.0 * weights * np.exp(-0.5 * length**2) / math.sqrt(2.0 * math.pi), lr * length, GRID[:, None]
    up, down = ndtr(-CURVE * (x + move / 2.0)), ndtr(CURVE * (x - move / 2.0))
    v = f(GRID)
    for _ in range(round(TIME / lr)):
        at = CubicSpline(GRID, v)
        v = (share * (up * at(x + move) + down * at(x - move) + (1.0 - up - down) * v[:, None])).sum(axis=1)
    return float(CubicSpline(GRID, v)(1.0))


def by_the_sde(lr: float, f: Any) -> float:
    """The same of the page's SDE, by its backward equation, extrapolated from two step sizes."""
    page, o = so.DirectSearch(lr), so.Problem(so.Quadratic([CURVE]), so.Gaussian(1.0)).oracle
    drift, noise = (
        np.array([g(0.0, np.array([x]), o, *dw)[0] for x in GRID])
        for g, dw in ((page.drift, ()), (page.diffusion, (np.ones(1),)))
    )
    ends = []
    for n in (60, 120):
        v, kick = f(GRID), noise * math.sqrt(3.0 * TIME / n)
        for _ in range(n):
            at, x = CubicSpline(GRID, v), GRID + TIME / n * drift
            v = (4.0 * at(x) + at(x + kick) + at(x - kick)) / 6.0
        ends.append(float(CubicSpline(GRID, v)(1.0)))
    return 2.0 * ends[1] - ends[0]


def test_the_weak_order_on_a_line_without_simulation() -> None:
    """The gap of the mean falls like η, that of the variance, which is of the size of η, like η²."""
    gaps = []
    for lr in (0.1, 0.05):
        moments = [[run(lr, lambda x, p=p: x**p) for p in (1, 2)] for run in (by_the_sde, after_steps)]
        (a, b), (c, d) = moments
        gaps.append([a - c, (b - a * a) - (d - c * c)])
    slopes = np.log2(np.array(gaps[0]) / gaps[1])
    assert slopes == pytest.approx([0.933, 1.960], abs=0.02)  # 0.968 and 1.983 from 0.05 to 0.025


@pytest.mark.parametrize(("curve", "below"), [(-0.5, -1.0), (0.9, 1e-3)])
def test_without_noise_no_step_climbs(curve: float, below: float) -> None:
    """Nor by a little, which is seen near a minimum."""
    f, page, rng = so.Quadratic([[1.2, 0.4], [0.4, curve]]), so.DirectSearch(0.3), np.random.default_rng(1)
    x, values = np.array([0.3, -0.2]), []
    for _ in range(200):
        x = at(page, so.Problem(f), x, rng.standard_normal(2))
        values.append(f.value(x))
    assert (np.diff(values) <= 0.0).all() and (np.diff(values) == 0.0).any() and values[-1] < below


def test_what_errors_of_their_own_would_do_to_the_three_values() -> None:
    """The page says why they are not offered: its numbers, by quadrature and by a loop without the package.

    Six standard errors of 8000 chains are 7 %; at h = 1 a 30th of the way to the level is left.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    tilt, share = 1e-4, weights / math.sqrt(2.0 * math.pi)
    first, last = (float(share @ (ndtr(-nodes - a) * ndtr(-nodes - 2.0 * a))) for a in (-tilt, tilt))  # x - ηu, x + ηu
    assert (last - first) / tilt == pytest.approx(-1.5 / math.sqrt(math.pi), rel=1e-5)
    assert first + last == pytest.approx(2.0 / 3.0, rel=1e-7)
    rng, h, s, lr = np.random.default_rng(5), np.array([1.0, 2.0]), 1.0, 0.1
    x = np.zeros((8000, 2))
    for _ in range(400):
        three = np.stack([x, x + (u := lr * rng.standard_normal(x.shape)), x - u])
        best = (0.5 * (h * three**2).sum(axis=-1) + s * rng.standard_normal((3, len(x)))).argmin(axis=0)
        x = three[best, np.arange(len(x))]
    assert 0.5 * (h * x**2).sum(axis=-1).mean() == pytest.approx(math.sqrt(math.pi) / 9.0 * 2.0 * s, rel=0.08)


@pytest.mark.parametrize("kind", ["discrete", "sde"])
@pytest.mark.parametrize("page", [so.DirectSearch(0.1), so.ZOSGD(0.1)])
def test_a_game_has_no_loss_to_search(page: Any, kind: str) -> None:
    game = so.Problem(so.QuadraticGame(a=0.5, coupling=1.0, b=1.0), so.Gaussian(0.5))
    with pytest.raises(ValueError, match="needs value: a game has a payoff, which one player raises, and no loss"):
        so.simulate(page, game, kind, steps=1, paths=2, rng=0)


def test_the_end_is_that_of_random_search() -> None:
    """In the plane |x|² k/η² is exponential in law with mean 1: six standard errors of 4000 paths, 2e-9."""
    problem = so.Problem(so.Quadratic([1.0, 1.0]), x0=[0.5, 0.0])
    e = so.simulate(
        so.DirectSearch(0.5), problem, steps=400, paths=4000, save_at=1, observables=[], rng=3
    )  # fmt: skip
    scaled = (e.final**2).sum(axis=1) * 400 / 0.25
    assert abs(scaled.mean() - 1.0) < 6.0 / math.sqrt(4000) + 0.01
    assert abs((scaled > 1.0).mean() - math.exp(-1.0)) < 6.0 * 0.5 / math.sqrt(4000) + 0.005
