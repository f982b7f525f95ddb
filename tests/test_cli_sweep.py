"""``sdeopt sweep FILE``: the words of the file, and what is printed and written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from command import run, succeeded

import sdeopt as so
from sdeopt.cli.sweepfile import Grid, read

TINY = 'method = "sgd"\nsteps = 5\npaths = 20\nseed = 3\n[grid]\nlr = [0.1, 0.2]\n'


@pytest.fixture
def job(toml: Callable[[str], str]) -> Callable[..., Grid]:
    return lambda text, **typed: read(toml(text), typed)


def test_the_file_says_what_python_would(toml: Callable[[str], str]) -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5))
    found = so.sweep(so.SGD(lr=0.05), problem, {"lr": [0.1, 0.2]}, steps=5, paths=20, rng=3)
    said = json.loads(succeeded("sweep", toml(TINY), "--json").stdout)
    assert said["rows"] == [row | {"problem": "the method's own"} for row in json.loads(found.to_json())["rows"]]


def test_a_table_and_figures_are_written(toml: Callable[[str], str], tmp_path: Path) -> None:
    stem = tmp_path / "out"
    result = succeeded("sweep", toml(TINY), "--folder", str(tmp_path / "cells"), "--out", str(stem))
    assert "E loss" in result.stdout
    names = ["out.npz", "out.csv", "out-loss.png", "out-spread.png", "out-diverged.png"]
    assert f"wrote {', '.join(str(tmp_path / name) for name in names)}" in result.stderr
    assert sorted(file.name for file in tmp_path.glob("out*")) == sorted(names)
    assert len(list((tmp_path / "cells").glob("*.json"))) == 2
    again = succeeded("sweep", toml(TINY), "--folder", str(tmp_path / "cells"), "--quiet")
    assert "2, 2 of them from the folder" in again.stdout
    assert so.Sweep.load(f"{stem}.npz").coordinates["lr"] == (0.1, 0.2)


def test_what_cannot_be_drawn_is_said(toml: Callable[[str], str], tmp_path: Path) -> None:
    many = f"{TINY}scale = [0.1, 0.2, 0.3]\nH = {[[1.0, 1.0 + i] for i in range(9)]}\n"
    result = succeeded("sweep", toml(many), "--out", str(tmp_path / "out"))
    assert "no figure: the axes H have 9 combinations, at most 8 can be drawn" in result.stderr
    assert sorted(file.name for file in tmp_path.glob("out*")) == ["out.csv", "out.npz"]


def test_all_words_are_read(job: Callable[..., Grid]) -> None:
    said = job(
        'method = ["sgd", "heavyball"]\nmomentum = 0.5\nlr = 0.2\nobjective = "quadratic:1,3"\n'
        'noise = ["gaussian:0.5", "student-t:1,nu=3"]\nx0 = [1, -2.5]\nhorizon = 4\npaths = 30\n'
        'measures = ["loss", "time"]\nlevel = 0.1\nsubsteps = 8\nthreads = 2\n'
    )
    assert said.methods == [so.SGD(lr=0.2), so.HeavyBall(lr=0.2, momentum=0.5)]
    assert list(said.problems) == ["gaussian:0.5", "student-t:1,nu=3"]
    assert said.problems["student-t:1,nu=3"].x0.tolist() == [1.0, -2.5]
    assert said.arguments == {
        "horizon": 4, "paths": 30, "level": 0.1, "substeps": 8, "measures": ["loss", "time"], "rng": 0,
    }  # fmt: skip
    assert isinstance(said.executor, ThreadPoolExecutor)
    assert isinstance(job(TINY, processes=1).executor, ProcessPoolExecutor)


def test_problems_are_all_pairs_of_specs(job: Callable[..., Grid]) -> None:
    said = job('method = "sgd"\nobjective = ["quadratic:1,2", "rosenbrock"]\nnoise = ["gaussian", "laplace"]\n')
    assert [*said.problems] == [
        "quadratic:1,2 gaussian", "quadratic:1,2 laplace", "rosenbrock gaussian", "rosenbrock laplace",
    ]  # fmt: skip
    batches = job('method = "sgd"\nobjective = "linear-regression:small"\nbatch = 4\n')
    assert repr(batches.problems["linear-regression:small"].noise) == "Minibatch(batch=4, replace=True)"


@pytest.mark.parametrize(
    ("grid", "values"),
    [
        ("lr = { geomspace = [0.01, 1.0, 3] }", {"lr": [0.01, 0.1, 1.0]}),
        ("nu = { linspace = [1, 3, 3] }", {"nu": [1, 2, 3]}),
        ("batch = { geomspace = [1, 64, 4] }", {"batch": [1, 4, 16, 64]}),
        ("nu = { linspace = [1, 2, 3] }", {"nu": [1.0, 1.5, 2.0]}),
        ("weight-decay = [0.1]\nnoise.scale = [1.0]", {"weight_decay": [0.1], "noise.scale": [1.0]}),
        ("[grid.objective]\nscale = { linspace = [0.0, 1.0, 2] }", {"objective.scale": [0.0, 1.0]}),
    ],
)
def test_a_grid_is_lists_and_ranges(grid: str, values: dict[str, Any], job: Callable[..., Grid]) -> None:
    found = job(f'method = "sgd"\n[grid]\n{grid}\n').grid
    assert {key: pytest.approx(value, rel=1e-14) for key, value in values.items()} == found
    assert [type(v) for v in values[next(iter(values))]] == [type(v) for v in found[next(iter(values))]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("steps = 5", "must name a method"),
        ('methods = "sgd"', "did you mean 'method'?"),
        ('method = "sdg"', "did you mean 'SGD'?"),
        ('method = "sgd"\nrho = 0.1', "none of the methods SGD has a rho"),
        ('method = "sgd"\nlr = 0.1\n[grid]\nlr = [0.2]', "lr is on the grid, so give no lr = 0.1 besides"),
        ('method = "sgd"\npaths = 8.5', "paths must be an integer, got 8.5"),
        ('method = "sgd"\npaths = true', "paths must be an integer, got True"),
        ('method = "sgd"\ngrid = [1]', "grid must be a table, got [1]"),
        ('method = "sgd"\nthreads = 1\nprocesses = 1', "threads or processes, not both"),
        ('method = ["sgd", "seg"]', "objective must be given"),
        ('method = "sgd"\nnoise = ["gaussian", "gaussian"]', "'gaussian' is named twice"),
        ('method = "sgd"\nnoise = "gausian"', "did you mean 'gaussian'?"),
        ('method = "sgd"\n[grid]\nlr = 0.1', "grid lr must be a list, { linspace = [from, to, number] }"),
        ('method = "sgd"\n[grid]\nlr = { logspace = [1, 2, 3] }', "must be a list"),
        ('method = "sgd"\n[grid]\nlr = { geomspace = [0, 2, 3] }', "grid lr must be in (0, inf), got 0"),
        ('method = "sgd"\n[grid]\nlr = { linspace = [0.1, 2, 2.5] }', "must be an integer, got 2.5"),
        ('method = "sgd"\n[grid]\nlr = [0.1]\nlr = [0.2]', "is not TOML"),
        ('method = "sgd"\n[grid]\nlr = [0.1, -0.1]', "grid, lr = -0.1: SGD: lr must be in (0, inf)"),
        (
            'method = "sgd"\nhorizon = 0.1\n[grid]\nlr = [0.5]',
            "horizon must be at least one step of the optimizer, 0.5",
        ),
        ('method = "sgd"\n[grid]\nmomentum = [0.5]', "unknown axis 'momentum'"),
        ('method = "sgd"\nout = "nowhere/out"', "there is no folder 'nowhere'"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_one_line(text: str, says: str, toml: Callable[[str], str]) -> None:
    result = run("sweep", toml(text))
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"sdeopt: [^\n]+\n", result.stderr)
    assert says in result.stderr


def test_a_file_that_is_not_there_is_said() -> None:
    result = run("sweep", "nowhere.toml")
    assert (result.exit_code, result.stderr) == (2, "sdeopt: nowhere.toml: No such file or directory\n")


def test_help_shows_a_file_that_is_read(job: Callable[..., Grid]) -> None:
    """Without the remarks, which start two spaces after a value."""
    said = succeeded("sweep", "--help").stdout.partition("may be left out:\n")[2]
    lines = [re.split(r"\s{2,}", line.strip())[0] for line in said.splitlines()]
    found = job("\n".join(lines))
    assert found.methods == [so.HeavyBall(lr=0.05, momentum=0.9), so.SignSGD(lr=0.05)]
    assert list(found.grid) == ["lr", "scale"]
