"""95 % intervals: their formula, where they are refused, and what `simulate` states."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sdeopt as so
from sdeopt.core.moments import Shaped, skewness
from sdeopt.core.observables import growth, resolve
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.results.intervals import FEW, FEW_HEAVY, allowed_share, hall, interval_of

BOWL = so.Quadratic([1.0, 2.0])


def problem(law: Any, **words: Any) -> so.Problem:
    return so.Problem(BOWL, law, **words)


# the formula


def test_students_quantiles_are_scipys_and_leave_its_package_whole(fresh: Callable[[str], str]) -> None:
    """In a process that has not imported it, and in one with a second thread, which must not see half of it."""
    script = """
        import sys, threading
        from sdeopt.results.student import student
        ended = threading.Event()
        if {threaded}:
            threading.Thread(target=ended.wait).start()
        q = student(24.0, 0.975)
        ended.set()
        print("scipy.special" in sys.modules)
        import scipy.special, scipy.stats
        assert q == scipy.special.stdtrit(24.0, 0.975) == scipy.stats.t.ppf(0.975, 24)
        assert scipy.special._ufuncs.stdtrit is scipy.special.stdtrit
        assert scipy.special.expit(0.0) == 0.5
    """
    assert [fresh(textwrap.dedent(script).format(threaded=two)) for two in (False, True)] == ["False\n", "True\n"]


@pytest.mark.parametrize("skew", [-3.0, -1e-7, 0.0, 1e-4, 2.0])
def test_the_ends_solve_the_cubic_of_hall(skew: float) -> None:
    """g(T) = T + λT²/3 + λ²T³/27 + λ/6 is the quantile of Student's t, from above at the lower end."""
    n, mean, stderr = 25, 1.7, 0.3
    lam, q = skew / 5.0, stats.t.ppf(0.975, 24)
    ends = np.array(hall(n, mean, stderr, skew))
    t = (mean - ends) / stderr
    assert (t + lam * t**2 / 3 + lam**2 * t**3 / 27 + lam / 6).tolist() == pytest.approx([q, -q], rel=1e-6)
    assert ends[0] < ends[1]


def test_skewness_is_the_one_of_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=37)
    deviation = values - values.mean()
    found = skewness(37, (deviation**2).sum(), (deviation**3).sum())
    assert float(found) == pytest.approx(stats.skew(values, bias=False), rel=1e-12)
    assert float(skewness(5, 0.0, 0.0)) == 0.0


def test_chunks_that_are_merged_are_one_chunk() -> None:
    """Cubes, least and largest values, with paths that are lost on the way."""
    rng = np.random.default_rng(1)
    records = rng.exponential(size=(50, 3, 2)) + 5.0
    valid = np.ones((50, 3), bool)
    valid[rng.integers(0, 50, 9), 2] = False
    valid[20:30] = False  # a chunk of which none is left
    records[~valid] = np.nan
    whole = Shaped.of(records, valid, 0)
    parts = [Shaped.of(records[i : i + 10], valid[i : i + 10], 0) for i in range(0, 50, 10)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    for save in range(3):
        kept = records[valid[:, save], save]
        square = (kept - kept.mean(axis=0)) ** 2
        for found in (whole, merged):
            assert found.skewness[save] == pytest.approx(stats.skew(kept, bias=False), rel=1e-9)
            assert found.share[save] == pytest.approx(square.max(axis=0) / square.sum(axis=0), rel=1e-9)


def test_hall_covers_where_student_does_not() -> None:
    """Means of n squared normals, 20 000 times each; six standard errors of a share of 94 % are 1 %."""
    rng = np.random.default_rng(2)
    for n, student in ((FEW, 0.884), (50, 0.923)):
        values = rng.standard_normal((20_000, n)) ** 2
        mean, deviation = values.mean(axis=1), values - values.mean(axis=1, keepdims=True)
        square = (deviation**2).sum(axis=1)
        stderr = np.sqrt(square / (n - 1) / n)
        low, high = hall(n, mean, stderr, skewness(n, square, (deviation**3).sum(axis=1)))
        assert abs(((low <= 1.0) & (high >= 1.0)).mean() - 0.947) < 0.011
        plain = np.abs(mean - 1.0) <= stats.t.ppf(0.975, n - 1) * stderr
        assert abs(plain.mean() - student) < 0.014


# where there is none


@pytest.mark.parametrize(
    ("n", "share", "order", "reason"),
    [
        (1000, 0.1, 1.0, "no mean: the tails of the noise are too heavy"),
        (1000, 0.1, 2.0, "no interval: the tails of the noise are too heavy for a variance"),
        (1000, 0.1, 2.2, "no interval: the noise leaves moments up to the order 2.2, and an interval needs 2.5"),
        (FEW_HEAVY - 1, 0.1, 2.5, "no interval: fewer than 200 paths, which a quantity without a third moment needs"),
        (FEW_HEAVY - 1, 0.1, 3.0, "no interval: fewer than 200 paths, which a quantity without a third moment needs"),
        (FEW, 0.1, 3.1, ""),
        (FEW - 1, 0.1, math.inf, "no interval: fewer than 16 paths"),
        (1000, 0.3, math.inf, "no interval: one path makes up 30 % of the variance, which may not exist"),
        (1000, 0.3, 5.0, ""),  # the law has settled it: a guard by what is seen would spare those that saw no tail
        (FEW, 0.3, math.inf, ""),
    ],
)
def test_no_interval_without_its_moments(n: int, share: float, order: float, reason: str) -> None:
    found = interval_of(n, 1.0, 0.1, 0.0, share, order)
    assert found.reason == reason
    assert math.isnan(found.low) == math.isnan(found.high) == bool(reason)
    assert interval_of(n, 1.0, 0.0, 0.0, 0.0, order) == (1.0, 1.0, "")  # all paths are alike, as at the start


def test_one_path_may_have_more_of_few() -> None:
    assert allowed_share(10_000) == 0.25
    assert allowed_share(50) == pytest.approx((3.0 * math.log(50)) ** 2 / 100.0)


# what a run states


def test_growth_is_the_exponent_far_out() -> None:
    made = {
        "bounded": lambda x: np.sin(x[0]),
        "line": lambda x: 3.0 * x[1] - 7.0,
        "cube": lambda x: x[0] ** 3 + x[1],
        "unknown": lambda x: np.exp(x[0]),
        "fails": lambda x: 1.0 / 0 if abs(x[0]) + abs(x[1]) > 9.0 else 0.0,
    }
    found = {name: growth(f, problem(so.NoNoise())) for name, f in resolve(made, problem(so.NoNoise())).items()}
    assert found == {"bounded": 0.0, "line": 1.0, "cube": 3.0, "unknown": math.inf, "fails": math.inf}
    assert growth(resolve(["loss"], problem(so.NoNoise()))["loss"], so.Problem(so.DoubleWell())) == 4.0


def run(law: Any, method: Any = None, **words: Any) -> so.Ensemble:
    given = {"steps": 4, "paths": 300, "rng": 0} | words
    return so.simulate(method or so.SGD(0.1), problem(law, x0=[1.0, -1.0]), **given)


@pytest.mark.slow
def test_a_run_has_the_moments_that_its_noise_leaves() -> None:
    """SGD passes them on, a sign or a Brownian motion leaves all, f(x) has half, an α-stable SDE those of its noise."""
    heavy, light = run(so.StudentT(3.0)), run(so.Gaussian(1.0))
    assert (heavy.order(), heavy.order("loss"), light.order("loss")) == (3.0, 1.5, math.inf)
    assert run(so.StudentT(3.0), kind="sde").order() == math.inf
    assert run(so.AlphaStable(1.5), kind="sde", sde="levy").order() == 1.5
    for page in (so.SignSGD(0.1), so.Signum(0.1), so.Adam(0.1), so.RMSprop(0.1)):
        assert run(so.StudentT(1.5), page).order("norm2") == math.inf


@pytest.mark.parametrize("method", [so.SignSGD(0.1), so.Signum(0.1), so.Lion(0.1), so.Adam(0.1), so.AdamW(0.1),
                                    so.RMSprop(0.1), so.RMSpropW(0.1), so.Adagrad(0.1), so.AdaGradNorm(0.1),
                                    so.NGNMD(0.1), so.SignSGDW(0.1),
                                    so.Scion(0.1), so.Clip21SGD2M(0.1)], ids=repr)  # fmt: skip
def test_pages_that_say_so_move_by_bounded_steps(method: Any) -> None:
    """Cauchy noise of scale 1e6: ten steps of SGD would end at 1e6 or more, these within ten times a few lr."""
    assert method.limited
    law = so.StudentT(1.0, 1e6)
    law = so.Agents(law, agents=2) if method.family == "distributed" else law
    ten = plan(method, problem(law, x0=[1.0, -1.0]), steps=10, save_at=1, rng=0, observables=[])
    assert np.abs(Kernel(replace(ten, interpreted=True))(0, 50)[:, -1]).max() < 100.0


def test_a_run_without_moments_states_no_numbers_that_rest_on_them() -> None:
    """Not at t = 0, where all paths are alike."""
    e = run(so.StudentT(1.5))
    assert np.isnan(e.cov[1:]).all()
    assert np.isnan(e.stderr[1:]).all()
    assert np.isfinite(e.mean).all()
    assert np.isnan(e.observables["loss"][0][1:]).all()
    assert (e.cov[0] == 0.0).all()
    assert e.observables["loss"][0][0] == 1.5
    assert e.interval("loss").reason == "no mean: the tails of the noise are too heavy"
    assert np.isnan(run(so.StudentT(1.0)).mean[1:]).all()


def test_an_ensemble_states_the_interval_of_its_paths(tmp_path: Any) -> None:
    e = run(so.Gaussian(1.0), keep_paths=True, paths=400)
    e.save(tmp_path / "run.npz")
    f = 0.5 * (e.paths[:, -1] ** 2 * [1.0, 2.0]).sum(axis=1)
    stderr = f.std(ddof=1) / 20.0
    expected = hall(400, f.mean(), stderr, stats.skew(f, bias=False))
    for found in (e, so.Ensemble.load(tmp_path / "run.npz")):
        low, high, reason = found.interval("loss")
        assert (low[-1], high[-1]) == pytest.approx([float(end) for end in expected], rel=1e-9)
        assert reason == ""
        assert found.interval().low.shape == (5, 2)
    with pytest.raises(ValueError, match="observable"):
        e.interval("los")
