"""SVAG is the sampled SDE by Euler's scheme: its algebra path by path, and what its ladder shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.ladders.report import Rung

RNG = np.random.default_rng(0)
DATA = so.LinearRegression(RNG.standard_normal((12, 3)), RNG.standard_normal(12))
PROBLEM = so.Problem(DATA, so.Minibatch(2), x0=[1.0, -1.0, 0.5])


@pytest.mark.parametrize("level", [1, 2, 5])
def test_a_level_is_the_update_of_the_paper_on_the_same_batches(level: int) -> None:
    """x - (η/l) [(g₁ + g₂)/2 + √(2l-1)/2 (g₁ - g₂)], written out with gradients of our own."""
    lr = 0.1
    run = plan(so.SGD(lr), PROBLEM, "sde", steps=6, sde="sampled", scheme="euler", substeps=level, save_at=1, rng=3)
    kernel = Kernel(run)
    X, y, n = np.asarray(DATA.X), np.asarray(DATA.y), 12
    ends = kernel(0, 3)[:, -1, :3]
    for path in range(3):
        x = PROBLEM.x0.copy()
        for u in kernel.increments(path):
            batches = np.floor(u.reshape(2, 2) * n).astype(int)
            g1, g2 = (X[i].T @ (X[i] @ x - y[i]) / 2 for i in batches)
            x = x - lr / level * ((g1 + g2) / 2 + math.sqrt(2 * level - 1) / 2 * (g1 - g2))
        assert np.abs(ends[path] - x).max() < 1e-12


def test_level_1_is_the_optimizer() -> None:
    """On its batches: the first of the two sets of draws alone counts."""
    run = plan(so.SGD(0.1), PROBLEM, "sde", steps=6, sde="sampled", scheme="euler", substeps=1, save_at=1, rng=3)
    kernel = Kernel(run)
    x = PROBLEM.x0.copy()
    for u in kernel.increments(1):
        x = x - 0.1 * DATA.batch_grad(x, np.floor(u[:2] * 12))
    assert np.abs(kernel(1, 1)[0, -1, :3] - x).max() < 1e-13


def ladder(lr: float, **settings: Any) -> so.SVAGLadder:
    return so.svag(so.SGD(lr), PROBLEM, **{"steps": 20, "paths": 200, "rng": 0, "progress": False} | settings)


@pytest.mark.slow
def test_a_ladder_tells_a_step_that_is_too_long() -> None:
    """η λ = 0.7: the stationary variance of the SDE lacks 1/(1 - ηλ/2), and more; at a small step nothing is seen.

    The gap is nine standard errors wide, and four are asked: a false alarm of 3e-7.
    """
    curvature = np.linalg.eigvalsh(DATA.hessian(PROBLEM.x0)).max()
    gap, half = ladder(0.7 / curvature, steps=60, paths=1000).moved("tr Cov x")
    assert gap < -2.0 * half
    gap, half = ladder(0.02 / curvature).moved("tr Cov x")
    assert abs(gap) < 2.5 * half  # 4.9 standard errors: 1e-6


@pytest.mark.slow
def test_rungs_hold_the_ends_of_their_runs() -> None:
    found = ladder(0.1, levels=(1, 3), paths=30, observables=["loss"])
    assert [(rung.scheme, rung.substeps) for rung in found.rungs] == [("euler", 1), ("euler", 3), ("heun", 2)]
    e = so.simulate(so.SGD(0.1), PROBLEM, "sde", sde="sampled", scheme="euler", substeps=3, steps=20, paths=30, rng=0)
    rung = found.rungs[1]
    assert rung.names == ("loss", "tr Cov x")
    assert rung.values == pytest.approx((e.observables["loss"][0][-1], np.trace(e.cov[-1])), rel=1e-12)
    assert rung.stderr[0] == pytest.approx(e.observables["loss"][1][-1], rel=1e-12)


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ((4, 4), "not known: paths diverged"),
        ((4, 0), "surely: paths of the optimizer diverged alone"),
        ((0, 4), "surely: paths diverged at level 2 alone"),
        ((0, 0), "perhaps not at all"),
    ],
)
def test_a_ladder_of_paths_that_diverged_says_so(lost: tuple[int, int], words: str) -> None:
    names, meta = ("loss",), {"method": "SGD", "objective": "f", "noise": "w", "steps": 1, "clock": 0.1, "paths": 4}
    values = [(1.0 if n == 0 else math.nan,) for n in lost]
    rungs = [Rung("euler", i + 1, n, names, v, (0.1,)) for i, (n, v) in enumerate(zip(lost, values, strict=True))]
    assert words in str(so.SVAGLadder(tuple(rungs), meta | {"partial": False}))


@pytest.mark.parametrize("levels", [(2, 4), (1, 1), (), (1, 4, 2)])
def test_levels_that_are_no_ladder_are_refused(levels: Any) -> None:
    with pytest.raises(ValueError, match="levels must begin with 1 and increase"):
        ladder(0.1, levels=levels)
