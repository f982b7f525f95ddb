"""The law of several agents: what each sees, its mean, common random numbers, heavy tails, shares of the data."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import agent_grads, agent_means, agent_roots, grad, noise, noisy_grad, noisy_value, root_cov
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.noise.spec import parse
from sdeopt.theory import rand_k_covariance

H, START = np.array([1.0, 2.0]), np.array([1.0, -0.7])
SHIFTS = np.array([[0.6, -0.4], [-0.6, 0.5], [0.3, 0.3], [-0.3, -0.4]])
COV = np.array([[1.0, 0.3], [0.3, 0.5]])
MIXED = so.Agents([so.Gaussian([0.5, 0.8]), so.NoNoise(), so.StudentT(5, 0.4), so.Gaussian(cov=COV)], shifts=SHIFTS)
COVS = [np.diag([0.25, 0.64]), np.zeros((2, 2)), np.eye(2) * 0.16 * 5 / 3, COV]
BOWL = so.Quadratic(H)
DATA = so.LinearRegression(np.random.default_rng(1).normal(size=(6, 3)), np.arange(6.0), l2=0.1)


def problem(law: Any) -> so.Problem:
    return so.Problem(BOWL, law, x0=START)


def column(page: Any, law: Any, kind: str, **grid: Any) -> Any:
    grid = {"steps": 6, "rng": 3, "observables": [], "save_at": 6} | grid
    return plan(page, problem(law), kind, **grid)


def plain(run: Any, paths: int = 3) -> Any:
    return Kernel(replace(run, interpreted=True))(0, paths)


def test_every_agent_sees_its_own_gradient() -> None:
    o, point = problem(MIXED).oracle, np.random.default_rng(0)
    z = point.normal(size=8), point.normal(size=2)
    n = z[0].reshape(4, 2)
    q = n[2] ** 2 + z[1] ** 2
    root = np.linalg.cholesky(COV)
    expected = SHIFTS + H * START
    assert np.allclose(agent_means(o, START), expected, rtol=0, atol=1e-15)
    noises = [[0.5, 0.8] * n[0], [0, 0], 0.4 * n[2] * np.sqrt(5 * np.expm1(q / 5) / q), root @ n[3]]
    assert np.allclose(agent_grads(o, START, z), expected + noises, rtol=0, atol=1e-14)
    assert np.allclose(noisy_grad(o, START, z), (expected + noises).mean(axis=0), rtol=0, atol=1e-14)
    assert np.allclose(noise(o, START, z), np.mean(noises, axis=0), rtol=0, atol=1e-14)


def test_covariances_of_each_and_of_the_mean() -> None:
    o = problem(MIXED).oracle
    each = np.array([agent_roots(o, START, e) for e in np.eye(8)])
    for i, cov in enumerate(COVS):
        assert np.allclose(each[:, i].T @ each[:, i], cov, rtol=0, atol=1e-14)
    whole = np.array([root_cov(o, START, e) for e in np.eye(8)])
    assert np.allclose(whole.T @ whole, sum(COVS) / 16, rtol=0, atol=1e-14)
    assert np.allclose(MIXED.var(o, START), np.diag(sum(COVS)) / 16, rtol=0, atol=1e-15)


def test_a_plain_law_is_one_agent() -> None:
    """Every distributed page does the same with a law and with one agent of that law."""
    for name, page in so.methods().items():
        if page.family == "distributed":
            for kind in ("discrete", "sde"):
                one, law = (plain(column(page(lr=0.1), noise, kind, substeps=2))
                            for noise in (so.Agents(so.Gaussian(0.5), agents=1), so.Gaussian(0.5)))  # fmt: skip
                assert np.array_equal(one, law), (name, kind)


def test_normal_agents_step_by_the_euler_scheme() -> None:
    """All normals are shared between the columns, those of agents without noise too."""
    law = so.Agents([so.Gaussian([0.5, 0.8]), so.NoNoise(), so.Gaussian(cov=COV)])
    steps = plain(column(so.DSGD(0.1), law, "discrete", substeps=1))
    euler = plain(column(so.DSGD(0.1), law, "sde", substeps=1, scheme="euler"))
    assert np.allclose(steps, euler, rtol=0, atol=1e-14)


def test_masks_share_their_normals_with_the_sde() -> None:
    """Noise of rand-k alone: the mask sends the entry with the larger normal, and the SDE follows it."""
    page, law = so.DCSGDRandK(0.05), so.Agents(so.NoNoise(), agents=2, shifts=[[1.0, -0.5], [-1.0, 0.5]])
    ends = [
        plain(column(page, law, kind, steps=10, substeps=2, scheme="euler"), 400)[:, -1] for kind in ("discrete", "sde")
    ]
    for j in range(2):  # E|w_1 - w_2|/√(2 Var) = √(2/π) = 0.798; 400 paths give it to 0.02
        assert np.corrcoef(ends[0][:, j], ends[1][:, j])[0, 1] > 0.65


def test_unequal_gradients_are_noise_of_the_compressor_only() -> None:
    """At the optimum of f: nothing for DSGD, (1/N²) Σ (W - 1)∘b bᵀ for rand-k."""
    o = so.Problem(BOWL, so.Agents(so.NoNoise(), agents=4, shifts=SHIFTS)).oracle
    x = np.zeros(2)
    assert np.allclose(so.DSGD(0.1).step(0, x, o, ()), 0.0, rtol=0, atol=1e-17)
    page = so.DCSGDRandK(0.1)
    kicks = np.array([page.diffusion(0.0, x, o, (np.zeros(8), e, np.zeros(2))) for e in np.eye(8)])
    expected = sum(rand_k_covariance(b, 1) for b in SHIFTS) / 16
    assert np.allclose(kicks.T @ kicks, 0.1 * expected, rtol=0, atol=1e-16)


HEAVY = so.Agents([so.Gaussian(0.5), so.StudentT(nu=1.5, scale=0.5), so.StudentT(nu=1, scale=0.3)])


@pytest.mark.parametrize("name", [n for n, page in so.methods().items() if page.family == "distributed"])
def test_one_agent_may_be_heavy_tailed(name: str) -> None:
    page = so.methods()[name](lr=0.05)
    assert np.isfinite(plain(column(page, HEAVY, "discrete"))).all()
    if name == "DSignSGD":
        assert np.isfinite(plain(column(page, HEAVY, "sde", steps=2, substeps=1))).all()
    else:
        with pytest.raises(ValueError, match=r"StudentT\(nu=1.5, scale=0.5\) has no covariance"):
            Kernel(column(page, HEAVY, "sde"))


@pytest.mark.slow
def test_signs_of_heavy_tails_compiled() -> None:
    """SIMD lanes over laws of three classes, bit for bit."""
    for kind in ("discrete", "sde"):
        run = column(so.DSignSGD(0.05), HEAVY, kind)
        compiled = Kernel(run)
        assert compiled.mode == "lanes"
        assert np.array_equal(compiled(0, 3), plain(run))


def test_what_the_mean_has_no_formula_for_is_sampled() -> None:
    run = column(so.SignSGD(0.1), so.Agents(so.Gaussian(0.5), 3), "sde")
    assert run.sde == "sampled"
    assert np.isfinite(plain(run)).all()


@pytest.mark.parametrize("replacing", [True, False])
def test_shares_of_the_data(replacing: bool) -> None:
    """Agent i draws from its own two examples of six, and all moments are those of the share."""
    law = so.Agents(so.Minibatch(1, replacing), agents=3)
    o = so.Problem(DATA, law).oracle
    x = np.array([0.3, -0.2, 0.5])
    rows = np.array([(DATA.X[i] @ x - DATA.y[i]) * DATA.X[i] + 0.1 * x for i in range(6)]).reshape(3, 2, 3)
    assert np.allclose(agent_means(o, x), rows.mean(axis=1), rtol=0, atol=1e-14)
    assert np.allclose(np.mean(agent_means(o, x), axis=0), grad(o, x), rtol=0, atol=1e-14)
    for pick in (0, 1):
        z = tuple(np.array([u]) for u in (0.2, 0.7)[pick : pick + 1] * 3)
        assert np.allclose(agent_grads(o, x, z), rows[:, pick], rtol=0, atol=1e-14)
        assert np.allclose(grad(o, x) + noise(o, x, z), noisy_grad(o, x, z), rtol=0, atol=1e-14)
    kicks = np.array([root_cov(o, x, e) for e in np.eye(6)])
    cov = sum(np.cov(share.T, bias=True) for share in rows) / 9
    assert np.allclose(kicks.T @ kicks, cov, rtol=0, atol=1e-14)
    assert np.allclose(law.var(o, x), np.diag(cov), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "law",
    [pytest.param(so.Agents(so.Minibatch(2), agents=3), marks=pytest.mark.slow), so.Agents(so.Gaussian(0.5), agents=3)],
)
def test_the_loss_of_a_sample_is_that_of_its_gradient(law: Any) -> None:
    """Of batches, and f itself under additive noise: NGN divides by it. Central differences of a quadratic."""
    o, x = so.Problem(DATA, law).oracle, np.array([0.3, -0.2, 0.5])
    for u in np.random.default_rng(0).random((4, 9)):
        z = tuple(u[:6].reshape(3, 2)) if isinstance(law.laws, tuple) else (u,)
        slope = [noisy_value(o, x + e, z) - noisy_value(o, x - e, z) for e in 0.5 * np.eye(3)]
        assert np.allclose(slope, noisy_grad(o, x, z) - (0.0 if len(z) == 3 else noise(o, x, z)), rtol=0, atol=1e-13)
    run = plan(so.NGN(0.1), so.Problem(DATA, law), "discrete", steps=3, rng=3, observables=[], save_at=3)
    assert np.array_equal(Kernel(run)(0, 3), plain(run))


@pytest.mark.slow
@pytest.mark.filterwarnings("error::sdeopt.InterpretedWarning")
@pytest.mark.parametrize("law", [so.Gaussian(0.5), so.StudentT(3.0)], ids=["normal", "t"])
def test_forty_agents_are_compiled(law: Any) -> None:
    run = plan(so.DSignSGD(0.1), so.Problem(BOWL, so.Agents(law, agents=40)), steps=3, rng=3, observables=[], save_at=3)
    assert np.array_equal(Kernel(run)(0, 3), plain(run))


def test_larger_batches_of_a_share() -> None:
    """Two of three examples without replacement: variance (m - B)/(m - 1)/B times that of one."""
    o = so.Problem(DATA, so.Agents(so.Minibatch(2, replace=False), agents=2)).oracle
    x = np.array([0.3, -0.2, 0.5])
    single = so.Problem(DATA, so.Agents(so.Minibatch(1), agents=2)).oracle
    assert np.allclose(o.noise.var(o, x), 0.25 * single.noise.var(single, x), rtol=1e-14)
    sums = {tuple(np.round(agent_grads(o, x, (np.array([u, v]), np.array([0.1, 0.1])))[0], 9))
            for u in (0.2, 0.7) for v in (0.1, 0.4, 0.9)}  # fmt: skip
    assert len(sums) == 3


def test_the_command_line_and_pickles() -> None:
    law = parse("agents:3,student-t:nu=1.5,scale=0.5")
    assert repr(law) == "Agents(StudentT(nu=1.5, scale=0.5), agents=3)"
    for one in (law, MIXED, so.Agents(so.Minibatch(2), agents=3)):
        again = pickle.loads(pickle.dumps(one))
        assert repr(again) == repr(one)
        assert again.agents == one.agents
    assert repr(MIXED).endswith("shifts=[[0.6, -0.4], [-0.6, 0.5], [0.3, 0.3], [-0.3, -0.4]])")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [(lambda: so.Agents(so.Gaussian(1.0)), ValueError, "agents must be given with one law"),
     (lambda: so.Agents([so.Gaussian(1.0)] * 2, agents=3), ValueError, "agents must be the number of laws, 2, got 3"),
     (lambda: so.Agents(so.Gaussian(1.0), agents=0), ValueError, "agents must be at least 1"),
     (lambda: so.Agents(so.Gaussian(1.0), agents=257), ValueError, "agents must be at most 256"),
     (lambda: so.Agents([]), TypeError, "laws must be a law of sdeopt.noise"),
     (lambda: so.Agents(0.5, agents=2), TypeError, "laws must be a law of sdeopt.noise"),
     (lambda: so.Agents([MIXED, MIXED]), TypeError, "none of them Agents"),
     (lambda: so.Agents(so.Gaussian(1.0), 2, [[1.0], [1.0]]), ValueError, r"shifts must sum to 0 .* got \[2.\]"),
     (lambda: so.Agents(so.Gaussian(1.0), 2, [[1.0]]), ValueError, "shifts must have one row for each of 2 agents"),
     (lambda: so.Agents([so.Minibatch(1), so.NoNoise()]), ValueError, "all be Minibatch or none"),
     (lambda: so.Agents(so.DiagonalMinibatch(1), 2), ValueError, "all be Minibatch or none"),
     (lambda: so.Problem(BOWL, so.Agents(so.NoNoise(), 2, [[1.0], [-1.0]])), ValueError, "shifts has 1 entries"),
     (lambda: so.Problem(BOWL, so.Agents([so.Gaussian([1.0] * 3)] * 2)), ValueError, "scale has 3 entries"),
     (lambda: so.Problem(DATA, so.Agents(so.Minibatch(1), 4)), ValueError, "agents must divide the number of examples"),
     (lambda: so.Problem(DATA, so.Agents(so.Minibatch(3, False), 3)), ValueError, "batch must be in"),
     (lambda: parse("agents:4"), ValueError, "agents needs how many and a law")],
)  # fmt: skip
def test_refusals(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
