"""Where a run ends and what of it is kept: ends, horizons, saves, replays, pickles."""

import pickle

import numpy as np
import pytest
from test_simulate import QUADRATIC, run, same

import sdeopt as so


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_the_end_is_at_the_horizon_whatever_is_saved(kind):
    """The statistics are those of the saves that were asked for; ``final`` and what diverged are those of the end."""
    whole, half = run(kind=kind, keep_paths=True), run(kind=kind, save_at=[0.5], keep_paths=True)
    assert half.times.tolist() == [0.5]
    assert half.mean.shape == (1, 2)
    assert half.paths.shape == (300, 1, 2)
    assert (half.final == whole.final).all()
    assert (half.paths[:, 0] == whole.paths[:, 5]).all()
    np.testing.assert_array_equal(half.mean[0], whole.mean[5])
    early = so.simulate(so.SGD(lr=3.0), QUADRATIC, steps=400, save_at=[3.0], paths=4, rng=0)
    assert early.diverged.count == 4
    assert early.counts.tolist() == [4]


def test_a_horizon_is_a_whole_number_of_steps():
    with pytest.raises(ValueError, match=r"steps of 0\.3, got 1: take 0\.9 \(3 steps\) or 1\.2 \(4 steps\)"):
        so.simulate(so.SGD(lr=0.3), QUADRATIC, horizon=1.0, paths=2)
    with pytest.raises(ValueError, match=r"take 0\.3 \(1 steps\) or 0\.6"):
        so.simulate(so.SGD(lr=0.3), QUADRATIC, horizon=0.4, paths=2)
    assert so.simulate(so.SGD(lr=0.1), QUADRATIC, horizon=0.3, paths=2, rng=0).meta["steps"] == 3  # 0.3/0.1 < 3
    with pytest.raises(ValueError, match=r"got 0\.3: take 0\.3333333333 \(3 steps\) or 0\.25 \(4 steps\)"):
        so.integrate(so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1), [1.0], horizon=1.0, dt=0.3)


@pytest.mark.parametrize("times", [[0.5, 0.5], [0.0, 0.51, 0.52]])
def test_times_of_the_same_step_are_refused(times):
    with pytest.raises(ValueError, match=r"save_at must be times of different steps, 0\.1 apart, got 0\.5"):
        run(save_at=times)


@pytest.mark.parametrize("path", [3.7, 3.0, True, "3"])
def test_a_path_has_a_whole_number(path):
    with pytest.raises(TypeError, match="path must be an integer"):
        run(paths=5).replay(path)


@pytest.mark.usefixtures("interpreted")
def test_ensembles_with_functions_are_pickled_without_them():
    """As `save` does: all numbers, no replay."""
    arguments = {"observables": {"first": lambda x: x[0]}, "steps": 4, "paths": 8, "rng": 0, "keep_paths": True}
    objective = so.Objective(value=lambda x: 0.5 * x[0] * x[0], grad=lambda x: x.copy(), dim=1)
    e = so.simulate(so.SGD(lambda t: 0.1 / (1.0 + t)), so.Problem(objective, so.Gaussian(0.1), x0=[1.0]), **arguments)
    back = pickle.loads(pickle.dumps(e))
    assert same(e, back)
    assert (back.paths == e.paths).all()
    assert e.replay(2).states.shape == (5, 1)
    with pytest.raises(ValueError, match="a pickled or loaded ensemble holds numbers only"):
        back.replay(2)
