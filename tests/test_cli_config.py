"""The file of --config: the same words, below those of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from command import TINY, content, job, run

import sdeopt as so


def test_a_config_says_the_same_words(toml: Callable[[str], str]) -> None:
    file = toml('method = "sgd"\nlr = 0.1\nsteps = 4\npaths = 8\nx0 = [1.0, -2.0]\nsave-at = 2\nobservables = ["loss"]')
    words = ["sgd", "--lr", "0.1", *TINY, "--x0", "1,-2", "--save-at", "2", "--observables", "loss"]
    assert content("simulate", "--config", file) == content("simulate", *words)


def test_a_table_is_for_its_command_and_wins(toml: Callable[[str], str]) -> None:
    file = toml("steps = 4\npaths = 8\n[simulate]\npaths = 6\nweight_decay = 0.5\n[compare]\ntolerance = 0.5\n")
    said = job("simulate", "adamw", "--config", file)
    assert (said.arguments["paths"], said.arguments["steps"]) == (6, 4)
    assert said.method.weight_decay == 0.5


def test_the_command_line_wins_over_the_config(toml: Callable[[str], str]) -> None:
    file = toml("lr = 0.1\npaths = 8\nhorizon = 0.4\ndt = 0.01\n")
    said = job("simulate", "sgd", "--config", file, "--lr", "0.2", "--steps", "3", "--substeps", "2")
    assert said.method == so.SGD(lr=0.2)
    assert said.arguments == {"steps": 3, "substeps": 2, "paths": 8, "rng": 0, "progress": None}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("path = 8", "did you mean 'paths'?"),
        ("[simulate]\nweight-decey = 1.0", "did you mean 'weight-decay'?"),
        ("[simulat]\npaths = 8", "did you mean 'simulate'?"),
        ("tolerance = 0.5", "tolerance"),
        ("simulate = 1", "simulate must be a table, got 1"),
        ("config = 'other.toml'", "unknown key"),
        ("rho = 0.1", "SGD has no --rho"),
        ("paths = 8.5", "paths must be an integer, got 8.5"),
        ("lr = true", "lr must be a number, got True"),
        ("quiet = 1", "quiet must be true or false, got 1"),
        ("steps = ", "is not TOML"),
    ],
)
def test_a_bad_config_is_refused(text: str, says: str, toml: Callable[[str], str]) -> None:
    result = run("simulate", "sgd", "--config", toml(text))
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"sdeopt: [^\n]+\n", result.stderr)
    assert says in result.stderr
