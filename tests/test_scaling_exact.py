"""Scaling rules against laws that are known exactly: linear steps on a quadratic, signs on a lattice, rand-k at rest.

Nothing is simulated. At matched steps the means and covariances before and after differ by O(η), those of the naive
rule by O(1); the bounds stand between the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, norm

import sdeopt as so
from sdeopt.theory import rand_k_stationary

H, SIGMA = np.diag([1.0, 2.0]), np.diag([0.25, 1.0])
START = np.array([1.0, -0.8])
FOUR = {"batch": (8, 32)}


def moments(page: Any, problem: Any, steps: int) -> tuple[Any, Any]:
    """Mean and covariance of x after so many steps of a linear page: its own step, read off at unit vectors."""
    o, n = problem.oracle, len(page.parts)

    def step(y: Any, z: Any) -> Any:
        parts = tuple(np.split(y, n))
        return np.concatenate(np.atleast_2d(page.step(0, parts if n > 1 else parts[0], o, (z,)))).ravel()

    y, still = np.concatenate([START, np.zeros(2 * n - 2)]), np.zeros(2)
    A = np.array([step(unit, still) for unit in np.eye(2 * n)]).T
    B = np.array([step(0.0 * y, unit) for unit in np.eye(2)]).T
    cov = np.zeros_like(A)
    for _ in range(steps):
        y, cov = A @ y, A @ cov @ A.T + B @ B.T
    return y[:2], cov[:2, :2]


def gaps(found: Any, steps: int) -> tuple[float, float, float, float]:
    """Largest gaps in mean and in variance (relative), of the rule and of the naive one."""
    mean, cov = moments(found.before, found.problem, steps)
    out = []
    for page in (found.after, found.naive):
        m, c = moments(page, found.problem_after, round(steps / found.speed))
        out += [np.abs(m - mean).max(), np.abs(np.diag(c) / np.diag(cov) - 1.0).max()]
    return tuple(out)  # type: ignore[return-value]


@pytest.mark.parametrize("page", [so.SGD(0.001), so.HeavyBall(0.0002, 0.8), so.Nesterov(0.0002, 0.8)], ids=repr)
@pytest.mark.parametrize("steps", [400, 8000])
def test_the_linear_rule_keeps_the_law_of_linear_steps(page: Any, steps: int) -> None:
    problem = so.Problem(so.Quadratic(H), so.Gaussian(cov=SIGMA), START)
    found = so.scale(page, problem=problem, **FOUR)
    assert found.valid
    mean, var, naive_mean, naive_var = gaps(found, steps)
    assert mean < found.conditions[0].value  # 0.008, and 0.04 for momentum
    assert var < found.conditions[0].value
    assert max(naive_mean, naive_var) > 0.25
    assert naive_var == pytest.approx(0.75, abs=0.02) or steps == 400  # σ²/4 at the same η, at rest


def test_the_gap_of_the_linear_rule_is_of_first_order() -> None:
    """Var = ησ²/(h(2 - ηh)) at rest: the gap to η' = 4η is 3ηh/2, so it halves with η."""
    problem = so.Problem(so.Quadratic(H), so.Gaussian(cov=SIGMA), START)
    size = [gaps(so.scale(so.SGD(lr), problem=problem, **FOUR), round(40 / lr))[1] for lr in (0.004, 0.002)]
    assert size[1] == pytest.approx(1.5 * 0.002 * 2.0, rel=0.02)
    assert size[0] / size[1] == pytest.approx(2.0, rel=0.02)


def test_agents_are_a_batch_for_dsgd() -> None:
    problem = so.Problem(so.Quadratic(H), so.Agents(so.Gaussian(cov=SIGMA), agents=2), START)
    found = so.scale(so.DSGD(0.001), agents=(2, 6), batch=(1, 2), problem=problem)
    seen = [so.Problem(so.Quadratic(H), so.Gaussian(cov=SIGMA / n), START) for n in (2, 12)]
    m, c = moments(so.SGD(found.before.lr), seen[0], 6000)
    m1, c1 = moments(so.SGD(found.after.lr), seen[1], 1000)
    np.testing.assert_allclose(m1, m, atol=1e-3)
    np.testing.assert_allclose(np.diag(c1), np.diag(c), rtol=0.01)
    assert repr(found.problem_after.noise) == "Agents(Gaussian(cov=[[0.125, 0.0], [0.0, 0.5]]), agents=6)"


def lattice(lr: float, sigma: float, agents: int, start: float, steps: int) -> tuple[float, float]:
    """Mean and variance of x of DSignSGD on x²/2: it moves by η(2j - N)/N, where j of N signs are negative."""
    unit = lr / agents
    x = start + unit * np.arange(-int(2.0 / unit), int(2.0 / unit) + 1)
    law = (x == start).astype(float)
    rates = [binom.pmf(j, agents, norm.cdf(-x / sigma)) for j in range(agents + 1)]
    for _ in range(steps):
        law = sum((np.roll(law * rate, 2 * j - agents) for j, rate in enumerate(rates)), np.zeros_like(law))
    mean = float(law @ x)
    return mean, float(law @ (x - mean) ** 2)


def test_the_lattice_itself() -> None:
    """Against another computation of the variance at rest; even and odd steps live on lattices of their own."""
    found = [lattice(0.2, 1.0, 1, 0.0, steps)[1] for steps in (200, 201)]
    assert np.mean(found) == pytest.approx(0.13333377, abs=1e-8)


@pytest.mark.parametrize("steps", [300, 3000])
@pytest.mark.parametrize(
    ("page", "change"),
    [
        (so.SignSGD(0.01), {"batch": (8, 32)}),
        (so.DSignSGD(0.01), {"agents": (1, 3)}),
        (so.DSignSGD(0.01), {"agents": (1, 2), "batch": (1, 4)}),
    ],
)
def test_the_rule_of_signs_keeps_their_law(page: Any, change: dict[str, Any], steps: int) -> None:
    """From x = 0.3 at σ = 2: after, ∂f/σ is at most 0.3, whose square is below the limit of the condition."""
    found = so.scale(page, problem=so.Problem(so.Quadratic([1.0]), so.Gaussian(2.0), [0.3]), **change)
    assert found.valid
    sigma, agents = 2.0 / float(found.change.kappa) ** 0.5, found.change.agents
    mean, var = lattice(page.lr, 2.0, agents[0], 0.3, steps)
    later = round(steps / found.speed)
    m, v = lattice(found.after.lr, sigma, agents[1], 0.3, later)
    assert abs(m - mean) < 0.02 * 0.3
    assert abs(v / var - 1.0) < 0.05
    naive = lattice(found.naive.lr, sigma, agents[1], 0.3, later)
    assert max(abs(naive[0] - mean) / 0.3, abs(naive[1] / var - 1.0)) > 0.25


@pytest.mark.parametrize("change", [{"new_k": 2}, {"agents": (2, 8)}, {"batch": (1, 3), "agents": (2, 4), "new_k": 4}])
def test_the_rule_of_rand_k_keeps_the_level(change: dict[str, Any]) -> None:
    """Exact variances of the steps at rest on |x|²/2, d = 16, k = 8 before; curvature and compression at order η."""
    found = so.scale(so.DCSGDRandK(0.002, 8), **change)
    kappa, agents = float(found.change.kappa), found.change.agents

    def level(page: Any, factor: float, n: int) -> float:
        return rand_k_stationary(page.lr, 1.0, 1.0 / factor, n, 16 / page.k - 1.0, discrete=True)

    n0 = 2
    n1 = round(n0 * float(found.change.alpha))
    before = level(found.before, 1.0, n0)
    assert agents in ((1, 1), (n0, n1))
    assert level(found.after, kappa, n1) == pytest.approx(before, rel=0.02)
    assert abs(level(found.naive, kappa, n1) / before - 1.0) > 0.5
