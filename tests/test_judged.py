"""What a comparison judges: coordinates alone or as vectors, or observables and the noise; the rest is information."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from slow_bowl import Bowl

import sdeopt as so
from sdeopt.results import judging, quantities

BOWL = so.Problem(Bowl(), so.Gaussian([0.2, 0.5, 1.0]), x0=[1.0, 1.0, 1.0])
RUN: dict[str, Any] = {"steps": 20, "paths": 400, "substeps": 4, "save_at": 4, "rng": 0, "observables": ["norm2"]}


@pytest.fixture(scope="module")
def reports() -> dict[str, Any]:
    return {what: so.compare(so.SGD(0.02), BOWL, judge=what, **RUN) for what in quantities.JUDGED}


def test_coordinates_are_shown_but_do_not_count(reports: dict[str, Any]) -> None:
    rows = {row.quantity: row for row in reports["observables"].rows}
    assert [name for name, row in rows.items() if row.verdict != judging.SHOWN] == ["norm2", "tr Cov x"]
    assert set(rows) == {"norm2", "mean x₁", "mean x₂", "mean x₃", "var x₁", "var x₂", "var x₃", "tr Cov x"}
    assert rows["norm2"].verdict == "agree"
    assert rows["tr Cov x"].discrete == pytest.approx(sum(rows[f"var x{i}"].discrete for i in "₁₂₃"), rel=1e-12)


def test_the_noise_is_judged_where_coordinates_are_not() -> None:
    quiet = so.compare(so.SGD(0.02), BOWL, judge="observables", sde="order1", **RUN)
    assert [q.name for q in quiet.quantities] == ["norm2", "tr Cov x"]
    assert next(row for row in quiet.rows if row.quantity == "tr Cov x").flow_verdict == "differ"


def test_fewer_quantities_need_narrower_intervals(reports: dict[str, Any]) -> None:
    """One observable and the trace; against one observable, 3 means and 6 covariances."""
    few, many = (reports[what].meta for what in ("observables", "all"))
    assert (few["comparisons"], many["comparisons"]) == (2 * 4, 10 * 4)


def test_the_flow_is_told_by_the_trace_not_by_the_worst_coordinate(reports: dict[str, Any]) -> None:
    report = reports["observables"]
    told = {row.quantity: row.flow_verdict for row in report.rows}
    assert told["tr Cov x"] == "differ"
    assert told["mean x₁"] == told["var x₃"] == judging.SHOWN
    assert "told from the discrete column by tr Cov x." in str(report)
    assert "shown, not judged" in str(report) and "shown, not judged" not in str(reports["all"])


def test_all_shows_what_it_judges(reports: dict[str, Any]) -> None:
    assert judging.SHOWN not in {row.verdict for row in reports["all"].rows}
    assert "tr Cov x" not in {row.quantity for row in reports["all"].rows}


def test_up_to_three_dimensions_all_is_each(reports: dict[str, Any]) -> None:
    np.testing.assert_array_equal(reports["all"].sizes, reports["each"].sizes)


KINDS = ("mean",) * 4 + ("observable",) + ("variance",) * 4 + ("covariance",) * 6 + ("trace", "diverged")
NAMES = tuple(map(str, range(len(KINDS))))


@pytest.mark.parametrize(
    ("what", "lost", "names"),
    [
        ("all", False, ["4", "means", "variances", "covariances"]),
        ("all", True, ["4", "means", "variances", "covariances", "16"]),
        ("each", False, ["4", *map(str, range(4)), *map(str, range(5, 15))]),
        ("observables", False, ["4", "15"]),
    ],
)
def test_from_four_dimensions_on_vectors_are_judged(what: str, lost: bool, names: list[str]) -> None:
    found = quantities.choose_judged(KINDS, NAMES, lost, what, False)
    assert [q.name for q in found] == names
    assert [q.columns for q in found if q.name == "variances"] in ([], [(5, 6, 7, 8)])


@pytest.mark.parametrize(("d", "observables", "what"), [(64, 2, "all"), (65, 2, "observables"), (65, 0, "all")])
def test_above_64_dimensions_observables_are_judged(d: int, observables: int, what: str) -> None:
    assert quantities.default(d, observables) == what


def test_what_there_is_to_judge() -> None:
    with pytest.raises(ValueError, match="did you mean 'observables'"):
        so.compare(so.SGD(0.02), BOWL, judge="observable", **RUN)
    with pytest.raises(ValueError, match="observables must not be empty"):
        so.compare(so.SGD(0.02), BOWL, judge="observables", **RUN | {"observables": []})


def test_what_one_path_dominates_is_named_where_the_verdict_rests_on_other_things(reports: dict[str, Any]) -> None:
    report = reports["all"]
    j = [q.name for q in report.quantities].index("var x₁")
    assert report.decision.column != j
    share = report.sizes.share.copy()
    share[:, j] = 0.6
    heavy = dataclasses.replace(report, sizes=report.sizes._replace(share=share))
    said = "Not judged by itself: one path makes up 60 % of the error of var x₁ at t = "
    assert heavy.verdict == report.verdict
    assert said in " ".join(str(heavy).split()) and said not in " ".join(str(report).split())
