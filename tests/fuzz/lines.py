"""Command lines and TOML files of words that nobody means: exit codes 0 or 2, and one line on stderr."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner
from hypothesis import strategies as st

from sdeopt.cli import main

from .judge import Find, judged, timed
from .verbs import ENSEMBLE, within

TEXTS = [
    "nan", "inf", "-inf", "1e-320", "1e400", "-1", "0", "0.1", "1", "2", "", " ", "x", "a\nb", "1,2", ",", "1,,2", ":",
    "9" * 400, "9" * 5000, "-" + "9" * 400, "1e308,1e308", "none", "loss", "loss,loss", "order1", "sampled", "euler",
    "quadratic:1e308", "quadratic:", "quadratic:nan", "quadratic:" + "9" * 400, "double-well:dim=1e3", "rosenbrock:1",
    "double-well:dim=10000000000", "widening-valley:d=99999999999", "matrix-factorization:rank=-1", "mlp:nothing",
    "linear-regression:small", "linear-regression:nothing", "quadratic-game:a=x", "bilinear-game:1,2", "=", "a=b",
    "gaussian:-1", "gaussian:1e400", "gaussian:0.5,batch=0", "gaussian:0.5,batch=4", "minibatch:0", "minibatch:1e3",
    "student-t:nu=nan", "student-t:nu=0.1", "alpha-stable:alpha=3", "agents:0,gaussian:1", "agents:2,agents:2,none",
    "laplace:0.5", "cosine", "cosine:horizon=0", "cosine:final=2", "power:1e308", "power:-1", "power:1,exponent=1",
    "/nowhere/x", ".", "é", "discrete", "sde", "observables", "True",
    "lr=1 - lr", "beta=((", "clip=active", "lr=__import__", "momentum=1/0",
]  # fmt: skip
LINES = {
    "simulate": ["sgd", "--steps", "2", "--paths", "4", "--quiet"],
    "compare": ["sgd", "--steps", "2", "--paths", "16", "--quiet", "--substeps", "2"],
    "certify": ["sgd", "--lrs", "0.2,0.1,0.05", "--horizon", "0.2", "--paths", "32", "--max-paths", "32", "--quiet"],
    "scale": ["sgd", "--batch", "1", "2"],
    "atlas": ["sgd", "--objective", "quadratic:1,2", "--law", "gaussian:1", "--gradients", "2", "--lrs", "0.1,0.2",
              "--paths", "4", "--tuning", "4", "--quiet"],
    "noise": ["quadratic:1,2", "--samples", "16", "--probes", "2", "--quiet"],
    "show": ["sgd"],
    "derive": ["sgd"],
    "cite": ["sgd"],
    "report": ["kept.npz", "--quiet"],
}  # fmt: skip
APART = {"--help", "--version", "--config", "--processes"}


def _options(command: str) -> list[tuple[str, Any]]:
    ctx = click.Context(main.commands[command], info_name=command)
    params = main.commands[command].get_params(ctx)
    named = [(name, p) for p in params if isinstance(p, click.Option) for name in p.opts if name.startswith("--")]
    return [(name, p) for name, p in named if name not in APART]


@st.composite
def typed(draw: Any) -> tuple[str, list[str]]:
    """A command and its words, up to two of them wrong."""
    command = draw(st.sampled_from(sorted(LINES)))
    words = list(LINES[command])
    known = _options(command)
    for _ in range(draw(st.integers(1, 2))):
        text = draw(st.sampled_from(TEXTS))
        if not known or draw(st.integers(0, 9)) == 0:
            words[draw(st.integers(0, len(words) - 1))] = text
            continue
        name, option = draw(st.sampled_from(known))
        if name in words and not option.is_flag:
            words[words.index(name) + 1] = text
        else:
            words += [name] if option.is_flag else [name] + [text] * option.nargs
    return command, words


def _run(words: list[str]) -> None:
    """Run a line, and look at what it says."""
    with timed():
        result = CliRunner().invoke(main, words)
    cause = getattr(result.exception, "__context__", None)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        judged(result.exception)
        raise Find(f"leaves the command line: {result.exception!r}")
    if isinstance(cause, Exception) and not isinstance(cause, click.ClickException):
        judged(cause, also=(OSError, ImportError))
    if result.exit_code not in (0, 2):
        raise Find(f"exit code {result.exit_code}")
    said = result.stderr.rstrip("\n")
    if result.exit_code == 2 and ("\n" in said or not said.startswith("sdeopt: ")):
        raise Find(f"says {said!r}")


def check(case: tuple[str, list[str]]) -> None:
    """One line, in a folder that holds the result ``kept.npz``."""

    def run() -> None:
        ENSEMBLE.save("kept")
        _run([case[0], *case[1]])

    within(run)


NUMBERS = [0, 1, 2, -1, 0.5, 1e-320, 1e308, math.nan, math.inf, 10**30, 10**400, True, "x", "", [], [1.0], [[]]]
VALUES = [
    *NUMBERS,
    *TEXTS[:12],
    ["loss", "loss"],
    ["sgd", "signsgd"],
    {"a": 1},
    ["quadratic:1", "quadratic:1"],
    [1, "a"],
]
RANGES = [
    (0.1, 1.0, 2), (0.1, 1.0, 10**11), (0.0, 1.0, 3), (1.0, 1.0, 3), (-1e308, 1e308, 3), (1, 2, 10**400),
    (math.nan, 1.0, 2), (0.1, math.inf, 2), (1, 2, -1), (1, 2, 1.5), ("a", 1, 2), (10**400, 1, 2),
]  # fmt: skip
SPACES = [{kind: list(ends)} for kind in ("geomspace", "linspace", "other") for ends in RANGES]
SWEEP: dict[str, Any] = {"method": "sgd", "steps": 2, "paths": 4, "grid": {"lr": [0.1]}}
KEYS = [
    "method", "objective", "noise", "batch", "x0", "horizon", "steps", "paths", "measures", "level", "substeps", "seed",
    "threads", "folder", "out", "grid", "lr", "momentum", "nothing",
]  # fmt: skip
AXES = ["lr", "scale", "noise.scale", "nu", "momentum", "x", "objective.H", "method", "noise"]


@st.composite
def written(draw: Any) -> tuple[str, dict[str, Any]]:
    """A file for ``sdeopt sweep``, or a configuration for ``sdeopt simulate``."""
    kind = draw(st.sampled_from(["sweep", "config"]))
    content: dict[str, Any] = dict(SWEEP) if kind == "sweep" else {"steps": 2, "paths": 4}
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True)):
        content[key] = draw(st.sampled_from(VALUES))
    if kind == "sweep" and draw(st.booleans()):
        content["grid"] = {draw(st.sampled_from(AXES)): draw(st.sampled_from([*SPACES, *VALUES]))}
    return kind, content


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**300:
        return "1" + "0" * 400
    return (
        json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")
        if isinstance(value, float)
        else json.dumps(value)
    )


def check_file(case: tuple[str, dict[str, Any]]) -> None:
    """One file."""
    kind, content = case

    def run() -> None:
        text = "\n".join(f"{key} = {_toml(value)}" for key, value in content.items())
        Path("words.toml").write_text(text, encoding="utf-8")
        _run(["sweep", "words.toml", "--quiet"] if kind == "sweep" else ["simulate", "sgd", "--config", "words.toml"])

    within(run)
