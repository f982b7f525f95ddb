"""What Numba keeps private is used under the names that `internals` lists, and under no others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdeopt.engine.compiler import internals, pipeline

FOLDER = Path(internals.__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "internals.py")
LISTED = {**internals.NEEDED, **internals.ACCELERATORS}
OF_TUPLES = {"_replace"}  # public in spite of the underscore


def imported(tree: ast.AST) -> Iterator[str]:
    """Names from Numba's private modules: all but numba, numba.types and numba.extending."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("numba.core", "numba.np")):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(("numba.core", "numba.np")))


def attributes(tree: ast.AST) -> Iterator[str]:
    """Private attributes that a file reads, sets or overrides and that belong to no class of its own."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    own |= {node.attr for node in stored if ast.unparse(node.value) == "self"}
    for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        if any(ast.unparse(base) == "JITCodeLibrary" for base in cls.bases):  # what it defines stands for Numba's
            names = {node.attr for node in ast.walk(cls) if isinstance(node, ast.Attribute)}
            names |= {node.name for node in cls.body if isinstance(node, ast.FunctionDef)}
            yield from (name for name in sorted(names) if name.startswith("_") and not name.startswith("__"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            if node.attr not in own | OF_TUPLES:
                yield node.attr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_private_name_is_listed(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [name for name in imported(tree) if not any(f"{x}.".startswith(f"{name}.") for x in LISTED)] == []
    last = {name.rpartition(".")[2] for name in LISTED}
    assert [name for name in attributes(tree) if name not in last] == []


def test_every_name_listed_is_used() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in FILES]
    used = {name for tree in trees for name in imported(tree)}
    private = {name for tree in trees for name in attributes(tree)}
    assert [name for name in LISTED if name not in used and name.rpartition(".")[2] not in private] == []


def test_the_names_are_here() -> None:
    assert internals.missing(LISTED) == []
    internals.require()


def test_a_name_that_is_gone_is_told_with_its_use() -> None:
    gone = internals.missing(
        {"numba.core.codegen.Nothing": "nobody", "numba.core.nowhere": "nothing", "numba.njit": ""}
    )
    assert gone == ["numba.core.codegen.Nothing (nobody)", "numba.core.nowhere (nothing)"]


def test_without_a_name_the_accelerators_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a version that no test has seen."""
    monkeypatch.setattr(internals, "SEEN", ())
    assert pipeline._accelerators_work()
    monkeypatch.setitem(internals.ACCELERATORS, "numba.core.codegen.Gone", "loops")
    with pytest.warns(UserWarning, match="without its accelerators.*it has no numba.core.codegen.Gone \\(loops\\)"):
        assert not pipeline._accelerators_work()
    monkeypatch.setitem(internals.NEEDED, "numba.core.Gone", "loops")
    with pytest.raises(ImportError, match="cannot compile with this version of Numba, which has no numba.core.Gone"):
        pipeline._accelerators_work()
