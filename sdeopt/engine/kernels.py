"""From a `Run` (what to simulate) to a kernel (a function of a chunk of paths), compiled if the problem allows."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from types import FunctionType
from typing import Any

import numpy as np
from numba.core.errors import NumbaError

from sdeopt.core.problem import Problem
from sdeopt.engine import loops, states
from sdeopt.engine.linker import Linker, asked, replace_lr
from sdeopt.engine.rng import Entropy, stream_key

__all__ = ["Kernel", "Run", "initial_states", "prepare", "refuse"]

log = logging.getLogger("sdeopt")
TILE = 4096  # numbers drawn at a time: two pages of L1


@dataclass(frozen=True)
class Run:
    """One column to simulate, on one grid. ``saves`` are step numbers; ``substeps`` and ``scheme`` serve the SDE.

    ``resolution`` is the number of fine increments in one step that all runs of one comparison share. ``flow`` drops
    the diffusion.
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
    flow: bool = False

    @property
    def model(self) -> Any:
        """The chosen SDE of the method."""
        return self.method.sdes[self.sde]

    @property
    def width(self) -> int:
        """Numbers per record: position and observables."""
        return self.problem.dim + len(self.observables)


def refuse(run: Run) -> None:
    """Raise a ``ValueError`` naming what the method asks and the problem cannot answer."""
    page = run.model if run.kind == "sde" else type(run.method)
    functions = (page.step,) if run.kind == "discrete" else (page.drift,) if run.flow else (page.drift, page.diffusion)
    column = f"the SDE {run.sde!r} of" if run.kind == "sde" else "the discrete"
    for question in sorted(set().union(*(asked(f) for f in functions))):
        reason = run.problem.lacks(question)
        if reason is not None:
            raise ValueError(f"{column} {type(run.method).__name__} needs {question}: {reason}")


def initial_states(run: Run) -> tuple[Any, Any, int]:
    """State at step 0, first state of the loop, and the step number of the latter."""
    m, o, x0 = run.method.constant(), run.problem.oracle, np.array(run.problem.x0)
    init = getattr(type(m), "init", None)
    y0 = x0 if init is None else init(m, x0, o)
    if run.kind == "sde" and run.model.start is not None:
        return y0, run.model.start(m, x0, o), 1
    return y0, y0, 0


def _draws(run: Run) -> tuple[Any, list[tuple[int, int, str, int]]]:
    """Nested shape of the draws of one step, and per vector (kind, stride, stream, resolution)."""
    objective, noise, fine = run.problem.objective, run.problem.noise, run.resolution
    if run.kind == "discrete":
        draws = noise.draws(objective)
        first = next((i for i, (kind, _) in enumerate(draws) if kind == "normal"), -1)
        streams = [
            (0, fine, "gradient", fine) if i == first else (int(kind == "uniform"), 1, f"noise.{i}", 1)
            for i, (kind, _) in enumerate(draws)
        ]
        return tuple(size for _, size in draws), streams
    names = () if run.flow else run.model.brownian
    sizes = [(objective.dim,) if n == "state" else noise.brownian(n, objective) for n in names]
    nested = tuple(s[0] if len(s) == 1 else s for s in sizes)
    labels = [f"{n}.{i}" for n, s in zip(names, sizes, strict=True) for i in range(len(s))]
    stride = fine // run.substeps
    streams = [(0, stride, "gradient" if i == 0 else label, fine) for i, label in enumerate(labels)]
    return nested[0] if len(nested) == 1 else nested, streams


def _assemble(run: Run, shape: Any) -> Any:
    """The loop of the run as one plain function."""
    cls, parts = type(run.method), len(run.method.parts)
    unpack, _ = states.unpacker(shape)
    position, observe = states.positioner(parts), states.observer(list(run.observables.values()))
    functions = (cls.step,) if run.kind == "discrete" else (run.model.drift, run.model.diffusion)
    if run.flow:
        functions = (functions[0], states.standstill(parts))
    schedule = run.method.schedule
    if schedule is not None:
        common = (type(schedule).factor, replace_lr(cls), cls.clock_of)
        scale = states.scaler(parts)
        if run.kind == "discrete":
            functions = (loops.scheduled_step(functions[0], *common),)
        else:
            functions = (
                loops.scheduled_drift(functions[0], *common, scale),
                loops.scheduled_diffusion(functions[1], *common, scale),
            )
    if run.kind == "discrete":
        return loops.assemble_discrete(*functions, unpack, position, observe)
    return loops.assemble_sde(*functions, unpack, position, observe, states.advancer(parts), run.scheme == "heun")


def _identity(thing: Any) -> Any:
    """What of an object shapes compiled code: its class and its functions."""
    held = [getattr(thing, f.name) for f in fields(thing)] if is_dataclass(thing) else []
    return type(thing), tuple(_identity(v) for v in held if is_dataclass(v)), tuple(
        v for v in held if isinstance(v, FunctionType)
    )  # fmt: skip


@functools.lru_cache(maxsize=64)
def _linker(objective: type, noise: type) -> Linker:
    return Linker(objective, noise)


_LOOPS: dict[Any, Any] = {}


def _compiled_loop(run: Run, shape: Any, linker: Linker) -> Any:
    problem = run.problem
    key = (
        run.kind, type(run.method), run.sde, run.flow, run.scheme, shape, _identity(run.method.schedule),
        _identity(problem.objective), _identity(problem.noise), tuple(run.observables.values()),
    )  # fmt: skip
    if key not in _LOOPS:
        _LOOPS[key] = linker.compiled(_assemble(run, shape))
    return _LOOPS[key]


class Kernel:
    """A run made ready: call it with the first path and the number of paths of a chunk."""

    def __init__(self, run: Run) -> None:
        refuse(run)
        self.run = run
        shape, streams = _draws(run)
        _, sizes = states.unpacker(shape)
        ends = np.cumsum([0, *sizes])
        self._layout = np.array(
            [(a, b, kind, stride) for a, b, (kind, stride, _, _) in zip(ends, ends[1:], streams, strict=False)],
            dtype=np.int64,
        ).reshape(-1, 4)
        self._keys = np.array(
            [stream_key(run.entropy, stream, fine) for _, _, stream, fine in streams], dtype=np.uint64
        ).reshape(-1, 2)
        self._columns = int(ends[-1])
        self._saves = np.array(run.saves, dtype=np.int64)
        self._states = initial_states(run)
        self._loop, self._subject = self._choose(run, shape)

    def _choose(self, run: Run, shape: Any) -> tuple[Any, tuple[Any, Any]]:
        m, schedule, o = run.method.constant(), run.method.schedule, run.problem.oracle
        plain = (m if schedule is None else (m, schedule), o)
        if run.interpreted or not all(is_dataclass(side) for side in o):
            return _assemble(run, shape), plain
        linker = _linker(type(o.objective), type(o.noise))
        loop = _compiled_loop(run, shape, linker)
        lowered = (m if schedule is None else (m, linker.lower(schedule)), type(o)(*map(linker.lower, o)))
        try:
            self._call(loop, lowered, np.empty((0, len(run.saves), run.width)), 0)
        except NumbaError as error:
            first = str(error).strip().splitlines()[0]
            log.warning("running interpreted, since %s does not compile: %s", type(o.objective).__name__, first)
            return _assemble(run, shape), plain
        return loop, lowered

    def _call(self, loop: Any, subject: Any, records: Any, path0: int) -> None:
        run, (y0, y1, first) = self.run, self._states
        tile = max(2, min(64, TILE // max(self._columns, 1))) // 2 * 2
        buffer = np.empty((tile, self._columns))
        common = (path0, records, buffer, self._layout, self._keys, self._saves, run.steps)
        if run.kind == "discrete":
            loop(*subject, y0, *common)
        else:
            loop(*subject, y0, y1, *common, run.substeps, first, run.method.clock)

    def __call__(self, path0: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Records of the paths ``path0`` to ``path0 + count``, shape (count, saves, d + observables)."""
        records = np.empty((count, len(self.run.saves), self.run.width))
        with np.errstate(all="ignore"):  # a path that overflows is found by its records and reported
            self._call(self._loop, self._subject, records, path0)
        return records


def prepare(run: Run) -> Kernel:
    """Check, compile and return the kernel of a run."""
    return Kernel(run)
