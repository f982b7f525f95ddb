"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import tool
from mutations import MUTATIONS

import sdeopt

HOUSE = Path(sdeopt.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
BESIDE = sorted(path for folder in ("tests", "benchmarks", "docs") for path in (HOUSE.parent / folder).rglob("*.py"))
PAGES = sorted(sdeopt.methods().items())

# room -> what its files may import from sdeopt, at load time or later; arrows run downward only, and "sdeopt" is the
# public package itself
BELOW = {
    "core": {"core", "noise", "engine"},  # a Problem without noise has NoNoise; a fused sum of interpreted pages
    "noise": {"core", "noise"},
    "objectives": {"core", "derivation", "objectives"},  # a value alone has its derivatives derived
    "theory": {"core", "theory"},
    "optimizers": {"core", "noise", "theory", "optimizers"},  # formulas of laws, for what a page makes of many draws
    "wrappers": {"core", "engine", "noise", "optimizers", "theory", "wrappers"},  # of the engine, what a page asks
    "networks": {"core", "objectives", "networks"},
    "engine": {"core", "results", "engine"},  # which fills an Ensemble
    "derivation": {"core", "engine", "noise", "objectives", "plots", "results", "derivation"},  # checked by a run
    "ito": {"core", "engine", "results", "ito"},
    "privacy": {"core"},
    "reference": {"core", "engine"},
    "plots": {"core", "plots"},
    "results": {"core", "plots", "results"},
    "diagnostics": {"core", "plots", "results", "diagnostics"},
    "profile": {"core", "engine", "noise", "plots", "results", "profile"},
    "comparison": {"core", "engine", "objectives", "theory", "plots", "results", "comparison"},
    "ladders": {"core", "engine", "plots", "results", "ladders"},
    "torch": {"core", "noise", "objectives", "plots", "results", "torch"},
    "certificate": {"core", "engine", "plots", "results", "certificate"},
    "scaling": {"core", "engine", "noise", "theory", "optimizers", "wrappers", "plots", "results", "scaling"},
    "sweeps": {"core", "engine", "comparison", "plots", "results", "sweeps", "sdeopt"},
    "atlases": {"core", "engine", "noise", "optimizers", "plots", "results", "sweeps", "theory", "atlases"},
    "explore": {"core", "noise", "objectives", "optimizers", "results", "explore", "sdeopt"},
    "cli": {
        "core", "engine", "noise", "objectives", "networks", "optimizers", "wrappers", "comparison", "sweeps",
        "atlases", "results", "explore", "cli", "sdeopt",
    },
    "__init__": {"results"},
    "__main__": {"cli"},
}  # fmt: skip


def name(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    """Full names of what the statements below ``tree`` import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@functools.cache
def parsed(path: Path, late: bool) -> ast.AST:
    """A file without what only a checker of types imports, and without functions unless ``late``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not late:
            node.body = []
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    return tree


def room(module: str) -> str:
    """The room of what is imported; the version is the package's own."""
    first = (module.split(".") + [""])[1]
    return first if first in BELOW else "sdeopt"


def test_files_stay_short() -> None:
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in (*FILES, *BESIDE)}
    assert {path: n for path, n in lines.items() if n > 300} == {}, "which idea left?"


@pytest.mark.slow
def test_files_are_short_without_a_setting_of_their_own(tmp_path: Path) -> None:
    """No ``# fmt: skip`` keeps a file below the limit."""
    for i, path in enumerate((*FILES, *BESIDE)):
        text = path.read_text(encoding="utf-8").replace("  # fmt: skip", "")
        (tmp_path / f"{i}_{path.name}").write_text(text, encoding="utf-8")
    subprocess.run([tool("ruff"), "format", "--quiet", "--line-length", "120", str(tmp_path)], check=True)
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in tmp_path.iterdir()}
    assert {file: n for file, n in lines.items() if n > 300} == {}


def test_every_folder_is_packaged() -> None:
    folders = {path.parent for path in FILES}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_only_the_compiler_knows_numba() -> None:
    """And it and the generator of draws know LLVM."""
    rooms = {"numba": {"compiler"}, "llvmlite": {"compiler", "machine"}}
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    used = {path: {module.partition(".")[0] for module in imports(tree)} for path, tree in trees.items()}
    wrong = [
        name(path)
        for path, modules in used.items()
        for module in modules & rooms.keys()
        if path.relative_to(HOUSE).parts[0] != "engine" or path.relative_to(HOUSE).parts[1] not in rooms[module]
    ]
    assert wrong == []


def test_arrows_run_downward() -> None:
    wrong = {}
    for path in FILES:
        own = [module for module in imports(parsed(path, late=True)) if module.partition(".")[0] == "sdeopt"]
        wrong[name(path)] = set(map(room, own)) - BELOW[path.relative_to(HOUSE).parts[0].removesuffix(".py")]
    assert {file: rooms for file, rooms in wrong.items() if rooms} == {}


def test_no_files_import_each_other_in_a_circle() -> None:
    """Late imports count: what is needed now and what is needed later must both be understood first."""
    files = {".".join(("sdeopt", *path.relative_to(HOUSE).with_suffix("").parts)): path for path in FILES}
    files = {module.removesuffix(".__init__"): path for module, path in files.items()}
    below = {
        module: {m if m in files else m.rpartition(".")[0] for m in imports(parsed(path, late=True))} & set(files)
        for module, path in files.items()
    }
    while free := [module for module, needed in below.items() if not needed]:
        below = {module: needed - set(free) for module, needed in below.items() if module not in free}
    while on_top := set(below) - set().union(*below.values()):
        below = {module: needed for module, needed in below.items() if module not in on_top}
    assert sorted(below) == []


def test_pages_load_numpy_and_the_vocabulary_only() -> None:
    pages = [path for path in FILES if path.relative_to(HOUSE).parts[0] in ("optimizers", "objectives", "noise")]
    loaded = {name(path): {m.partition(".")[0] for m in imports(parsed(path, late=False))} for path in pages}
    allowed = {"numpy", "sdeopt"} | sys.stdlib_module_names
    assert {file: modules - allowed for file, modules in loaded.items() if modules - allowed} == {}


def test_import_is_light(fresh: Any) -> None:
    heavy = ("numba", "llvmlite", "scipy", "matplotlib", "sklearn", "torch", "click", "rich", "sdeint", "sympy")
    script = f"import sys, sdeopt\nsdeopt.methods()\nprint([m for m in {heavy} if m in sys.modules])"
    assert fresh(script) == "[]\n"


def test_every_public_name_exists_once() -> None:
    assert len(sdeopt.__all__) == len(set(sdeopt.__all__))
    assert [public for public in sdeopt.__all__ if not hasattr(sdeopt, public)] == []


def test_every_page_is_public() -> None:
    assert [page for page, cls in PAGES if getattr(sdeopt, page, None) is not cls] == []


def test_what_is_public_is_public_to_checkers_of_types_too() -> None:
    """Names that are found when they are asked for stand below ``TYPE_CHECKING`` as well."""
    tree = ast.parse((HOUSE / "__init__.py").read_text(encoding="utf-8"))
    hints = next(n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    seen = {alias.asname for n in ast.walk(hints) if isinstance(n, ast.ImportFrom) for alias in n.names}
    assert {public for public in sdeopt._HOME if public not in seen} == set()


@pytest.mark.parametrize("catalogue", ["noise", "objectives", "optimizers"])
def test_catalogues_are_public(catalogue: str) -> None:
    names = importlib.import_module(f"sdeopt.{catalogue}").__all__
    assert [one for one in names if one not in sdeopt.__all__] == []


def test_every_page_states_its_claim() -> None:
    words = ("Discrete", "SDE", "Regime", "Claim", "Sources", ">>> ")
    missing = {page: [word for word in words if word not in (inspect.getdoc(cls) or "")] for page, cls in PAGES}
    assert {page: lost for page, lost in missing.items() if lost} == {}


def test_every_sde_names_its_source() -> None:
    assert [(page, sde.name) for page, cls in PAGES for sde in cls.sdes.values() if "Source" not in sde.doc] == []


def test_a_planted_error_finds_its_line() -> None:
    """Else ``python tests/mutations.py`` would try nothing."""
    texts = {file: (HOUSE.parent / file).read_text(encoding="utf-8") for file in {m.file for m in MUTATIONS}}
    assert [m.what for m in MUTATIONS if texts[m.file].count(m.old) != 1 or m.new == m.old] == []


def test_a_planted_error_names_tests_that_are_there() -> None:
    parts = [test.partition("[")[0].partition("::") for mutation in MUTATIONS for test in mutation.tests]
    texts = {file: (HOUSE.parent / file).read_text(encoding="utf-8") for file, *_ in parts}
    assert [(file, test) for file, _, test in parts if test and f"def {test}(" not in texts[file]] == []
