"""A scaling rule keeps the SDE: per step after, drift and covariance are those of as many steps before, exactly.

Nothing is simulated. v and other sums of squares have the units of Σ, which falls as 1/κ; where a rule wants noise to
dominate, x and the running means are small. The noise of the squares themselves is no part of what a rule keeps.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm, solve_continuous_lyapunov

import sdeopt as so
from sdeopt.scaling.rules import RULES

H, SIGMA = [1.0, 2.0], np.array([[0.5, 0.2], [0.2, 1.0]])
START, TINY, STEPS = np.array([1.0, -0.8]), np.array([1e-7, -0.8e-7]), 24
BOWL, NOISE = so.Quadratic(H), so.Gaussian(cov=SIGMA)
GAME = so.QuadraticGame(a=0.5, coupling=1.0, b=1.0)
CLOSE = 1.0 - 1e-11  # a running mean that β₁² leaves as it is

PLAIN = [
    so.SGD(0.1), so.SGLD(0.1, 0.3), so.PGD(0.1, 0.3), so.WarmupSGD(0.1, 0.5, 0.7), so.ScheduleFreeSGD(0.1, 0.8, 0.3),
    so.DelayedSGD(0.1, 3), so.FPGD(0.1, 0.5),
]  # fmt: skip
GAMES = [
    so.SGDA(0.1, 0.5), so.AltGDA(0.1, 0.5), so.AltGDAIndependent(0.1, 0.5),
    so.SEG(0.1, 0.3), so.SEGIndependent(0.1, 0.3), so.SHGD(0.1), so.SHGD2(0.1),
    so.SmoothedGDA(0.1, 0.5, 1.0, 0.2), so.SmoothedGDAIndependent(0.1, 0.5, 1.0, 0.2),
]  # fmt: skip
NOISY = [
    so.SignSGD(0.1), so.SignSGDW(0.1, 0.3, 0.2), so.RMSprop(0.1, 0.99, 1e-3), so.RMSpropW(0.1, 0.99, 1e-3, 0.3),
    so.Adam(0.1, 0.9, 0.99, 1e-3), so.AdamW(0.1, 0.9, 0.99, 1e-3, 0.3), so.NAdam(0.1, 0.9, 0.99, 0.03, 1e-3),
    so.AdaBelief(0.1, CLOSE, 0.99, 1e-6), so.ScheduleFreeAdamW(0.1, 0.9, 0.99, 1e-3, 0.3), so.Adagrad(0.1, 1e-3, 2.0),
    so.AdaGradNorm(0.1, 2.0),
]  # fmt: skip


def state(page: Any, x: Any, past: Any) -> Any:
    """One of the page at step 24: x and what it remembers, ``past`` by name."""
    if len(page.parts) == 1:
        return x
    if page.parts == ("x", "past"):
        return x, np.tile(0.9 * x, int(page.delay))
    return tuple(x if name == "x" else past[name] for name in page.parts)


def moments(page: Any, sde: str, steps: float, y: Any, o: Any) -> tuple[Any, Any]:
    """Drift and covariance of one step by the SDE."""
    found, t = type(page).sdes[sde], steps * page.clock
    many = len(page.parts) > 1

    def flat(value: Any) -> Any:
        return (
            np.concatenate([np.broadcast_to(p, np.shape(q)) for p, q in zip(value, y, strict=True)]) if many else value
        )

    columns = []
    slots = len(found.brownian)
    for slot in range(slots):
        for unit in np.eye(2 * o.noise.agents):
            dw = tuple(unit if n == slot else 0.0 * unit for n in range(slots))
            columns.append(flat(found.diffusion(page, t, y, o, dw if slots > 1 else dw[0])))
    root = np.array(columns).T
    return page.clock * flat(found.drift(page, t, y, o)), page.clock * root @ root.T


def kept(page: Any, problem: Any, change: Any, x: Any, units: Any, past: Any, sde: str = "", size: int = 0) -> None:
    """The first ``size`` coordinates of drift and covariance, units -> how what is remembered changes."""
    sde = sde or page.default_sde
    found = so.scale(page, problem=problem, **change)
    sides = []
    speed = float(found.speed)
    for m, p, times, now in ((page, problem, speed, {}), (found.after, found.problem_after, 1.0, units)):
        y = state(m, x, {name: value * now.get(name, 1.0) for name, value in past.items()})
        b, cov = moments(m, sde, STEPS * times / speed, y, p.oracle)
        sizes = [part.size for part in (y if isinstance(y, tuple) else (y,))]
        squares = np.repeat([name == "v" and "square" in type(m).sdes[sde].brownian for name in m.parts], sizes)
        cov[squares] = cov[:, squares] = 0.0
        u = np.repeat([now.get(name, 1.0) for name in m.parts], sizes)
        n = size or b.size
        sides.append((times * b[:n] / u[:n], times * cov[:n, :n] / np.outer(u[:n], u[:n])))
    (b, cov), (b1, cov1) = sides
    np.testing.assert_allclose(b1, b, rtol=2e-5, atol=1e-14)
    np.testing.assert_allclose(cov1, cov, rtol=2e-5, atol=1e-10 * np.abs(cov).max())


@pytest.mark.parametrize("page", PLAIN, ids=lambda page: type(page).__name__)
def test_linear_rules(page: Any) -> None:
    problem = so.Problem(BOWL, NOISE, START)
    late = isinstance(page, so.DelayedSGD)
    kept(page, problem, {"batch": (8, 24)}, START, {}, {"z": 0.7 * START}, "order1" if late else "", 2 * late)


@pytest.mark.parametrize("page", GAMES, ids=lambda page: type(page).__name__)
def test_games(page: Any) -> None:
    kept(page, so.Problem(GAME, NOISE, START), {"batch": (8, 24)}, START, {}, {"w": 0.7 * START})


@pytest.mark.parametrize("page", NOISY, ids=lambda page: type(page).__name__)
def test_where_noise_dominates(page: Any) -> None:
    var = np.diag(SIGMA)
    past = {"m": 2.0 * TINY, "z": 0.7 * TINY, "v": 1.2 * var, "p": 0.0 * var}
    units = {"v": 1.0 / 3.0}
    if isinstance(page, so.AdaBelief):
        past["v"] = var  # at rest, but for ε
    if isinstance(page, so.Adagrad | so.AdaGradNorm):
        past, units = past | {"v": 30.0 * var}, {"v": 1.0 / 9.0}
    kept(page, so.Problem(BOWL, NOISE, TINY), {"batch": (8, 24)}, TINY, units, past)


def test_signum_keeps_the_flow_of_its_running_mean() -> None:
    """Where |M| is above the weight of one sample."""
    past = {"m": np.array([0.4, -0.3])}
    kept(so.Signum(0.1, 0.998), so.Problem(BOWL, NOISE, START), {"batch": (8, 24)}, START, {}, past)


def test_sghmc_keeps_its_friction_and_both_noises() -> None:
    """V is x of a step: there are fewer and longer ones."""
    past = {"v": np.array([0.01, -0.02])}
    kept(so.SGHMC(0.01, 0.97, 0.3), so.Problem(BOWL, NOISE, START), {"batch": (8, 24)}, START, {"v": 3.0}, past)


def test_rounds_are_a_batch() -> None:
    problem = so.Problem(BOWL, so.Agents(NOISE, agents=2), START)
    kept(so.LocalSGD(0.01, 3, 0.7), problem, {"agents": (2, 6), "batch": (1, 2)}, START, {}, {})


def test_shorter_steps_scale_as_those_that_they_shorten() -> None:
    """The step is ψ(x) times that of compressed agents, and no batch changes ψ: one rule keeps drift and covariance."""
    change = {"agents": (2, 6), "batch": (1, 2), "new_k": 1}
    one, other = so.scale(so.DCSGDNormalised(0.01, 2, 0.7, 0.4), **change), so.scale(so.DCSGDRandK(0.01, 2), **change)
    assert one.after == so.DCSGDNormalised(other.after.lr, 1, 0.7, 0.4)
    assert one.speed == other.speed
    short = 1.0 / (0.7 + 0.4 * np.linalg.norm(BOWL.grad(START)))
    for a, b, n in ((one.before, other.before, 2), (one.after, other.after, 6)):
        o, dw = so.Problem(BOWL, so.Agents(NOISE, agents=n)).oracle, [np.sin(np.arange(m)) for m in (2 * n, 2 * n, 2)]
        np.testing.assert_allclose(a.drift(0.0, START, o), short * b.drift(0.0, START, o), rtol=1e-14)
        np.testing.assert_allclose(a.diffusion(0.0, START, o, dw), short * b.diffusion(0.0, START, o, dw), rtol=1e-14)


@pytest.mark.parametrize("time", [0.7, 20.0])
def test_outer_momentum_is_forgotten_in_time(time: float) -> None:
    """The law of x, by the linear SDE at a time: before and after differ by O(η), the naive rule by O(1)."""
    page = so.FedAvgM(2e-5, 3, 0.7, 0.6)
    found = so.scale(page, agents=(2, 4), batch=(1, 2))
    assert found.after == so.FedAvgM(8e-5, 3, 0.7, 0.6)

    def law(m: Any, noise: Any) -> tuple[Any, Any]:
        A, D = m.linear(np.diag(H), noise)
        P, E = solve_continuous_lyapunov(A, D), expm(-A * time)
        return (E @ np.concatenate([START, 0.0 * START]))[:2], (P - E @ P @ E.T)[:2, :2]

    (mean, cov), (mean1, cov1) = law(page, SIGMA / 2.0), law(found.after, SIGMA / 8.0)
    np.testing.assert_allclose(mean1, mean, atol=2e-3)
    np.testing.assert_allclose(cov1, cov, rtol=5e-3)
    assert not np.allclose(law(page, SIGMA / 8.0)[1], cov, rtol=0.5)


NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(3)


def drawn(page: Any, y: Any, o: Any, size: int, samples: Any, fold: Any) -> tuple[Any, Any]:
    """Mean and covariance of one step over all draws of ``size`` normal numbers, of ``fold`` of the state."""
    moves, weights = [], []
    for places in itertools.product(range(3), repeat=size):
        after = page.step(10**9, y, o, samples(NODES[list(places)]))
        moves.append(np.concatenate(fold(*(b - a for a, b in zip(y, after, strict=True)))))
        weights.append(np.prod(WEIGHTS[list(places)] / WEIGHTS.sum()))
    mean = np.average(moves, axis=0, weights=weights)
    return mean, np.cov(np.array(moves).T, aweights=weights, ddof=0)


def test_the_axes_of_soap_stay_and_so_do_its_steps() -> None:
    """L, R and V fall as the covariance of the noise; their own noise is no part of what is kept."""
    column = so.Problem(so.MatrixQuadratic([[1e-6], [-0.7e-6]], np.diag([1.0, 1.4])), so.Gaussian(cov=SIGMA))
    found = so.scale(so.SOAP(1e-4, 1 - 2e-4, 1 - 1.5e-4, 1e-3, 0.4), batch=(8, 24), problem=column)
    seen, kept, x = lambda z: (z,), lambda *parts: parts, np.array([2e-6, 3e-6])
    squares = np.array([1.2, 0.4]), np.array([0.8, 0.5, 0.5, 1.1]), np.array([1.7])
    before, _ = drawn(found.before, (x, 0.8 * x, *squares), column.oracle, 2, seen, kept)
    fewer = tuple(part / 3.0 for part in squares)
    after, cov = drawn(found.after, (x, 0.8 * x, *fewer), found.problem_after.oracle, 2, seen, kept)
    np.testing.assert_allclose(after[:4], 3.0 * before[:4], rtol=1e-3)
    np.testing.assert_allclose(after[4:], before[4:], rtol=1e-3)
    assert cov[2:4, 2:4] == pytest.approx((6e-4) ** 2 * SIGMA / 3.0, rel=1e-6)  # 3 · (2e-4)² Σ, that of three steps


@pytest.mark.parametrize(("change", "steps"), [({"batch": (1, 3)}, 2), ({"agents": (2, 4), "batch": (1, 2)}, 1)])
def test_rounds_of_adamw_keep_the_momentum_of_all(change: dict[str, Any], steps: int) -> None:
    """Means over the agents, of which there are more after; twice and three times the rounds, exactly but for O(η)."""
    line = so.Problem(so.Quadratic([1.5]), so.Agents(so.Gaussian(0.6), agents=2))
    page = so.DiLoCo(1e-4, steps, 5e-4, 1 - 3e-4, 1 - 2e-4, 1 - 1.5e-4, 1e-3, 0.4)
    found, sides = so.scale(page, problem=line, **change), []
    for m, p, kappa in ((page, line, 1.0), (found.after, found.problem_after, change["batch"][1])):
        n = p.noise.agents
        y = np.array([2e-6]), np.array([3e-6]), np.full(n, 1e-6), np.full(n, 0.5 / kappa)
        mean, cov = drawn(
            m, y, p.oracle, n * steps, lambda z: tuple((part,) for part in np.split(z, steps)),
            lambda x, b, m, v: (x, b, [m.mean()], [v.mean()]),
        )  # fmt: skip
        sides.append((mean * [1.0, 1.0, 1.0, kappa], cov[2, 2]))
    (mean, var), (mean1, var1) = sides
    np.testing.assert_allclose(mean1, float(found.speed) * mean, rtol=5e-3)
    assert var1 == pytest.approx(float(found.speed) * var, rel=5e-3)


def test_every_rule_of_a_closed_sde_is_tried() -> None:
    """The others: exact laws, certificates of single steps, or slow studies, in the files beside this one."""
    tried = {type(p) for p in (*PLAIN, *GAMES, *NOISY)} | {so.Signum, so.SGHMC, so.LocalSGD, so.FedAvgM}
    tried |= {so.DCSGDNormalised, so.SOAP, so.DiLoCo}
    elsewhere = {
        so.HeavyBall, so.Nesterov, so.DSGD, so.DCSGDRandK, so.DCSGDDithering, so.DCSGDNatural, so.DSignSGD, so.DPSGD,
        so.DPSignSGD, so.DPAdam, so.Scion, so.ScionSpectral, so.Muon, so.AMSGrad, so.Shampoo,
    }  # fmt: skip
    assert tried == set(RULES) - elsewhere
