"""From a `Run` (what to simulate) to a kernel (a function of a chunk of paths), compiled if the problem allows."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, fields, is_dataclass
from types import FunctionType
from typing import Any

import numpy as np
from numba import typeof
from numba.core.errors import NumbaWarning

from sdeopt.core.method import model
from sdeopt.core.oracle import Oracle
from sdeopt.core.problem import Problem
from sdeopt.core.schedule import units
from sdeopt.engine import batched, doors, fallback, states
from sdeopt.engine.apart import INTERPRETED
from sdeopt.engine.assembly import assemble
from sdeopt.engine.beginnings import beginnings, initial_states, sizes
from sdeopt.engine.cache import LoopCache
from sdeopt.engine.draws import draws, unsuited
from sdeopt.engine.given import given, portion
from sdeopt.engine.linker import Linker, asked
from sdeopt.engine.pipeline import awake, shelves
from sdeopt.engine.rng import Entropy, fill, place, stream_key
from sdeopt.engine.stop import Stop
from sdeopt.engine.values import describe

__all__ = ["Kernel", "Run", "initial_states", "lacking", "lane_width", "refuse"]

TILE = 4096  # numbers drawn at a time: two pages of L1


@dataclass(frozen=True)
class Run:
    """One column to simulate, on one grid. ``saves`` are step numbers; ``substeps`` and ``scheme`` serve the SDE.

    ``resolution`` is the number of fine increments in one step that all runs of one comparison share. ``noise_factor``
    multiplies the diffusion: 0 gives the flow, the baseline of every comparison. ``crossings`` are pairs of the name of
    an observable and a level, see `crossings`.
    """

    method: Any
    problem: Problem
    kind: str
    sde: str
    steps: int
    saves: tuple[int, ...]
    substeps: int
    resolution: int
    scheme: str
    observables: dict[str, Callable[..., Any]]
    entropy: Entropy
    interpreted: bool = False
    lanes: bool = True
    noise_factor: float = 1.0
    crossings: tuple[tuple[str, float], ...] = ()

    @property
    def model(self) -> Any:
        """The chosen SDE of the method."""
        return model(self.method, self.sde)

    @property
    def functions(self) -> tuple[Any, ...]:
        """The functions of the page that this run calls."""
        if self.kind == "discrete" or self.model.drift is None:
            return (type(self.method).step,)
        return self.model.drift, self.model.diffusion

    @property
    def width(self) -> int:
        """Numbers per record: position, observables and steps of crossings."""
        return self.problem.dim + len(self.observables) + len(self.crossings)

    @property
    def oracle(self) -> Oracle:
        """What the page asks: an SDE has noise that is independent from step to step."""
        o = self.problem.oracle
        return o if self.kind == "discrete" else Oracle(o.objective, getattr(o.noise, "independent", o.noise))


def lacking(run: Run) -> str | None:
    """What the run needs and the problem or the method does not give, as "question: reason", or None."""
    questions = set().union(*(asked(f) for f in run.functions))
    if run.kind == "sde" and run.model.drift is None and not run.method.bounded:
        questions.add("noise_var")  # a sampled SDE needs second moments of the step
    for question in sorted(questions):
        reason = run.problem.lacks(question)
        if reason is not None:
            return f"{question}: {reason}"
    return unsuited(run)


def refuse(run: Run) -> None:
    """Raise a ``ValueError`` naming what the method asks and the problem cannot answer."""
    reason = lacking(run)
    if reason is not None:
        column = f"the SDE {run.sde!r} of" if run.kind == "sde" else "the discrete"
        raise ValueError(f"{column} {type(run.method).__name__} needs {reason}")


def _grid(run: Run) -> tuple[tuple[float, float], ...]:
    """Where its schedules are asked, see `states.moment`; a sampled SDE takes steps, as the optimizer does."""
    clock, step = run.method.clock, len(run.functions) == 1
    return tuple(units(s, clock, run.steps)[0 if step else 1] for s in run.method.schedules.values())


def _identity(thing: Any) -> Any:
    """What of an object shapes compiled code: its class and its functions."""
    if isinstance(thing, tuple):
        return tuple(map(_identity, thing))
    held = [getattr(thing, f.name) for f in fields(thing)] if is_dataclass(thing) else []
    return type(thing), tuple(_identity(v) for v in held if is_dataclass(v) or isinstance(v, tuple)), tuple(
        v for v in held if isinstance(v, FunctionType)
    )  # fmt: skip


@functools.lru_cache(maxsize=64)
def _linker(objective: Any, noise: Any, in_lanes: bool) -> Linker:
    return Linker(objective, noise, in_lanes)


_LOOPS: dict[Any, Any] = {}
_REFUSED: dict[tuple[Any, ...], Exception] = {}  # loops and types of arguments that do not compile, tried once


def _compiled_loop(run: Run, shape: Any, width: int, linker: Linker) -> Any:
    objective, noise = run.oracle
    cls = type(run.method)
    key = (
        run.kind, cls, run.functions, cls.clock_of, run.sde, run.scheme, shape, width,
        tuple((name, _identity(s)) for name, s in run.method.schedules.items()),
        _identity(objective), _identity(noise), tuple(run.observables.values()),
        run.problem.several, tuple(name for name, _ in run.crossings),
    )  # fmt: skip
    known = key, describe(key)  # functions are the same objects, and so are the values that they refer to
    if known not in _LOOPS:
        loop = linker.entry(assemble(run, shape, width))
        loop._cache = LoopCache(key)
        _LOOPS[known] = loop
    return _LOOPS[known]


def _numbers(thing: Any) -> int:
    """Numbers held in the arrays of a problem's half."""
    if isinstance(thing, tuple):
        return sum(map(_numbers, thing))
    if is_dataclass(thing):
        return sum(_numbers(getattr(thing, f.name)) for f in fields(thing))
    return int(thing.size) if isinstance(thing, np.ndarray) else 0


def lane_width(run: Run) -> int:
    """Paths per SIMD group, or 0 where the problem is too large to live in registers."""
    if not run.method.lanes:
        return 0
    columns = sum(states.flat_sizes(draws(run)[0]))
    size = sum(sizes(run)) + 3 * len(run.crossings)
    data = sum(map(_numbers, run.oracle))
    if size > 64 or columns > 64 or data > 1024:
        return 0
    return 32 if size <= 4 else 16 if size <= 32 else 8


def _direct(loop: Any, arguments: tuple[Any, ...]) -> Any:
    """The machine code of a loop for arguments of these types; Numba's dispatcher looks at the types at every call."""
    kinds = tuple(map(loop.typeof_pyval, arguments))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaWarning)  # about the speed of what it makes
        loop.compile(kinds)
    return awake(loop.overloads[kinds])


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
        self._tile = max(2, min(64, TILE // (8 * max(self._columns, 1)))) // 2 * 2
        y0, y1, self._first = initial_states(run)
        doors.check(run, self.shape, y0, y1)
        self._packed = 0
        self.mode, self._width, self._loop, self._arguments = self._choose()

    def _choose(self) -> tuple[str, int, Any, tuple[Any, ...]]:
        """The first of batched, lanes, vectors, interpreted that works: (mode, lanes, loop, leading arguments)."""
        run = self.run
        m, schedules, o = run.method.constant(), tuple(run.method.schedules.values()), run.oracle
        plain = (m, schedules, _grid(run)) if schedules else m
        begin = () if run.problem.several else beginnings(run, 0, 1)
        if batched.suits(run) and not batched.fails(run, self.shape):
            loop = batched.Loop(run, self.shape, lambda parts: assemble(run, self.shape, parts=parts))
            return "batched", batched.WIDTH, loop, (plain, o, *begin)
        wanted = [] if run.interpreted or INTERPRETED or not all(map(is_dataclass, o)) else ["vectors"]
        lanes_wide, failed = lane_width(run) if run.lanes else 0, []
        for mode in ["lanes", *wanted] if wanted and lanes_wide else wanted:
            width = lanes_wide if mode == "lanes" else 0
            try:
                made = self._compile(width, begin)
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

    def _compile(self, width: int, begin: Any) -> tuple[Any, tuple[Any, ...]]:
        """The machine code of the loop on lanes, or on vectors for ``width`` 0, and its leading arguments."""
        run, m, o = self.run, self.run.method.constant(), self.run.oracle
        schedules, self._packed = tuple(run.method.schedules.values()), width
        linker: Linker = _linker(*map(type, o), width > 0)
        loop = _compiled_loop(run, self.shape, width, linker)
        scheduled = (m, linker.lower(schedules), _grid(run)) if schedules else m
        arguments = (scheduled, type(o)(*map(linker.lower, o)), *map(linker.lower, begin))
        everything = self._all(arguments, width or 1, np.empty((0, len(run.saves), run.width)), 0)
        tried = loop, *map(typeof, everything)
        if tried in _REFUSED:
            raise _REFUSED[tried]
        try:
            return _direct(loop, everything), arguments
        except Exception as error:
            _REFUSED[tried] = error.with_traceback(None)
            raise

    def _all(self, leading: Any, width: int, records: Any, path0: int) -> tuple[Any, ...]:
        """The arguments of the loop for the paths from ``path0`` on; ``leading`` has their start if it is the same."""
        run = self.run
        own = beginnings(run, path0, len(records), self._packed) if run.problem.several else ()
        buffer = np.empty(self._tile * self._columns * width)
        scratch = np.empty((run.width + 1) * width)
        fixed = (self._layout, self._keys, self._given(path0, len(records)), self._saves, run.steps, self._tile)
        tail: tuple[Any, ...] = (path0, records, buffer, scratch, *fixed)
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
        records = np.empty((count, len(self.run.saves), self.run.width))
        few = portion(self._vectors, self._rows, self._width) or count
        memory = shelves() if self.mode == "vectors" else nullcontext()
        with memory, np.errstate(all="ignore"):  # a path that overflows is found by its records and reported
            for i in range(0, count, few):
                self._loop(*self._all(self._arguments, self._width, records[i : i + few], path0 + i))
                self.stop.check()
        return records

    def increments(self, path: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The raw draws of one path, a row per step of the loop: for the SDE its increments per √dt."""
        out = np.empty((self._rows, self._columns))
        fill(out.reshape(-1), self._rows, self._columns, 1, self._layout, self._keys, path, 0)
        place(out.reshape(-1), self._rows, self._columns, 1, self._layout, self._given(path, 1), 0, 0)
        return out

    @property
    def _rows(self) -> int:
        """Steps of the loop."""
        return self.run.steps * (self.run.substeps if self.run.kind == "sde" else 1)

    def _given(self, path0: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """What `rng.fill` leaves out."""
        dt = self.run.method.clock / self.run.substeps if self.run.kind == "sde" else None
        return given(self._vectors, path0, count, self._rows, dt)
