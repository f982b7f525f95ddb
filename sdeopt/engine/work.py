"""What a run costs, as work: path-steps, each with what it asks for, in seconds of one core.

The constants were measured on one machine and are the same on all, so that what is chosen by them is, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sdeopt.engine.kernels import Kernel
from sdeopt.engine.planning import examples_drawn
from sdeopt.engine.run import Run

__all__ = ["BUDGET", "LONG", "NUMBER", "STEP", "COORDINATE", "cost", "expected", "stored", "told"]

BUDGET = 40.0  # seconds of one core: 20 s on two
LONG = 10.0  # seconds from which a run says before it begins how long it will take
# seconds: a path-step on SIMD lanes, in loops without them, in Python; what every coordinate adds, and every number
# that the objective stores, or every number of the examples of a batch, two more of which stand for drawing them; a
# path-step of a network, and what every entry of the gradients of all examples adds
STEP, SLOW, PYTHON, COORDINATE, NUMBER, EXAMPLE = 2e-8, 1e-5, 1e-4, 1e-8, 1.5e-10, 6.5e-9
NETWORK, ENTRY = 4e-4, 1.5e-9


def cost(run: Run) -> float:
    """Work of one path-step, a rough number."""
    f: Any = run.problem.objective
    if getattr(f, "batched", False) and hasattr(f, "examples"):
        return NETWORK + ENTRY * float((_drawn(run) or f.examples()) * f.dim)
    drawn = _drawn(run)
    seen = EXAMPLE * (drawn + 2) * run.problem.dim if drawn else NUMBER * stored(f)
    compiled = run.discrete is None and Kernel(run).mode in ("lanes", "vectors")
    each = PYTHON if not compiled else STEP if run.method.lanes else SLOW
    return float(each + COORDINATE * run.problem.dim + seen)


def _drawn(run: Run) -> int:
    """Examples of a batch, where batches are all that a sampled SDE passes over; else 0."""
    return int(examples_drawn(run)) if run.model.drift is None else 0


def stored(f: Any) -> int:
    """Numbers in the arrays of an objective."""
    return sum(value.size for value in vars(f).values() if isinstance(value, np.ndarray))


def expected(runs: Iterable[Run], paths: int, workers: int) -> float:
    """Seconds that so many paths of these runs will take on so many threads."""
    steps = sum(cost(run) * run.steps * (run.substeps if run.kind == "sde" else 1) for run in runs)
    return steps * paths / workers


def told(seconds: float) -> str:
    """A long run's time in words, else nothing."""
    if seconds < LONG:
        return ""
    return f", about {seconds:.0f} s" if seconds < 120.0 else f", about {seconds / 60.0:.0f} min"
