"""The two loops, as plain Python: the optimizer's recursion and the integration of its SDE.

The same text runs interpreted, compiled on vectors (one path at a time) and compiled on SIMD lanes (``width`` paths at
a time). A loop takes one chunk of paths and writes what was asked for, positions and observables at the save steps,
into ``records``: an array (paths, saves, d + observables), or (saves, d + observables, paths) on lanes, where paths lie
side by side in memory as they do in registers, with room for whole groups of them. What differs from run to run reaches
the loops by closure as `Parts`; values come as arguments, and so does the flag that ends a loop (`stop`), read before
every tile. A path that leaves the region Σ|x_i| < ``ESCAPE`` has diverged: its records are NaN from then on.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core.elementary import where
from sdeopt.core.math import total
from sdeopt.core.moments import ESCAPE
from sdeopt.engine.machine.draws import fill
from sdeopt.engine.states import lend

__all__ = [
    "Parts",
    "assemble_discrete",
    "assemble_sde",
    "constant",
    "scheduled_diffusion",
    "scheduled_drift",
    "scheduled_step",
    "times",
    "writer",
]


class Parts(NamedTuple):
    """What the loops are assembled from, see ``states``: functions, and the number of paths at a time.

    ``take(size)`` makes the function (v, p) that finds the first value of a vector for the paths from p of the chunk
    on; ``begin(y, p)`` does so for a state. ``save_vector`` is `states.save_vector`, or of lanes. ``write``, where
    given, stands in the place of observing and saving.
    """

    width: int
    widen: Any
    take: Any
    begin: Any
    position: Any
    unpack: Any
    observe: Any
    save_vector: Any
    write: Any = None


def screen(x: Any, alive: Any) -> Any:
    """``alive`` (0, or NaN for paths that have diverged) after a look at the positions."""
    return where(total(np.abs(x)) < ESCAPE, alive, math.nan)


def writer(parts: Parts) -> Any:
    """A function that writes one save of ``width`` paths."""
    position, observe, save = parts.position, parts.observe, parts.save_vector

    def write(o: Any, y: Any, alive: Any, records: Any, p: int, s: int) -> None:
        x = position(y)
        save(records, p, s, p - p, x, alive)  # for the constant 0 it would be compiled once more
        observe(o, x, records, p, s, alive)

    return write


def assemble_discrete(parts: Parts, step: Any) -> Any:
    """The recursion y_{k+1} = step(k, y_k) over a chunk of paths."""
    write, width = parts.write or writer(parts), parts.width
    widen, begin, position, unpack = parts.widen, parts.begin, parts.position, parts.unpack

    def discrete(m: Any, o: Any, y0: Any, path0: int, paths: int, records: Any, buffer: Any, layout: Any,
                 keys: Any, given: Any, saves: Any, steps: int, tile: int, stop: Any) -> None:  # fmt: skip
        widen()
        o, y0, records, buffer = lend((o, y0, records, buffer))
        layout, keys, given, saves, stop = lend((layout, keys, given, saves, stop))
        columns = buffer.size // (tile * width)
        for p in range(0, paths, width):
            y = begin(y0, p)
            alive = 0.0 * total(position(y))
            s = 0
            if saves[0] == 0:
                write(o, y, alive, records, p, saves[0])  # a literal 0 would compile it twice
                s = 1
            for k0 in range(0, steps, tile):
                if stop[0]:
                    break
                n = tile if tile < steps - k0 else steps - k0
                fill(buffer, n, columns, width, layout, keys, given, path0 + p, p, k0)
                for i in range(n):
                    y = step(m, k0 + i, y, o, unpack(buffer, i * columns * width))
                    if s < saves.size and saves[s] == k0 + i + 1:
                        alive = screen(position(y), alive)
                        write(o, y, alive, records, p, s)
                        s += 1
                alive = screen(position(y), alive)

    return discrete


def assemble_sde(parts: Parts, move: Any) -> Any:
    """The integration of an SDE over a chunk of paths; ``move`` takes one integrator step, see `schemes`."""
    write, width = parts.write or writer(parts), parts.width
    widen, begin, position, unpack = parts.widen, parts.begin, parts.position, parts.unpack

    def integrate(m: Any, o: Any, y0: Any, y1: Any, path0: int, paths: int, records: Any, buffer: Any, layout: Any,
                  keys: Any, given: Any, saves: Any, steps: int, tile: int, substeps: int, first: int, clock: float,
                  noise_factor: float, stop: Any) -> None:  # fmt: skip
        widen()
        o, y0, y1, records, buffer = lend((o, y0, y1, records, buffer))
        layout, keys, given, saves, stop = lend((layout, keys, given, saves, stop))
        columns = buffer.size // (tile * width)
        for p in range(0, paths, width):
            y = begin(y0, p)
            alive = 0.0 * total(position(y))
            s = 0
            if saves[0] == 0:
                write(o, y, alive, records, p, saves[0])  # a literal 0 would compile it twice
                s = 1
            y = begin(y1, p)
            if first == 1 and s < saves.size and saves[s] == 1:
                write(o, y, alive, records, p, s)
                s += 1
            for end in range((first * substeps // tile + 1) * tile, steps * substeps + tile, tile):
                if stop[0]:
                    break
                j0 = end - tile if end - tile > first * substeps else first * substeps
                n = (end if end < steps * substeps else steps * substeps) - j0  # tiles end where those of `fill` do
                fill(buffer, n, columns, width, layout, keys, given, path0 + p, p, j0)
                for i in range(n):
                    y = move(m, o, j0 + i, y, unpack(buffer, i * columns * width), clock, substeps, noise_factor)
                    if s < saves.size and saves[s] * substeps == j0 + i + 1:
                        alive = screen(position(y), alive)
                        write(o, y, alive, records, p, s)
                        s += 1
                alive = screen(position(y), alive)

    return integrate


def scheduled_step(step: Any, moment: Any) -> Any:
    """The step at the hyperparameters of step k; ``moment(m, s)`` is the method there, see `states.moment`."""

    def scheduled(m: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
        return step(moment(m, k), k, y, o, z)

    return scheduled


def constant(f: Any, scheduled: bool) -> Any:
    """``f(method, y)`` for the first argument of the loops, which carries the schedule along where there is one."""
    return (lambda m, y: f(m[0], y)) if scheduled else f


def times(S: Any, q: Any) -> Any:
    """A number times a vector."""
    return q[0] * S[0]


def scheduled_drift(drift: Any, moment: Any, clock: Any, scale: Any) -> Any:
    """The drift at learning rate ηψ(t) in the time of the peak: r b(rt, y), r the ratio of the clocks."""

    def scheduled(m: Any, t: Any, y: Any, o: Any) -> Any:
        now = moment(m, t)
        r = clock(now) / clock(m[0])
        return scale((drift(now, r * t, y, o),), (r,))

    return scheduled


def scheduled_diffusion(diffusion: Any, moment: Any, clock: Any, scale: Any) -> Any:
    """The diffusion likewise: √r σ(rt, y) dw."""

    def scheduled(m: Any, t: Any, y: Any, o: Any, dw: Any) -> Any:
        now = moment(m, t)
        r = clock(now) / clock(m[0])
        return scale((diffusion(now, r * t, y, o, dw),), (math.sqrt(r),))

    return scheduled
