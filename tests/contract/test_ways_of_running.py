"""Interpreted, on vectors and on SIMD lanes a page gives the same bits, and new values compile nothing anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.simulate import plan

PAGES = so.methods()
PROBLEM = so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=[0.4, 1.0])
OTHER = so.Problem(so.EmbeddedSaddle([[-0.3, 0.1], [0.1, 0.8]], 0.4, -0.2), so.Gaussian([0.4, 0.8]), x0=[-0.3, 0.6])
PATHS = 8

COLUMNS = [(name, "discrete", None) for name in PAGES]
COLUMNS += [(name, "sde", cls.default_sde) for name, cls in PAGES.items()]
RIVALS = [(name, "sde", sde) for name, cls in PAGES.items() for sde in cls.sdes if sde != cls.default_sde]


def column(name: str, kind: str, sde: str | None, lr: Any = 0.1, problem: so.Problem = PROBLEM) -> kernels.Run:
    """Eight steps, all saved, with a loss beside the positions."""
    return plan(
        PAGES[name](lr=lr), problem, kind, sde=sde, steps=8, substeps=3, save_at=8, observables=["loss"], rng=11
    )


def label(case: Any) -> str:
    return "-".join(str(part) for part in case if part)


def largest() -> Any:
    """The default SDE of the page with the most parts. Vectors compile slowly; tests of simulate try a small one."""
    name = max(PAGES, key=lambda name: len(PAGES[name].parts))
    return name, "sde", PAGES[name].default_sde


def assert_same_bits(run: kernels.Run, mode: str) -> None:
    compiled = kernels.Kernel(replace(run, lanes=mode == "lanes"))
    assert compiled.mode == mode
    records = compiled(0, PATHS)
    assert np.isfinite(records).all()
    assert len(np.unique(records[:, -1], axis=0)) > 1
    assert np.array_equal(records, kernels.Kernel(replace(run, interpreted=True))(0, PATHS))


@pytest.mark.parametrize("case", COLUMNS, ids=label)
def test_lanes_give_the_bits_of_plain_python(case: Any) -> None:
    assert_same_bits(column(*case), "lanes")


def test_vectors_give_the_bits_of_plain_python() -> None:
    assert_same_bits(column(*largest()), "vectors")


@pytest.mark.slow
@pytest.mark.parametrize("case", RIVALS, ids=label)
def test_lanes_give_the_bits_of_plain_python_for_rivals(case: Any) -> None:
    assert_same_bits(column(*case), "lanes")


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in COLUMNS + RIVALS if c != largest()], ids=label)
def test_vectors_give_the_bits_of_plain_python_everywhere(case: Any) -> None:
    assert_same_bits(column(*case), "vectors")


@pytest.mark.slow
@pytest.mark.parametrize("case", COLUMNS + RIVALS, ids=label)
def test_schedules_give_the_bits_of_plain_python(case: Any) -> None:
    assert_same_bits(column(*case, so.Cosine(0.1, horizon=1.0)), "lanes")


def compiled_versions() -> dict[Any, int]:
    return {key: len(loop.overloads) for key, loop in kernels._LOOPS.items()}


@pytest.mark.parametrize("case", COLUMNS, ids=label)
def test_new_values_compile_nothing(case: Any) -> None:
    """Other hyperparameters, other data, another start, another grid."""
    kernels.Kernel(column(*case))
    before = compiled_versions()
    run = column(*case, lr=0.03, problem=OTHER)
    others = [field for field in run.method._fields if field != "lr"]
    method = run.method._replace(**{field: 0.7 * getattr(run.method, field) for field in others})
    again = kernels.Kernel(replace(run, method=method, steps=5, saves=(0, 5), substeps=2, resolution=4))
    assert again.mode == "lanes"
    assert np.isfinite(again(3, 5)).all()
    assert compiled_versions() == before
