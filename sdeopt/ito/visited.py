"""Whether an equation is what it says, at points that its run visits: noise diagonal, or linear in its increments.

The starting point alone would not do: σ may vanish there, or change its form later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.engine.blocks import records
from sdeopt.engine.run import Run
from sdeopt.ito.equation import SDE

__all__ = ["verify", "visit"]

Array = NDArray[np.float64]
Points = list[tuple[float, Array]]
PATHS = 8  # that are looked at, but no more than an eighth of those that run
TIMES = 16  # at which they are
POINTS = 32  # of these
ALONE = 16  # dimension up to which coordinates are moved one by one, and number of random halves above it
NUDGE = 1e-3  # how far, relative to 1 + |x_i|, a coordinate is moved beyond that of another point
EXACT = 1e-9  # relative difference that counts as none


def visit(run: Run, count: int) -> Points:
    """Some of the points (t, x) of the first paths of a run, at random; none of paths that have diverged."""
    saves = tuple(int(k) for k in np.unique(np.linspace(0, run.steps, TIMES + 1).round()))
    looked = replace(run, saves=saves, crossings=())
    some = records(looked, max(min(PATHS, count // 8), 1), progress=False)[:, :, : run.problem.dim]
    points = [(k * run.method.clock, x) for path in some for k, x in zip(saves, path, strict=True)]
    finite = [(t, x) for t, x in points if np.isfinite(x).all()]
    chosen = np.random.default_rng(0).permutation(len(finite))[:POINTS]
    return [finite[i] for i in chosen]


def verify(sde: SDE, points: Points) -> None:
    """Raise a ``ValueError`` unless the noise is diagonal where it should be, else linear, at all of these points."""
    random = np.random.default_rng(1)
    with np.errstate(all="ignore"):  # not all that is tried lies where the functions are defined
        for t, x in points:
            other = points[random.integers(len(points))][1]
            if sde.diagonal:
                _diagonal(sde, t, x, other, random)
            else:
                _linear(sde, t, x, random)


def _diagonal(sde: SDE, t: float, x: Array, other: Array, random: np.random.Generator) -> None:
    """Entries whose own coordinate stays must stay, whatever the other coordinates are."""
    here, far = np.broadcast_to(sde.diffusion(t, x.copy()), x.shape), other + NUDGE * (1.0 + np.abs(other))
    for moved in _choices(sde.dim, random):
        there = np.broadcast_to(sde.diffusion(t, np.where(moved, far, x)), x.shape)
        changed = ~moved & (np.abs(there - here) > EXACT * np.abs(here))
        if changed.any():
            j = int(np.flatnonzero(changed)[0])
            on = f"x[{int(np.flatnonzero(moved)[0])}]" if moved.sum() == 1 else "others"
            raise ValueError(
                f"diffusion(t, x) is for diagonal noise, entry {j} a function of t and x[{j}] alone, but at t = {t:g} "
                f"it depends on {on}; write diffusion(t, x, dw)"
            )


def _choices(d: int, random: np.random.Generator) -> Iterator[Any]:
    """Which coordinates are moved."""
    yield from (np.arange(d) == i for i in range(d)) if d <= ALONE else random.random((ALONE, d)) < 0.5


def _linear(sde: SDE, t: float, x: Array, random: np.random.Generator) -> None:
    a, b = random.standard_normal((2, sde.noise_dim))
    first, second, both = (np.asarray(sde.diffusion(t, x.copy(), dw)) for dw in (a, b, a + 8.0 * b))
    gap, size = np.abs(first + 8.0 * second - both).max(), (np.abs(first) + 8.0 * np.abs(second)).max()
    if gap > EXACT * size:
        raise ValueError(
            f"diffusion must be linear in dw: diffusion(t, x, dw) is σ(t, x) times dw, but at t = {t:g} it is not"
        )
