"""What a loop is known by, whoever compiles it, and whether any is compiled."""

from __future__ import annotations

import os
from dataclasses import fields, is_dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from sdeopt.core.schedule import units
from sdeopt.engine.assembly import assemble
from sdeopt.engine.beginnings import sizes
from sdeopt.engine.values import describe, is_jitted

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["INTERPRETED", "grid", "loop_key", "made_from"]

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")  # runs are then interpreted, but for draws


def grid(run: Run) -> tuple[tuple[float, float], ...]:
    """Where its schedules are asked, see `states.moment`; a sampled SDE takes steps, as the optimizer does."""
    clock, step = run.method.clock, len(run.functions) == 1
    return tuple(units(s, clock, run.steps)[0 if step else 1] for s in run.method.schedules.values())


def loop_key(run: Run, shape: Any, width: int) -> tuple[Any, ...]:
    """What the loop of a run is made from: all but the types of its arguments; ``shape`` is that of the draws.

    Its text says all that it is put together from, for one path at a time; lanes differ by ``width`` and by the sizes
    of the parts of the state. Beside it stands what its functions ask: the page, the objective and the noise.
    """
    parts = type(run.method), *map(made_from, (run.oracle, tuple(run.method.schedules.values())))
    return describe(assemble(run, shape)), parts, shape, width, tuple(sizes(run))


def made_from(thing: Any) -> Any:
    """What of an object shapes compiled code: its class and its functions, with all that is in tuples."""
    if isinstance(thing, tuple):
        return tuple(map(made_from, thing))
    if isinstance(thing, FunctionType) or is_jitted(thing):
        return thing
    held = [getattr(thing, f.name) for f in fields(thing)] if is_dataclass(thing) else []
    return type(thing), *map(made_from, held)
