"""Nesterov, SGLD, Adagrad, Lion, Signum, SignSGDW: exact moments by quadrature, numbers of the theory, fixed points.

No simulation but those of the stationary laws, which run thousands of independent coordinates as one problem.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import (
    Oracle,
    mean_sign,
    root_cov,
    root_sign_cov,
    root_sign_residual,
    sign_response,
)
from sdeopt.theory import moments, stationary, transition

H, BENT = np.diag([1.0, 2.0]), np.array([[1.2, 0.4], [0.4, 0.9]])
SIGMA = np.array([[0.5, 0.2], [0.2, 0.3]])  # shares no axes with BENT
START = np.array([1.0, -0.8])
SPREAD = np.array([0.7, 0.5])

Rule = list[tuple[Any, float]]  # points of a standard normal vector, and their weights


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else np.asarray(y)


def parted(page: Any, y: Any) -> Any:
    return tuple(np.split(y, len(page.parts))) if len(page.parts) > 1 else y


def line(kink: float, n: int = 64) -> list[tuple[float, float]]:
    """One standard normal: Gauss-Legendre on either side of a kink, denser towards it."""
    points, weights = np.polynomial.legendre.leggauss(n)
    s, nodes = (points + 1.0) / 2.0, []
    for length in (-9.0 - kink, 9.0 - kink):
        z = kink + length * s * s
        mass = np.abs(length) * s * weights * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        nodes += list(zip(z.tolist(), mass.tolist(), strict=True))
    return nodes


def rule(kinks: Any) -> Rule:
    nodes = itertools.product(*(line(float(k)) for k in kinks))
    return [(np.array([z for z, _ in node]), float(np.prod([w for _, w in node]))) for node in nodes]


def step_moments(page: Any, y: Any, o: Oracle, points: Rule) -> tuple[Any, Any]:
    moves = np.array([flat(page.step(0, y, o, (z,))) - flat(y) for z, _ in points])
    weights = np.array([w for _, w in points])
    mean = weights @ moves
    return mean, (moves - mean).T * weights @ (moves - mean)


def sde_moments(page: Any, y: Any, o: Oracle, t: float = 0.0) -> tuple[Any, Any]:
    """Mean and covariance that the SDE gives one step; the diffusion is linear in its increments."""
    sde, d = page.sdes[page.default_sde], o.objective.dim
    m = len(sde.brownian)
    kicks = []
    for e in np.eye(m * d):
        dw = tuple(np.split(e, m))
        kicks.append(flat(sde.diffusion(page, t, y, o, dw if m > 1 else dw[0])))
    return page.clock * flat(sde.drift(page, t, y, o)), page.clock * np.array(kicks).T @ np.array(kicks)


# ---- the sign and its noise


@pytest.mark.parametrize("a", [0.0, 0.4, -1.7, 3.0])
def test_the_response_of_a_sign_is_its_regression_on_the_noise(a: float) -> None:
    """E[sign(g + ξ) ξ]/σ², by quadrature, and what is left of the variance."""
    sd = 0.6
    o, g = so.Problem(so.Quadratic([1.0]), so.Gaussian(sd)).oracle, np.array([a * sd])
    points = rule([-a])
    signs = [(np.sign(g + sd * z), sd * z, w) for z, w in points]
    mean = sum(s * w for s, _, w in signs)
    slope = sum(s * xi * w for s, xi, w in signs) / sd**2
    rest = sum(s * s * w for s, _, w in signs) - mean**2 - slope**2 * sd**2
    one = np.ones(1)
    assert sign_response(o, one, g, one) == pytest.approx(slope, rel=1e-10, abs=1e-12)
    assert root_sign_residual(o, one, g, one) ** 2 == pytest.approx(rest, rel=1e-9, abs=1e-12)


def test_response_and_residual_make_up_the_covariance_of_correlated_signs() -> None:
    """M Σ M + R = C. M is diagonal and that of each coordinate alone, since E[ξ_j | ξ_i] = Σ_ij/Σ_ii ξ_i."""
    x, g = np.ones(3), np.array([0.3, -0.6, 0.0])
    cov = np.array([[0.5, 0.2, 0.1], [0.2, 0.3, -0.1], [0.1, -0.1, 0.4]])
    full = so.Problem(so.Quadratic(np.ones(3)), so.Gaussian(cov=cov)).oracle
    alone = so.Problem(so.Quadratic(np.ones(3)), so.Gaussian(np.sqrt(np.diag(cov)))).oracle
    M = np.array([sign_response(full, x, g, e) for e in np.eye(3)]).T
    assert np.allclose(M, np.diag(sign_response(alone, x, g, np.ones(3))), rtol=1e-14)
    R, C = (
        np.array([question(full, x, g, e) for e in np.eye(3)]).T for question in (root_sign_residual, root_sign_cov)
    )
    assert np.allclose(M @ cov @ M + R @ R.T, C @ C.T, rtol=1e-12, atol=1e-12)
    assert np.allclose(np.diag(R @ R.T), root_sign_residual(alone, x, g, np.ones(3)) ** 2, rtol=1e-12)


def test_a_sign_without_noise_has_no_response() -> None:
    o = so.Problem(so.Quadratic([1.0, 1.0]), so.Gaussian([0.0, 0.5])).oracle
    x, g = np.ones(2), np.array([0.3, 0.3])
    assert sign_response(o, x, g, np.ones(2))[0] == 0.0
    assert root_sign_residual(o, x, g, np.ones(2))[0] == 0.0
    quiet = so.Problem(so.Quadratic([1.0, 1.0]), so.NoNoise()).oracle
    assert not sign_response(quiet, x, g, np.ones(2)).any()
    assert not root_sign_residual(quiet, x, g, np.ones(2)).any()


def test_other_laws_take_the_sampled_sde() -> None:
    problem = so.Problem(so.Quadratic([1.0]), so.Laplace(0.5))
    with pytest.raises(ValueError, match=r"needs root_sign_residual: Laplace.* use Gaussian or NoNoise"):
        so.simulate(so.Lion(0.1), problem, "sde", sde="order1", steps=1, paths=1)


# ---- pages of signs: the SDE has the moments of the step exactly, at any learning rate


SIGNS = {
    "Lion": (so.Lion(0.1, 0.8, 0.7, 0.3), 0.8),
    "Lion, momentum only later": (so.Lion(0.1, 0.0, 0.7, 0.3), 0.0),
    "Signum": (so.Signum(0.1, 0.6), 0.6),
    "SignSGDW": (so.SignSGDW(0.1, 0.4, 0.9), None),
}


@pytest.mark.parametrize("name", SIGNS)
def test_one_step_of_signs_has_the_moments_of_the_sde(name: str) -> None:
    page, beta = SIGNS[name]
    x, m = np.array([0.8, -0.5]), np.array([0.2, 0.3])
    o = Oracle(so.EmbeddedSaddle(), so.Gaussian(SPREAD))
    argument = o.objective.grad(x) + (page.l2 * x if beta is None else beta / (1.0 - beta) * m)
    y = x if beta is None else (x, m)
    step, sde = step_moments(page, y, o, rule(-argument / SPREAD)), sde_moments(page, y, o)
    assert np.allclose(step[0], sde[0], rtol=0.0, atol=1e-13)
    assert np.allclose(step[1], sde[1], rtol=0.0, atol=1e-13)
    if beta is not None:  # the noises of x and m are correlated, and the test sees it
        assert abs(step[1][0, 2]) > 0.1 * math.sqrt(step[1][0, 0] * step[1][2, 2])


def test_the_covariation_of_lion_is_that_of_the_theory() -> None:
    """d⟨X, M⟩ = -2ηκ σφ(a) dt."""
    page, x, m, sd = so.Lion(0.1, 0.5, 0.8), np.array([0.4]), np.array([-0.1]), 0.7
    o = Oracle(so.Quadratic([1.5]), so.Gaussian(sd))
    a = (0.5 / 0.5 * -0.1 + 0.6) / sd
    expected = -2.0 * 0.1 * 2.0 * sd * math.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
    assert sde_moments(page, (x, m), o)[1][0, 1] / page.clock == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("page", [so.Lion(0.05, 0.8, 0.7, 0.3), so.Signum(0.05, 0.7)])
def test_twenty_steps_by_hand(page: Any) -> None:
    o, y, x, m = Oracle(so.Quadratic([1.5]), so.Gaussian(0.6)), (np.array([1.0]), np.array([0.0])), 1.0, 0.0
    for k in range(20):
        z = 4.0 * math.sin(3.0 * k)  # so large that the sign of Lion depends on which decay is which
        g = 1.5 * x + 0.6 * z
        if isinstance(page, so.Lion):
            direction, m = 0.8 * m + 0.2 * g, 0.7 * m + 0.3 * g
            x = (1.0 - 0.05 * 0.3) * x - math.copysign(0.05, direction)
        else:
            m = 0.7 * m + 0.3 * g
            x -= math.copysign(0.05, m)
        y = page.step(k, y, o, (np.array([z]),))
        assert (float(y[0][0]), float(y[1][0])) == pytest.approx((x, m), rel=1e-13)


def test_signum_is_lion_with_one_decay_and_signsgd_without() -> None:
    o, z = Oracle(so.EmbeddedSaddle(), so.Gaussian(SPREAD)), (np.array([0.3, -1.0]),)
    x, m = np.array([0.8, -0.5]), np.array([0.2, 0.3])
    signum, lion = so.Signum(0.1, 0.6), so.Lion(0.1, 0.6, 0.6)
    for mine, other in zip(signum.step(0, (x, m), o, z), lion.step(0, (x, m), o, z), strict=True):
        assert np.array_equal(mine, other)
    for mine, other in zip(sde_moments(signum, (x, m), o), sde_moments(lion, (x, m), o), strict=True):
        assert np.allclose(mine, other, rtol=1e-14)
    assert np.array_equal(so.Signum(0.1, 0.0).step(0, (x, m), o, z)[0], so.SignSGD(0.1).step(0, x, o, z))


@pytest.mark.parametrize("page", [so.Lion(0.1), so.Signum(0.1), so.SignSGDW(0.1, 0.0)])
def test_the_sign_of_zero_is_zero(page: Any) -> None:
    o, x = Oracle(so.Quadratic([1.0, 1.0]), so.NoNoise()), np.array([0.0, 1.0])
    y = page.step(0, page.init(x, o) if hasattr(page, "init") else x, o, ())
    assert (y[0] if isinstance(y, tuple) else y).tolist() == [0.0, 0.9]


# ---- decay


@pytest.mark.parametrize(
    ("page", "end"),
    [
        (so.SignSGDW(1e-3, weight_decay=0.0, l2=0.5), 2.0),
        (so.SignSGDW(1e-3, weight_decay=0.0, l2=1.0), 1.5),
        (so.SignSGDW(1e-3, weight_decay=0.5), 2.0),
        (so.SignSGDW(1e-3, weight_decay=0.25), 3.0),
        (so.Lion(1e-3, weight_decay=0.5), 2.0),
    ],
)
def test_without_noise_decay_ends_where_the_theory_says(page: Any, end: float) -> None:
    """f = (x - 3)²/2: 3/(1 + λ) coupled, min(3, 1/θ) decoupled."""
    o = Oracle(so.Quadratic([1.0], center=[3.0]), so.NoNoise())
    y = page.init(np.zeros(1), o) if hasattr(page, "init") else np.zeros(1)
    for k in range(15_000):
        y = page.step(k, y, o, ())
    assert flat(y)[0] == pytest.approx(end, abs=2e-3)


def stationary_spread(page: Any, h: float, sd: float, steps: int, burn: int, every: int = 20, d: int = 4000) -> Any:
    """Var x of a page on h x²/2, from ``d`` coordinates that do not see each other; and its standard error."""
    o, draw = Oracle(so.Quadratic(np.full(d, h)), so.Gaussian(sd)), np.random.default_rng(8)
    y, squares = page.init(np.zeros(d), o) if hasattr(page, "init") else np.zeros(d), []
    for k in range(steps):
        y = page.step(k, y, o, (draw.standard_normal(d),))
        if k >= burn and k % every == 0:
            x = y[0] if isinstance(y, tuple) else y
            squares.append(x * x)
    means = np.mean(squares, axis=0)
    return float(means.mean()), float(means.std() / math.sqrt(d))


# The bias of a leading order is allowed 1.5 %; beyond that six standard errors, false alarm below 1e-8 each.


def assert_leading(found: Any, expected: float) -> None:
    mean, error = found
    assert error < 0.005 * expected  # the test has power
    assert abs(mean - expected) < 0.015 * expected + 6.0 * error


def test_stationary_variance_with_decay() -> None:
    page = so.SignSGDW(0.01, weight_decay=1.5, l2=0.5)
    expected = page.stationary(np.array([[1.0]]), np.array([[0.49]]))[0, 0]
    assert expected == pytest.approx(0.005 / (math.sqrt(2.0 / math.pi) * 1.5 / 0.7 + 1.5), rel=1e-12)
    assert_leading(stationary_spread(page, 1.0, 0.7, 2000, 400), expected)


def test_stationary_variance_of_lion() -> None:
    page = so.Lion(0.002, 0.5, 0.996, 0.3)
    expected = page.stationary(np.array([[1.0]]), np.array([[0.49]]))[0, 0]
    assert_leading(stationary_spread(page, 1.0, 0.7, 6000, 2000, d=12_000), expected)


def test_stationary_of_lion_is_the_linearised_sde() -> None:
    page, o, h = so.Lion(0.1, 0.7, 0.8, 0.3), Oracle(so.Quadratic(BENT), so.Gaussian(cov=SIGMA)), 1e-6
    law = page.sdes["order1"]
    A = -np.array([flat(law.drift(page, 0.0, parted(page, h * e), o)) for e in np.eye(4)]).T / h
    D = sde_moments(page, parted(page, np.zeros(4)), o)[1] / page.clock
    assert np.allclose(stationary(A, D)[:2, :2], page.stationary(BENT, SIGMA), rtol=1e-8)


@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_signum_at_a_fixed_decay_is_signsgd_with_correlated_signs(beta: float) -> None:
    """Regime B: Var x = (η/2) √(π/2) (σ/h) √((1 - β)/(1 + β)) [1 + (4/π) Σ arcsin β^j]."""
    lr, h, sd = 0.01, 2.0, 0.5
    lags = 1.0 + 4.0 / math.pi * float(np.arcsin(beta ** np.arange(1, 2000)).sum())
    expected = lr / 2 * math.sqrt(math.pi / 2) * sd / h * math.sqrt((1 - beta) / (1 + beta)) * lags
    assert_leading(stationary_spread(so.Signum(lr, beta), h, sd, 1200, 300), expected)


def test_signum_in_its_regime_spreads_by_the_root_of_the_learning_rate() -> None:
    """Regime A: Var x = √(2/3) Γ(5/4)/Γ(3/4) σ√(η/κ)/h; here κ = 0.2."""
    lr, h, sd = 0.01, 2.0, 0.5
    expected = math.sqrt(2 / 3) * math.gamma(1.25) / math.gamma(0.75) * sd * math.sqrt(lr / 0.2) / h
    assert_leading(stationary_spread(so.Signum(lr, 1.0 - 0.2 * lr), h, sd, 6500, 3000), expected)


# ---- SGLD


def test_one_step_of_sgld_is_a_step_of_eulers_method() -> None:
    """For Gaussian noise dt = η gives the step itself, draw by draw."""
    page, o, x = so.SGLD(0.1, 0.3), Oracle(so.EmbeddedSaddle(), so.Gaussian(cov=SIGMA)), np.array([0.8, -0.5])
    z, own, root = np.array([0.3, -1.0]), np.array([0.7, 0.2]), math.sqrt(0.1)
    sde = page.sdes["order1"]
    ahead = x + 0.1 * sde.drift(page, 0.0, x, o) + root * sde.diffusion(page, 0.0, x, o, (z, own))
    assert np.allclose(page.step(0, x, o, ((z,), (own,))), ahead, rtol=1e-14)
    seen = o.objective.grad(x) + root_cov(o, x, z)
    by_hand = x - 0.1 * seen + math.sqrt(2.0 * 0.1 * 0.3) * own
    assert np.allclose(page.step(0, x, o, ((z,), (own,))), by_hand, rtol=1e-14)


def test_sgld_samples_gibbs() -> None:
    """Stationary on a quadratic: (2T + ηs²)/(2h), and (2T + ηs²)/(h(2 - ηh)) for the iterates; T H⁻¹ as η → 0."""
    T, lr = 0.3, 0.1
    cov = stationary(*so.SGLD(lr, T).linear(H, SIGMA))
    assert np.diag(cov) == pytest.approx((2 * T + lr * np.diag(SIGMA)) / (2 * np.diag(H)), rel=1e-12)
    assert np.allclose(stationary(*so.SGLD(1e-9, T).linear(BENT, SIGMA)), T * np.linalg.inv(BENT), rtol=1e-8)
    page, o, variance = so.SGLD(lr, T), Oracle(so.Quadratic([2.0]), so.Gaussian(0.5)), 0.0
    quiet, one = np.zeros(1), np.ones(1)
    decay = float(page.step(0, one, o, ((quiet,), (quiet,)))[0])
    kicks = [page.step(0, quiet, o, z)[0] for z in (((one,), (quiet,)), ((quiet,), (one,)))]
    for _ in range(400):
        variance = decay**2 * variance + sum(float(kick) ** 2 for kick in kicks)
    assert variance == pytest.approx((2 * T + lr * 0.25) / (2.0 * (2.0 - lr * 2.0)), rel=1e-12)


def test_cold_sgld_is_sgd() -> None:
    o, x, z = Oracle(so.EmbeddedSaddle(), so.Gaussian(0.6)), np.array([0.8, -0.5]), (np.array([0.3, -1.0]),)
    assert np.array_equal(so.SGLD(0.1, 0.0).step(0, x, o, (z, (np.ones(2),))), so.SGD(0.1).step(0, x, o, z))


# ---- Nesterov


def recursion(page: Any, hessian: Any, sigma: Any) -> tuple[Any, Any]:
    """y' = F y + noise of covariance Q: what a page's step is on a quadratic, read off its own code."""
    d = len(hessian)
    o, m = Oracle(so.Quadratic(hessian), so.Gaussian(cov=sigma)), len(page.parts) * d
    F = np.array([flat(page.step(0, parted(page, e), o, (np.zeros(d),))) for e in np.eye(m)]).T
    B = np.array([flat(page.step(0, parted(page, np.zeros(m)), o, (e,))) for e in np.eye(d)]).T
    return F, B @ B.T


def original(page: Any) -> Any:
    """x̃ = x + μηv, the position of the form that takes its gradient ahead of x̃."""
    return np.hstack([np.eye(2), page.momentum * page.lr * np.eye(2)])


def test_twenty_steps_of_nesterov() -> None:
    """Theory A, section 7: ε = 0.1, μ̂ = 1, whose position is the original one."""
    page = so.Nesterov(0.01, 0.9)
    F, Q = recursion(page, H, SIGMA)
    mean, cov = np.concatenate([START, np.zeros(2)]), np.zeros((4, 4))
    for _ in range(20):
        mean, cov = F @ mean, F @ cov @ F.T + Q
    view = original(page)
    found = view @ cov @ view.T
    assert view @ mean == pytest.approx([0.15027122, 0.15568571], abs=6e-9)
    assert [found[0, 0], found[0, 1], found[1, 1]] == pytest.approx([0.01943156, 0.00539403, 0.00604217], abs=6e-9)


def test_order1_of_nesterov_is_that_of_the_heavy_ball() -> None:
    page = so.Nesterov(0.01, 0.9)
    A, D = page.linear(H, SIGMA)
    means, covs = moments(A, D, np.concatenate([START, np.zeros(2)]), np.zeros((4, 4)), [2.0])
    assert means[0, :2] == pytest.approx([0.15057437, 0.20593711], abs=6e-9)
    cov = covs[0]
    assert [cov[0, 0], cov[0, 1], cov[1, 1]] == pytest.approx([0.02003830, 0.00582558, 0.00674043], abs=6e-9)


def theory_order2(page: Any, hessian: Any) -> Any:
    """A of theory A, 1.3, in (x̃, v̂ = -√η v): the heavy ball's with the sign of H v̂ turned."""
    h, one = math.sqrt(page.lr), np.eye(2)
    rub = (1.0 - page.momentum) / h
    return np.block(
        [
            [0.5 * h * hessian, -(1.0 - 0.5 * h * rub) * one],
            [(1.0 + 0.5 * h * rub) * hessian, (rub + 0.5 * h * rub**2) * one + 0.5 * h * hessian],
        ]
    )


def test_order2_of_nesterov_is_that_of_the_theory_seen_from_pytorchs_point() -> None:
    """theory_order2 has the mean of section 7, and the page's coefficients are its own, transformed, up to O(η)."""
    page = so.Nesterov(0.01, 0.9)
    phi, _ = transition(theory_order2(page, H), np.zeros((4, 4)), 2.0)
    assert phi[:2, :2] @ START == pytest.approx([0.15347612, 0.15348461], abs=6e-9)

    def gap(h: float) -> Any:
        page = so.Nesterov(h * h, 1.0 - 0.7 * h)
        to = np.block([[np.eye(2), page.momentum * page.lr * np.eye(2)], [np.zeros((2, 2)), -h * np.eye(2)]])
        A = to @ page.sdes["order2"].linear(page, BENT, SIGMA)[0] @ np.linalg.inv(to)
        return np.linalg.norm(A - theory_order2(page, BENT))

    assert math.log2(gap(0.02) / gap(0.01)) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("sde", "order"), [("order1", 1), ("order2", 2)])
def test_local_errors_of_the_sdes_of_nesterov(sde: str, order: int) -> None:
    """In h = √η, with the velocity √η v and 1 - μ = 0.7 √η: O(h^{order + 1}) over one step."""

    def error(h: float) -> Any:
        page, scale = so.Nesterov(h * h, 1.0 - 0.7 * h), np.array([1.0, 1.0, h, h])
        phi, _ = transition(*page.sdes[sde].linear(page, BENT, SIGMA), page.clock)
        return np.linalg.norm(scale[:, None] * (phi - recursion(page, BENT, SIGMA)[0]) / scale)

    assert math.log2(error(0.02) / error(0.01)) == pytest.approx(order + 1, abs=0.05)


@pytest.mark.parametrize("sde", ["order1", "order2"])
def test_linear_is_the_sde_of_nesterov_on_a_quadratic(sde: str) -> None:
    page, o = so.Nesterov(0.04, 0.7), Oracle(so.Quadratic(BENT), so.Gaussian(cov=SIGMA))
    law = page.sdes[sde]
    A, D = law.linear(page, BENT, SIGMA)
    drift = np.array([flat(law.drift(page, 0.0, parted(page, e), o)) for e in np.eye(4)]).T
    kicks = np.array([flat(law.diffusion(page, 0.0, parted(page, np.ones(4)), o, e)) for e in np.eye(2)])
    assert np.allclose(drift, -A, rtol=1e-13, atol=1e-13)
    assert np.allclose(kicks.T @ kicks, D, rtol=1e-13, atol=1e-15)


def test_stationary_variance_of_nesterov() -> None:
    """Theory A, item 2: η = 0.1, μ = 0.9, h = 2, s² = 1/2, of x̃; and the AR(2) formula of the page."""
    page = so.Nesterov(0.1, 0.9)
    F, Q = recursion(page, 2.0 * np.eye(2), 0.5 * np.eye(2))
    cov = np.zeros((4, 4))
    for _ in range(3000):
        cov = F @ cov @ F.T + Q
    view = original(page)
    found = (view @ cov @ view.T)[0, 0]
    q, p = 1.9 * 0.8, -0.9 * 0.8
    assert found == pytest.approx(0.0473985891, abs=1e-10)
    assert found == pytest.approx(0.01 * 0.5 * (1 - p) / ((1 + p) * ((1 - p) ** 2 - q**2)), rel=1e-12)


# ---- Adagrad


def test_one_step_of_adagrad_has_the_moments_of_the_sde() -> None:
    """What is left is of the order of α²: it falls to a quarter when α is halved."""
    o, x, filled = Oracle(so.EmbeddedSaddle(), so.Gaussian(cov=SIGMA)), np.array([0.8, -0.5]), np.array([0.7, 1.1])
    points, weights = np.polynomial.hermite_e.hermegauss(24)
    grid = itertools.product(zip(points, weights / weights.sum(), strict=True), repeat=2)
    normals = [(np.array([a, b]), u * v) for (a, u), (b, v) in grid]

    def errors(lr: float) -> Any:
        page, scale = so.Adagrad(lr), np.array([1.0, 1.0, lr * lr, lr * lr])  # x and U = α²V
        y = (x, filled / lr**2)
        (mean, cov), (drift, noise) = step_moments(page, y, o, normals), sde_moments(page, y, o, t=0.1)
        unit = np.outer(scale, scale) / lr**4
        return np.array([*(scale / lr**2 * (mean - drift)), *(unit * (cov - noise)).ravel()])

    coarse, fine = errors(0.04), errors(0.02)
    assert np.abs(fine).max() < 2e-3
    assert (np.abs(fine) < 0.27 * np.abs(coarse) + 1e-8).all()
    assert np.linalg.norm(fine) > 0.2 * np.linalg.norm(coarse)


def test_eighty_steps_of_adagrad() -> None:
    """Theory B, 6.9: α² = 1/80, α²v₀ = 1, t = 1; many pairs of coordinates of (x₁² + 2x₂²)/2 as one problem.

    Five digits of the theory and five standard errors; false alarm below 2e-6.
    """
    pairs, lr = 200_000, math.sqrt(1.0 / 80.0)
    f = so.Quadratic(np.tile([1.0, 2.0], pairs))
    page, o = so.Adagrad(lr, eps=0.0, initial=80.0), Oracle(f, so.Gaussian(np.tile([0.3, 0.4], pairs)))
    y, draw = page.init(np.tile([1.0, -0.7], pairs), o), np.random.default_rng(3)
    for k in range(80):
        y = page.step(k, y, o, (draw.standard_normal(2 * pairs),))
    x = y[0].reshape(pairs, 2)
    assert abs(x[:, 0].mean() - 0.4185) < 5e-5 + 5.0 * x[:, 0].std() / math.sqrt(pairs)
    for found, expected in zip(x.var(axis=0) / lr**2, (0.0255, 0.0276), strict=True):
        assert abs(found - expected) < 5e-5 + 5.0 * expected * math.sqrt(2.0 / pairs)


def test_the_sum_of_squares_starts_where_it_is_told_and_is_floored() -> None:
    o, page, x = Oracle(so.Quadratic([1.5]), so.Gaussian(0.6)), so.Adagrad(0.1, 0.0, 2.0), np.array([0.8])
    assert page.init(x, o)[1] == 2.0
    x1, v1 = page.start(x, o)
    assert v1 == pytest.approx(2.0 + 1.44 + 0.36, rel=1e-14)
    assert x1 == pytest.approx(0.8 - 0.1 * 1.2 / math.sqrt(3.8), rel=1e-14)
    for v, floored in ((np.array([-5.0]), 2.0 + 0.1 * 30.0 * 0.36), (np.array([9.0]), 9.0)):
        assert page.drift(30.0 * 0.01, (x, v), o)[0] == pytest.approx(-1.2 / 0.1 / math.sqrt(floored), rel=1e-12)


def test_the_regime_of_adagrad_scales_its_start() -> None:
    page = so.Adagrad(0.1, initial=10.0)
    assert page.clock == pytest.approx(0.01, rel=1e-15)
    assert page.scaled(0.05).initial == pytest.approx(40.0, rel=1e-14)


def test_signs_of_the_means_follow_the_gradient() -> None:
    """The drift of every page here points down the slope of a steep valley."""
    o, x = Oracle(so.Quadratic([1.0, 1.0]), so.Gaussian(0.5)), np.array([0.8, -0.5])
    for page in (so.SGLD(0.1), so.Adagrad(0.1), so.SignSGDW(0.1)):
        y = page.init(x, o) if hasattr(page, "init") else x
        move = page.drift(0.1, y, o)
        assert (np.sign(move[0] if isinstance(move, tuple) else move) == -np.sign(x)).all()
    assert (mean_sign(o, x, x) * x > 0.0).all()
