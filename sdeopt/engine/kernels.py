"""From a `Run` (what to simulate) to a kernel (a function of a chunk of paths), compiled if the problem allows.

Importing Numba takes as long as a small run, so nothing here does it before a loop has to be compiled: one on lanes
that is in the cache is called without it (`obtain`).
"""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from sdeopt.engine import batched, doors, fallback, states, tensors
from sdeopt.engine.assembly import assemble
from sdeopt.engine.beginnings import beginnings, initial_states, sizes
from sdeopt.engine.draws import draws
from sdeopt.engine.given import given, portion
from sdeopt.engine.identity import INTERPRETED, grid
from sdeopt.engine.machine.draws import fill, ready
from sdeopt.engine.machine.host import register
from sdeopt.engine.obtain import compile_loop
from sdeopt.engine.run import Run, refuse
from sdeopt.engine.stop import Stop
from sdeopt.engine.streams import stream_key

__all__ = ["Kernel", "lane_width", "numbers"]

TILE = 4096  # numbers drawn at a time: two pages of L1


def _sizes(thing: Any) -> dict[int, int]:
    """Numbers held in the arrays of a problem, each array once."""
    if is_dataclass(thing):
        thing = tuple(getattr(thing, f.name) for f in fields(thing))
    if isinstance(thing, tuple):
        return {array: size for one in thing for array, size in _sizes(one).items()}
    return {id(thing): thing.size} if isinstance(thing, np.ndarray) else {}


def numbers(run: Run) -> tuple[int, int]:
    """Of a state, and of the draws of a step; the first that looks at ``init``, which may ask what there is not."""
    refuse(run)
    return sum(sizes(run)) + 3 * len(run.crossings), sum(states.flat_sizes(draws(run)[0]))


def lane_width(run: Run) -> int:
    """Paths per SIMD group, or 0 where the problem is so large that its code, a line for each number, is too long."""
    size, columns = numbers(run)
    if not run.in_lanes or max(size, columns) > 128 or sum(_sizes(run.oracle).values()) > 1024:
        return 0
    return register() * (4 if size <= 4 else 2 if size <= 32 else 1)


class Kernel:
    """A run made ready: call it with the first path and the number of paths of a chunk."""

    def __init__(self, run: Run, stop: Stop | None = None) -> None:
        refuse(run)
        self.run, self.stop = run, stop or Stop()
        self.shape, vectors = draws(run)
        ends = np.cumsum([0, *states.flat_sizes(self.shape)])
        self._columns = int(ends[-1])
        self._layout = np.array(
            [(a, b, v.code, v.number) for a, b, v in zip(ends, ends[1:], vectors, strict=False)], dtype=np.int64
        ).reshape(-1, 4)
        keys = [stream_key(run.entropy, v.stream, v.fine) for v in vectors]
        self._keys = np.array(keys, dtype=np.uint64).reshape(-1, 2)
        self._vectors = list(zip(vectors, self._keys, strict=True))
        self._saves = np.array(run.saves, dtype=np.int64)
        self._tile = self._steps_of(8)
        y0, y1, self._first = initial_states(run)
        doors.check(run, self.shape, y0, y1)
        picked = run.oracle.noise.picks and any(vector.kind != "normal" for vector in vectors)
        self._packed, self._lanes = 0, 0 if picked else lane_width(run)
        self.mode, self._width, self._loop, self._arguments = self._choose()
        if self.mode == "vectors":
            self._tile = self._steps_of(1)

    def _steps_of(self, width: int) -> int:
        """Steps whose draws are made at a time, whole calls of the generator."""
        return max(4, min(64, TILE // (width * max(self._columns, 1)))) // 4 * 4

    def _choose(self) -> tuple[str, int, Any, tuple[Any, ...]]:
        """The first of batched, lanes, vectors, interpreted that works: (mode, lanes, loop, leading arguments)."""
        run = self.run
        m, schedules, o = run.method.constant(), tuple(run.method.schedules.values()), run.oracle
        plain = (m, schedules, grid(run)) if schedules else m
        begin = () if run.problem.several else beginnings(run, 0, 1)
        if run.kind == "discrete" and run.discrete is not None:
            return "foreign", 1, assemble(run, self.shape), (plain, o, *begin)
        if tensors.suits(run):
            return "tensors", 1, tensors.ready(run), ()
        if batched.suits(run) and not batched.fails(run, self.shape):
            loop = batched.Loop(
                run, self.shape, lambda parts, watch: assemble(run, self.shape, parts=parts, watch=watch),
                batched.width_of(run),
            )  # fmt: skip
            return "batched", batched.width_of(run), loop, (plain, o, *begin)
        wanted = [] if run.interpreted or INTERPRETED or not all(map(is_dataclass, o)) else ["vectors"]
        failed: list[tuple[str, Exception]] = []
        for mode in ["lanes", *wanted] if wanted and self._lanes else wanted:
            width = self._lanes if mode == "lanes" else 0
            try:
                self._packed = width
                nothing = np.empty((0, len(run.saves), run.width))
                complete = functools.partial(self._all, width=width or 1, path0=0, count=0, records=nothing)
                made = compile_loop(run, self.shape, width, begin, complete)
            except Warning:  # where warnings are errors
                raise
            except Exception as error:  # whatever Numba, LLVM or `describe` say: the next mode may know it
                failed.append((mode, error))
            else:
                if failed:
                    fallback.say(run, *failed[-1])
                return mode, width or 1, *made
        if failed:
            fallback.say(run, *failed[-1])
        self._packed = 0
        return "interpreted", 1, assemble(run, self.shape), (plain, o, *begin)

    def _all(self, leading: Any, width: int, path0: int, count: int, records: Any) -> tuple[Any, ...]:
        """The arguments of the loop for the paths from ``path0`` on; ``leading`` has their start if it is the same."""
        run = self.run
        own = beginnings(run, path0, count, self._packed) if run.problem.several else ()
        buffer = np.empty(self._tile * self._columns * width)
        fixed = (self._layout, self._keys, self._given(path0, count), self._saves, run.steps, self._tile)
        tail: tuple[Any, ...] = (path0, count, records, buffer, *fixed)
        if run.kind == "sde":
            tail += (run.substeps, self._first, run.method.clock, run.noise_factor)
        return (*leading, *own, *tail, self.stop.flag)

    def __call__(self, path0: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Records of the paths ``path0`` to ``path0 + count``, shape (count, saves, d + observables).

        Raises
        ------
        CancelledError
            If it was told to stop meanwhile.
        """
        if self.mode == "tensors":
            records = np.empty((count, len(self.run.saves), self.run.width))
            self.ends(path0, records)
            return records
        ready()
        few = portion(self._vectors, self._rows, self._width) or count
        memory: AbstractContextManager[None] = nullcontext()
        if self.mode == "vectors":
            from sdeopt.engine.compiler.pipeline import shelves  # with Numba

            memory = shelves()
        with memory, np.errstate(all="ignore"):  # a path that overflows is found by its records and reported
            found = [self._few(path0 + i, min(few, count - i)) for i in range(0, count, few)]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _few(self, path0: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The records of paths for which the loop is called once.

        Where they lie in memory depends on the run, not on how it is run: sums over paths round as memory is read.
        """
        saves, columns, packed = len(self.run.saves), self.run.width, self._packed
        whole = count + -count % (packed or 1)
        records = np.empty((saves, columns, whole) if packed else (whole, saves, columns))
        self._loop(*self._all(self._arguments, self._width, path0, count, records))
        self.stop.check()
        if not packed and self._lanes:
            records = np.ascontiguousarray(records.transpose(1, 2, 0))
        return records[:, :, :count].transpose(2, 0, 1) if self._lanes else records

    def ends(self, path0: int, records: Any) -> Any:
        """On tensors: fill the records of the paths from ``path0`` on, and return their last positions."""
        given = self._given(path0, len(records))
        return self._loop(path0, records, self._layout, self._keys, given, self._tile, self.stop)

    def increments(self, path: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The raw draws of one path, a row per step of the loop: for the SDE its increments per √dt."""
        out = np.empty((self._rows, self._columns))
        given = self._given(path, 1)
        fill(out.reshape(-1), self._rows, self._columns, 1, self._layout, self._keys, given, path, 0, 0)
        return out

    @property
    def _rows(self) -> int:
        """Steps of the loop."""
        return self.run.steps * (self.run.substeps if self.run.kind == "sde" else 1)

    def _given(self, path0: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The draws that are given, see `machine.draws.fill`."""
        dt = self.run.method.clock / self.run.substeps if self.run.kind == "sde" else None
        return given(self._vectors, path0, count, self._rows, dt)
