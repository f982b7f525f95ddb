"""Figures as a new user meets them: in a notebook, with rc parameters of one's own, on axes of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import sdeopt as so
from sdeopt.plots.axes import every, formula, log_axis, scale_axis
from sdeopt.plots.style import COLOURS, DISCRETE, SDE, drawing, style

PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])


@pytest.fixture(scope="module")
def walk() -> Any:
    return so.simulate(so.SGD(lr=0.1), PROBLEM, horizon=4.0, paths=200, keep_paths=True, rng=0)


@pytest.fixture(scope="module")
def flow() -> Any:
    return so.simulate(so.SGD(lr=0.1), PROBLEM, "sde", horizon=4.0, paths=200, rng=0)


def labels(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


# the look


def test_a_backend_that_becomes_interactive_stays_so() -> None:
    """As that of a notebook does at its first figure, which may be one of ours."""
    before = mpl.is_interactive()
    try:
        mpl.interactive(False)
        with style():
            mpl.interactive(True)
        assert mpl.is_interactive()
    finally:
        mpl.interactive(before)


def test_what_the_user_has_set_stays() -> None:
    with mpl.rc_context({"figure.figsize": (3.0, 2.0), "axes.grid": True, "grid.color": "#123456"}):
        with drawing() as ax:
            assert mpl.rcParams["grid.color"] == "#123456"
        assert tuple(ax.figure.get_size_inches()) == (3.0, 2.0)
    with drawing() as ax:
        assert tuple(ax.figure.get_size_inches()) == (4.7, 4.3) and mpl.rcParams["legend.frameon"] is False


def test_axes_of_ones_own_have_no_style(walk: Any) -> None:
    _, ax = plt.subplots()
    with drawing(ax) as given:
        assert given is ax and mpl.rcParams["legend.frameon"] is True


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("E loss", r"$\mathbb{E}\,f(x)$"),
        ("E grad_norm2", r"$\mathbb{E}\,\|\nabla f(x)\|^2$"),
        ("var x₁₂", r"$\mathrm{var}\,x_{12}$"),
        ("cov x₁,x₂", r"$\mathrm{cov}\,x_{1},x_{2}$"),
        ("tr Cov x", r"$\mathrm{tr\,Cov}\,x$"),
        ("E cos x1", "E cos x1"),
        ("E test loss", "E test loss"),
        ("diverged", "diverged"),
    ],
)
def test_quantities_that_have_a_symbol_are_shown_by_it(label: str, shown: str) -> None:
    assert formula(label) == shown
    plt.figure().text(0.0, 0.0, shown)
    plt.gcf().canvas.draw()  # mathematics that is none would raise


def test_what_falls_is_drawn_on_a_logarithmic_axis_with_numbers_on_it() -> None:
    ax = plt.figure().gca()
    falling = np.array([0.69, 0.2, 0.14, 0.13])
    scale_axis(ax, falling, falling[-1], falling)
    ax.figure.canvas.draw()
    shown = [t.get_text() for t in ax.get_yticklabels() if 0.13 <= t.get_position()[1] <= 0.7]
    assert ax.get_yscale() == "log" and shown == ["0.2", "0.3", "0.5"]
    level = plt.figure().gca()
    scale_axis(level, np.array([0.2, 0.15, 0.13]), 0.13, np.array([0.2]))
    assert level.get_yscale() == "linear"


@pytest.mark.parametrize(("count", "step"), [(1, 1), (40, 1), (41, 2), (101, 3), (1000, 25)])
def test_markers_leave_room_for_what_is_below(count: int, step: int) -> None:
    assert every(count) == step


def test_numbers_of_a_short_logarithmic_axis_are_in_full() -> None:
    def shown(low: float) -> set[str]:
        _, ax = plt.subplots()
        ax.plot([low, 0.1], [1.0, 2.0])
        log_axis(ax.xaxis)
        ax.figure.canvas.draw()
        return {text.get_text() for which in ("major", "minor") for text in ax.get_xticklabels(which=which)} - {""}

    short = shown(0.016)
    assert {"0.02", "0.05", "0.1"} <= short and not any("10^" in label for label in short)
    assert all("10^" in label for label in shown(1e-4))


# reports


def test_one_panel_has_a_legend_and_few_markers() -> None:
    report = so.compare(so.SGD(lr=0.05), PROBLEM, steps=120, save_at=120, paths=60, rng=0)
    _, ax = plt.subplots()
    assert report.plot(ax) is ax
    assert {"SDE", "discrete", "SDE, exact"} <= set(labels(ax))
    assert len(ax.containers[0][0].get_xdata()) == 31


def test_legends_do_not_squeeze_their_axes() -> None:
    with mpl.rc_context({"figure.figsize": (5.0, 5.0)}):
        first = so.load(Path(__file__).parent / "files" / "report").plot()
        first.figure.canvas.draw()
    assert first.get_position().width > 0.3


@pytest.mark.slow
def test_without_a_variance_no_spread_is_drawn() -> None:
    from sdeopt.core import cos

    heavy = so.Problem(so.Quadratic([1.0, 2.0]), so.AlphaStable(1.5), x0=[1.0, -1.0])
    seen = {"cos x1": lambda x: cos(x)[0], "cos x2": lambda x: cos(x)[1]}
    for count, observables in ((2, dict(list(seen.items())[:1])), (4, seen)):
        report = so.compare(
            so.SGD(0.1), heavy, sde="levy", steps=8, paths=60, substeps=2, rng=0, observables=observables
        )
        shown = [ax.get_ylabel() for ax in report.plot().figure.axes]
        assert len(shown) == count and "E cos x1" in shown and not any("Cov" in label for label in shown)
    mean = report.plot(quantity="mean x₁")
    assert not {"SDE ± 1 sd", "95 % interval"} & set(labels(mean))


def test_hollow_markers_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdeopt.certificate.figure.HIDDEN", 40.0)
    found = so.load(Path(__file__).parent / "files" / "certificate")
    texts = [text for ax in found.plot().figure.axes for text in labels(ax)]
    assert "hollow: within 40 standard errors of 0" in texts


# ensembles


def test_the_law_is_a_density_of_both_columns_and_theory(walk: Any, flow: Any) -> None:
    ax = walk.plot_law(flow, coordinate=1, density=lambda x: np.exp(-x * x))
    assert sorted(labels(ax)) == ["discrete", "sde", "theory"]
    assert ax.get_xlabel() == "$x_{2}$ at $t$ = 4"
    bars = list(ax.containers[0])
    edges = [bar.get_x() for bar in bars] + [bars[-1].get_x() + bars[-1].get_width()]
    inside = ((walk.final[:, 1] >= edges[0]) & (walk.final[:, 1] <= edges[-1])).mean()
    assert sum(bar.get_height() * bar.get_width() for bar in bars) == pytest.approx(inside)
    assert walk.plot_law(ax=ax) is ax


@pytest.mark.slow
def test_paths_are_drawn_over_contours_and_move(walk: Any, tmp_path: Path) -> None:
    _, given = plt.subplots()
    ax = walk.plot_paths(PROBLEM.objective, count=3, ax=given)
    assert ax is given and len(ax.lines) == 3
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), walk.paths[2, :, 1])
    assert any(type(one).__name__ == "QuadContourSet" for one in ax.collections)
    moved = walk.animate(count=2)
    moved._fig.canvas.draw()
    heads = moved._func(5)[-1].get_offsets()
    np.testing.assert_array_equal(heads, walk.paths[:2, 5])
    moved.save(tmp_path / "paths.gif", writer="pillow")
    assert (tmp_path / "paths.gif").read_bytes().startswith(b"GIF8")


@pytest.mark.usefixtures("interpreted")
def test_several_methods_share_an_axis(walk: Any, flow: Any) -> None:
    sign = so.simulate(so.SignSGD(lr=0.1), PROBLEM, horizon=4.0, paths=50, rng=0)
    ax = so.overlay([walk, flow, sign], "norm2")
    assert labels(ax) == ["SGD(lr=0.1), discrete", "SGD(lr=0.1), sde", "SignSGD(lr=0.1), discrete"]
    assert [line.get_color() for line in ax.lines] == [COLOURS[0], COLOURS[0], COLOURS[1]]
    assert [line.get_linestyle() for line in ax.lines] == ["None", "-", "None"]
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), sign.observables["norm2"][0])
    assert ax.get_ylabel() == r"$\mathbb{E}\,\|x\|^2$"


def test_columns_have_one_colour_throughout(walk: Any, flow: Any) -> None:
    assert [e.plot().lines[0].get_color() for e in (walk, flow)] == [DISCRETE["color"], SDE["color"]]
    assert [line.get_color() for line in so.overlay([walk, flow]).lines] == [DISCRETE["color"], SDE["color"]]
    assert walk.plot_law().patches[0].get_facecolor()[:3] == mpl.colors.to_rgb(DISCRETE["color"])


@pytest.mark.usefixtures("interpreted")
def test_what_cannot_be_drawn_is_refused_in_a_sentence(walk: Any, flow: Any) -> None:
    line = so.simulate(so.SGD(0.1), so.Problem(so.Quadratic([1.0]), so.Gaussian(0.5)), steps=2, paths=4, rng=0)
    with pytest.warns(so.DivergedWarning):
        lost = so.simulate(
            so.SGD(9.0), so.Problem(so.Quadratic([1.0]), so.NoNoise(), x0=[1.0]), steps=99, paths=2, rng=0
        )
    refused: list[tuple[Any, type, str]] = [
        (lambda: flow.plot_paths(), ValueError, "the paths were not kept: simulate with keep_paths=True"),
        (lambda: line.animate(), ValueError, "paths are drawn in the plane, and x has 1 coordinate"),
        (lambda: walk.plot_paths(count=0), ValueError, "count must be at least 1, got 0"),
        (lambda: walk.plot_law(coordinate=2), ValueError, r"coordinate must be in \[0, 2\), got 2"),
        (lambda: walk.plot_law(3), TypeError, "other must be an Ensemble, got 3"),
        (lambda: lost.plot_law(), ValueError, "no path is left at the horizon: all have diverged"),
        (lambda: so.overlay([]), ValueError, "ensembles must not be empty"),
        (lambda: so.overlay([walk, 3]), TypeError, "ensembles must be a list of Ensemble, got 3"),
        (lambda: so.overlay([walk], "los"), ValueError, "unknown observable 'los'"),
    ]
    for call, kind, sentence in refused:
        with pytest.raises(kind, match=sentence):
            call()


# notebooks


def test_the_registry_is_a_dict_and_a_table_by_family() -> None:
    found = so.methods()
    assert isinstance(found, dict) and found == dict(found) and found["SGD"] is so.SGD
    table = found._repr_html_()
    assert table.index("Gradient descent") < table.index("HeavyBall(") < table.index(">SGD(lr)") < table.index("Signs")
    assert table.index("Adagrad(") < table.index("Adam(") and "text-align:left" in table


def test_a_notebook_has_a_bar_without_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType, SimpleNamespace

    from sdeopt.engine.progress import Progress

    shown: list[str] = []
    handle = SimpleNamespace(
        display=lambda cell: shown.append(cell._repr_html_()), update=lambda cell: shown.append(cell._repr_html_())
    )
    python, display = ModuleType("IPython"), ModuleType("IPython.display")
    vars(python)["get_ipython"] = lambda: SimpleNamespace(kernel=True)
    vars(display)["DisplayHandle"] = lambda: handle
    monkeypatch.setitem(sys.modules, "IPython", python)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    with Progress(8, True, "SGD < lr") as progress:
        progress._open()
        progress._bar._seen = 0.0
        progress.advance(3)
    assert shown[-2:] == ['SGD &lt; lr <progress max="8" value="3"></progress> 3/8 paths', ""]
