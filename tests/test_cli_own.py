"""A page in a file of the user's, FILE.py:NAME, wherever the command line takes a method."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import content, job, run, succeeded

import sdeopt as so
from sdeopt.core.method import REGISTRY

PAGE = """
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sdeopt.core import Positive, grad, method, noisy_grad, root_cov


@method
class Mine(NamedTuple):
    "A gradient step, times a gain."

    lr: Positive
    own_gain: Positive

    def step(self, k, x, o, z):
        return x - self.own_gain * self.lr * noisy_grad(o, x, z)

    def drift(self, t, x, o):
        return -self.own_gain * grad(o, x)

    def diffusion(self, t, x, o, dw):
        return -self.own_gain * np.sqrt(self.lr) * root_cov(o, x, dw)


class Plain:
    pass
"""
BAD = "from sdeopt.core import nothing_of_this_name\n"
CLASH = """
from typing import NamedTuple
from sdeopt.core import Positive, method, noisy_grad

@method
class Clash(NamedTuple):
    lr: Positive
    seed: Positive = 1.0

    def step(self, k, x, o, z):
        return x - self.lr * noisy_grad(o, x, z)
"""


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    before = sys.path[:], dict(sys.modules), dict(REGISTRY)
    for name, text in (("gained", PAGE), ("broken", BAD), ("clashing", CLASH), ("empty", "")):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    yield tmp_path / "gained.py"
    sys.path[:] = before[0]
    for name in set(sys.modules) - set(before[1]):
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
    REGISTRY.clear()
    REGISTRY.update(before[2])


@pytest.mark.parametrize("command", ["simulate", "compare", "certify"])
def test_its_hyperparameters_are_options(file: Path, command: str) -> None:
    made = job(command, f"{file}:Mine", "--own-gain", "3", "--steps" if command != "certify" else "--horizon", "1")
    assert repr(made.method) == "Mine(lr=0.05, own_gain=3.0)"
    assert "--own-gain" in succeeded(command, "--threads", "1", f"{file}:Mine", "--help").stdout


def test_it_runs_as_in_python(file: Path) -> None:
    words = ["--own-gain", "2", "--steps", "4", "--paths", "60", "--substeps", "2", "--lr", "0.1"]
    found = content("compare", f"{file}:Mine", *words)
    page: Any = REGISTRY["Mine"]
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    report = so.compare(page(lr=0.1, own_gain=2.0), problem, steps=4, paths=60, substeps=2, rng=0)
    assert found["within"] == list(report.within)
    assert "Mine(lr, own_gain)" in succeeded("show", f"{file}:Mine").stdout


def test_a_sweep_over_its_hyperparameter(file: Path) -> None:
    grid = file.with_suffix(".toml")
    grid.write_text(f'method = "{file}:Mine"\nlr = 0.1\nsteps = 3\npaths = 4\n[grid]\nown-gain = [1.0, 2.0]\n', "utf-8")
    found = content("sweep", str(grid), "--quiet")
    assert {float(row["own_gain"]) for row in found["rows"]} == {1.0, 2.0}


@pytest.mark.slow
def test_processes_import_it(file: Path) -> None:
    grid = file.with_suffix(".toml")
    words = "lr = 0.1\nsteps = 3\npaths = 4\nown_gain = 1.0\nprocesses = 1\n[grid]\nscale = [0.5, 1.0]\n"
    grid.write_text(f'method = "{file}:Mine"\n{words}', "utf-8")
    assert "failed" not in str(content("sweep", str(grid), "--quiet"))


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("nowhere.py:Mine", "method: there is no file 'nowhere.py'"),
        ("{folder}/gained.py:Mime", "unknown method in {folder}/gained.py 'Mime'; did you mean 'Mine'? (known: Mine)"),
        ("{folder}/gained.py:Plain", "method: Plain in {folder}/gained.py must be a page, a NamedTuple under "),
        ("{folder}/empty.py:Mine", "method: {folder}/empty.py has no page, a NamedTuple under @sdeopt.core.method"),
        ("{folder}/broken.py:Mine", "method: {folder}/broken.py, line 1: ImportError: cannot import name 'nothing_of"),
        (
            "{folder}/clashing.py:Clash",
            "method: no field may be called as an option of this command is, got the field 'seed'",
        ),
        ("{folder}/gained.py:Mine", "Mine needs --own-gain, for which there is no default"),
    ],
)
@pytest.mark.parametrize("command", ["compare", "simulate"])
def test_what_fails_is_one_sentence(file: Path, command: str, method: str, sentence: str) -> None:
    folder = str(file.parent)
    result = run(command, method.format(folder=folder), "--steps", "2", "--paths", "2")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"sdeopt: {sentence.format(folder=folder)}"), result.stderr
    assert result.stderr.count("\n") == 1


def test_an_error_in_the_file_names_its_line(file: Path) -> None:
    file.write_text("x = 1\ny = x / 0\n", "utf-8")
    assert run("simulate", "sgd", "--objective", f"{file}:make").stderr == (
        f"sdeopt: objective: {file}, line 2: ZeroDivisionError: division by zero\n"
    )


def test_one_file_is_run_once(file: Path) -> None:
    from sdeopt.cli.own import load, method_of

    assert method_of(f"{file}:Mine") is vars(load(file, "objective"))["Mine"]
    assert method_of("sGd") is so.SGD


def test_a_file_called_like_a_library_is_itself(file: Path) -> None:
    """Its own module, beside the one that the name means to all others."""
    from sdeopt.cli.own import load

    numpy, mine = sys.modules["numpy"], file.with_name("numpy.py")
    mine.write_text("mark = 1\n", "utf-8")
    assert load(mine, "method").mark == 1
    assert sys.modules["numpy"] is numpy
