"""A start per path: equal rows have the bits of one start, in every way of running."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

POINT = [0.4, 1.0]
ROWS = np.random.default_rng(0).normal(size=(37, 2))  # no multiple of a group of lanes


def saddle(x0: Any) -> so.Problem:
    return so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=x0)


def records(method: Any, kind: str, x0: Any, paths: int = 37, first: int = 0, **change: Any) -> Any:
    run = plan(method, saddle(x0), kind, steps=6, substeps=2, save_at=3, rng=5)
    kernel = Kernel(replace(run, **change))
    return kernel.mode, kernel(first, paths)


@pytest.mark.parametrize(
    ("method", "kind"),
    [(so.SGD(0.1), "discrete"), pytest.param(so.Adam(0.1), "sde", marks=pytest.mark.slow)],
)
def test_equal_starts_have_the_bits_of_one(method: Any, kind: str) -> None:
    """Cold starts of the SDE, which take a step in the mean, are those of every path."""
    for change in ({}, {"interpreted": True}):
        mode, one = records(method, kind, POINT, **change)
        assert records(method, kind, [POINT] * 37, **change)[0] == mode
        assert np.array_equal(one, records(method, kind, [POINT] * 37, **change)[1])


@pytest.mark.slow
def test_vectors_have_the_bits_of_lanes() -> None:
    (lanes, a), (vectors, b) = records(so.SGD(0.1), "sde", ROWS), records(so.SGD(0.1), "sde", ROWS, lanes=False)
    assert (lanes, vectors) == ("lanes", "vectors")
    assert np.array_equal(a, b)


def test_every_path_begins_at_its_row_and_is_the_path_of_that_start() -> None:
    _, found = records(so.SGD(0.1), "sde", ROWS)
    assert np.array_equal(found[:, 0, :2], ROWS)
    for path in (0, 36):
        _, alone = records(so.SGD(0.1), "sde", ROWS[path], paths=1, first=path)
        assert np.array_equal(found[path], alone[0])
    assert np.array_equal(records(so.SGD(0.1), "sde", ROWS, paths=5, first=30)[1], found[30:35])


def test_objectives_that_answer_for_many_paths() -> None:
    objective = so.Objective(value=lambda x: 0.5 * (x * x).sum(axis=0), grad=lambda x: 1.0 * x, dim=2)
    object.__setattr__(objective, "batched", True)
    for x0 in (ROWS, np.tile(POINT, (37, 1))):
        run = plan(so.SGD(0.1), so.Problem(objective, so.Gaussian(0.5), x0=x0), steps=4, save_at=2, rng=0)
        batch, plain = Kernel(run), Kernel(replace(run, interpreted=True))
        assert (batch.mode, plain.mode) == ("batched", "interpreted")
        np.testing.assert_allclose(batch(0, 37)[:, :, :2], plain(0, 37)[:, :, :2], rtol=1e-12)


def test_simulate_takes_as_many_paths_as_there_are_starts(tmp_path: Path) -> None:
    e = so.simulate(so.SGD(0.1), saddle(ROWS), steps=6, rng=0, keep_paths=True)
    assert len(e.final) == 37
    assert np.array_equal(e.paths[:, 0], ROWS)
    np.testing.assert_allclose(e.cov[0], np.cov(ROWS.T), rtol=1e-12)
    assert np.array_equal(e.replay(36).states, e.paths[36])
    with pytest.raises(ValueError, match=r"paths must be 37, or left out, .* got 36"):
        so.simulate(so.SGD(0.1), saddle(ROWS), steps=6, paths=36)
    assert len(so.simulate(so.SGD(0.1), saddle(POINT), steps=1, rng=0).final) == 1000


def test_checkpoints_and_processes_know_the_starts(tmp_path: Path) -> None:
    plain = so.simulate(so.SGD(0.1), saddle(ROWS), steps=6, rng=0)
    for _ in range(2):
        kept = so.simulate(so.SGD(0.1), saddle(ROWS), steps=6, rng=0, checkpoint=tmp_path)
        assert np.array_equal(plain.final, kept.final)
    with pytest.raises(ValueError, match="belongs to another run"):
        so.simulate(so.SGD(0.1), saddle(ROWS + 1.0), steps=6, rng=0, checkpoint=tmp_path)
    with ProcessPoolExecutor(1) as pool:
        assert np.array_equal(plain.final, so.simulate(so.SGD(0.1), saddle(ROWS), steps=6, rng=0, executor=pool).final)


@pytest.mark.usefixtures("interpreted")
def test_integrate_takes_starts_too() -> None:
    e = so.integrate(so.SDE(lambda t, x: -x, lambda t, x: 0.0, dim=2), ROWS, horizon=1.0, dt=0.1, rng=0)
    np.testing.assert_allclose(e.final, ROWS * 0.9**10, rtol=1e-12)
    with pytest.raises(ValueError, match="paths must be 37"):
        so.integrate(so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=2), ROWS, horizon=1.0, dt=0.1, paths=5)
    with pytest.raises(ValueError, match="paths must be 37"):
        dW = np.zeros((5, 10, 2))
        so.integrate(so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=2), ROWS, horizon=1.0, dW=dW)


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        (lambda p: so.certify(so.SGD(0.1), p, horizon=1.0), "certify needs one start"),
        (
            lambda p: so.compare(so.SGD(0.1), p, horizon=1.0),
            "compare needs one start.*one row after the other; simulate takes a start per path",
        ),
        (lambda p: so.scale(so.SGD(0.1), batch=(1, 2), problem=p), "scale needs one start"),
        (lambda p: so.sweep(so.SGD(0.1), p, {}, horizon=1.0), "sweep needs one start"),
        (lambda p: so.noise_profile(p), r"x must have .*got shape \(37, 2\)"),
    ],
)
def test_verbs_that_look_at_one_point_refuse(verb: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        verb(saddle(ROWS))


def test_starts_of_another_dimension_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2,\), or \(paths, 2\) for a start per path, got \(4, 3\)"):
        saddle(np.zeros((4, 3)))
