"""The command line's certify: its words, and what it prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from command import job

import sdeopt as so
from sdeopt.cli import main


def test_words_become_arguments() -> None:
    found = job("certify", "sam", "--lrs", "0.2,0.1,0.05", "--horizon", "2", "--paths", "64", "--precision", "0.2")
    assert found.method == so.SAM(0.2)  # the radius that is given belongs to the largest learning rate
    expected = {"lrs": [0.2, 0.1, 0.05], "horizon": 2.0, "paths": 64, "precision": 0.2, "rng": 0}
    assert {key: found.arguments[key] for key in expected} == expected
    assert job("certify", "sgd").arguments == {"horizon": 1.0, "rng": 0, "progress": None}


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    stem = tmp_path / "sgd"
    words = ["certify", "sgd", "--lrs", "0.1,0.05,0.025", "--paths", "64", "--max-paths", "64", "--out", str(stem)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    assert "verdict  inconclusive" in done.stdout
    assert (tmp_path / "sgd.png").stat().st_size > 10_000
    assert so.Certificate.load(f"{stem}.npz").paths.tolist() == [64.0] * 3
    answer = json.loads(CliRunner().invoke(main, [*words[:-2], "--json"]).stdout)
    assert answer["verdict"] == "inconclusive"


def test_the_command_says_what_is_wrong() -> None:
    done = CliRunner().invoke(main, ["certify", "sgd", "--lrs", "0.1,0.05,0.03"])
    assert done.exit_code == 2
    assert done.stderr.startswith("sdeopt: horizon must be a whole number of steps")
