"""The two loops, as plain Python: the optimizer's recursion and the integration of its SDE.

The same text runs interpreted and compiled. A loop takes one chunk of paths, one path at a time, and writes what was
asked for (position and observables at the save steps) into ``records``, shape (paths, saves, d + observables). The
functions that differ from method to method (step, drift, ...) reach the loops by closure, see ``assemble``; the
values reach them as arguments. A path that leaves the ball of radius ``ESCAPE`` is stopped and its remaining records
are NaN: it diverged.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sdeopt.engine.rng import fill

__all__ = [
    "ESCAPE",
    "assemble_discrete",
    "assemble_sde",
    "scheduled_diffusion",
    "scheduled_drift",
    "scheduled_step",
]

ESCAPE = 1e50


def _inside(x: Any) -> bool:
    for i in range(x.size):
        if not abs(x[i]) < ESCAPE:
            return False
    return True


def _blank(records: Any, first: int) -> None:
    for s in range(first, records.shape[0]):
        for i in range(records.shape[1]):
            records[s, i] = math.nan


def assemble_discrete(step: Any, unpack: Any, position: Any, observe: Any) -> Any:
    """The recursion y_{k+1} = step(k, y_k) over a chunk of paths."""

    def write(o: Any, x: Any, row: Any) -> None:
        for i in range(x.size):
            row[i] = x[i]
        observe(o, x, row, x.size)

    def discrete(m: Any, o: Any, y0: Any, path0: int, records: Any, buffer: Any, layout: Any, keys: Any, saves: Any,
                 steps: int) -> None:  # fmt: skip
        tile = buffer.shape[0]
        for p in range(records.shape[0]):
            y = y0
            s = 0
            if saves[0] == 0:
                write(o, position(y), records[p, 0])
                s = 1
            for k0 in range(0, steps, tile):
                n = min(tile, steps - k0)
                fill(buffer, n, layout, keys, path0 + p, k0)
                for i in range(n):
                    y = step(m, k0 + i, y, o, unpack(buffer[i]))
                    if s < saves.size and saves[s] == k0 + i + 1:
                        write(o, position(y), records[p, s])
                        s += 1
                if not _inside(position(y)):
                    break
            _blank(records[p], s)

    return discrete


def assemble_sde(drift: Any, diffusion: Any, unpack: Any, position: Any, observe: Any, advance: Any, heun: Any) -> Any:
    """Euler–Maruyama, or with ``heun`` the trapezoidal drift with Itô–Euler noise, over a chunk of paths."""

    def write(o: Any, x: Any, row: Any) -> None:
        for i in range(x.size):
            row[i] = x[i]
        observe(o, x, row, x.size)

    def euler_maruyama(m: Any, o: Any, y0: Any, y1: Any, path0: int, records: Any, buffer: Any, layout: Any, keys: Any,
                       saves: Any, steps: int, substeps: int, first: int, clock: float) -> None:  # fmt: skip
        tile = buffer.shape[0]
        dt = clock / substeps
        root = math.sqrt(dt)
        for p in range(records.shape[0]):
            s = 0
            if saves[0] == 0:
                write(o, position(y0), records[p, 0])
                s = 1
            y = y1
            if first == 1 and s < saves.size and saves[s] == 1:
                write(o, position(y), records[p, s])
                s += 1
            for j0 in range(first * substeps, steps * substeps, tile):
                n = min(tile, steps * substeps - j0)
                fill(buffer, n, layout, keys, path0 + p, j0)
                for i in range(n):
                    t = (j0 + i) * dt
                    b = drift(m, t, y, o)
                    w = diffusion(m, t, y, o, unpack(buffer[i]))
                    y_next = advance(y, dt, b, b, root, w)
                    if heun:
                        y_next = advance(y, dt, b, drift(m, t + dt, y_next, o), root, w)
                    y = y_next
                    if (j0 + i + 1) % substeps == 0 and s < saves.size and saves[s] * substeps == j0 + i + 1:
                        write(o, position(y), records[p, s])
                        s += 1
                if not _inside(position(y)):
                    break
            _blank(records[p], s)

    return euler_maruyama


def scheduled_step(step: Any, factor: Any, with_lr: Any, clock: Any) -> Any:
    """The step at learning rate η ψ(kη)."""

    def scheduled(m: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
        method, schedule = m
        return step(with_lr(method, method.lr * factor(schedule, k * clock(method))), k, y, o, z)

    return scheduled


def scheduled_drift(drift: Any, factor: Any, with_lr: Any, clock: Any, scale: Any) -> Any:
    """The drift at learning rate ηψ(t) in the time of the base learning rate: r b(rt, y), r the ratio of the clocks."""

    def scheduled(m: Any, t: Any, y: Any, o: Any) -> Any:
        method, schedule = m
        now = with_lr(method, method.lr * factor(schedule, t))
        r = clock(now) / clock(method)
        return scale(r, drift(now, r * t, y, o))

    return scheduled


def scheduled_diffusion(diffusion: Any, factor: Any, with_lr: Any, clock: Any, scale: Any) -> Any:
    """The diffusion likewise: √r σ(rt, y) dw."""

    def scheduled(m: Any, t: Any, y: Any, o: Any, dw: Any) -> Any:
        method, schedule = m
        now = with_lr(method, method.lr * factor(schedule, t))
        r = clock(now) / clock(method)
        return scale(math.sqrt(r), diffusion(now, r * t, y, o, dw))

    return scheduled
