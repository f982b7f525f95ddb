"""A report as text, Markdown, HTML, JSON, file and figure."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sdeopt as so
from sdeopt.comparison import rows
from sdeopt.plots.axes import every, gap_axis
from sdeopt.results import words
from sdeopt.results.columns import labels
from sdeopt.results.console import WIDTH


class BlackBox:
    """A quadratic with curvatures 1, ..., d that runs interpreted, so that nothing is compiled here."""

    def __init__(self, d: int) -> None:
        self.dim, self.start = d, np.resize([1.0, -1.0], d)
        self.H = np.arange(1.0, d + 1.0)

    def value(self, x: Any) -> Any:
        return 0.5 * float((self.H * x * x).sum())

    def grad(self, x: Any) -> Any:
        return self.H * x

    def lacks(self, question: str) -> str | None:
        return None

    def __repr__(self) -> str:
        return "BlackBox<&|>"


def compared(d: int, **given: Any) -> Any:
    options = {"steps": 12, "paths": 80, "substeps": 4, "save_at": 6, "rng": 0} | given
    return so.compare(so.SGD(lr=0.1), so.Problem(BlackBox(d), so.Gaussian(1.0)), **options)


@pytest.fixture(scope="module")
def report() -> Any:
    return compared(2)


def test_text_states_what_was_run_and_how_to_read_it(report: Any) -> None:
    text = str(report)
    for said in (
        "SGD(lr=0.1) against its SDE order1", "BlackBox<&|>", "Gaussian(scale=1.0)", "x0 = [1, -1]", "rng=0",
        "dt = 0.025 (4 per step)", "12 steps", "80, common random numbers", "none diverged", "margin 10 %",
        "± 95 % interval", "between bounds of 95 % each", "repeat paths=80, substeps=4, rng=0", "on the same paths",
        "The flow (drift without noise)", "of which loss, norm2, grad_norm2: ",
    ):  # fmt: skip
        assert said in " ".join(text.split()), said
    assert "\x1b" not in text, "no colour codes"
    assert max(map(len, text.splitlines())) <= WIDTH


def test_text_has_a_line_per_row_and_the_numbers_of_the_arrays(report: Any) -> None:
    lines = {line.split("  ")[0].strip(): line for line in str(report).splitlines()}
    for row in report.rows:
        assert row.quantity in lines
        assert words.number(report.discrete[-1, row.column]) in lines[row.quantity]
        assert row.verdict in lines[row.quantity]


def test_rows_are_the_arrays(report: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert np.isnan([row.half for row in report.rows]).all() and "± ?: no interval, for fewer than 100" in str(report)
    monkeypatch.setattr(rows, "FEWEST", 80)
    row = next(row for row in rows.rows(report) if row.quantity == "var x₂")
    i = report.column("var x₂")
    assert row.gap == report.gap[-1, i] == report.sde[-1, i] - report.discrete[-1, i]
    assert row.half == pytest.approx(1.99 * report.gap_stderr[-1, i], rel=1e-3)  # t, 79 degrees of freedom
    assert abs(row.largest) == np.abs(report.gap[:, i]).max()
    assert row.largest_time == report.times[np.abs(report.gap[:, i]).argmax()]
    assert row.change == report.change[-1, i] and row.flow == 0.0


@pytest.mark.parametrize(("d", "rows"), [(1, 5), (2, 8), (3, 12), (4, 6), (9, 5)])
def test_tables_are_short(d: int, rows: int) -> None:
    short = compared(d, paths=3, steps=2)
    assert len(short.rows) == rows
    assert len(short.names) == short.gap.shape[1] == len(set(short.names))


def test_one_row_shows_the_worst_of_many_coordinates() -> None:
    report = compared(5, steps=20)
    row = next(row for row in report.rows if row.quantity.startswith("mean"))
    ratio = np.nanmax(np.abs(report.gap[1:, :5]) / report.margin[1:, :5], axis=0)
    assert row.column == ratio.argmax()
    assert row.quantity == f"means, worst {report.names[row.column].removeprefix('mean ')}"
    each = compared(5, steps=20, judge="each")
    row = next(row for row in each.rows if row.quantity.startswith("mean"))
    assert row.column == ratio.argmax() and row.quantity.endswith("(worst of 5)")


def test_labels_name_every_entry() -> None:
    kinds, names = labels(2, ("loss", "mine"))
    assert names == ("mean x₁", "mean x₂", "loss", "mine", "var x₁", "var x₂", "cov x₁,x₂", "tr Cov x", "diverged")
    assert kinds == (
        "mean",
        "mean",
        "observable",
        "observable",
        "variance",
        "variance",
        "covariance",
        "trace",
        "diverged",
    )
    assert len(labels(12, ())[0]) == 12 + 12 + 2


def same(a: Any, b: Any) -> None:
    for field in dataclasses.fields(a):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if field.name in ("laws", "sizes", "flow_sizes"):
            for x, y in zip(left, right, strict=True):
                np.testing.assert_array_equal(x, y)
        elif isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right)
        else:
            assert left == right


def test_save_and_load(report: Any, tmp_path: Path) -> None:
    report.save(tmp_path / "compare.npz")
    again = so.Report.load(tmp_path / "compare.npz")
    same(report, again)
    assert str(again) == str(report) and repr(again) == repr(report)


def test_json_holds_the_numbers(report: Any) -> None:
    content = json.loads(report.to_json())
    assert content["verdict"] == report.verdict
    assert content["meta"]["entropy"] == report.meta["entropy"]
    assert [row["quantity"] for row in content["rows"]] == [row.quantity for row in report.rows]
    for i, name in enumerate(report.names):
        for field in ("discrete", "sde", "gap", "gap_stderr", "change", "flow", "theory", "margin"):
            values = [np.nan if v is None else v for v in content["quantities"][name][field]]
            np.testing.assert_array_equal(values, getattr(report, field)[:, i])
    assert content["laws"]["energy"] == report.laws.energy


def test_markdown_is_one_table_whose_bars_are_escaped(report: Any) -> None:
    lines = [line for line in report.to_markdown().splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(report.rows)
    assert {line.replace("\\|", "").count("|") for line in lines} == {11}


def test_html_is_escaped(report: Any) -> None:
    text = report._repr_html_()
    assert "BlackBox&lt;&amp;|&gt;" in text and "<&" not in text
    assert text.count("<tr>") == text.count("</tr>") == 8 + 1 + len(report.rows)


def test_rich_consoles_get_the_same_table(report: Any) -> None:
    from rich.console import Console

    console = Console(width=WIDTH, record=True, file=io.StringIO())
    console.print(report)
    assert "mean x₁" in console.export_text()


def test_open_reports_say_between_what_and_how_many_paths_would_decide() -> None:
    report = compared(1, paths=60, steps=20)
    low, high = report.within
    assert report.verdict == "open" and low < 0.1 < high < np.inf
    text = " ".join(str(report).split())
    assert f"and {words.most(high)} off, in {report.decisive[0]} at t = {report.decisive[1]:.4g}" in text
    assert "times the paths would decide" in text


def test_layers_say_what_is_known_of_each(report: Any) -> None:
    said = dict(report.page().head)["of which"]
    for names in ("loss, norm2, grad_norm2: ", "means: ", "variances: ", "covariances: "):
        assert names in said


@pytest.mark.parametrize("width", [50, 80, 118])
def test_tables_fit_and_keep_quantity_and_verdict(report: Any, width: int) -> None:
    from rich.console import Console

    out = io.StringIO()
    Console(width=width, file=out).print(report)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    heading = next(line for line in text.splitlines() if line.startswith("quantity"))
    assert "verdict" in heading
    assert sum(row.quantity in text for row in report.rows) == len(report.rows)


def test_unknown_quantities_are_named(report: Any) -> None:
    with pytest.raises(ValueError, match="unknown quantity 'var x9'"):
        report.column("var x9")


def test_plot_returns_the_main_axes_of_a_figure_with_labels(report: Any, tmp_path: Path) -> None:
    ax = report.plot()
    figure = ax.figure
    figure.savefig(tmp_path / "compare.png")
    assert (tmp_path / "compare.png").stat().st_size > 10_000
    assert len(figure.axes) == 4 and figure.axes[0] is ax
    assert all(panel.get_xlabel().startswith("time t") and panel.get_ylabel() for panel in figure.axes)
    shown = {text.get_text() for text in ax.get_legend().get_texts()}
    assert {"SDE", "discrete", "flow (no noise)", "95 % interval"} <= shown


@pytest.mark.parametrize(("margin", "top"), [(100.0, 3.3), (0.5, 1.1), (2.0, 2.2)])
def test_a_wide_margin_does_not_make_the_gap_a_line(margin: float, top: float) -> None:
    ax = plt.figure().gca()
    gap_axis(ax, np.array([0.0, 1.0, np.nan]), np.array([margin, 0.1, np.nan]))
    assert ax.get_ylim() == pytest.approx((-top, top))


def test_plot_draws_the_columns_of_the_report(report: Any) -> None:
    figure, given = plt.subplots()
    ax = report.plot(given)
    assert ax is given and len(figure.axes) == 1
    i = report.column("f(x)")
    lines = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_array_equal(lines["SDE"].get_ydata(), report.sde[:, i])
    np.testing.assert_array_equal(lines["flow (no noise)"].get_ydata(), report.flow[:, i])
    markers = ax.containers[0][0]
    np.testing.assert_array_equal(markers.get_ydata(), report.discrete[:: every(len(report.times)), i])
    assert markers.get_marker() == "o" and markers.get_linestyle() == "None"


def test_any_quantity_can_be_drawn_with_its_bands(report: Any) -> None:
    ax = report.plot(quantity="var x₁")
    assert ax.get_ylabel() == r"$\mathrm{var}\,x_{1}$"
    assert report.plot(ax, quantity="mean x₂") is ax and ax.get_ylabel() == r"$\mathbb{E}\,x_{2}$"
    assert {"SDE ± 1 sd", "95 % interval"} <= set(ax.get_legend_handles_labels()[1])
    assert report.plot(quantity="loss").get_ylabel() == r"$\mathbb{E}\,f(x)$"
    with pytest.raises(ValueError, match="unknown quantity 'kurtosis'"):
        report.plot(quantity="kurtosis")
