"""The benchmarks compare like with like: every peer's formula is sdeopt's own; and their page has what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import erf

from sdeopt.core.traits import model

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("W1", "W2", "W3", "W4", "AdamW")
NUMPY = SimpleNamespace(asarray=np.asarray, erf=erf, sqrt=np.sqrt, exp=np.exp, concatenate=np.concatenate)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The modules of the benchmarks; what they put into the environment is taken back."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "XLA_FLAGS"):
        monkeypatch.setenv(variable, "")
    from benchmarks.engines import tables, workloads

    yield SimpleNamespace(tables=tables, workloads={w.name: w for w in workloads.WORKLOADS})


def spread(w: Any, t: float, x: Any) -> Any:
    """σ(t, x) as a matrix."""
    s = w.diffusion(t, x, NUMPY)
    return np.diag(s) if w.diagonal else s


@pytest.mark.parametrize("name", NAMES[:4])
def test_a_step_by_hand_is_the_step_of_an_integrator(engines: Any, name: str) -> None:
    w, random = engines.workloads[name], np.random.default_rng(0)
    state = tuple(part * random.uniform(0.5, 1.5, part.size) for part in w.state)
    x, z, t = np.concatenate(state), random.normal(size=w.normals), 7 * w.dt
    moved = x + w.dt * w.drift(t, x, NUMPY) + np.sqrt(w.dt) * spread(w, t, x) @ z
    np.testing.assert_allclose(np.concatenate(w.step(t, state, z, NUMPY)), moved, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES[:4])
def test_the_equation_of_the_peers_is_that_of_the_page(engines: Any, name: str) -> None:
    w, random = engines.workloads[name], np.random.default_rng(0)
    state = tuple(part * random.uniform(0.5, 1.5, part.size) + 0.01 for part in w.state)
    x, t, o, m = np.concatenate(state), 7 * w.dt, w.problem.oracle, w.method.constant()
    begin = w.dt if name == "W3" else 0.0
    y = state if len(state) > 1 else x
    page = model(w.method, w.sde)
    drift = page.drift(m, begin + t, y, o)
    columns = [page.diffusion(m, begin + t, y, o, dw) for dw in np.eye(w.normals)]
    s = np.array([np.concatenate(c) if isinstance(c, tuple) else c for c in columns]).T
    expected = w.drift(t, x, NUMPY)
    np.testing.assert_allclose(np.concatenate(drift) if isinstance(drift, tuple) else drift, expected, rtol=1e-12)
    ours, theirs = s @ s.T, spread(w, t, x) @ spread(w, t, x).T
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-18)


def test_the_recursion_of_the_peers_is_that_of_the_page(engines: Any) -> None:
    w, random = engines.workloads["AdamW"], np.random.default_rng(0)
    state = tuple(part * random.uniform(0.5, 1.5, part.size) + 0.01 for part in w.state)
    z = random.normal(size=w.normals)
    page = type(w.method).step(w.method.constant(), 7, state, w.problem.oracle, (z,))
    for ours, theirs in zip(page, w.step(7.0, state, z, NUMPY), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_answers_are_timed_with_loops_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the first run is empty, that of the second has its loops; the rows stand by their time."""
    from benchmarks import answers

    held, seconds = [], iter([3.0, 1.0])

    def run(words: str, folder: str) -> tuple[float, float]:
        held.append((words, len(list(Path(folder).iterdir()))))
        Path(folder, "a loop").touch()
        return next(seconds), 9.0

    monkeypatch.setattr(answers, "timed", run)
    assert answers.row("sgd") == ["sgd", 3.0, 9.0, 1.0, 9.0]
    assert held == [("sgd", 0), ("sgd", 1)]
    made = answers.table([["a", 7.0, 8.0, 3.0, 4.0], ["b", 5.0, 6.0, 1.0, 2.0]])
    assert [one[0] for one in made.rows] == ["b", "a"]
    assert "2 commands: with an empty folder of loops 6.0 s in the median and 7.0 s at most" in made.note


def test_the_page_has_what_was_measured(engines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every processor the last run."""
    tables = engines.tables
    rows = [["sdeopt", 2.3456], ["sdeint", 4299.4], ["x", None]]
    boxes = [{"processor": name, "machine": f"a box with {name}"} for name in ("one", "another")]
    monkeypatch.setattr(tables, "DOCS", tmp_path / "page.md")
    for name in ("RESULTS", "GROWTH", "ANSWERS"):
        monkeypatch.setattr(tables, name, tmp_path / name)
    old = tables.Table("Peers", "In ns.", ["", "W1"], [["sdeopt", 1.0]])
    table = tables.Table("Peers", "In ns.", ["", "W1"], rows)
    for measured, box in ((old, boxes[0]), (table, boxes[0]), (table, boxes[1])):
        tables.save(tables.RESULTS, [measured], box)
    assert tables.load(tables.RESULTS) == [([table], box) for box in boxes]
    tables.write_page()
    page = tables.DOCS.read_text()
    head, row = "\n### {0}\n\n- machine: a box with {0}\n\n#### Peers\n\nIn ns.\n\n|  | W1 |\n", "| sdeopt | 2.35 |\n"
    assert all(head.format(name) + "| --- | --: |\n" + row in page for name in ("one", "another"))
    assert page.endswith(f"| sdeint | 4,299 |\n| x |  |\n{tables.START}\n")
    assert "How cost grows" not in page
    tables.save(tables.ANSWERS, [tables.Table("Defaults", "In s.", ["", "cold"], [["sgd", 5.6]])], boxes[0])
    tables.write_page()
    page = tables.DOCS.read_text()
    assert page.index(tables.START) < page.index(
        "#### Defaults\n\nIn s.\n\n|  | cold |\n| --- | --: |\n| sgd | 5.6 |\n"
    )
    tables.save(tables.GROWTH, [table], boxes[0])
    tables.write_page()
    assert tables.DOCS.read_text().count("| sdeint | 4,299 |") == 3
    assert "![cost, and memory, against size](figures/growth.png)" in tables.DOCS.read_text()
    for peers in ("jax 1, torch 2", "torch 3"):
        tables.save(tables.RESULTS, [table], boxes[0] | {"peers": peers})
    assert tables.load(tables.RESULTS)[0][1]["peers"] == "jax 1, torch 3", "what older tables are of stays"
