"""A page of the user's own is tried before anything compiles: its functions return states and keep their arguments."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.core.guards import answer
from sdeopt.engine import states
from sdeopt.engine.values import ours

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["check"]


def check(run: Run, shape: Any, y0: Any, y1: Any) -> None:
    """Raise unless the functions of the page return what they should at the first states ``y0`` and ``y1``.

    ``shape`` is that of the draws of a step of the loop, `draws.draws`.
    """
    cls, page, o = type(run.method), run.method.constant(), run.oracle
    if ours(cls):
        return
    parts = len(y0) if isinstance(y0, tuple) else 1
    if parts != len(run.method.parts):
        names = ", ".join(map(repr, run.method.parts))
        raise ValueError(
            f"init of {cls.__name__} returns {parts} part{'s' * (parts > 1)}, and its state has "
            f"{len(run.method.parts)}, {names}: name one for each, the position first, by @method(parts=(...))"
        )
    draws = states.slicer(shape)(np.full(sum(states.flat_sizes(shape)), 0.5), 0)
    if run.kind == "discrete":
        _try(f"step of {cls.__name__}", lambda y: cls.step(page, 0, y, o, draws), y0)
    elif run.model.drift is not None:
        t = page.clock if run.model.start is not None else 0.0
        _try(f"drift of {cls.__name__}", lambda y: run.model.drift(page, t, y, o), y1)
        _try(f"diffusion of {cls.__name__}", lambda y: run.model.diffusion(page, t, y, o, draws), y1)
    else:
        _try(f"step of {cls.__name__}", lambda y: cls.step(page, 0, y, o, draws[0]), y0)


def _try(name: str, f: Any, y: Any) -> None:
    given = copy.deepcopy(y)
    with np.errstate(all="ignore"):
        got = answer(name, f, given)
    if not all(map(np.array_equal, _parts(given), _parts(y))):
        raise ValueError(f"{name} must not write into the state that it is given; return a new one")
    wanted, found = [np.shape(part) for part in _parts(y)], [np.shape(part) for part in _parts(got)]
    if isinstance(got, tuple) != isinstance(y, tuple) or found != wanted:
        raise ValueError(f"{name} must return vectors of the shapes of the state, {_text(wanted)}, got {_text(found)}")
    if any(np.asarray(part).dtype.kind not in "biuf" for part in _parts(got)):
        raise TypeError(f"{name} must return real numbers, got {' and '.join(str(np.asarray(p).dtype) for p in got)}")


def _parts(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)


def _text(shapes: list[Any]) -> str:
    return ", ".join(map(str, shapes)) or "none"
