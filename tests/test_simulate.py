"""simulate: the same numbers whoever computes them, honest statistics, and errors that name the culprit."""

import dataclasses
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.results.ensemble import Ensemble

QUADRATIC = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
SGD = so.SGD(lr=0.1)
DATA = so.Problem(so.LinearRegression(np.random.default_rng(0).normal(size=(40, 20)), np.ones(40)), so.Minibatch(4))


def run(**kwargs):
    return so.simulate(SGD, QUADRATIC, **({"horizon": 2.0, "paths": 300, "rng": 0} | kwargs))


def same(a, b):
    arrays = ("mean", "cov", "final", "counts", "stderr")
    return all(np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True) for n in arrays) and all(
        np.array_equal(a.observables[n], b.observables[n]) for n in a.observables
    )


@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_bitwise_the_same_for_any_executor(kind):
    base = run(kind=kind)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(3) as three, ProcessPoolExecutor(2) as processes:
        assert all(same(base, run(kind=kind, executor=e)) for e in (one, three, processes))


def test_more_paths_keep_the_old_ones():
    assert (run(paths=300).final == run(paths=500).final[:300]).all()


def test_a_path_does_not_depend_on_its_block():
    kernel = Kernel(plan(SGD, QUADRATIC, "sde", steps=10, rng=0))
    whole = kernel(0, 70)
    assert (kernel(33, 5) == whole[33:38]).all()


@pytest.mark.parametrize("kind", ["discrete", pytest.param("sde", marks=pytest.mark.slow)])
def test_vectors_mode_is_interpreted_mode_on_a_finite_sum(kind):
    run = plan(SGD, DATA, kind, steps=6, substeps=2, rng=0)
    compiled, interpreted = Kernel(run), Kernel(dataclasses.replace(run, interpreted=True))
    assert compiled.mode == "vectors"
    assert (compiled(0, 3) == interpreted(0, 3)).all()


@pytest.mark.usefixtures("interpreted")
def test_statistics_are_those_of_the_paths():
    e = run(keep_paths=True, observables={"first": lambda x: x[0]})
    np.testing.assert_allclose(e.mean, e.paths.mean(axis=0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(e.cov[-1], np.cov(e.paths[:, -1].T), rtol=1e-12)
    np.testing.assert_allclose(e.stderr[-1], e.paths[:, -1].std(axis=0, ddof=1) / np.sqrt(300), rtol=1e-12)
    mean, stderr = e.observables["first"]
    np.testing.assert_allclose([mean, stderr], [e.mean[:, 0], e.stderr[:, 0]], rtol=1e-12)
    assert (e.final == e.paths[:, -1]).all()
    assert (e.counts == 300).all()
    assert e.times[0] == 0
    assert (e.paths[:, 0] == QUADRATIC.x0).all()


def test_named_observables():
    e = run(paths=1)
    x = e.mean[-1]
    values = {"loss": 0.5 * (x[0] ** 2 + 2 * x[1] ** 2), "norm2": x @ x, "grad_norm2": x[0] ** 2 + 4 * x[1] ** 2}
    for name, value in values.items():
        np.testing.assert_allclose(e.observables[name][0][-1], value, rtol=1e-14)


def test_the_two_columns_share_their_brownian_path():
    discrete, sde = run(substeps=8), run(kind="sde")
    assert np.corrcoef(discrete.final[:, 0], sde.final[:, 0])[0, 1] > 0.99


@pytest.mark.usefixtures("interpreted")
def test_euler_with_one_step_per_iteration_is_sgd():
    """Fact C of the theory: with additive Gaussian noise Euler–Maruyama at dt = lr is the optimizer itself."""
    discrete, sde = run(substeps=1), run(kind="sde", substeps=1, scheme="euler")
    np.testing.assert_allclose(sde.final, discrete.final, rtol=1e-13, atol=1e-15)


@pytest.mark.usefixtures("interpreted")
def test_heun_is_of_second_order_where_euler_is_of_first():
    """Ornstein-Uhlenbeck without noise: e^{-t} from dt = 0.1 and dt = 0.05."""
    problem = so.Problem(so.Quadratic([1.0]), x0=[1.0])

    def error(scheme, substeps):
        e = so.simulate(so.SGD(lr=0.1), problem, "sde", horizon=1.0, paths=1, substeps=substeps, scheme=scheme, rng=0)
        return abs(e.mean[-1, 0] - np.exp(-1.0))

    assert 1.9 < np.log2(error("heun", 1) / error("heun", 2)) < 2.1
    assert 0.9 < np.log2(error("euler", 1) / error("euler", 2)) < 1.1


@pytest.mark.usefixtures("interpreted")
def test_replay_is_the_same_path():
    for kind in ("discrete", "sde"):
        e = run(kind=kind, paths=20, save_at=[0.0, 0.5, 2.0])
        path = e.replay(13)
        assert path.times.tolist() == pytest.approx((np.arange(21) * 0.1).tolist())
        assert (path.states[-1] == e.final[13]).all()
    with pytest.raises(ValueError, match="path must be in"):
        e.replay(20)


def test_saves_round_trip(tmp_path):
    e = run(keep_paths=True)
    e.save(tmp_path / "e.npz")
    back = Ensemble.load(tmp_path / "e.npz")
    assert same(e, back)
    assert (back.paths == e.paths).all()
    assert back.meta == e.meta
    with pytest.raises(ValueError, match="loaded ensemble holds numbers only"):
        back.replay(0)


@pytest.mark.extras("xarray")
def test_to_xarray():
    data = run().to_xarray()
    assert data["mean"].dims == ("time", "i")
    assert float(data["loss"][-1]) == run().observables["loss"][0][-1]


def test_save_at_times_and_counts():
    assert run(save_at=[0.5, 1.0]).times.tolist() == [0.5, 1.0]
    assert run(save_at=4).times.tolist() == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
@pytest.mark.usefixtures("interpreted")
def test_divergence_is_reported_and_kept_out_of_the_means():
    problem = so.Problem(so.DoubleWell(dim=1), so.Gaussian(6.0), x0=[0.5])
    e = so.simulate(so.SGD(lr=0.11), problem, steps=60, paths=400, rng=0)
    assert 0 < e.diverged.count < 400
    assert np.isnan(e.final[e.diverged.paths]).all()
    assert np.isfinite(np.delete(e.final, e.diverged.paths, axis=0)).all()
    assert np.isfinite(e.mean).all()
    assert e.counts[-1] == 400 - e.diverged.count
    assert f"{e.diverged.count} diverged" in repr(e)


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_all_paths_may_diverge():
    e = so.simulate(so.SGD(lr=3.0), QUADRATIC, steps=400, paths=4, rng=0)
    assert e.diverged.count == 4
    assert np.isnan(e.cov[-1]).all()
    assert np.isnan(e.mean[-1]).all()


def test_a_schedule_runs_both_columns():
    """Warm-down OU: E X = exp(-h Ψ(t)), Ψ the integral of ψ; theory A, section 5."""
    lr = so.Power(0.01, exponent=1.0)
    problem = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.3), x0=[1.0])
    exact = np.exp(-1.5 * np.log(3.0))
    sde = so.simulate(so.SGD(lr), problem, "sde", horizon=2.0, paths=20_000, rng=0)
    discrete = so.simulate(so.SGD(lr), problem, horizon=2.0, paths=20_000, rng=0)
    assert abs(sde.mean[-1, 0] - exact) < 6 * sde.stderr[-1, 0]  # false alarm 2e-9
    assert abs(discrete.mean[-1, 0] - exact) < 6 * discrete.stderr[-1, 0] + 0.01
    np.testing.assert_allclose(discrete.cov[-1], sde.cov[-1], rtol=0.03)


@pytest.mark.usefixtures("interpreted")
def test_schedules_from_any_function():
    f = so.simulate(so.SGD(lr=lambda t: 0.1 / (1.0 + t)), QUADRATIC, horizon=1.0, paths=8, rng=0)
    g = so.simulate(so.SGD(so.Power(0.1, exponent=1.0)), QUADRATIC, horizon=1.0, paths=8, rng=0)
    np.testing.assert_allclose(f.final, g.final, rtol=1e-12)


def test_user_functions_compile():
    objective = so.Objective(value=lambda x: 0.5 * x[0] * x[0], grad=lambda x: x.copy(), dim=1)
    kernel = Kernel(plan(SGD, so.Problem(objective, so.Gaussian(0.1), x0=[1.0]), steps=5, rng=0))
    assert kernel.mode in ("lanes", "vectors")
    reference = Kernel(plan(SGD, so.Problem(so.Quadratic([1.0]), so.Gaussian(0.1), x0=[1.0]), steps=5, rng=0))
    assert (kernel(0, 5)[:, :, 0] == reference(0, 5)[:, :, 0]).all()


class Table:
    """Something that Numba cannot compile."""

    def slope(self, x):
        return x


TABLE = {"grad": Table()}


@pytest.mark.parametrize("grad", [lambda x: TABLE["grad"].slope(x), lambda x: float(f"{x[0]:.17g}") + 0.0 * x])
def test_any_callable_runs_interpreted(grad):
    objective = so.Objective(value=lambda x: 0.5 * x[0] * x[0], grad=grad, dim=1)
    with pytest.warns(so.InterpretedWarning, match="runs interpreted") as said:
        kernel = Kernel(plan(SGD, so.Problem(objective, so.Gaussian(0.1), x0=[1.0]), steps=5, rng=0))
    assert kernel.mode == "interpreted"
    assert len(said) == 1


def test_an_error_in_the_users_function_reaches_the_user():
    def grad(x):
        if x[0] < 0.5:
            raise RuntimeError("the user's own message")
        return x

    objective = so.Objective(value=lambda x: 0.5 * x[0] * x[0], grad=grad, dim=1)
    with pytest.raises(RuntimeError, match="the user's own message"):
        so.simulate(SGD, so.Problem(objective, x0=[1.0]), steps=50, paths=2, rng=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": None}, "exactly one of horizon and steps"),
        ({"steps": 5}, "exactly one of horizon and steps"),
        ({"horizon": 0.01}, "at least one step"),
        ({"horizon": -1.0}, "horizon must be"),
        ({"horizon": np.nan}, "horizon must be"),
        ({"paths": 0}, "paths must be at least 1"),
        ({"kind": "sdee"}, "did you mean 'sde'"),
        ({"dt": 0.03}, "must divide"),
        ({"dt": 0.01, "substeps": 3}, "not both"),
        ({"scheme": "milstein"}, "unknown scheme"),
        ({"kind": "sde", "sde": "order3"}, "unknown sde 'order3'"),
        ({"save_at": [0.0, 9.0]}, "save_at must lie in"),
        ({"observables": ["los"]}, "did you mean 'loss'"),
        ({"paths": 10**9, "keep_paths": True, "save_at": 1000}, "keep_paths would take"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        run(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"paths": 1.5}, "paths must be an integer"),
        ({"observables": "loss"}, "observables must be"),
        ({"rng": "a"}, "rng"),
    ],
)
def test_bad_types(arguments, message):
    with pytest.raises(TypeError, match=message):
        run(**arguments)


def test_bad_method_and_problem():
    with pytest.raises(TypeError, match="method must be an optimizer"):
        so.simulate("sgd", QUADRATIC, horizon=1.0)
    with pytest.raises(TypeError, match=r"must be a sdeopt\.Problem"):
        so.simulate(SGD, so.Quadratic([1.0]), horizon=1.0)


@pytest.mark.usefixtures("interpreted")
def test_infinite_variance_is_refused_where_it_matters_only():
    problem = so.Problem(so.Quadratic([1.0]), so.StudentT(1.5, 1.0), x0=[1.0])
    with pytest.raises(ValueError, match=r"the SDE 'order1' of SGD needs root_cov: StudentT\(nu=1.5"):
        so.simulate(SGD, problem, "sde", horizon=1.0)
    assert so.simulate(so.SignSGD(lr=0.1), problem, "sde", steps=2, paths=4, rng=0).diverged.count == 0
