"""NC0: by hand, on compiled runs, and of the last layer of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so

SIMPLEX = np.eye(3) - 1.0 / 3.0


def test_nc0_of_a_simplex_of_equal_rows_and_of_single_rows() -> None:
    watched = so.nc0(3, 3)
    assert watched(SIMPLEX.ravel()) == pytest.approx(0.0, abs=1e-30)
    assert watched(np.tile([1.0, -2.0, 0.5], 3)) == pytest.approx(3.0, abs=1e-14)
    assert watched(np.eye(3).ravel()) == pytest.approx(1.0, abs=1e-14)


def test_nc0_looks_at_its_own_part_of_x_only() -> None:
    W = np.random.default_rng(0).standard_normal((3, 2))
    x = np.concatenate([[5.0, 7.0], W.ravel(), [9.0]])
    expected = np.sum(W.sum(0) ** 2) / np.sum(W * W)
    assert so.nc0(3, 2, first=2)(x) == pytest.approx(expected, rel=1e-14)


def test_nc0_is_observed_in_a_compiled_run() -> None:
    """Of |x|²/2 without noise, where W only shrinks, NC0 stays."""
    x0 = np.random.default_rng(1).standard_normal(6)
    problem = so.Problem(so.Quadratic(np.ones(6)), x0=x0)
    run = so.simulate(so.SGD(0.1), problem, steps=3, paths=4, rng=0, observables={"NC0": so.nc0(3, 2)})
    assert run.observables["NC0"][0] == pytest.approx(np.full(len(run.times), so.nc0(3, 2)(x0)), rel=1e-12)


def test_a_position_that_ends_before_the_rows_do_is_refused() -> None:
    problem = so.Problem(so.Quadratic(np.ones(6)))
    with pytest.raises(ValueError, match="needs a position of at least 7 entries, got 6"):
        so.simulate(so.SGD(0.1), problem, steps=2, paths=2, observables={"NC0": so.nc0(3, 2, first=1)})


@pytest.mark.extras("torch")
def test_nc0_of_a_network_is_that_of_its_last_layer() -> None:
    pytest.importorskip("torch")
    f = so.networks.mlp("breast_cancer", (3,))
    x = f.start + np.random.default_rng(0).standard_normal((2, f.dim))
    found = f.observables(collapse=True)["NC0"](x.T)
    for p in range(2):
        W = [value.detach().numpy() for value in f.module(x[p]).parameters() if value.ndim == 2][-1]
        assert len(W) == 2
        assert found[p] == pytest.approx(np.sum(W.sum(0) ** 2) / np.sum(W * W), rel=1e-12)


@pytest.mark.parametrize(("words", "message"), [((1, 2), "classes"), ((2, 0), "columns"), ((2, 2, -1), "first")])
def test_bad_input_is_refused(words: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        so.nc0(*words)
