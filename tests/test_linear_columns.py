"""Least squares for many paths at a time: the numbers of `LinearRegression`, path by path, in every method and law."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.atlases.lines import uncompiled
from sdeopt.atlases.regimes import Regime, usual_methods, usual_regimes
from sdeopt.engine import batched, kernels
from sdeopt.engine.planning import plan
from sdeopt.engine.run import refuse
from sdeopt.objectives.linear_regression import LinearColumns

RNG = np.random.default_rng(4)
PLAIN = so.LinearRegression(RNG.standard_normal((7, 4)), RNG.standard_normal(7), l2=0.3)
WIDE = PLAIN.for_many_paths()
PROBLEM = so.Problem(PLAIN)
LAWS: dict[str, Regime] = usual_regimes(PROBLEM)
QUICK = ("SGD", "Adam", "SAM", "DelayedSGD", "TopKEF", "DPSGD")


def test_every_answer_is_that_of_one_path_after_the_other() -> None:
    x, v = RNG.standard_normal((2, 4, 3))
    w, index = RNG.standard_normal((7, 3)), np.floor(7 * RNG.random((5, 3)))
    asked: dict[str, tuple[Any, ...]] = {
        "value": (x,), "grad": (x,), "hvp": (x, v), "weighted_grad": (x, w), "label_grad": (x, w),
        "batch_grad": (x, index), "batch_value": (x, index), "grad_var": (x,),
    }  # fmt: skip
    for name, given in asked.items():
        together = np.asarray(getattr(WIDE, name)(*given))
        for path in range(3):
            one = [np.ascontiguousarray(a[:, path]) for a in given]
            for f in (PLAIN, WIDE):
                assert np.allclose(together[..., path], getattr(f, name)(*one), rtol=1e-12, atol=1e-13), name
    value, grad = WIDE.value_and_grad(x)
    assert np.array_equal(value, WIDE.value(x)) and np.array_equal(grad, WIDE.grad(x))


def test_it_travels_to_other_processes() -> None:
    there = pickle.loads(pickle.dumps(WIDE))
    assert isinstance(there, LinearColumns) and np.array_equal(there.X, PLAIN.X) and there.l2 == 0.3


def together(page: Any, law: Any, kind: str) -> tuple[Any, Any] | None:
    """Records of eight paths at a time and of one after the other, or None where it is refused or not batched."""
    try:
        run = plan(
            page, so.Problem(WIDE, law), kind, steps=6, save_at=3, rng=0, substeps=2 if kind == "sde" else None,
            observables=["loss", "norm2", "grad_norm2"],
        )  # fmt: skip
        refuse(run)
    except (ValueError, TypeError):
        return None
    if not batched.holds(run):
        return None
    kernel = kernels.Kernel(run)
    assert kernel.mode == "batched"
    return kernel(0, 8), kernels.Kernel(replace(run, interpreted=True))(0, 8)


def check(names: Any, laws: Any) -> int:
    """How many were compared."""
    pages, count = usual_methods(), 0
    for name in names:
        for label in laws:
            regime = LAWS[label]
            if regime.lacks(pages[name]):
                continue
            for kind in ("discrete", "sde"):
                both = together(regime.page(pages[name], 0.05), regime.law, kind)
                if both is not None:
                    np.testing.assert_allclose(*both, rtol=1e-9, atol=1e-11, err_msg=f"{name}, {label}, {kind}")
                    count += 1
    return count


def test_methods_of_some_families_are_the_same_path_by_path() -> None:
    """Laws that hold others and draw examples among them: what is a row of one path must not be one of another."""
    assert check(QUICK, ["Gaussian 1", "minibatch of 4", "unequal agents", "private, ε = 1"]) > 30


@pytest.mark.slow
@pytest.mark.parametrize("label", LAWS)
def test_every_method_is_the_same_path_by_path(label: str) -> None:
    assert check(usual_methods(), [label]) > 3


def test_what_loops_over_entries_is_compiled() -> None:
    for page, job, wide in ((so.SGD(0.1), "error", True), (so.CubicNewton(0.1), "run", False)):
        assert isinstance(uncompiled(page, PROBLEM, job).objective, LinearColumns) is wide
    bowl = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0))
    assert uncompiled(so.SGD(0.1), bowl, "run") is bowl
