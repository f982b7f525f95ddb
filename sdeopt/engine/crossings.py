"""The first time at which an observable crosses a level, for every path, seen at every step of the loop.

A watched state is (state, marks): for each crossing a sign s, the bound s·level and the step of the crossing, inf
before it. Path and observable begin on one side, s f(x) > s·level; the step is the first at which s f(x) <= s·level.
The loops need not know: what is watched goes through them, and into marks of unfinished chunks, as part of the state.

An SDE is seen at its integrator steps. Between two of them a path may cross and come back, so it is seen to cross late,
by O(√dt) in the mean where the noise is what carries it over (Gobet, Stochastic Process. Appl. 87 (2000) 167-197,
doi:10.1016/S0304-4149(99)00109-X), as though the level were 0.58 σ √dt further away, σ the diffusion of f there
(Broadie, Glasserman & Kou, Math. Finance 7 (1997) 325-349, doi:10.1111/1467-9965.00035). An optimizer has no between.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.core.elementary import where
from sdeopt.engine import loops, states

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["begun", "watch_crossings"]

MARKS = 3  # vectors of length 1: sign, bound, step


def begun(run: Run, lead: tuple[Any, ...], first: int) -> tuple[Any, ...]:
    """The states with which a loop begins, watched; the last of them belongs to step ``first`` of the optimizer."""
    o, position = run.oracle, states.positioner(len(run.method.parts))
    found: list[Any] = []
    values = [[float(run.observables[name](o, position(y))) for y in lead] for name, _ in run.crossings]
    for seen, (_, level) in zip(values, run.crossings, strict=True):
        sign = math.copysign(1.0, seen[0] - level)
        steps = [0.0, float(first * (run.substeps if run.kind == "sde" else 1))]
        at = min((k for k, v in zip(steps, seen, strict=False) if sign * v <= sign * level), default=math.inf)
        found.append((sign, sign * level, 0.0 if seen[0] == level else at))
    marks = tuple(np.array([number]) for three in found for number in three)
    return tuple((y, marks) for y in lead)


def watch_crossings(run: Run, parts: loops.Parts, move: Any) -> tuple[loops.Parts, Any]:
    """The parts and the move of a loop, or its step, whose states are watched; as they are where nothing is."""
    if not run.crossings:
        return parts, move
    position = parts.position
    watch = _watcher([run.observables[name] for name, _ in run.crossings])
    begin, marks = parts.begin, states.beginner([parts.take(1)] * (MARKS * len(run.crossings)))

    def step(m: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
        after = move(m, k, y[0], o, z)
        return after, watch(o, position(after), k + 1, y[1])

    def moved(m: Any, o: Any, j: int, y: Any, dw: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        after = move(m, o, j, y[0], dw, clock, substeps, noise_factor)
        return after, watch(o, position(after), j + 1, y[1])

    twin = parts._replace(
        begin=lambda y, p: (begin(y[0], p), marks(y[1], p)),
        position=lambda y: position(y[0]),
        write=_writer(parts, len(run.observables), len(run.crossings)),
    )
    return twin, step if run.kind == "discrete" else moved


def _watcher(observables: list[Any]) -> Any:
    """A function (o, x, at, marks) that returns the marks after a look at the position x, reached in step ``at``."""

    def nothing(o: Any, x: Any, at: Any, marks: Any) -> Any:
        return ()

    def prepend(i: int, f: Any, rest: Any) -> Any:
        def watch(o: Any, x: Any, at: Any, marks: Any) -> Any:
            sign, bound, seen = marks[i], marks[i + 1], marks[i + 2]
            crossed = where(sign * f(o, x) <= bound, np.minimum(seen, 1.0 * at), seen)
            return sign, bound, crossed, *rest(o, x, at, marks)

        return watch

    found: Any = nothing
    for n in reversed(range(len(observables))):
        found = prepend(MARKS * n, observables[n], found)
    return found


def _writer(parts: loops.Parts, observed: int, count: int) -> Any:
    """The write of one save, with the steps of ``count`` crossings as last columns, those of diverged paths too."""
    rest, keep, position = parts.write or loops.writer(parts), _keeper(parts, count), parts.position

    def write(o: Any, y: Any, alive: Any, records: Any, p: int, s: int) -> None:
        rest(o, y[0], alive, records, p, s)
        keep(y[1], records, p, s, len(position(y[0])) + observed)

    return write


def _keeper(parts: loops.Parts, count: int) -> Any:
    """A function that writes the steps of the crossings, from column ``first`` on."""
    save = parts.save_vector

    def nothing(marks: Any, records: Any, p: int, s: int, first: int) -> None:
        return None

    def prepend(n: int, rest: Any) -> Any:
        def keep(marks: Any, records: Any, p: int, s: int, first: int) -> None:
            save(records, p, s, first + n, marks[MARKS * n + 2], 0.0)
            rest(marks, records, p, s, first)

        return keep

    found: Any = nothing
    for n in reversed(range(count)):
        found = prepend(n, found)
    return found
