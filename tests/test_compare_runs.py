"""How a comparison runs: what is refused, paths that diverge, no noise, threads, seeds, progress and Ctrl-C."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from tilted import START, TILTED, BlackBox, H, black_box

import sdeopt as so


@pytest.mark.parametrize("grid", [{"substeps": 1}, {"dt": 0.05}])
def test_one_substep_is_refused_with_the_reason(grid: Any) -> None:
    with pytest.raises(ValueError, match="own one-step moments"):
        so.compare(so.SGD(lr=0.05), black_box(), steps=4, **grid)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"paths": 1}, "paths"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"tolerance": 1.5}, "tolerance"),
        ({"save_at": [0.0]}, "save_at"),
        ({"sde": "order3"}, "unknown sde"),
    ],
)
def test_bad_arguments_are_named(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        so.compare(so.SGD(lr=0.05), black_box(), steps=4, **given)


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_diverged_paths_are_counted_and_decide() -> None:
    # |1 - lr h| = 4 per step: all discrete paths leave 1e50 before step 90; the SDE does not
    report = so.compare(so.SGD(lr=2.5), black_box(), steps=100, paths=12, substeps=8, save_at=10, rng=0)
    assert report.meta["diverged"] == [12, 0]
    assert report.verdict == "differ"
    assert report.rows[-1].quantity == "diverged" and report.rows[-1].gap == -1.0
    assert report.counts[-1] == 0 and np.isnan(report.discrete[-1, 0])
    assert "diverged: 12 discrete, 0 SDE" in str(report)


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_a_comparison_of_which_nothing_is_left_is_not_judged() -> None:
    """Noise so large that every path of both columns leaves in the first step: nothing is known but the start."""
    problem = so.Problem(BlackBox(), so.Gaussian(1e150), x0=START)
    report = so.compare(so.SGD(lr=0.1), problem, steps=5, paths=60, substeps=2, rng=0)
    assert report.meta["diverged"] == [60, 60]
    assert (report.verdict, report.decision.why) == ("not judged", "few paths")
    assert report.within[1] == np.inf
    assert "0 of 60 paths are left" in str(report)


def test_few_paths_are_not_judged() -> None:
    report = so.compare(so.SGD(lr=0.05), black_box(), steps=4, paths=2, substeps=2, rng=0)
    assert report.verdict == "not judged"
    assert "2 paths are too few for a verdict, 50 are the least" in str(report)
    assert all(np.isnan(row.half) for row in report.rows)


def test_without_noise_both_columns_are_exact() -> None:
    problem = so.Problem(BlackBox(), so.NoNoise(), x0=START)
    report = so.compare(so.SGD(lr=0.05), problem, steps=10, paths=50, substeps=4, rng=0)
    assert report.verdict == "agree"
    x = np.outer(1.0 - 0.05 * np.diag(H), np.ones(11)) ** np.arange(11)
    np.testing.assert_allclose(report.discrete[:, :2], (x * START[:, None]).T, rtol=1e-12)
    assert (report.discrete[:, 5:9] == 0.0).all() and (report.gap_stderr[:, 5:9] == 0.0).all()


def test_a_start_at_the_optimum_without_noise() -> None:
    problem = so.Problem(BlackBox(), so.NoNoise(), x0=[0.0, 0.0])
    assert so.compare(so.SGD(lr=0.05), problem, steps=5, paths=50, substeps=2, rng=0).verdict == "agree"


def test_the_number_of_threads_changes_nothing() -> None:
    texts = []
    for workers in (1, 2):
        with ThreadPoolExecutor(workers) as pool:
            report = so.compare(so.SGD(lr=0.05), TILTED, steps=10, paths=600, rng=3, executor=pool)
            texts.append(report.to_json())
    assert texts[0] == texts[1]


def test_another_seed_gives_other_paths_and_no_seed_is_recorded() -> None:
    runs = [so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=2, substeps=2, rng=rng) for rng in (0, 1, None)]
    assert len({run.discrete[-1, 0] for run in runs}) == 3
    fresh = runs[-1]
    again = so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=2, substeps=2, rng=int(fresh.meta["rng"]))
    assert again.discrete[-1, 0] == fresh.discrete[-1, 0]


def test_progress_counts_all_paths_once() -> None:
    seen: list[tuple[int, int]] = []
    so.compare(
        so.SGD(lr=0.05), black_box(), steps=2, paths=100, substeps=2, rng=0, progress=lambda *now: seen.append(now)
    )
    assert seen == [(25, 125), (125, 125)]


@pytest.mark.filterwarnings("ignore::sdeopt.PartialWarning")
def test_ctrl_c_keeps_the_paths_that_are_done() -> None:
    def stop(done: int, total: int) -> None:
        if done == 150 + 256:
            raise KeyboardInterrupt

    report = so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=600, substeps=2, rng=0, progress=stop)
    whole = so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=256, substeps=2, rng=0)
    assert report.meta["partial"] and report.meta["paths"] == 256 and "interrupted" in str(report)
    np.testing.assert_array_equal(report.gap, whole.gap)


def test_ctrl_c_before_there_is_anything_to_report() -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        so.compare(so.SGD(lr=0.05), black_box(), steps=2, paths=600, substeps=2, rng=0, progress=stop)
