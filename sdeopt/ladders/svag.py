"""``svag``: from the optimizer to its SDE in steps, by finer and finer updates of the same mean and covariance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.problem import Problem
from sdeopt.engine.simulate import simulate
from sdeopt.ladders.report import Rung, SVAGLadder
from sdeopt.results.ensemble import Ensemble
from sdeopt.results.pages import TRACE

__all__ = ["svag"]

HEUN = 2  # substeps of the other scheme that stands beside the ladder
PATHS = 64


def svag(
    method: Any,
    problem: Problem,
    *,
    levels: Sequence[int] = (1, 2, 4, 8),
    horizon: float | None = None,
    steps: int | None = None,
    paths: int = PATHS,
    observables: Sequence[str] | Mapping[str, Callable[[Any], float]] | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
) -> SVAGLadder:
    """Run SVAG at several levels: level 1 is the optimizer, and as the level grows the law goes to that of the SDE.

    SVAG of level l takes l steps for one, each of 1/l of the learning rate, with a combination of two fresh gradients
    that has the mean of one and l times its covariance:

        x <- x - (η/l) [(g₁ + g₂)/2 + (√(2l - 1)/2) (g₁ - g₂)].

    That is the SDE "sampled" by Euler's scheme at l substeps (`sdeopt.engine.sampled`: r = 1/l, c = √(2l - 1)/(2l)),
    and so it is run for every method, each of whose steps stands in for η g. Where what is observed moves along the
    ladder the SDE does not describe the optimizer; where it stands still nothing speaks against it. Heun's scheme at 2
    substeps is run beside it: an estimate of the same limit by another way.

    Parameters
    ----------
    method : method
        An instance from ``sdeopt.methods()``. Running means of a method (momentum, Adam) are state like x: their
        steps are divided likewise, so that coefficients stay what they are.
    problem : Problem
        Objective, noise and start; the noise needs a variance.
    levels : sequence of int
        Levels l, increasing, from 1 on; a level costs 2 l gradients for every step of the optimizer.
    horizon, steps : float, int
        How long: continuous time or number of optimizer steps; give exactly one.
    paths : int
        Independent paths of every level, default 64, at least 2.
    observables, rng, executor, progress
        As in `simulate`.

    Returns
    -------
    SVAGLadder
        What is observed at the end, level by level.

    Raises
    ------
    ValueError, TypeError
        For levels that are no increasing whole numbers from 1 on, and as `simulate` does.

    References
    ----------
    Li, Malladi & Arora (2021), arXiv:2102.12470: SVAG, its convergence to the SDE, and this use of it.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.LinearRegression([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0])
    >>> so.svag(so.SGD(lr=0.1), so.Problem(f, so.Minibatch(1)), levels=(1, 4), steps=10, paths=20, rng=0)
    SVAGLadder(SGD(lr=0.1), levels 1, 4)
    """
    chosen = checks.integers("levels", levels, low=1)
    if not chosen or chosen[0] != 1 or any(b <= a for a, b in zip(chosen, chosen[1:], strict=False)):
        raise ValueError(f"levels must begin with 1 and increase, got {checks.short(levels)}")
    count = checks.integer("paths", paths, low=2)
    given: dict[str, Any] = {
        "horizon": horizon,
        "steps": steps,
        "observables": observables,
        "executor": executor,
        "progress": progress,
    }
    given |= {"paths": count, "rng": np.random.SeedSequence().entropy if rng is None else rng, "save_at": 1}
    runs = [("euler", level) for level in chosen] + [("heun", HEUN)]
    found = [simulate(method, problem, "sde", sde="sampled", scheme=scheme, substeps=n, **given) for scheme, n in runs]
    meta = {key: found[0].meta[key] for key in ("method", "objective", "noise", "steps", "clock")}
    return SVAGLadder(
        rungs=tuple(_rung(e, scheme, n) for e, (scheme, n) in zip(found, runs, strict=True)),
        meta=meta | {"paths": count, "partial": any(e.meta["partial"] for e in found)},
    )


def _rung(e: Ensemble, scheme: str, substeps: int) -> Rung:
    """What an ensemble says at its end."""
    values = {name: (float(mean[-1]), float(stderr[-1])) for name, (mean, stderr) in e.observables.items()}
    if TRACE not in values:
        there = e.final[~np.isnan(e.final).any(axis=1)]
        n = len(there)
        apart = ((there - there.mean(axis=0)) ** 2).sum(axis=1) * n / (n - 1) if n > 1 else np.full(2, np.nan)
        values[TRACE] = float(apart.mean()), float(apart.std(ddof=1) / np.sqrt(max(n, 1)))
    return Rung(scheme, substeps, e.diverged.count, tuple(values), *map(tuple, zip(*values.values(), strict=True)))
