"""SDEs that are wrong on purpose: no comparison says that they agree, in any dimension and way of judging."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from planted_sdes import Planted

import sdeopt as so
from sdeopt.results import quantities

LR = 0.05
FACTORS: list[dict[str, float]] = [
    *({"size": factor} for factor in (0.0, 1.15, 1.4, 2.0, 3.0)),
    {"size": LR**0.5},  # a root dropped
    *({"slope": factor} for factor in (0.0, 0.8, 1.15, 2.0)),
]


def on_a_bowl(page: Any, d: int, **words: Any) -> so.Report:
    """Both columns on a quadratic in d dimensions, from the start to the stationary law."""
    problem = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, d)), so.Gaussian(0.5))
    options: dict[str, Any] = {"horizon": 10.0, "paths": 400, "substeps": 2, "save_at": 10, "rng": 0, "progress": False}
    return so.compare(page, problem, **options | words)


def words(given: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3g}" for name, value in given.items())


@pytest.mark.parametrize("judge", quantities.JUDGED)
@pytest.mark.parametrize("given", FACTORS, ids=words)
def test_a_wrong_sde_is_never_in_agreement(given: dict[str, float], judge: str) -> None:
    report = on_a_bowl(Planted(LR, **given), 2, judge=judge)
    assert report.verdict == "differ" and report.within[0] > 0.1, str(report)


@pytest.mark.parametrize("judge", quantities.JUDGED)
def test_the_right_one_agrees(judge: str) -> None:
    assert on_a_bowl(Planted(LR), 2, judge=judge).verdict == "agree"


@pytest.mark.slow
def test_the_first_steps_do_not_measure_what_is_late() -> None:
    """f falls from 65 to 0.2, or to 0 without noise: that is all of what is left at the end."""
    report = on_a_bowl(Planted(LR, size=0.0), 65)
    assert report.meta["judge"] == "observables" and report.verdict == "differ"
    i = [q.name for q in report.quantities].index("loss")
    assert report.sizes.size[-1, i] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("nu", [2.5, pytest.param(5.0, marks=pytest.mark.slow)])
def test_tails_without_errors_decide_nothing(nu: float) -> None:
    """No fourth moment, or one of which a single path has most: whatever the variances are, nobody knows how well."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.StudentT(nu, 0.5))
    report = so.compare(so.SGD(0.1), problem, horizon=5.0, paths=1000, substeps=2, rng=0, progress=False)
    wanted = {("not judged", "moments")} if nu < 4.0 else {("not judged", "tail"), ("open", "paths")}
    assert (report.verdict, report.decision.why) in wanted
    assert "no moments" in str(report) if nu < 4.0 else report.verdict == "open" or "one path makes up" in str(report)


@pytest.mark.slow
@pytest.mark.parametrize("judge", ["all", "observables"])
@pytest.mark.parametrize("d", [65, 300])
@pytest.mark.parametrize("given", [{}, *FACTORS], ids=words)
def test_wrong_sdes_in_many_dimensions(given: dict[str, Any], d: int, judge: str) -> None:
    report = on_a_bowl(Planted(LR, **given), d, judge=judge)
    assert report.verdict == ("differ" if given else "agree"), str(report)
