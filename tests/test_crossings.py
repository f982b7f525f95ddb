"""First crossings: right at every step in every way of running, and their statistics."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import marks
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.results.crossing import Crossing
from sdeopt.results.ensemble import Ensemble

BOWL = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
LEVELS = {"loss": 0.3, "norm2": 0.5}
SGD = so.SGD(0.1)


def watched(kind: str, method: Any = SGD, **change: Any) -> Any:
    seen = {"observables": list(LEVELS), "crossings": LEVELS}
    run = plan(method, BOWL, kind, steps=20, substeps=3, save_at=1, rng=0, **seen)
    kernel = Kernel(replace(run, **change))
    return kernel.mode, kernel(0, 37)


@pytest.mark.parametrize(
    ("method", "kind"), [(so.SGD(0.1), "discrete"), pytest.param(so.HeavyBall(0.01), "sde", marks=pytest.mark.slow)]
)
def test_crossings_are_those_of_the_whole_path(method: Any, kind: str) -> None:
    """Every step of the discrete column, by its saves; lanes and plain Python, and the rest is as without them."""
    mode, found = watched(kind, method)
    assert mode == "lanes"
    assert np.array_equal(found, watched(kind, method, interpreted=True)[1])
    fine = plan(method, BOWL, kind, steps=20, substeps=3, save_at=20, rng=0, observables=list(LEVELS))
    path = Kernel(fine)(0, 37)
    assert np.array_equal(found[:, :, :4], path[:, [0, -1]])
    substeps = 3 if kind == "sde" else 1
    for i, level in enumerate(LEVELS.values()):
        below = path[:, :, 2 + i] <= level
        at = np.where(below.any(axis=1), below.argmax(axis=1), math.inf)  # of steps of the optimizer
        seen = found[:, -1, 4 + i] / substeps
        assert ((seen <= at) & (at == np.ceil(seen))).all() if kind == "discrete" else (seen <= at).all()
        assert np.isfinite(seen).sum() > 10


@pytest.mark.slow
def test_vectors_see_what_lanes_see() -> None:
    for kind in ("discrete", "sde"):
        mode, found = watched(kind, lanes=False)
        assert mode == "vectors"
        assert np.array_equal(found, watched(kind)[1])


@pytest.mark.usefixtures("interpreted")
def test_every_path_has_its_side() -> None:
    """With a start per path, some begin above the level and some below; one on it crosses at 0."""
    x0 = [[2.0, 0.0], [0.1, 0.0], [1.0, 0.0]]
    problem = so.Problem(so.Quadratic([1.0, 2.0]), x0=x0)  # without noise x1 falls by 0.9 in a step
    e = so.simulate(so.SGD(0.1), problem, steps=20, rng=0, crossings={"norm2": 1.0})
    assert e.crossings["norm2"].times.tolist() == pytest.approx([0.7, math.inf, 0.0])  # 2 · 0.9^7 < 1 < 2 · 0.9^6
    grows = so.simulate(so.SGD(2.5), problem, steps=8, rng=0, crossings={"norm2": 1.0})  # x1 by -1.5 in a step
    assert grows.crossings["norm2"].times.tolist() == pytest.approx([math.inf, 2.5 * 6, 0.0])  # 0.1 · 1.5^6 > 1


@pytest.mark.usefixtures("interpreted")
def test_an_observable_of_ones_own_in_many_ways() -> None:
    arguments = {"observables": {"first": lambda x: x[0]}, "crossings": {"first": 0.0}}
    e = so.simulate(so.SGD(0.1), BOWL, steps=60, paths=50, rng=0, **arguments)
    for path in (0, 49):
        below = e.replay(path).states[:, 0] <= 0.0
        assert e.crossings["first"].times[path] == pytest.approx(0.1 * below.argmax() if below.any() else math.inf)


@pytest.mark.usefixtures("interpreted")
@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_a_path_that_diverges_has_crossed_before_or_never_will() -> None:
    problem = so.Problem(so.DoubleWell(dim=1), so.Gaussian(6.0), x0=[0.5])
    arguments = {"observables": {"x": lambda x: x[0]}, "crossings": {"x": 30.0}}
    e = so.simulate(so.SGD(lr=0.11), problem, steps=60, paths=400, save_at=1, rng=0, **arguments)
    times, lost = e.crossings["x"].times, e.diverged.paths
    assert len(lost) > 50
    assert np.isnan(times[lost]).any() or np.isfinite(times[lost]).any()
    assert not np.isinf(times[lost]).any()
    assert np.isinf(np.delete(times, lost)).any()


def test_batches_of_paths_and_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objectives that answer for many paths; a run that is taken up at a save has not forgotten its crossings."""
    objective = so.Objective(value=lambda x: 0.5 * (x * x).sum(axis=0), grad=lambda x: 1.0 * x, dim=2)
    object.__setattr__(objective, "batched", True)
    problem = so.Problem(objective, so.Gaussian(0.5), x0=[1.0, 1.0])
    run = plan(so.SGD(0.1), problem, "sde", steps=6, substeps=2, save_at=3, rng=0, crossings={"loss": 0.45})
    batch, plain = Kernel(run), Kernel(replace(run, interpreted=True))
    assert batch.mode == "batched"
    assert np.array_equal(batch(0, 70)[:, :, -1], plain(0, 70)[:, :, -1])
    assert 10 < np.isfinite(batch(0, 70)[:, -1, -1]).sum() < 70
    whole = marks.Chunk([batch], "0.70", lambda share: None, None).records(0, 70)[0]

    class Shelf(dict[str, Any]):
        put = dict.__setitem__

        def __bool__(self) -> bool:
            return True

    monkeypatch.setattr(marks, "INTERVAL", -1.0)
    first, shelf = Shelf(), Shelf()

    def stop(share: float) -> None:
        shelf.update(pickle.loads(pickle.dumps(dict(first))))
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        marks.Chunk([batch], "0.70", stop, first).records(0, 70)  # type: ignore[arg-type]
    assert shelf
    again = marks.Chunk([batch], "0.70", lambda share: None, shelf).records(0, 70)[0]  # type: ignore[arg-type]
    assert np.array_equal(again, whole)


def test_a_brownian_motion_reaches_its_level() -> None:
    """P(max W <= a) = 2Φ(a) - 1 on [0, 1], the level moved by 0.5826 √dt for looks at steps of dt; false alarm 1e-8.

    Broadie, Glasserman & Kou (1997), see `sdeopt.engine.crossings`. The share without this correction is 6 % lower.
    """
    brownian = so.SDE(lambda t, x: 0.0 * x, lambda t, x: 1.0, dim=1)
    arguments = {"observables": {"x": lambda x: x[0]}, "crossings": {"x": 1.0}}
    e = so.integrate(brownian, [0.0], horizon=1.0, dt=0.01, paths=20_000, rng=0, **arguments)
    moved = 1.0 + 0.5826 * 0.1
    expected = math.erfc(moved / math.sqrt(2.0))
    share = e.crossings["x"].share()
    assert abs(share.value - expected) < 6 * math.sqrt(expected / 20_000)
    assert share.high < math.erfc(1.0 / math.sqrt(2.0))  # what a path seen without gaps would have


def test_shares_and_medians_have_exact_intervals() -> None:
    times = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, math.inf, math.inf, math.nan])
    seen = Crossing(level=0.0, times=times, horizon=8.0, dt=0.5)
    share = seen.share(3.0)
    assert share.value == 0.3
    assert (share.low, share.high) == pytest.approx((0.06673951, 0.65245285), abs=1e-6)  # Clopper–Pearson of 3 in 10
    assert seen.share().value == 0.7
    assert (seen.share(0.5).value, seen.share(0.5).low) == (0.0, 0.0)
    middle = seen.median()
    assert (middle.value, middle.low, middle.high) == (5.0, 2.0, math.inf)  # ranks 2 and 9 of 10: 97.9 %
    never = Crossing(0.0, np.full(10, math.inf), 8.0, 0.5)
    assert (never.median().value, never.median().low, never.median().high) == (math.inf, math.inf, math.inf)
    with pytest.raises(ValueError, match=r"t must be in \[0, 8\]"):
        seen.share(9.0)


@pytest.mark.usefixtures("interpreted")
def test_ensembles_keep_their_crossings(tmp_path: Path) -> None:
    e = so.simulate(so.SGD(0.1), BOWL, steps=5, paths=20, rng=0, crossings=LEVELS)
    e.save(tmp_path / "e.npz")
    for back in (Ensemble.load(tmp_path / "e.npz"), pickle.loads(pickle.dumps(e))):
        for name, crossing in e.crossings.items():
            assert np.array_equal(back.crossings[name].times, crossing.times)
            assert (back.crossings[name].level, back.crossings[name].dt) == (LEVELS[name], 0.1)


@pytest.mark.parametrize(
    ("crossings", "error", "says"),
    [
        ({"los": 0.1}, ValueError, "unknown crossing 'los'; did you mean 'loss'"),
        ({"loss": math.nan}, ValueError, r"crossings\['loss'\] must be in"),
        ({"loss": [0.1, 0.2]}, TypeError, r"crossings\['loss'\] must be a number"),
        (0.1, TypeError, "crossings must be a mapping"),
    ],
)
def test_bad_crossings_are_refused(crossings: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        so.simulate(so.SGD(0.1), BOWL, steps=5, crossings=crossings)
    if isinstance(crossings, dict):
        return
    with pytest.raises(ValueError, match="leave them or extrapolate out"):
        sde = so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1)
        so.integrate(sde, [1.0], horizon=1.0, dt=0.1, crossings={"norm2": 0.1}, extrapolate=True)
