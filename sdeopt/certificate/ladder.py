"""The ladder: one method at several learning rates, each with its grid, up to the same continuous time."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.core.rates import at_rate
from sdeopt.core.traits import expect_method
from sdeopt.engine import duration
from sdeopt.engine.run import Run
from sdeopt.engine.simulate import plan
from sdeopt.engine.streams import normalise

__all__ = ["at", "exponent", "rungs"]

Array = NDArray[np.float64]
RUNGS = 4  # of the default ladder
CLOSE = 1.2  # times of a step that are closer than this factor say nothing about a slope
WHOLE = 1e-6  # relative distance from a whole number of steps that is round-off


def at(method: Method, lr: float) -> Any:
    """The method at another learning rate, with what its regime ties to it; a schedule keeps its shape."""
    base = method.constant()
    moved = at_rate(base, lr)
    kept = {name: dataclasses.replace(s, peak=getattr(moved, name)) for name, s in method.schedules.items()}
    if any(getattr(s, "unit", "time") == "steps" for s in kept.values()):
        raise ValueError(f"a schedule in steps changes with lr: take unit='run' or 'time', got {method!r}")
    return moved._replace(**kept)


def exponent(method: Method) -> float:
    """q in clock ~ lr^q: 1 for most methods, 1/2 where a step takes √η units of time."""
    lr = method.constant().lr
    return math.log(method.clock / at(method, lr / 2.0).clock, 2.0)


def rungs(
    method: Method,
    problem: Problem,
    lrs: Any,
    horizon: float,
    substeps: int,
    sde: str | None,
    observables: Any,
    rng: Any,
) -> list[Run]:
    """The SDE's runs, from the largest learning rate to the smallest; the draws of every rung are its own."""
    expect_method(method)
    if isinstance(problem, Problem):
        problem.alone("certify")
    horizon = checks.length("horizon", horizon)
    rates = _rates(method, lrs)
    ladder = [at(method, float(lr)) for lr in rates]
    dt, entropy = ladder[-1].clock / substeps, normalise(rng)
    shown = {} if observables is None else observables
    runs = []
    for rung in ladder:
        steps = _steps(rung, horizon, exponent(method))
        fine = math.ceil(rung.clock / dt - WHOLE)
        own = np.random.SeedSequence(entropy, spawn_key=(steps,))
        ends = [steps * rung.clock]
        runs.append(
            plan(rung, problem, "sde", steps=steps, substeps=fine, sde=sde, save_at=ends, observables=shown, rng=own)
        )
    return runs


def _rates(method: Method, lrs: Any) -> Array:
    q = exponent(method)
    if lrs is None:
        halves: Array = float(method.constant().lr) * 2.0 ** (-np.arange(RUNGS) / q)
        return halves
    rates = checks.array("lrs", lrs)
    if len(rates) < 3:
        raise ValueError(f"lrs must hold at least three learning rates, a slope and its bend, got {rates.tolist()}")
    if rates.min() <= 0.0:
        raise ValueError(f"lrs must be positive, got {rates.tolist()}")
    if (rates[1:] * CLOSE ** (1.0 / q) > rates[:-1]).any():
        raise ValueError(
            f"lrs must decrease, each by a factor of at least {CLOSE ** (1.0 / q):.3g}, got {rates.tolist()}"
        )
    return rates


def _steps(rung: Any, horizon: float, q: float) -> int:
    """Number of steps, which must be whole: a horizon that moves with the learning rate would bend the slope."""
    lr, ratio = float(rung.constant().lr), horizon / float(rung.clock)
    steps = max(duration.whole(ratio), 1)
    if abs(ratio - steps) > WHOLE * steps:
        fitting = lr * (ratio / steps) ** (1.0 / q)
        raise ValueError(
            f"horizon must be a whole number of steps of every learning rate, but lr={lr:.6g} makes {ratio:.6g} steps "
            f"in {horizon:g}: use lr={fitting:.6g} ({steps} steps), or the horizon {steps * rung.clock:.6g}"
        )
    return steps
