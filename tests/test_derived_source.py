"""The source that is derived: valid for every tool, the same bytes every time, the same numbers in every mode."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bare_pages import PAGES
from command import tool

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.simulate import plan
from sdeopt.noise.spec import parse as law
from sdeopt.optimizers.registry import methods

pytest.importorskip("sympy")

ROOT = Path(__file__).resolve().parent.parent
AGENTS = so.Problem(so.EmbeddedSaddle(), so.Agents(so.Gaussian(0.5), agents=2))
SADDLE = so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=[0.4, 1.0])
PRIVATE = so.Problem(so.Quadratic([1.0, 2.0]), law("gaussian:0.6,batch=4"))
INACTIVE = {"clip": "inactive"}
RUNS = {  # quadrature with and without kinks, copies of increments, own uniforms, agents, three parts
    "Tanh": (PAGES["Tanh"], SADDLE),
    "SoftSign": (PAGES["SoftSign"], SADDLE),
    "DeadZone": (PAGES["DeadZone"], SADDLE),
    "Belief": (PAGES["Belief"], SADDLE),
    "DPSignSGD": (so.DPSignSGD, PRIVATE),
    "DPSGD": (so.DPSGD, PRIVATE),
    "DCSGDNatural": (so.DCSGDNatural, AGENTS),
    "Clip21SGD2M": (so.Clip21SGD2M, AGENTS),
}
QUICK = ("DeadZone",)  # to compile


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = {cls: dict(cls.sdes) for cls in methods().values()}
    yield
    for cls, sdes in before.items():
        cls.sdes = sdes


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in RUNS])
def test_lanes_and_interpreted_give_the_same_bits(name: str) -> None:
    cls, problem = RUNS[name]
    so.derive(cls, assume=INACTIVE if name == "DPSignSGD" else None).model  # noqa: B018  (registers it)
    run = plan(cls(lr=0.1), problem, "sde", sde="derived", steps=3, substeps=1, save_at=3, observables=["loss"], rng=11)
    compiled = kernels.Kernel(replace(run, lanes=True))
    assert compiled.mode == "lanes"
    records = compiled(0, 8)
    assert np.isfinite(records).all()
    assert np.array_equal(records, kernels.Kernel(replace(run, interpreted=True))(0, 8))


@pytest.mark.slow
def test_vectors_give_the_same_bits() -> None:
    so.derive(PAGES["SoftSign"]).model  # noqa: B018
    run = plan(PAGES["SoftSign"](lr=0.1), SADDLE, "sde", sde="derived", steps=6, substeps=2, save_at=6, rng=11)
    compiled = kernels.Kernel(replace(run, lanes=False))
    assert np.array_equal(compiled(0, 8), kernels.Kernel(replace(run, interpreted=True))(0, 8))


def written(folder: Path) -> list[Path]:
    """The source of every page that derives, in files."""
    files = []
    for name, cls in [*so.methods().items(), *PAGES.items()]:
        d = so.derive(cls, assume=INACTIVE)
        if d.refused is None:
            files.append(folder / f"derived_{name.lower()}.py")
            files[-1].write_text(d.source(), encoding="utf-8")
    return files


@pytest.mark.slow
def test_derived_files_please_the_linter(tmp_path: Path) -> None:
    files = written(tmp_path)
    assert len(files) >= 39 + 12
    config = ["--config", str(ROOT / "pyproject.toml"), "--ignore", "F401,I001"]
    done = subprocess.run([tool("ruff"), "check", *config, *map(str, files)], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_derived_files_please_the_type_checker(tmp_path: Path) -> None:
    files = [file for file in written(tmp_path) if file.stem.removeprefix("derived_") not in map(str.lower, PAGES)]
    command = [tool("mypy"), "--config-file", str(ROOT / "setup.cfg"), *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


def test_a_line_that_is_too_long_is_the_same_over_several() -> None:
    from sdeopt.derivation.source import _broken

    names = {f"a{i}": float(i) for i in range(40)}
    total = " + ".join(names)
    element = [f"    {total},"]
    for lines, found in (([f"b = {total}"], "b"), ([f"b = (a1, {total})[1]"], "b"), (["b = (", *element, ")"], "b")):
        pieces = [piece for line in lines for piece in _broken(line)]
        assert max(map(len, pieces)) <= 112
        scope = dict(names)
        exec("\n".join(pieces), scope)
        assert np.max(scope[found]) == sum(names.values())
    assert _broken(f"return {total}")[0] == "return ("
    assert _broken("short = 1.0") == ["short = 1.0"]


SCRIPT = """\
import sdeopt as so
for name in ("Adam", "SAM", "DPSignSGD"):
    print(so.derive(getattr(so, name), assume={"clip": "inactive"}).source())
"""


@pytest.mark.slow
def test_the_bytes_are_the_same_in_every_process(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        texts.append(fresh(SCRIPT))
    assert texts[0] == texts[1]


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("SGD", "HeavyBall", "Lion")]


@pytest.mark.parametrize("name", SLOW)
def test_under_a_schedule_it_runs_as_its_twin_by_hand(name: str) -> None:
    """The engine runs the page of the rate of the moment at that page's own time, whoever wrote it."""
    cls = getattr(so, name)
    so.derive(cls).model  # noqa: B018  (registers it)
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.7, 0.5]), x0=[0.4, 1.0])

    def means(lr: Any, sde: str) -> Any:
        run = so.simulate(cls(lr=lr), problem, kind="sde", sde=sde, steps=20, paths=8, rng=3, progress=False)
        return run.mean

    decaying = so.Schedule(0.04, lambda t: 1.0 / (1.0 + t))
    derived = means(decaying, "derived")
    assert derived == pytest.approx(means(decaying, cls.default_sde), rel=1e-9)
    assert derived != pytest.approx(means(0.04, "derived"), rel=1e-3)
