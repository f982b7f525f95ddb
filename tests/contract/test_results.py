"""What every result can do: it is shown in five dresses, drawn, kept in a file, and opened again or refused."""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sdeopt as so
from sdeopt.results.console import WIDTH
from sdeopt.results.page import cell
from sdeopt.results.result import Result
from sdeopt.torch.estimate import ratio, windows

OLD = Path(__file__).parent.parent / "files"  # written before files said what they hold
PROBLEM = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
LAWS = {"quiet": so.Gaussian(0.5), "Cauchy": so.StudentT(1, 0.5)}


def scaled() -> Any:
    return so.scale(so.SGD(lr=0.005), batch=(8, 32), problem=PROBLEM)


def measured() -> Any:
    """Of a mean gradient of 1 and noise of 2 with their errors, as in a training loop."""
    rows = np.array([1.0, 2.0]) + 0.1 * np.random.default_rng(0).standard_normal((200, 2))
    counts = {"steps": 200, "skipped": 1, "micro": 8, "accumulate": 4}
    return so.NoiseScaleEstimate(*ratio(rows), **counts, course=windows(rows, 0))


EXAMPLES: dict[str, Callable[[], Any]] = {
    "Atlas": lambda: so.atlas(PROBLEM, so.SGD(0.1), LAWS, gradients=6, lrs=[0.1, 0.2], paths=60, tuning=8, rng=0),
    "Certificate": lambda: so.load(OLD / "certificate"),  # one that need not be compiled
    "Derivation": lambda: so.load(OLD / "derivation"),  # which needs no SymPy
    "Diagnosis": lambda: so.diagnose(PROBLEM, np.random.default_rng(0).standard_normal((3, 4, 2))),
    "Ensemble": lambda: so.simulate(so.SGD(lr=0.1), PROBLEM, steps=12, paths=40, rng=0),
    "Evidence": lambda: scaled().evidence(steps=12, paths=8, rng=0),
    "NoiseProfile": lambda: so.noise_profile(PROBLEM, samples=16, rng=0),
    "NoiseScaleEstimate": measured,
    "Report": lambda: so.compare(so.SGD(lr=0.1), PROBLEM, steps=6, paths=60, save_at=3, rng=0),
    "SVAGLadder": lambda: so.svag(so.SGD(lr=0.1), PROBLEM, levels=(1, 2), steps=4, paths=20, rng=0),
    "Scaling": scaled,
    "Sweep": lambda: so.sweep(so.SGD(lr=0.1), PROBLEM, {"lr": [0.05, 0.1], "noise.scale": [0.5, 1.0]}, steps=4, rng=0),
}
every = pytest.mark.parametrize("kind", EXAMPLES)
FORMULAS = {"Derivation"}  # whose HTML and LaTeX are formulas beside the words
worded = pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if kind not in FORMULAS])


@functools.cache
def example(kind: str) -> Any:
    with pytest.MonkeyPatch.context() as few_paths:
        few_paths.setattr("sdeopt.engine.kernels.INTERPRETED", True)  # need no compiled loops
        return EXAMPLES[kind]()


def lines(result: Any) -> list[str]:
    """All texts of its page."""
    page = result.page()
    rows = [line for table in page.tables for row in (table.headings, *table.rows) for line in row]
    return [cell(line).text for line in (*(one for line in page.head for one in line), *rows, *page.notes)]


def test_every_public_result_has_an_example() -> None:
    public = {name for name in so.__all__ if isinstance(found := getattr(so, name), type) and issubclass(found, Result)}
    assert public == set(EXAMPLES)


@every
def test_it_prints(kind: str) -> None:
    result = example(kind)
    assert repr(result).startswith(f"{kind}(") and "\n" not in repr(result)
    shown = str(result)
    assert "\x1b" not in shown and max(map(len, shown.splitlines())) <= WIDTH
    together = "".join(shown.split())
    for name, value in result.page().head:
        assert name in shown and "".join(cell(value).text.split()) in together


class Tags(HTMLParser):
    """Opens and closes in pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@worded
def test_notebooks_get_the_same_texts(kind: str) -> None:
    tags = Tags()
    tags.feed(example(kind)._repr_html_())
    assert tags.open == []
    assert tags.texts == [line for line in lines(example(kind)) if line]


@every
def test_markdown_has_the_same_tables(kind: str) -> None:
    result, page = example(kind), example(kind).page()
    text = re.sub(r"\\(.)", lambda found: f"&#{ord(found[1])};", result.to_markdown())  # what is escaped
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    assert [len(row) for row in rows] == [len(t.headings) for t in page.tables for _ in range(len(t.rows) + 2)]
    cells = [html.unescape(c).strip() for row in rows for c in row if not set(c) <= set("-:")]
    shown = [cell(c).text for t in page.tables for row in (t.headings, *t.rows) for c in row]
    assert [c for c in cells if c] == [" ".join(c.split()) for c in shown if c]


@worded
def test_latex_is_ascii_with_balanced_braces(kind: str) -> None:
    result = example(kind)
    text = result.to_latex()
    assert {sign for sign in text if not (sign.isascii() or sign.isalpha())} == set()
    assert not re.search("[α-ωΑ-Ω]", text)
    bare = re.sub(r"\\[{}$|\\]", "", text)
    assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0
    rows = [row for row in text.splitlines() if row.endswith(r"\\")]
    tables = result.page().tables
    wanted = [1] * len(result.page().head) + [len(t.headings) - 1 for t in tables for _ in range(len(t.rows) + 1)]
    assert [re.sub(r"\\&", "", row).count("&") for row in rows] == wanted


@every
def test_json_is_strict(kind: str) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    assert isinstance(json.loads(example(kind).to_json(), parse_constant=refuse), dict)


@every
@pytest.mark.parametrize("name", ["r2", "r2.npz", "run.1"])
def test_it_is_kept_and_opened_by_the_same_name(kind: str, name: str, tmp_path: Path) -> None:
    result = example(kind)
    result.save(str(tmp_path / name))
    assert [file.name for file in tmp_path.iterdir()] == [name.removesuffix(".npz") + ".npz"]
    for again in (type(result).load(tmp_path / name), so.load(str(tmp_path / name))):
        assert type(again) is type(result)
        assert (str(again), repr(again), again.to_json()) == (str(result), repr(result), result.to_json())


@every
def test_it_is_drawn_on_axes_given_or_its_own(kind: str) -> None:
    before, given = dict(plt.rcParams), plt.figure().subplots()
    result = example(kind)
    assert result.plot(given) is given and (given.has_data() or given.texts)
    own = result.plot()
    assert own.figure is not given.figure and (own.has_data() or own.texts)
    assert dict(plt.rcParams) == before
