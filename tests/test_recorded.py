"""Logs of other frameworks as the discrete column: judged by what they observe alone, with independent errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t, ttest_ind_from_stats

import sdeopt as so
from sdeopt.comparison import recorded
from sdeopt.results import paired

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
RUN: dict[str, Any] = {"paths": 200, "substeps": 2, "rng": 0, "progress": False}
SAVES = np.array([0.5, 1.0])


def logs(method: Any, runs: int = 400, seed: int = 7, names: Any = ("loss", "norm2")) -> so.Recorded:
    e = so.simulate(method, PROBLEM, horizon=1.0, save_at=SAVES, paths=runs, rng=seed, keep_paths=True)
    x = e.paths
    values = {"loss": (x**2 * [1.0, 2.0]).sum(2) / 2, "norm2": (x**2).sum(2)}
    return so.Recorded(SAVES, {name: values[name] for name in names})


def test_means_errors_and_degrees_are_those_of_two_independent_samples() -> None:
    """Of the SDE they are those of a comparison without logs; as in the test of unequal variances of SciPy."""
    own = so.compare(so.SGD(0.05), PROBLEM, horizon=1.0, save_at=SAVES, **RUN)
    log = logs(so.SGD(0.05), 9)
    report = so.compare(so.SGD(0.05), PROBLEM, discrete=log, **RUN)
    assert [q.name for q in report.quantities] == ["loss", "norm2"] and report.times.tolist() == SAVES.tolist()
    c, at = report.column("f(x)"), own.column("f(x)")
    sde, se = own.sde[:, at], own.sde_stderr[:, at]
    np.testing.assert_allclose(report.sde[:, c], sde, rtol=1e-13)
    np.testing.assert_allclose(report.gap[:, c], sde - log.mean[:, 0], rtol=1e-9)
    np.testing.assert_allclose(report.gap_stderr[:, c] ** 2, se**2 + log.stderr[:, 0] ** 2, rtol=1e-12)
    for i in range(2):
        test = ttest_ind_from_stats(
            sde[i], se[i] * np.sqrt(200), 200, log.mean[i, 0], log.stderr[i, 0] * 3.0, 9, equal_var=False
        )
        found = 2.0 * t.sf(abs(report.gap[i, c] / report.gap_stderr[i, c]), report.sizes.degrees[i, 0])
        assert found == pytest.approx(test.pvalue, rel=1e-10)
    assert report.flow_sizes.degrees[:, 0] == pytest.approx(8.0)  # beside the flow only the logs err
    unknown = [i for i, kind in enumerate(report.kinds) if kind not in ("observable", "diverged")]
    assert np.isnan(report.gap[:, unknown]).all() and np.isfinite(report.sde[:, unknown]).all()


def test_runs_are_their_means_and_errors() -> None:
    log = logs(so.SGD(0.05), 30)
    pairs = {name: (log.mean[:, i], log.stderr[:, i]) for i, name in enumerate(log.names)}
    a, b = (so.compare(so.SGD(0.05), PROBLEM, discrete=one, **RUN) for one in (log, so.Recorded(SAVES, pairs, runs=30)))
    for name in ("gap", "gap_stderr", "margin"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert repr(a) == repr(b) and "30 recorded runs" in repr(a)


def test_an_interval_of_five_runs_covers() -> None:
    """95 % of 2000 gaps of two normal laws of one mean, with unlike variances: ± 2.6 % are 5.3 standard errors."""
    rng, times, covered = np.random.default_rng(3), np.array([1.0]), 0
    for _ in range(2000):
        log = so.Recorded(times, {"loss": rng.normal(1.0, 2.0, (5, 1))})
        records = np.concatenate([rng.normal(0.0, 1.0, (60, 1, 1)), rng.normal(1.0, 5.0, (60, 1, 1))], axis=2)
        e = log.beside(paired.estimates(recorded.reduce(0, records, d=1), 1), 1)
        covered += bool(abs(e.gap[0, 1]) < t.isf(0.025, log.degrees(e, [1])[0, 0]) * e.gap_stderr[0, 1])
    assert abs(covered / 2000 - 0.95) < 0.026


def test_the_same_optimizer_agrees_and_another_differs() -> None:
    same = so.compare(so.SGD(0.05), PROBLEM, discrete=logs(so.SGD(0.05), 2000), tolerance=0.3, **RUN | {"paths": 1000})
    assert same.verdict == "agree" and same.meta["agrees_at"] is None
    heavy = so.Recorded(
        SAVES, {"norm2": logs(so.SGD(0.05)).mean[:, [1]].T + np.random.default_rng(0).normal(1, 0.1, (9, 2))}
    )
    other = so.compare(so.SGD(0.05), PROBLEM, discrete=heavy, **RUN)
    assert other.verdict == "differ" and "9 recorded runs against the SDE order1" in str(other)


def test_the_number_of_paths_is_that_of_the_work_and_open_reports_ask_for_runs_too(tmp_path: Path) -> None:
    log = logs(so.SGD(0.05), 5)
    report = so.compare(so.SGD(0.05), PROBLEM, discrete=log, substeps=2, rng=0, steps=40, progress=False)
    assert report.meta["paths"] == 4096 and report.meta["steps"] == 40
    assert report.verdict == "open" and "times the paths and recorded runs would decide" in report.answer
    axes = report.plot().figure.axes
    assert len(axes) == 4 and "var" not in axes[1].get_ylabel()
    (bar,) = axes[0].containers
    half = 0.5 * np.diff(bar.lines[2][0].get_segments()[0][:, 1])[0]
    least = report.sizes.degrees.min()
    assert 3.0 < least < 6.0 and half == pytest.approx(
        t.isf(0.025, least) * report.discrete_stderr[0, report.column("f(x)")]
    )
    report.save(tmp_path / "logs")
    assert str(so.load(tmp_path / "logs")) == str(report)


def test_what_is_no_log_is_refused() -> None:
    x = np.ones((3, 2))
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda: so.Recorded([1.0, 0.5], {"loss": x}), ValueError, "times must increase"),
        (lambda: so.Recorded([-1.0, 0.5], {"loss": x}), ValueError, "times must increase from 0 or later"),
        (lambda: so.Recorded(SAVES, {}), TypeError, "observables must be a mapping"),
        (lambda: so.Recorded(SAVES, {"loss": x[:1]}), ValueError, r"shape \(runs, 2\), runs >= 2, got \(1, 2\)"),
        (lambda: so.Recorded(SAVES, {"loss": x * np.nan}), ValueError, "must be finite"),
        (lambda: so.Recorded(SAVES, {"loss": (x[0], x[0])}), ValueError, "so say of how many runs"),
        (lambda: so.Recorded(SAVES, {"loss": (x[0], -x[0])}, runs=3), ValueError, "standard errors of at least 0"),
        (lambda: so.Recorded(SAVES, {"loss": (x[0],)}, runs=3), ValueError, "must be .mean, standard error."),
        (lambda: so.Recorded(SAVES, {"loss": x}, runs=4), ValueError, "must have 4 runs, got 3"),
        (lambda: so.Recorded(SAVES, {"a": x, "b": x[:2]}), ValueError, "must have 3 runs, got 2"),
    ]
    for make, kind, said in cases:
        with pytest.raises(kind, match=said):
            make()
    log = so.Recorded(SAVES, {"loss": x})
    for name, value in (("save_at", 3), ("seconds", 1.0), ("judge", "all")):
        with pytest.raises(ValueError, match=f"{name} must be left out beside Recorded"):
            so.compare(so.SGD(0.05), PROBLEM, discrete=log, **{name: value})
    with pytest.raises(ValueError, match=r"times must be those of steps, t = k·0.05, got 0.275, which is 5.5 steps"):
        so.compare(so.SGD(0.05), PROBLEM, discrete=so.Recorded([0.275, 0.5], {"loss": x}))
    with pytest.raises(ValueError, match=r"times must end by t = 0.2, which is steps=4, got 0.5"):
        so.compare(so.SGD(0.05), PROBLEM, discrete=so.Recorded([0.25, 0.5], {"loss": x}), steps=4)
    with pytest.raises(ValueError, match=r"unknown recorded observable 'accuracy' .*objective.observables\(\)"):
        so.compare(so.SGD(0.05), PROBLEM, discrete=so.Recorded(SAVES, {"accuracy": x}))


def test_integers_are_questioned_and_other_numbers_never() -> None:
    """Steps in the place of times: at η = 0.05 the integer 2 is step 40, and so is 2.0, which nobody counts with."""
    x = {"loss": np.ones((3, 2))}
    with pytest.warns(UserWarning, match=r"integers, taken as t = k·0.05, so that the last, 2, is step 40; of"):
        assert so.Recorded([1, 2], x).grid(so.SGD(0.05), None, None, None, None, None)[0] == 40
    so.Recorded([1.0, 2.0], x).grid(so.SGD(0.05), None, None, None, None, None)
    so.Recorded(np.arange(1, 3), x).grid(so.SGD(1.0), None, None, None, None, None)
