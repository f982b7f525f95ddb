"""The closed forms of the minimax family, against exact recursions of its steps, and where they stand in an overlay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from minimax import QUADRATIC, START, WIDE, flow, hermite, nest, recursion
from scipy.integrate import quad

import sdeopt as so
from sdeopt.comparison.overlay import theory
from sdeopt.core.oracle import Oracle
from sdeopt.engine.simulate import plan
from sdeopt.objectives.spec import parse
from sdeopt.theory import games, moments, stationary

# ---- closed forms

BOTH = [  # level of theory, page that has it
    (lambda a, c: games.sgda(a=a, coupling=c, lr=0.02, sigma=0.7), so.SGDA(0.02)),
    (lambda a, c: games.seg(a=a, coupling=c, lr=0.02, sigma=0.7, rho=0.3), so.SEG(0.02, 0.3)),
    (lambda a, c: games.seg(a=a, coupling=c, lr=0.02, sigma=0.7, rho=-0.3), so.SEG(0.02, -0.3)),
    (lambda a, c: games.seg(a=a, coupling=c, lr=0.02, sigma=0.7, rho=0.3, samples=2), so.SEGIndependent(0.02, 0.3)),
    (lambda a, c: games.shgd(a=a, coupling=c, lr=0.02, sigma=0.7), so.SHGD(0.02)),
    (lambda a, c: games.shgd(a=a, coupling=c, lr=0.02, sigma=0.7, samples=2), so.SHGD2(0.02)),
]


@pytest.mark.parametrize(("a", "coupling"), [(0.0, 2.0), (0.8, -1.5), (-0.3, 1.0)])
@pytest.mark.parametrize(("level", "page"), BOTH, ids=[str(page) for _, page in BOTH])
def test_levels_are_those_of_the_pages(level: Any, page: Any, a: float, coupling: float) -> None:
    """Against matrix recursions of the step and the moments of the linear SDE, after 15 steps from (1, -0.8)."""
    f, Sigma = so.QuadraticGame(a, coupling), 0.49 * np.eye(2)
    A, Q = recursion(page, f, Sigma)
    second = np.outer(START, START)
    for _ in range(15):
        second = A @ second @ A.T + Q
    form, start = page.sdes["order1"].linear(page, f.J, Sigma, f.minimising), START @ START / 2
    means, covs = moments(*form, START, np.zeros((2, 2)), [0.3])
    found = level(a, coupling)
    assert found.after(15, start) == pytest.approx(np.trace(second) / 2, rel=1e-12)
    assert found.at(0.3, start) == pytest.approx((means[0] @ means[0] + np.trace(covs[0])) / 2, rel=1e-12)
    if found.decay > found.lr * found.square:
        assert found.stationary() == pytest.approx(np.trace(stationary(*form)) / 2, rel=1e-12)
        assert found.stationary_steps() == pytest.approx(found.after(20_000, start), rel=1e-9)


AT_REST = [  # theory A, section 7, item 3: ρ, steps and SDE at λ = 2, σ = 1, η = 0.01
    (0.5, 0.00510204, 0.005),
    (0.1, 0.01371308, 0.013),
    (0.02, 0.0835112, 0.0626),
    (0.01, 0.2502001, 0.12505),
    (0.0055, 2.50333, 0.227300),
]


@pytest.mark.parametrize(("rho", "steps", "sde"), AT_REST)
def test_stationary_levels_of_extragradient(rho: float, steps: float, sde: float) -> None:
    level = games.seg(a=0.0, coupling=2.0, lr=0.01, sigma=1.0, rho=rho)
    assert level.stationary_steps() == pytest.approx(steps, rel=2e-6)
    assert level.stationary() == pytest.approx(sde, rel=3e-6)


def test_the_second_order_sees_extragradient_at_small_rho() -> None:
    """At ρ = η order1 rests at half the level of the steps, order2 within 1 % of it; below η/2 nothing rests."""
    f, one = so.BilinearGame(2.0), np.eye(2)
    page = so.SEG(0.01, 0.01)
    steps = games.seg(a=0.0, coupling=2.0, lr=0.01, sigma=1.0, rho=0.01).stationary_steps()
    levels = [np.trace(stationary(*sde.linear(page, f.J, one, f.minimising))) / 2 for sde in page.sdes.values()]
    assert np.array(levels) / steps == pytest.approx([0.5, 1.0], abs=0.01)
    below = so.SEG(0.01, 0.0049)
    assert np.linalg.eigvals(below.sdes["order1"].linear(below, f.J, one, f.minimising)[0]).real.min() > 0
    assert np.linalg.eigvals(below.sdes["order2"].linear(below, f.J, one, f.minimising)[0]).real.min() < 0
    with pytest.raises(ValueError, match="no stationary level"):
        games.seg(a=0.0, coupling=2.0, lr=0.01, sigma=1.0, rho=0.0049).stationary_steps()


def test_best_extrapolations() -> None:
    """Theory A, section 7, item 3, and a search over ρ."""
    lowest = games.seg(a=3.0, coupling=1.0, lr=0.01, sigma=1.0, rho=games.lowest_rho(a=3.0, coupling=1.0))
    assert (lowest.stationary(), lowest.stationary_steps()) == pytest.approx((0.000625, 0.000628930818), rel=1e-9)
    match = games.seg(a=3.0, coupling=1.0, lr=0.01, sigma=1.0, rho=games.matching_rho(a=3.0, coupling=1.0))
    assert match.decay == pytest.approx(20.0, rel=1e-12)
    assert match.decay == pytest.approx(games.shgd(a=3.0, coupling=1.0, lr=0.01, sigma=1.0).decay, rel=1e-12)
    assert (match.stationary_steps(), match.stationary()) == pytest.approx((0.00747271, 0.00695313), rel=1e-6)
    for a, coupling in ((3.0, 1.0), (0.5, -2.0), (-2.0, 1.0)):
        best = games.lowest_rho(a=a, coupling=coupling)
        near = [games.seg(a=a, coupling=coupling, lr=0.1, sigma=1.0, rho=best + e) for e in (-1e-3, 0.0, 1e-3)]
        assert near[1].stationary() < min(near[0].stationary(), near[2].stationary())
        assert near[1].decay == pytest.approx(2.0 * abs(coupling), rel=1e-12)


SCHEDULED = [  # theory A, section 7, item 4: power, t, steps and SDE at λ = 2, σ = m₀/10 = 10⁻³, η = 10⁻³, ρ = 1
    (0.0, 1.0, 3.31520e-6, 3.35525e-6),
    (0.5, 1.0, 1.31111e-5, 1.32362e-5),
    (1.0, 1.0, 3.87513e-5, 3.90629e-5),
    (1.0, 20.0, 3.42791e-11, 3.42780e-11),
]


@pytest.mark.parametrize(("power", "t", "steps", "sde"), SCHEDULED)
def test_schedules_on_the_bilinear_game(power: float, t: float, steps: float, sde: float) -> None:
    level = games.seg(a=0.0, coupling=2.0, lr=1e-3, sigma=1e-3, rho=1.0)
    assert level.after(round(1000 * t), 0.01, power) == pytest.approx(steps, rel=5e-6)  # six digits are given
    assert level.at(t, 0.01, power) == pytest.approx(sde, rel=5e-6)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("decay", [-0.4, 0.0, 1.0, 3.0, 60.0])
def test_scheduled_levels_solve_their_equation(decay: float, power: float) -> None:
    """dm/dt = -kψm + cψ² by central differences, on both sides of the switch to the divergent series."""
    level, h = games.Level(0.1, decay, 0.3, 0.0), 1e-5
    assert level.at(0.0, 0.7, power) == pytest.approx(0.7, rel=1e-14)
    for t in (0.1, 0.7, 2.0):
        psi = (1.0 + t) ** -power
        slope = (level.at(t + h, 0.7, power) - level.at(t - h, 0.7, power)) / (2 * h)
        expected = -decay * psi * level.at(t, 0.7, power) + 0.3 * psi**2
        assert slope == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_a_level_that_grows_fast() -> None:
    """m₀ e^{-2k(u - 1)} + c ∫ e^{-2k(u - u_s)} ds/(1 + s), far out where Ei has a negative argument."""
    u = lambda s: np.sqrt(1.0 + s)  # noqa: E731
    noise = quad(lambda s: np.exp(1200.0 * (u(0.1) - u(s))) / (1.0 + s), 0.0, 0.1, epsrel=1e-12)[0]
    expected = 0.7 * np.exp(1200.0 * (u(0.1) - 1.0)) + 0.3 * noise
    assert games.Level(0.1, -600.0, 0.3, 0.0).at(0.1, 0.7, 0.5) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("rho", [0.01, 0.5, -0.2])
def test_noise_on_the_matrix(rho: float) -> None:
    """λ + σN at each use: noise σ(|y|, |x|) on F. Both rates from the exact moments of the page's step."""
    lr, sigma, z = 0.01, 0.8, np.array([0.7, -1.3])
    o = Oracle(so.BilinearGame(2.0), so.Gaussian(lambda z: sigma * np.abs(z[::-1])))
    page = so.SEGIndependent(lr, rho)
    rule = hermite(4, 4)
    ends = np.array([page.step(0, z, o, nest(page, draws)) for draws, _ in rule])
    weights = np.array([w for _, w in rule])
    mean, second = weights @ (ends - z), weights @ np.sum(ends * ends, axis=1)
    found = games.seg_matrix_noise(coupling=2.0, lr=lr, sigma=sigma, rho=rho)
    assert found.steps == pytest.approx(-np.log(second / (z @ z)) / lr, abs=1e-10)
    # dE|z|²/dt of the SDE with the mean and covariance of the step
    assert found.sde == pytest.approx(-(second - mean @ mean - z @ z) / lr / (z @ z), abs=1e-10)


def test_noise_on_the_matrix_of_hamiltonian_descent() -> None:
    """x' = x - η (λ + σN)(λ + σN') x."""
    lr, sigma, coupling = 0.01, 0.8, 2.0
    factors = [1.0 - lr * (coupling + sigma * n[0]) * (coupling + sigma * n[1]) for n, _ in hermite(2, 4)]
    weights = np.array([w for _, w in hermite(2, 4)])
    mean, second = weights @ factors, weights @ np.square(factors)
    found = games.shgd_matrix_noise(coupling=coupling, lr=lr, sigma=sigma)
    assert found.steps == pytest.approx(-np.log(second) / lr, abs=1e-10)
    assert found.sde == pytest.approx(-(2.0 * (mean - 1.0) + second - mean**2) / lr, abs=1e-10)
    assert games.shgd_matrix_noise(coupling=1.0, lr=1.0, sigma=0.0).steps == np.inf  # one step to the saddle point


# ---- beside the simulation


def test_the_overlay_measures_every_part_from_its_rest() -> None:
    """SmoothedGDA on a game with its saddle elsewhere, r = 0.4: theory's mean against the noise-free SDE."""
    page = so.SmoothedGDA(0.05, 0.4, 1.5, 0.1)
    problem = so.Problem(WIDE, so.Gaussian(0.3))
    run = plan(page, problem, "sde", steps=20, save_at=2)
    found = theory(run, np.ones(3))
    expected = flow(page, "order1", problem.oracle, (problem.x0, problem.x0), 1.0)[:5]
    assert found.values[-1, :5] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "problem", [so.Problem(QUADRATIC, so.Gaussian(0.5)), so.Problem(so.Quadratic([0.5, 1.0]), so.Gaussian(0.5))]
)
def test_the_overlay_knows_payoffs(problem: so.Problem) -> None:
    """E f, E|z|², E|F|² by quadrature over the Gaussian law of the SDE, of games and of ordinary quadratics."""
    f, page = problem.objective, so.SEG(0.1, 0.3)
    found = theory(plan(page, problem, "sde", steps=20, save_at=1), np.ones(2)).values[-1]
    J, own = (f.J, f.minimising) if f is QUADRATIC else (np.diag(f.H), np.ones(2))
    means, covs = moments(
        *page.sdes["order1"].linear(page, J, 0.25 * np.eye(2), own), problem.x0, np.zeros((2, 2)), [2.0]
    )
    root = np.linalg.cholesky(covs[0])
    points = [(means[0] + root @ z, w) for z, w in hermite(2, 3)]
    expected = [sum(w * g(z) for z, w in points) for g in (f.value, lambda z: z @ z, lambda z: f.grad(z) @ f.grad(z))]
    assert found[2:5] == pytest.approx(expected, abs=1e-12)


def test_extragradient_compared() -> None:
    """Both columns agree on the example, theory stands beside the SDE within its error; false alarm below 1e-6."""
    problem = so.Problem(parse(so.SEG.example[0]), so.Gaussian(0.5), x0=START)
    report = so.compare(so.SEG(0.05), problem, horizon=2.0, paths=4000, rng=0)
    assert report.verdict == "agree", report
    assert np.isfinite(report.theory[:, : report.theory.shape[1] - 1]).all()
    gap = np.abs(report.sde - report.theory)[1:, :-1]
    assert (gap < 6.5 * report.sde_stderr[1:, :-1] + 1e-4 * np.abs(report.theory[1:, :-1])).all()
