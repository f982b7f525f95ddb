"""Three lanes beside the plain run: ``--slow``, ``--study`` for minutes of statistics that are started by hand, and
``-m extras`` for the tests that need an optional module.

A test asks for such a module by ``pytest.importorskip`` or by the marker ``extras("torch")``.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sdeopt

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(sdeopt.__file__).resolve().parent.parent  # of the checkout, or where sdeopt is installed
PATHS = os.pathsep.join((str(PACKAGE), str(ROOT / "tests")))  # for interpreters that tests start
FEW = 20  # paths of an example
SHOWN = ("numpy", "numba", "llvmlite", "scipy", "sdeint", "matplotlib", "scikit-learn", "torch")

os.environ.pop("COLUMNS", None)  # which pytest's workers set, and which the command line obeys
os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports matplotlib; inherited by subprocesses


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")
    parser.addoption("--study", action="store_true", help="also run the tests marked study")


def pytest_report_header() -> str:
    found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    versions = ", ".join(f"{name} {found.get(name, '-')}" for name in SHOWN)
    return f"versions: {versions}\nseeds: fixed in each test; every run draws the same numbers"


def plainly(run: Callable[[], None]) -> Callable[[], None]:
    """Examples of few paths are interpreted: compiling their loops takes seconds, and their numbers are the same."""

    def interpreted() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sdeopt.engine.kernels.INTERPRETED", True)
            run()

    return interpreted


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("slow") and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))
        if item.get_closest_marker("study") and not config.getoption("--study"):
            item.add_marker(pytest.mark.skip(reason="study: run with --study"))
        if isinstance(item, pytest.Function) and "importorskip" in item.function.__code__.co_names:
            item.add_marker("extras")
        text = (item.dtest.docstring or "") if isinstance(item, pytest.DoctestItem) and item.dtest else ""
        if "import torch" in text:
            item.add_marker(pytest.mark.extras("torch"))
        counts = [int(n.replace("_", "")) for n in re.findall(r"paths=([\d_]+)", text)]
        if counts and max(counts) <= FEW:
            item.runtest = plainly(item.runtest)  # type: ignore[method-assign]
        for marker in item.iter_markers("extras"):
            missing = [module for module in marker.args if importlib.util.find_spec(module) is None]
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}"))


def pytest_collection_finish() -> None:
    """What is collected stays, and compilers make few circles: the garbage collector need not look so often."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], str]:
    """Write a TOML file; return its name."""

    def write(text: str) -> str:
        file = tmp_path / "words.toml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return write


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str], str]:
    """Run a script in a new interpreter, in an empty folder, with warnings as errors; return what it printed."""

    def run(script: str) -> str:
        file = tmp_path / "script.py"
        file.write_text(script, encoding="utf-8")
        env = os.environ | {"PYTHONPATH": str(PACKAGE), "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-W", "error", str(file)]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", timeout=600)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in plain Python, for tests of few paths that look at anything but the loop, which is slow to compile."""
    monkeypatch.setattr("sdeopt.engine.kernels.INTERPRETED", True)


@pytest.fixture(autouse=True)
def weights() -> None:
    """Modules of PyTorch begin with the same weights in every run."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(autouse=True)
def figures() -> Iterator[None]:
    """Figures end with their test: matplotlib warns of the 21st that is open, in whichever test draws it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True, scope="module")
def registry() -> Iterator[None]:
    """The methods and their SDEs as they were: pages of tests and derived SDEs are registered for their file only."""
    from sdeopt.core.method import REGISTRY
    from sdeopt.optimizers.registry import methods

    before, sdes = methods(), {cls: dict(cls.sdes) for cls in methods().values()}
    yield
    for name in REGISTRY.keys() - before.keys():
        del REGISTRY[name]
    REGISTRY.update(before)
    for cls, known in sdes.items():
        cls.sdes.clear()
        cls.sdes.update(known)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """PyTorch's own threads only wait for one another on small networks."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
