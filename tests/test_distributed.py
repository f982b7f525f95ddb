"""Agents and the methods that see them: exact moments, recursions written by hand, heavy tails, shares of the data."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.special import erf, erfc
from scipy.stats import t as student

import sdeopt as so

SCALES = np.array([[0.5, 0.8], [1.0, 0.4], [0.7, 1.2], [0.3, 0.6]])
SHIFTS = np.array([[0.6, -0.4], [-0.6, 0.5], [0.3, 0.3], [-0.3, -0.4]])
H = np.array([1.0, 2.0])
START = np.array([1.0, -0.7])
N, LR, STEPS = 4, 0.05, 20  # to t = 1


def problem(law: Any, size: float = 1.0) -> so.Problem:
    """The setting of theory B, 6.10, with ``law(scale)`` for each agent's noise."""
    laws = [law(s / size) for s in SCALES]
    return so.Problem(so.Quadratic(H), so.Agents(laws, shifts=SHIFTS), x0=START)


BATCHED = problem(so.Gaussian, np.sqrt(2.0))
HERMITE = (np.sqrt(3.0) * np.array([0.0, 1.0, -1.0]), np.array([4.0, 1.0, 1.0]) / 6.0)  # exact to degree 5


def step_moments(page: Any, x: Any) -> tuple[Any, Any]:
    """Mean and covariance of a step. Agents add up: the draws of one vary, its normals and which entry it sends."""
    compressed = hasattr(page, "own")
    masks = np.eye(2) if compressed else np.eye(2)[:1]

    def move(i: int, z: Any, w: Any) -> Any:
        normals, own = np.zeros((N, 2)), np.tile(masks[0], (N, 1))
        normals[i], own[i] = z, w
        seen = (normals.ravel(),)
        return page.step(0, x, BATCHED.oracle, (seen, (own.ravel(),)) if compressed else seen) - x

    mean = move(0, np.zeros(2), masks[0])
    cov, rest = np.zeros((2, 2)), mean
    for i in range(N):
        nodes = list(itertools.product(range(3), range(3), masks))
        moves = np.array([move(i, HERMITE[0][[a, b]], w) for a, b, w in nodes])
        weights = np.array([HERMITE[1][a] * HERMITE[1][b] / len(masks) for a, b, _ in nodes])
        centred = moves - weights @ moves
        cov = cov + centred.T * weights @ centred
        mean = mean + weights @ moves - rest
    return mean, cov


def kick_covariance(page: Any, x: Any) -> Any:
    """σσᵀ of the page's own SDE, whose diffusion is linear in its increments."""
    sizes = [2 * N, 2 * N, 2] if hasattr(page, "own") else [2 * N]
    kicks = []
    for e in np.eye(sum(sizes)):
        dw = tuple(np.split(e, np.cumsum(sizes)[:-1]))
        kicks.append(page.diffusion(0.0, x, BATCHED.oracle, dw if len(dw) > 1 else dw[0]))
    return np.array(kicks).T @ np.array(kicks)


def quadratic_in_x(f: Any) -> Any:
    """The function S = E x xᵀ, m -> E f(x) for f of degree 2 in x, found by interpolation."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [1.0, 1.0]])
    monomials = lambda m, S: np.array([1.0, *m, S[0, 0], S[0, 1], S[1, 1]])  # noqa: E731
    system = np.array([monomials(p, np.outer(p, p)) for p in points])
    table = np.linalg.solve(system, np.array([f(p).ravel() for p in points]))
    other = np.array([0.37, -0.81])
    assert np.allclose(monomials(other, np.outer(other, other)) @ table, f(other).ravel(), rtol=0, atol=1e-13)
    return lambda m, S: (monomials(m, S) @ table).reshape(2, 2)


def discrete(page: Any) -> tuple[Any, Any]:
    """Mean and second moments of x after ``STEPS`` steps, exactly."""
    spread, A = quadratic_in_x(lambda x: step_moments(page, x)[1]), np.diag(1.0 - LR * H)
    assert np.allclose(step_moments(page, START)[0], -LR * H * START, rtol=0, atol=1e-14)
    m, S = START, np.outer(START, START)
    for _ in range(STEPS):
        m, S = A @ m, A @ S @ A + spread(m, S)
    return m, S


def diffused(page: Any) -> tuple[Any, Any]:
    """The same of the SDE, by its moment equations."""
    spread = quadratic_in_x(lambda x: kick_covariance(page, x))
    assert np.allclose(page.drift(0.0, START, BATCHED.oracle), -H * START, rtol=0, atol=1e-15)

    def slope(t: float, y: Any) -> Any:
        m, S = y[:2], y[2:].reshape(2, 2)
        return np.concatenate([-H * m, (-H[:, None] * S - S * H + spread(m, S)).ravel()])

    y = solve_ivp(slope, (0.0, 1.0), np.concatenate([START, np.outer(START, START).ravel()]), rtol=1e-12, atol=1e-15)
    return y.y[:2, -1], y.y[2:, -1].reshape(2, 2)


@pytest.mark.parametrize(
    ("page", "column", "loss", "v11", "v22", "v12"),
    [
        (so.DSGD(LR), discrete, 0.07319094, 0.02555806, 0.02106554, 0.0),
        (so.DSGD(LR), diffused, 0.07825743, 0.02472401, 0.01994046, 0.0),
        (so.DCSGDRandK(LR, k=1), discrete, 0.07744369, 0.11242348, 0.06268780, 0.02434840),
        (so.DCSGDRandK(LR, k=1), diffused, 0.08233517, 0.10813067, 0.05979189, 0.02369657),
    ],
)
def test_moments_of_four_unequal_agents(
    page: Any, column: Any, loss: float, v11: float, v22: float, v12: float
) -> None:
    """Theory B, item 6: exact to the eight digits given there."""
    m, S = column(page)
    V = (S - np.outer(m, m)) / LR
    found = (0.5 * (H * np.diag(S)).sum(), V[0, 0], V[1, 1], V[0, 1])
    assert np.allclose(found, (loss, v11, v22, v12), rtol=0, atol=6e-9)


LAWS = {None: so.Gaussian, 3.0: lambda s: so.StudentT(3.0, s), 2.0: lambda s: so.StudentT(2.0, s)}


def lattice(nu: float | None) -> tuple[Any, Any]:
    """First and second moments of both coordinates of DSignSGD, which lives on x₀ + (η/N) ℤ."""
    probability = (lambda a: 0.5 * (1 + erf(a / np.sqrt(2)))) if nu is None else (lambda a: student.cdf(a, nu))
    first, second = np.zeros(2), np.zeros(2)
    for j in range(2):
        x = START[j] + LR / N * np.arange(-N * STEPS, N * STEPS + 1)
        count = np.ones((1, x.size))  # law of the number of plus signs
        for i in range(N):
            p = probability((H[j] * x + SHIFTS[i, j]) / SCALES[i, j])
            count = np.pad(count, ((0, 1), (0, 0))) * (1 - p) + np.pad(count, ((1, 0), (0, 0))) * p
        law = np.where(np.arange(x.size) == N * STEPS, 1.0, 0.0)
        for _ in range(STEPS):
            law = sum(np.roll(law * count[plus], N - 2 * plus) for plus in range(N + 1))
        first[j], second[j] = law @ x, law @ (x * x)
    return first, second


def spectral(nu: float | None) -> tuple[Any, Any]:
    """The same of the page's SDE: its backward equation, by collocation at 301 Chebyshev points of [-4, 4].

    The coefficients are those of the page on as many independent coordinates, one at each point.
    """
    page, n = so.DSignSGD(LR), 301
    y = np.cos(np.pi * np.arange(n) / (n - 1))
    c = np.r_[2.0, np.ones(n - 2), 2.0] * (-1.0) ** np.arange(n)
    D = np.outer(c, 1 / c) / (y[:, None] - y + np.eye(n))
    D, x = (D - np.diag(D.sum(axis=1))) / 4.0, 4.0 * y
    out_of_reach = 0.5 * erfc((np.abs(x) - 3.2) / 0.3) * (np.abs(y) < 1.0)
    first, second = np.zeros(2), np.zeros(2)
    for j in range(2):
        agents = so.Agents([LAWS[nu](s) for s in SCALES[:, j]], shifts=np.tile(SHIFTS[:, j, None], n))
        o = so.Problem(so.Quadratic(np.full(n, H[j])), agents).oracle
        kicks = [page.diffusion(0.0, x, o, dw.ravel()) for dw in np.eye(N)[:, :, None] * np.ones(n)]
        noise = (np.array(kicks) ** 2).sum(axis=0) * out_of_reach
        flow = expm(page.drift(0.0, x, o)[:, None] * D + 0.5 * noise[:, None] * (D @ D))
        at = 1.0 / c / (START[j] - x)
        first[j], second[j] = (at / at.sum()) @ flow @ np.stack([x, x * x], axis=1)
    return first, second


@pytest.mark.parametrize(
    ("nu", "column", "loss", "v11", "v22"),
    [
        (None, lattice, 0.08758890, 0.06124882, 0.04681104),
        (None, spectral, 0.09215798, 0.05961538, 0.04444312),
        (3.0, lattice, 0.11183525, 0.07582970, 0.05593387),
        (3.0, spectral, 0.11662552, 0.07383454, 0.05337997),
        (2.0, lattice, 0.12532152, 0.08361511, 0.06057683),
        (2.0, spectral, 0.13014237, 0.08145253, 0.05791921),
    ],
)
def test_moments_of_signs(nu: float | None, column: Any, loss: float, v11: float, v22: float) -> None:
    """Theory B, item 6, to its eight digits; the SDE is the page's own."""
    first, second = column(nu)
    V = (second - first**2) / LR
    assert np.allclose((0.5 * H @ second, *V), (loss, v11, v22), rtol=0, atol=6e-9)


@pytest.mark.parametrize("radius", [0.05, 50.0])
def test_one_step_of_clip21_has_the_moments_of_its_sde(radius: float) -> None:
    """To a relative O(η) at η = 1e-5, clipped and not, with private noise; the walk of G is exact in both columns."""
    page = so.Clip21SGD2M(1e-5, beta1=3e-5, beta2=2e-5, clip=radius, sigma_omega=0.7)
    o, point, zero = BATCHED.oracle, np.random.default_rng(4), np.zeros(2 * N)
    y = tuple(point.normal(size=n) for n in (2, 2 * N, 2 * N, 2))

    def moved(z: Any, w: Any) -> Any:
        after = page.step(0, y, o, ((z,), (w,)))
        return [(a - b) / 1e-5 for a, b in zip(after, y, strict=True)]

    rest, drift = moved(zero, np.zeros(2)), page.drift(0.0, y, o)
    for found, expected in zip(rest, drift, strict=True):
        assert np.allclose(found, expected, rtol=0, atol=1e-3 * np.linalg.norm(expected))
    assert np.allclose(drift[3], drift[2].reshape(N, 2).mean(axis=0), rtol=0, atol=1e-12)
    for z, w in [*((e, np.zeros(2)) for e in np.eye(2 * N)), *((zero, e) for e in np.eye(2))]:
        kick = [np.sqrt(1e-5) * (a - b) for a, b in zip(moved(z, w), rest, strict=True)]
        sde = page.diffusion(0.0, y, o, (z, w))
        for found, expected in zip(kick, sde, strict=True):  # of which the largest are 8e-3 and 2e-3
            assert np.allclose(found, expected, rtol=0, atol=1e-5)
        assert np.array_equal(sde[0], np.zeros(2))
        assert np.array_equal(sde[2], zero)


@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_no_more_agents_lie_than_there_are(kind: str) -> None:
    problem = so.Problem(so.Quadratic(H), so.Agents(so.Gaussian(0.5), agents=3))
    with pytest.raises(ValueError, match="liars must be at most the number of agents, 3, got 4"):
        so.simulate(so.ByzClip21SGD2M(0.1, liars=4, lie=1.0), problem, kind, steps=2, paths=2, rng=0)


def test_one_step_of_byz_clip21_has_the_moments_of_its_sde() -> None:
    """To a relative O(η) at η = 1e-5, with private noise and a liar beyond all others."""
    page = so.ByzClip21SGD2M(1e-5, 3e-5, 2e-5, 0.8, 0.7, trim=0.5, liars=1, lie=9.0)
    law = so.Agents(so.Gaussian([0.5, 0.9]), agents=3)
    o, point, zero = so.Problem(so.Quadratic(H), law).oracle, np.random.default_rng(4), np.zeros(6)
    y = tuple(point.normal(size=n) for n in (2, 6, 6, 6))

    def moved(z: Any, w: Any) -> Any:
        after = page.step(0, y, o, ((z,), (w,)))
        return [(a - b) / 1e-5 for a, b in zip(after, y, strict=True)]

    rest = moved(zero, zero)
    for found, expected in zip(rest, page.drift(0.0, y, o), strict=True):
        assert np.allclose(found, expected, rtol=0, atol=1e-3 * np.linalg.norm(expected))
    for z, w in [(e, zero) for e in np.eye(6)] + [(zero, e) for e in np.eye(6)]:
        kick = [np.sqrt(1e-5) * (a - b) for a, b in zip(moved(z, w), rest, strict=True)]
        for found, expected in zip(kick, page.diffusion(0.0, y, o, (z, w)), strict=True):  # the largest are 8e-3, 4e-3
            assert np.allclose(found, expected, rtol=0, atol=2e-5)
