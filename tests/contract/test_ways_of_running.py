"""Interpreted, on vectors and on SIMD lanes a page gives the same bits, and new values compile nothing anew."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cases import PAGES, of_every_family, suited
from cases import problem as its_problem

import sdeopt as so
from sdeopt.engine import kernels
from sdeopt.engine.compiler.compile import LOOPS
from sdeopt.engine.draws import unmet_need
from sdeopt.engine.machine.quick import FOUND
from sdeopt.engine.run import Run
from sdeopt.engine.simulate import plan

PROBLEM = so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=[0.4, 1.0])
OTHER = so.Problem(so.EmbeddedSaddle([[-0.3, 0.1], [0.1, 0.8]], 0.4, -0.2), so.Gaussian([0.4, 0.8]), x0=[-0.3, 0.6])
PATHS = 8

COLUMNS = [(name, "discrete", None) for name in PAGES]
COLUMNS += [(name, "sde", cls.default_sde) for name, cls in PAGES.items()]
RIVALS = [(name, "sde", sde) for name, cls in PAGES.items() for sde in cls.sdes if sde != cls.default_sde]


def column(name: str, kind: str, sde: str | None, lr: Any = 0.1, problem: so.Problem = PROBLEM) -> Run:
    """Eight steps, all saved, with a loss beside the positions."""
    page = PAGES[name]
    subject = its_problem(page, problem)
    if sde is not None:
        subject = suited(page.sdes[sde], subject)
    return plan(
        PAGES[name](lr=lr), subject, kind, sde=sde, steps=8, substeps=3, save_at=8, observables=["loss"], rng=11
    )


def in_lanes(name: str) -> bool:
    """Pages say so where they index vectors, and run one path at a time."""
    return bool(PAGES[name].lanes)


def label(case: Any) -> str:
    return "-".join(str(part) for part in case if part)


def largest() -> Any:
    """The default SDE of the page with the most parts. Vectors compile slowly; tests of simulate try a small one."""
    name = max(filter(in_lanes, PAGES), key=lambda name: len(PAGES[name].parts))
    return name, "sde", PAGES[name].default_sde


def assert_same_bits(run: Run, *modes: str) -> None:
    compiled = kernels.Kernel(replace(run, lanes="lanes" in modes))
    assert compiled.mode in modes
    records = compiled(0, PATHS)
    assert np.isfinite(records).all()
    assert len(np.unique(records[:, -1], axis=0)) > 1
    assert np.array_equal(records, kernels.Kernel(replace(run, interpreted=True))(0, PATHS))


DEAR = {"Clip21SGD2M", "DPAdam", "SAM", "ScionSpectral"}  # whose SDEs take longest to compile


def quick(columns: list[Any]) -> list[Any]:
    """The columns as cases of a test: those of one page a family in every run, the others with ``--slow``."""
    often = [c for c in columns if c[0] in of_every_family() and (c[1] == "discrete" or c[0] not in DEAR)]
    return [pytest.param(c, id=label(c), marks=() if c in often else pytest.mark.slow) for c in columns]


@pytest.mark.parametrize("case", quick(COLUMNS))
def test_lanes_give_the_bits_of_plain_python(case: Any) -> None:
    """Or vectors, for a page that says that lanes cannot hold it."""
    assert_same_bits(column(*case), "lanes" if in_lanes(case[0]) else "vectors")


@pytest.mark.slow
def test_vectors_give_the_bits_of_plain_python() -> None:
    assert_same_bits(column(*largest()), "vectors")


@pytest.mark.parametrize(
    ("page", "d", "mode"),
    [
        (so.SignSGD(0.1), 3, "lanes"),
        pytest.param(so.SignSGD(0.1), 1, "lanes", marks=pytest.mark.slow),
        pytest.param(so.SignSGD(0.1), 3, "vectors", marks=pytest.mark.slow),
        pytest.param(so.Signum(0.1, 0.8), 3, "lanes", marks=pytest.mark.slow),
    ],
)
def test_correlated_signs_have_the_bits_of_plain_python(page: Any, d: int, mode: str) -> None:
    """Pairs of coordinates, and roots of matrices that depend on the state, are on lanes as well."""
    cov = np.array([[0.5, 0.3, -0.1], [0.3, 0.4, 0.0], [-0.1, 0.0, 0.2]])[:d, :d]
    problem = so.Problem(so.Quadratic(np.arange(1.0, d + 1.0)), so.Gaussian(cov=cov))
    assert_same_bits(plan(page, problem, "sde", steps=8, substeps=3, save_at=8, observables=["loss"], rng=11), mode)


@pytest.mark.parametrize("d", [18, pytest.param(128, marks=pytest.mark.slow)])
def test_many_coordinates_on_lanes_have_the_bits_of_plain_python(d: int) -> None:
    """Elementary functions go over them in a loop, whose last turn repeats some where they do not come out even."""
    problem = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, d)), so.Gaussian(np.linspace(0.5, 1.0, d)))
    run = plan(so.SignSGD(0.1), problem, "sde", steps=4, scheme="euler", save_at=4, observables=["loss"], rng=11)
    assert_same_bits(run, "lanes")


@pytest.mark.slow
@pytest.mark.parametrize("case", RIVALS, ids=label)
def test_lanes_give_the_bits_of_plain_python_for_rivals(case: Any) -> None:
    assert_same_bits(column(*case), "lanes", "vectors")


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in COLUMNS if c[0] in of_every_family() and c != largest()], ids=label)
def test_vectors_give_the_bits_of_plain_python_in_every_family(case: Any) -> None:
    assert_same_bits(column(*case), "vectors")


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in COLUMNS + RIVALS if c[0] in of_every_family()], ids=label)
def test_schedules_give_the_bits_of_plain_python(case: Any) -> None:
    run = column(*case, so.Cosine(0.1, horizon=1.0))
    if unmet_need(run) is None:
        assert_same_bits(run, "lanes", "vectors")
    else:
        with pytest.raises(ValueError, match="needs a constant lr"):
            kernels.Kernel(run)


def compiled_versions() -> dict[Any, int]:
    return {key: len(loop.overloads) for key, loop in LOOPS.items()} | dict.fromkeys(FOUND, 1)


def changed(page: Any) -> Any:
    """The page with every hyperparameter but lr at 0.7 of its value, where that is allowed (a count may not be)."""
    for field in set(page._fields) - {"lr"}:
        with contextlib.suppress(ValueError, TypeError):
            page = type(page)(**page._asdict() | {field: 0.7 * getattr(page, field)})
    return page


@pytest.mark.parametrize("case", quick(COLUMNS))
def test_new_values_compile_nothing(case: Any) -> None:
    """Other hyperparameters, other data, another start, another grid."""
    first = kernels.Kernel(column(*case))
    before = compiled_versions()
    run = column(*case, lr=0.03, problem=OTHER)
    moved = replace(run.problem, x0=0.9 * run.problem.x0)
    grid = {"steps": 5, "saves": (0, 5), "substeps": 2, "resolution": 4}
    again = kernels.Kernel(replace(run, method=changed(run.method), problem=moved, **grid))
    assert again.mode == first.mode != "interpreted"
    assert np.isfinite(again(3, 5)).all()
    assert compiled_versions() == before
