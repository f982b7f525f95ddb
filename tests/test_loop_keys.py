"""The key of a loop holds all that shapes its code: runs that differ in it never share one, in memory or on disk.

Every pair of runs is made in one process over one folder; the second has the bits that it has interpreted.
"""

from __future__ import annotations

import enum
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from test_cache_trust import flipped

import sdeopt as so
from sdeopt.core import Positive, cos, grad
from sdeopt.core.method import method
from sdeopt.engine.compiler import compile
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.machine import quick
from sdeopt.engine.planning import plan
from sdeopt.engine.values import describe


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDEOPT_CACHE_DIR", str(tmp_path / "loops"))
    monkeypatch.setattr(compile, "LOOPS", {})
    monkeypatch.setattr(quick, "FOUND", {})


def right(page: Any, problem: so.Problem, kind: str = "discrete", mode: str = "lanes", **how: Any) -> None:
    """A compiled run has the bits of the interpreted one."""
    run = plan(page, problem, kind, steps=8, rng=0, **how)
    kernel = Kernel(run)
    assert kernel.mode == mode
    assert (kernel(0, 20) == Kernel(replace(run, interpreted=True))(0, 20)).all()


def test_the_dimension_where_every_path_has_its_start() -> None:
    def twice(x: Any) -> Any:
        return 2.0 * x

    for d in (3, 1, 2):
        starts = np.arange(1.0, 1.0 + 20 * d).reshape(20, d)
        right(so.SGD(0.1), so.Problem(so.Objective(dim=d, grad=twice), x0=starts), observables={"a": lambda x: x[0]})


def test_the_names_of_observables() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    first, second = (lambda x: x[0]), (lambda x: x[1] * x[1])
    for names in ("ab", "ba"):
        watched = dict(zip(names, (first, second), strict=True))
        run = plan(so.SGD(0.1), problem, "discrete", steps=8, rng=0, observables=watched)
        run = replace(run, crossings=(("a", 0.7),))
        assert (Kernel(run)(0, 20) == Kernel(replace(run, interpreted=True))(0, 20)).all()


def test_the_kinds_of_draws() -> None:
    def scale(x: Any, z: Any) -> Any:
        return cos(6.283185307179586 * z)

    for draws in ("uniform", "normal"):
        problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Noise(scale, draws=draws), x0=[1.0, -1.0])
        right(so.SGD(0.1), problem, "sde", sde="sampled")


def test_the_order_of_the_fields_of_a_page() -> None:
    @method
    class Page(NamedTuple):
        lr: Positive
        a: Positive
        b: Positive

        def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
            g = grad(o, x)
            if x[0] > 100.0:
                g = 2.0 * g
            return x - self.lr * self.b * g + 0.0 * self.a

    first = Page

    @method
    class Page(NamedTuple):  # type: ignore[no-redef]
        lr: Positive
        b: Positive
        a: Positive

        step = first.step

    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    for cls in (first, Page):
        right(cls(lr=0.1, a=3.0, b=1.0), problem, mode="vectors")


class Before(enum.Enum):
    A = 3.0


class After(enum.Enum):
    A = 2.0


def renamed(cls: type) -> type:
    cls.__qualname__ = cls.__name__ = "One"
    return cls


def structured(*names: str) -> Any:
    return np.array([(3.0, 2.0)], dtype=[(name, float) for name in names])


PAIRS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "the names of a tuple": lambda: (namedtuple("P", "k j")(3.0, 2.0), namedtuple("P", "j k")(3.0, 2.0)),
    "the members of an Enum": lambda: (renamed(Before), renamed(After)),
    "a function of vectorize": lambda: (numba.vectorize(lambda x: 3.0 * x), numba.vectorize(lambda x: 2.0 * x)),
    "a function of cfunc": lambda: tuple(
        numba.cfunc("float64(float64)")(f) for f in (lambda x: 3 * x, lambda x: 2 * x)
    ),
    "the fields of an array": lambda: (structured("k", "j"), structured("j", "k")),
}


@pytest.mark.parametrize("what", PAIRS)
def test_what_a_function_refers_to(what: str) -> None:
    first, second = PAIRS[what]()
    assert describe(first) != describe(second)


def test_a_damaged_file_is_told_where_warnings_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = plan(so.SGD(0.1), so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5)), "discrete", steps=3, rng=0)
    Kernel(run)
    for file in (tmp_path / "loops").iterdir():
        file.write_bytes(flipped(file.read_bytes()))
    monkeypatch.setattr(quick, "FOUND", {})
    with pytest.raises(UserWarning, match="is damaged"):
        Kernel(run)
