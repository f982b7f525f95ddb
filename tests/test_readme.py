"""The README does what it says: its table is the registry, its Python runs, its output is what it prints."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sdeopt.cli.facts import Word

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
MAKER = runpy.run_path(str(ROOT / "docs" / "make_readme.py"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


def test_the_table_of_methods_is_the_registry() -> None:
    assert MAKER["rewritten"](TEXT) == TEXT, "run: python docs/make_readme.py"


def test_a_stale_table_is_noticed() -> None:
    assert MAKER["rewritten"](TEXT.replace("| `SGD(", "| `SDG(")) == MAKER["rewritten"](TEXT)
    assert MAKER["rewritten"](re.sub(r"\d+ methods and", "7 methods and", TEXT)) == MAKER["rewritten"](TEXT)
    assert "| `SGD(" in MAKER["table"]()


def test_a_clock_is_written_as_a_formula() -> None:
    lr, beta = Word("lr"), Word("beta")
    assert str(lr / (1 - beta)) == "lr / (1 - beta)"
    assert str(np.sqrt(lr * lr + beta)) == "sqrt(lr * lr + beta)"


def test_the_python_of_the_readme_prints_what_the_readme_shows(fresh: Callable[[str], str]) -> None:
    printed = fresh("".join(blocks("python")))
    shown = "".join(blocks("text"))
    assert OutputChecker().check_output(shown, printed, NORMALIZE_WHITESPACE | ELLIPSIS), printed


def test_on_an_index_nothing_links_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}
    monkeypatch.setitem(sys.modules, "setuptools", SimpleNamespace(setup=given.update))
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    links = re.findall(r"]\(([^)]*)\)", given["long_description"])
    assert len(links) > 50 and all(link.startswith("https://") for link in links)
    assert "(docs/" in TEXT and "your optimizer" in given["long_description"]


@pytest.mark.parametrize("path", re.findall(r"!\[[^]]*]\(([^)]+)\)", TEXT))
def test_every_figure_is_there(path: str) -> None:
    assert (ROOT / path).is_file()
