"""The site: every public name has an example, pages run, figures name papers, links lead to files.

That the whole site builds is seen by ``make -C docs html``, where warnings are errors.
"""

from __future__ import annotations

import inspect
import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import PATHS

import sdeopt as so

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CELL = re.compile(r"^```\{code-cell\} (?:python|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```([^\n]*)\n.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")
RECIPES = sorted(path for path in (DOCS / "howto").glob("*.md") if path.stem != "index")
GALLERY = sorted((DOCS / "gallery").glob("*.py"))
WRITTEN = ("_build", "api", "auto_gallery", "methods")  # folders of the build
PAGES = [ROOT / "README.md", *(path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in WRITTEN)]
RUN = sorted(path for path in PAGES[1:] if CELL.search(path.read_text(encoding="utf-8")))
NOT_RUN = {"explore", "mpi"}
WORDS = {"core", "reference.Crosscheck"}  # words of pages run inside one; what a function returns is in its example


def cells(path: Path) -> list[str]:
    return CELL.findall(path.read_text(encoding="utf-8"))


def code(path: Path) -> str:
    """The cells of a page, each line where the page has it."""
    parts = CELL.split(re.sub(r"^:tags:.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    return "".join(f"\n{spoken(part)}" if n % 2 else "\n" * part.count("\n") for n, part in enumerate(parts))


def spoken(cell: str) -> str:
    """A cell in plain Python, of as many lines: IPython's magics run a shell or write a file."""
    first, _, rest = cell.lstrip("\n").partition("\n")
    magic, _, file = first.partition(" ")
    if magic == "%%bash":
        said = f"__import__('subprocess').run(['bash', '-ec', {rest!r}], check=True)"
    elif magic == "%%writefile":
        said = f"__import__('pathlib').Path({file!r}).write_text({rest!r}, encoding='utf-8')"
    else:
        return cell
    return said + "\n" * cell.count("\n")


def names() -> dict[str, Any]:
    """Every public name: those of sdeopt, and those of its public modules."""
    found = {name: getattr(so, name) for name in so.__all__ if name != "__version__"}
    modules = {name: thing for name, thing in found.items() if inspect.ismodule(thing)}
    inner = {f"{m}.{name}": getattr(module, name) for m, module in modules.items() for name in module.__all__}
    return {name: thing for name, thing in (found | inner).items() if callable(thing)}


def test_every_public_name_has_an_example() -> None:
    lacking = {name for name, thing in names().items() if ">>> " not in (thing.__doc__ or "")}
    assert {name for name in lacking if not {name, name.partition(".")[0]} & WORDS} == set()


def test_every_word_of_a_page_says_what_it_is() -> None:
    assert [name for name in so.core.__all__ if not getattr(so.core, name).__doc__] == []


def test_recipes_have_blocks_that_run_or_say_that_they_are_not_run() -> None:
    assert len(RECIPES) >= 20
    assert {path.stem for path in RECIPES if not cells(path)} == NOT_RUN
    for name in NOT_RUN:
        assert "not run when these pages are built" in (DOCS / "howto" / f"{name}.md").read_text(encoding="utf-8")


def test_few_blocks_are_not_run_and_their_pages_say_so() -> None:
    """What the build runs is a cell, of Python or of the shell; README.md is run by a test of its own."""
    heads = {path: FENCE.findall(path.read_text(encoding="utf-8")) for path in PAGES[1:]}
    bare = {path: sum(not head.startswith(("{", "text")) for head in found) for path, found in heads.items()}
    assert sum(bare.values()) <= 5
    unsaid = [p.name for p, n in bare.items() if n and "not run when these pages are built" not in p.read_text("utf-8")]
    assert unsaid == []


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_figure_is_short_and_names_its_paper(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert re.search(r"arXiv:\d{4}\.\d{5}|doi:10\.", text.split('"""')[1])


@pytest.mark.parametrize("path", sorted(PAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(path: Path) -> None:
    def there(link: str) -> bool:
        target = (path.parent / link).resolve()
        return target.exists() or any(target.is_relative_to(DOCS / folder) for folder in WRITTEN)

    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [link for link in LINK.findall(text) if not there(link)] == []


def test_a_method_has_a_page_with_formulas_and_its_certificates() -> None:
    pytest.importorskip("sympy")
    page = runpy.run_path(str(DOCS / "pages.py"))["method_page"]
    signs = page(so.SignSGD)
    assert r"\begin{aligned}" in signs and "| SignSGD | order1 |" in signs and "| SignSGDW" not in signs
    assert "No formula is read from the code" in page(so.Muon)
    prose = page.__globals__["prose"]
    assert prose("as for `Adam` and ``minimum``, f_S*") == "as for `Adam` and `minimum`, f\\_S\\*"


def test_what_a_shell_prints_in_pieces_is_shown_as_it_was_printed() -> None:
    pytest.importorskip("sympy")
    pieces = [("stdout", "method    Sig"), ("stderr", "wrote"), ("stdout", "nSGD\npaths"), ("stdout", " 4\n")]
    outputs: list[Any] = [{"output_type": "stream", "name": name, "text": text} for name, text in pieces]
    outputs.insert(2, {"output_type": "display_data", "data": {}})
    kept = runpy.run_path(str(DOCS / "pages.py"))["as_printed"](outputs)
    assert [one.get("text") for one in kept] == ["method    SignSGD\npaths 4\n", "wrote", None]


def test_a_result_is_text_in_a_notebook_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = so.scale(so.SGD(lr=0.1), batch=(16, 32))
    shown = str(found)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert str(found) == shown and "linear" in shown


@pytest.mark.slow
@pytest.mark.extras("torch", "sympy", "distributed", "dp_accounting", "xarray")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
def test_a_page_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "bin" / "sdeopt"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sdeopt "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(command.parent), os.environ["PATH"]]))
    monkeypatch.setenv("PYTHONPATH", PATHS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(code(path), str(path), "exec", dont_inherit=True), {"__name__": "__main__"})


@pytest.mark.slow
def test_the_theory_of_its_page_lies_where_the_simulation_does() -> None:
    """Within three times the 95 % intervals, 5.9 standard deviations: a false alarm in 3e8."""
    space: dict[str, Any] = {}
    exec(compile(code(DOCS / "theory.md"), "theory.md", "exec", dont_inherit=True), space)
    off = {name: abs(exact - value) / half for name, (exact, (value, half)) in space["rows"].items()}
    assert len(off) >= 5 and {name: far for name, far in off.items() if not far < 3.0} == {}
