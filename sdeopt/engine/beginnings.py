"""Where the paths of a run begin: one state for all of them, or one for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.guards import answer
from sdeopt.engine import crossings
from sdeopt.engine.values import ours

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["beginnings", "initial_states", "sizes"]


def _at_first(run: Run) -> Any:
    """The method with the hyperparameters of time 0."""
    peaks, schedules = run.method.constant(), run.method.schedules
    return peaks._replace(**{name: s.peak * float(s.factor(0.0)) for name, s in schedules.items()})


def initial_states(run: Run, path: int = 0) -> tuple[Any, Any, int]:
    """State at step 0, first state of the loop, and the step number of the latter, of one path."""
    m, o, x0 = _at_first(run), run.oracle, np.array(run.problem.start(path))
    init = getattr(type(m), "init", None)
    y0 = x0 if init is None else _state("init", m, init, x0, o)
    if run.kind == "sde" and run.model.start is not None:
        return y0, _state("start", m, run.model.start, x0, o), 1
    return y0, y0, 0


def _state(what: str, m: Any, f: Any, x0: Any, o: Any) -> Any:
    """What ``f`` of the page gives, which a page of the user's own may have wrong: vectors, or a tuple of them."""
    if ours(type(m)):
        return f(m, x0, o)
    name = f"{what} of {type(m).__name__}"
    y = answer(name, f, m, x0, o)
    if not all(isinstance(part, np.ndarray | np.number | float) for part in (y if isinstance(y, tuple) else (y,))):
        raise TypeError(f"{name} must return a vector, or a tuple of them that begins with x, got {checks.short(y)}")
    return y


def sizes(run: Run) -> list[int]:
    """Sizes of the parts of the state."""
    y0 = initial_states(run)[0]
    return [int(np.size(part)) for part in (y0 if isinstance(y0, tuple) else (y0,))]


def beginnings(run: Run, path0: int, count: int, width: int = 0) -> tuple[Any, ...]:
    """What the loop is told of the states of the paths from ``path0`` on: (y0,), or (y0, y1) of an SDE.

    With a start per path each vector has a row for each of them; on lanes, ``width`` of them at a time, coordinate by
    coordinate.
    """
    if not run.problem.several:
        return _of_path(run, 0)
    each = [_of_path(run, path0 + i) for i in range(count)]
    found: tuple[Any, ...] = _stack(each or [_of_path(run, 0)], count, width)
    return found


def _of_path(run: Run, path: int) -> tuple[Any, ...]:
    y0, y1, first = initial_states(run, path)
    lead = (y0,) if run.kind == "discrete" else (y0, y1)
    return crossings.begun(run, lead, first) if run.crossings else lead


def _stack(each: Any, count: int, width: int) -> Any:
    """The same nested states with a row per path in every vector; ``each`` has one at least, ``count`` may be 0."""
    if isinstance(each[0], tuple):
        return tuple(_stack([states[i] for states in each], count, width) for i in range(len(each[0])))
    rows = np.array(each, dtype=float)[:count]
    if not width:
        return rows
    groups = -(-count // width)
    padded = np.zeros((groups * width, rows.shape[1]))
    padded[:count] = rows
    return np.ascontiguousarray(padded.reshape(groups, width, rows.shape[1]).swapaxes(1, 2)).reshape(-1)
