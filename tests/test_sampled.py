"""The sampled SDE: increments with the moments of the step, whatever the law; problems without formulas take it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import sampled
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.run import lacking
from sdeopt.engine.simulate import plan

X = np.array([[1.0, 0.2], [0.1, -2.0], [0.3, 0.1], [-0.2, 4.0], [0.1, 0.5]])
SKEWED = so.Problem(so.LinearRegression(X, [0.1, -1.0, 0.3, 2.0, 0.2]), so.Minibatch(2), x0=[0.3, 0.2])


@pytest.mark.parametrize("scheme", ["heun", pytest.param("euler", marks=pytest.mark.slow)])
def test_an_increment_has_the_moments_of_the_step(scheme):
    """E and Cov of dY over dt = η against all batches, 10^5 paths; false alarm below 1e-6 (6 standard errors)."""
    method, x = so.SignSGD(lr=1e-6), SKEWED.x0  # so small that x stays where the moments are taken
    signs = np.array(
        [np.sign(SKEWED.objective.batch_grad(x, np.array(b))) for b in itertools.product(range(5), repeat=2)]
    )
    kernel = Kernel(plan(method, SKEWED, "sde", steps=1, substeps=4, sde="sampled", scheme=scheme, rng=0))
    moves = (kernel(0, 100_000)[:, -1, :2] - x) / method.lr
    spread = moves.std(axis=0) / np.sqrt(len(moves))
    assert (np.abs(moves.mean(axis=0) + signs.mean(axis=0)) < 6 * spread).all()
    outer = (moves - moves.mean(axis=0))[:, :, None] * (moves - moves.mean(axis=0))[:, None, :]
    error = outer.std(axis=0) / np.sqrt(len(moves))
    exact = np.cov(signs.T, bias=True)
    assert (np.abs(outer.mean(axis=0) - exact) < 6 * error).all()
    assert abs(exact[0, 1]) > 20 * error[0, 1]  # a diagonal covariance would fail


@pytest.mark.parametrize("parts", [1, 3])
def test_the_coefficients_give_the_stated_variance(parts):
    """r² Var((Δ₁ + Δ₂)/2) + c² Var(Δ₁ - Δ₂) = r Var Δ, exactly, from the functions themselves."""
    r = 0.25
    for share, part, copies in ((0.5, sampled.euler_part, 1), (0.25, sampled.heun_part, 2)):
        c = np.sqrt(0.5 * (r - share * r * r))
        zero, weights = np.zeros(1), []
        for i in range(2 * copies):  # the response to each of the independent draws
            unit = [np.ones(1) if n == i else zero for n in range(2 * copies)]
            S = (zero, *unit[:2]) if copies == 1 else (zero, *unit[:2], zero, *unit[2:])
            weights.append(float(part(S, (r, c))[0]))
        assert sum(w * w for w in weights) == pytest.approx(r, rel=1e-14)
        assert sum(weights) == pytest.approx(r, rel=1e-14)


def test_rotated_normals_are_independent_and_share_the_first():
    plus, minus = sampled.rotator(("normal", "uniform"))((np.array([1.0, 0.0]), "u"), (np.array([0.0, 1.0]), "v"))
    np.testing.assert_allclose([plus[0], minus[0]], np.array([[1.0, 1.0], [-1.0, 1.0]]) * np.sqrt(0.5))
    assert (plus[1], minus[1]) == ("u", "v")


def test_it_is_the_sde_of_sgd():
    """Against Σ and ∇f in closed form on a quadratic, means and covariances; false alarm below 1e-6."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]), x0=[1.0, -0.8])
    run = {"horizon": 2.0, "paths": 100_000, "save_at": 2, "observables": ["loss"]}
    a = so.simulate(so.SGD(lr=0.1), problem, "sde", rng=0, **run)
    b = so.simulate(so.SGD(lr=0.1), problem, "sde", sde="sampled", rng=1, **run)
    assert (np.abs(a.mean[-1] - b.mean[-1]) < 5.5 * np.hypot(a.stderr[-1], b.stderr[-1])).all()
    np.testing.assert_allclose(a.cov[-1], b.cov[-1], rtol=0, atol=5.5 * 2 / np.sqrt(1e5) * a.cov[-1].max())


def test_it_shares_the_brownian_path_of_the_discrete_run():
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
    discrete = so.simulate(so.SGD(lr=0.1), problem, horizon=2.0, substeps=8, paths=500, rng=0)
    sde = so.simulate(so.SGD(lr=0.1), problem, "sde", sde="sampled", horizon=2.0, paths=500, rng=0)
    assert np.corrcoef(discrete.final[:, 0], sde.final[:, 0])[0, 1] > 0.95


def test_two_step_sizes_share_every_second_uniform():
    """Of two fine noises the coarse one shares one: correlation √½, less for the means; bounds 6 errors off."""
    coarse = plan(so.SignSGD(lr=0.05), SKEWED, "sde", steps=10, substeps=2, save_at=1, sde="sampled", rng=0)
    coarse = replace(coarse, resolution=4)
    a, b = (Kernel(run)(0, 4000)[:, -1, 0] for run in (coarse, replace(coarse, substeps=4)))
    assert 0.5 < np.corrcoef(a, b)[0, 1] < 0.65
    assert np.corrcoef(a, Kernel(replace(coarse, substeps=4, resolution=8))(0, 4000)[:, -1, 0])[0, 1] < 0.13


@pytest.mark.parametrize(("scheme", "share"), [("heun", 0.25), ("euler", 0.5)])
def test_beside_it_the_optimizer_takes_one_of_its_batches(scheme: str, share: float) -> None:
    """Of one step the noises have the correlation c + share r; bounds 6 standard errors (1 - ρ²)/√n off."""
    r, paths = 0.25, 20_000
    run = plan(so.SGD(lr=1e-6), SKEWED, "sde", steps=1, substeps=4, sde="sampled", scheme=scheme, rng=0)
    run = replace(run, resolution=8)
    ends = [Kernel(column)(0, paths)[:, -1, :2] for column in (replace(run, kind="discrete"), run)]
    expected = np.sqrt(0.5 * (r - share * r * r)) + share * r
    for i in range(2):
        found = np.corrcoef(*(end[:, i] for end in ends))[0, 1]
        assert abs(found - expected) < 6 * (1.0 - expected**2) / np.sqrt(paths)
    alone = replace(run, kind="discrete", resolution=1)
    assert abs(np.corrcoef(Kernel(alone)(0, paths)[:, -1, 0], ends[1][:, 0])[0, 1]) < 6 / np.sqrt(paths)


RATES = so.Cosine(0.02, horizon=2.0)
STARTS_COLD = pytest.param(so.Adam(RATES, beta1=0.95, beta2=0.97), marks=pytest.mark.slow)


@pytest.mark.parametrize("method", [so.Signum(RATES, momentum=0.95), STARTS_COLD], ids=lambda m: type(m).__name__)
def test_schedules_and_states_of_several_parts(method):
    """Against the discrete run at the same schedule, Adam's cold start included; false alarm below 1e-6."""
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5), x0=[1.0])
    run = {"horizon": 1.0, "paths": 20_000, "save_at": 1, "observables": []}
    discrete = so.simulate(method, problem, rng=0, **run)
    sde = so.simulate(method, problem, "sde", sde="sampled", rng=1, **run)
    assert abs(discrete.mean[-1, 0] - sde.mean[-1, 0]) < 5.5 * np.hypot(discrete.stderr, sde.stderr)[-1, 0] + 0.02


def test_a_problem_without_the_formulas_takes_it():
    assert plan(so.SignSGD(lr=0.1), SKEWED, "sde", steps=1, rng=0).sde == "sampled"
    assert plan(so.SAM(lr=0.1), SKEWED, "sde", steps=1, rng=0).sde == "sampled"
    assert plan(so.SGD(lr=0.1), SKEWED, "sde", steps=1, rng=0).sde == "order1"
    with pytest.raises(ValueError, match="needs mean_sign"):
        so.simulate(so.SignSGD(lr=0.1), SKEWED, "sde", steps=1, sde="order1")


def test_it_needs_a_variance():
    problem = so.Problem(so.Quadratic([1.0]), so.StudentT(1.5, 1.0), x0=[1.0])
    with pytest.raises(ValueError, match="the SDE 'sampled' of SGD needs noise_var"):
        so.simulate(so.SGD(lr=0.1), problem, "sde", steps=1, sde="sampled")


@pytest.mark.parametrize("cls", so.methods().values(), ids=so.methods())
def test_every_method_runs_on_a_minibatch(cls):
    """Or says in a sentence what it needs that this problem lacks."""
    run = plan(cls(lr=0.01), SKEWED, "sde", steps=2, rng=0, sde="sampled", substeps=2)
    if lacking(run) is None:
        assert np.isfinite(Kernel(replace(run, interpreted=True))(0, 2)).all()
    else:
        with pytest.raises(ValueError, match=r"needs \w+.*: .{20}"):
            Kernel(run)


@pytest.mark.slow
def test_a_report_says_how_much_the_columns_share():
    """A minibatch is drawn by uniforms, which no Brownian motion shares, and a sampled SDE in part."""
    for method, said in ((so.SGD(lr=0.05), "independent draws"), (so.SignSGD(lr=0.05), "some common draws")):
        assert f"4, {said}; " in str(so.compare(method, SKEWED, steps=2, paths=4, substeps=2, rng=0))
    additive = so.Problem(SKEWED.objective, so.Gaussian(0.1), x0=SKEWED.x0)
    assert "common random numbers" in str(so.compare(so.SGD(lr=0.05), additive, steps=2, paths=4, substeps=2, rng=0))
