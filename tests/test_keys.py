"""One policy of keys, for checkpoints and for sweeps: all that shapes the numbers, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PACKAGE, ROOT

import sdeopt as so
from sdeopt.engine import content as contents
from sdeopt.engine import keys
from sdeopt.engine.content import content

RUN: dict[str, Any] = {"steps": 4, "paths": 20, "rng": 0}


def problem(**more: Any) -> so.Problem:
    parts = {"objective": so.Quadratic([1.0, 2.0]), "noise": so.Gaussian(0.5)} | more
    return so.Problem(parts["objective"], parts["noise"], [1.0, -1.0])


def compiled(source: str) -> Any:
    """A function that no file holds, as in ``python -c``, at a prompt or in a notebook."""
    made: dict[str, Any] = {"__name__": "__main__", "so": so}
    exec(source, made)
    return made["f"]


def helped(factor: float) -> Any:
    return compiled(f"K = {factor}\ndef g(x):\n    return K * x[0]\nf = lambda x: g(x)")


def closed(factor: float) -> Any:
    return lambda x: factor * x[0]


PAIRS: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "observable": (lambda f: (so.SGD(0.1), problem(), {"y": f}), lambda x: x[0], lambda x: x[1] * x[1]),
    "observable of no file": (
        lambda f: (so.SGD(0.1), problem(), {"y": f}), compiled("f = lambda x: x[0]"), compiled("f = lambda x: x[1]"),
    ),
    "a global of a helper": (lambda f: (so.SGD(0.1), problem(), {"y": f}), helped(1.0), helped(2.0)),
    "closure": (lambda f: (so.SGD(0.1), problem(), {"y": f}), closed(1.0), closed(2.0)),
    "lr": (
        lambda f: (so.SGD(so.Schedule(0.1, f)), problem(), {}),
        compiled("f = lambda t: 1.0 / (1.0 + t)"), compiled("f = lambda t: 1.0 / (1.0 + 2.0 * t)"),
    ),
    "gradient": (
        lambda f: (so.SGD(0.1), problem(objective=so.Objective(grad=f, dim=2)), {}),
        compiled("f = lambda x: x"), compiled("f = lambda x: 2.0 * x"),
    ),
    "minibatch": (
        lambda b: (so.SGD(0.1), so.Problem(so.LinearRegression(np.eye(4, 2), np.ones(4)), so.Minibatch(b)), {}), 1, 2,
    ),
}  # fmt: skip


@pytest.fixture(params=["checkout", "installed"])
def place(request: pytest.FixtureRequest, interpreted: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if everything here came from site-packages, sdeopt and these tests."""
    contents._hash_installed.cache_clear()
    if request.param == "installed":
        monkeypatch.setattr(sysconfig, "get_path", lambda name: os.path.commonpath([ROOT, PACKAGE]))
        assert contents._hash_installed(__name__, None) is not None
    yield
    contents._hash_installed.cache_clear()


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("pair", PAIRS)
def test_a_changed_function_is_another_run(pair: str, tmp_path: Path) -> None:
    make, first, second = PAIRS[pair]

    def run(thing: Any) -> None:
        method, task, observables = make(thing)
        so.simulate(method, task, checkpoint=tmp_path, observables=observables, **RUN)

    run(first)
    run(first)
    with pytest.raises(ValueError, match="belongs to another run"):
        run(second)


@pytest.mark.usefixtures("place")
def test_a_changed_schedule_or_gradient_is_another_cell(tmp_path: Path) -> None:
    for pair in ("lr", "gradient"):
        make, *things = PAIRS[pair]
        for thing in things:
            method, task, _ = make(thing)
            for resumed in (0, 1):
                found = so.sweep(method, task, {}, measures=["spread"], folder=tmp_path, **RUN)
                assert found.meta["resumed"] == resumed


@pytest.mark.usefixtures("interpreted")
def test_the_same_function_defined_anew_is_the_same_run(tmp_path: Path) -> None:
    for _ in range(2):
        so.simulate(so.SGD(0.1), problem(), checkpoint=tmp_path, observables={"y": helped(1.0)}, **RUN)
    assert content(closed(2.0)) == content(closed(2.0))


def test_processor_compilers_plots_and_words_are_no_part_of_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    so.simulate(so.SGD(0.1), problem(), checkpoint=tmp_path, **RUN)
    seen = []
    monkeypatch.setattr("sdeopt.engine.compiler.cache.versions", lambda: "another processor")
    sources = keys.sources
    monkeypatch.setattr(keys, "sources", lambda part: seen.append(part) or sources(part))
    so.simulate(so.SGD(0.1), problem(), checkpoint=tmp_path, **RUN)
    assert "engine" in seen and not {"", "plots", "cli", "certificate", "scaling", "profile"} & set(seen)


def test_sources_of_what_makes_numbers_are_part_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """All packages that pages, laws and the engine may load."""
    from test_house import BELOW

    for part in ("optimizers", "engine", "noise", "objectives", "networks"):
        assert BELOW[part] <= set(keys.PARTS)
    before = keys.key("x")
    for part in keys.PARTS:
        monkeypatch.setattr(keys, "sources", lambda asked, part=part: "edited" if asked == part else "")
        edited = keys.key("x")
        monkeypatch.setattr(keys, "sources", lambda asked: "")
        assert edited != keys.key("x") != before


SCRIPT = """
import sys
import sdeopt as so
assert "site-packages" in so.__file__, so.__file__
problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
where = sys.argv[1]
def mean(f, lr=0.1, **more):
    return float(so.simulate(so.SGD(lr), problem, steps=20, paths=200, rng=0, observables={"y": f}, **more)
                 .observables["y"][0][-1])
mean(lambda x: x[0], checkpoint=where)
for other in (lambda: mean(lambda x: x[1] * x[1], checkpoint=where),
              lambda: mean(lambda x: x[0], so.Schedule(0.1, lambda t: 1.0 / (1.0 + t)), checkpoint=where)):
    try:
        print("taken", other())
    except ValueError as error:
        print("another run" in str(error))
print(mean(lambda x: x[0], checkpoint=where) == mean(lambda x: x[0]))
"""


@pytest.mark.slow
def test_so_it_is_in_the_installed_package(tmp_path: Path) -> None:
    """That of these tests, or one that is built and installed beside the packages of this interpreter."""
    installed = PACKAGE.name == "site-packages"
    python = Path(sys.executable) if installed else _installed(tmp_path)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-", str(tmp_path / "run")], input=SCRIPT, cwd=tmp_path, env=env, text=True,
                          capture_output=True)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "True\nTrue\nTrue\n"), done.stderr


def _installed(tmp_path: Path) -> Path:
    """The interpreter of a new environment that holds the package of this checkout."""
    venv.create(tmp_path / "env", with_pip=False)
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    (site / "beside.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")), encoding="utf-8")
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(source)], check=True)
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", str(site), str(source)], check=True)
    return tmp_path / "env" / "bin" / "python"
