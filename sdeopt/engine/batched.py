"""Batched: the loops as plain Python on arrays (size, paths), for objectives that answer for many paths at once.

A page is written for vectors. Elementwise arithmetic and the vocabulary, whose sums run over the first axis, hold word
for word for arrays with a column per path: a number of one path, |g| say, becomes a vector over the paths, and
broadcasts. The vectors that a law holds are turned into columns. What asks for the shape of a vector, or loops over its
coordinates, would mean something else here, and what decides by a value with ``if`` has several values to decide by;
such a page runs one path after the other, "interpreted".

All arithmetic on the NumPy side, draws and sums included, gives the bits of the interpreted run of each path. The
objective need not: PyTorch's product of a stack of matrices rounds differently from that of one, so positions agree to
rounding. An objective opts in by ``batched = True``; its answers then take x of shape (d,) or (d, paths), and weights
and example numbers likewise.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from sdeopt.core.entrywise import ENTRYWISE
from sdeopt.core.observables import NAMED
from sdeopt.core.oracle import Oracle
from sdeopt.core.references import names
from sdeopt.core.sides import who_answers
from sdeopt.engine import loops, states
from sdeopt.engine.beginnings import beginnings, sizes
from sdeopt.engine.draws import draws
from sdeopt.engine.questions import QUESTIONS, references

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["LEAD", "WIDTH", "Loop", "fails", "holds", "suits", "width_of"]

WIDTH = 64  # paths at a time
SHAPED = {"empty", "int", "reshape", "shape", "size", "zeros"}  # of pieces and joints the first axis decides
LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_METHOD")
SCHEMES = ("euler", "heun")
LEAD = {"discrete": 3, "sde": 4}  # arguments of a loop before the grid: method, oracle and first states


def width_of(run: Run) -> int:
    """Paths at a time: ``WIDTH``, or what the objective says in the place of a plain ``batched = True``."""
    said = getattr(run.oracle.objective, "batched", False)
    return WIDTH if isinstance(said, bool) else int(said)


def suits(run: Run) -> bool:
    """Whether the run can take many paths at a time."""
    o = run.oracle
    if run.interpreted or not getattr(o.objective, "batched", False) or run.scheme not in SCHEMES:
        return False
    return not any(_looks_at_shape(f, o, set()) for f in run.functions)


def _looks_at_shape(f: FunctionType, o: Any, seen: set[FunctionType]) -> bool:
    """Whether ``f``, a helper of it or an answer of the law looks at the shape of a vector."""
    from sdeopt.engine.compiler.twins import TWINS  # with Numba, which loops of the cache do not need

    if SHAPED & names(f.__code__, LOADS):
        return True
    for g in references(f):
        if g in QUESTIONS:
            side, question = who_answers(g)
            if side == "objective":
                continue
            asked = [getattr(law, question) for law in _laws(o.noise) if hasattr(law, question)]  # else refused by name
        else:
            asked = [g]
        for h in asked:
            if h not in seen and h not in TWINS and h not in ENTRYWISE:
                seen.add(h)
                if _looks_at_shape(h, o, seen):
                    return True
    return False


def _laws(law: Any) -> set[type]:
    """The classes of a law and of those that it holds."""
    held = [getattr(law, f.name) for f in dataclasses.fields(law)] if getattr(law, "wraps", False) else []
    each = (one for some in held for one in (some if isinstance(some, tuple) else (some,)))
    return {type(law)}.union(*(_laws(one) for one in each if hasattr(one, "noisy_grad")))


def holds(run: Run) -> bool:
    """Whether the run does take many paths at a time."""
    return suits(run) and not fails(run, draws(run)[0])


def fails(run: Run, shape: Any) -> bool:
    """Whether the page or its law decides by a value with ``if``, or so: tried on two paths."""
    page, o, some = run.method.constant(), in_columns(run.oracle), parts(run, shape, 2)
    size = 2 * sum(states.flat_sizes(shape))
    y = beginnings(replace(run, crossings=()), 0, 2)[-1]
    state, draws = some.begin(y, 0), some.unpack(np.full(size, 0.5), 0)
    try:
        with np.errstate(all="ignore"):
            if run.kind == "sde" and run.model.drift is not None:
                run.model.drift(page, page.clock, state, o)
                run.model.diffusion(page, page.clock, state, o, draws)
            else:
                type(page).step(page, 0, state, o, draws if run.kind == "discrete" else draws[0])
    except (ValueError, TypeError, IndexError):  # an error that has nothing to do with it comes again, path by path
        return True
    return False


def in_columns(o: Oracle) -> Oracle:
    """The oracle with the vectors of its law as columns, which broadcast over paths."""
    return Oracle(o.objective, _in_columns(o.noise))


def _in_columns(held: Any) -> Any:
    """A law, or what a law holds: vectors become columns, in the laws and tuples that it holds too."""
    if isinstance(held, np.ndarray):
        return held[:, None] if held.ndim == 1 else held
    if type(held) is tuple:
        return tuple(map(_in_columns, held))
    if not hasattr(held, "noisy_grad"):
        return held
    law = copy.copy(held)
    for f in dataclasses.fields(held):
        object.__setattr__(law, f.name, _in_columns(getattr(held, f.name)))
    return law


def parts(run: Run, shape: Any, paths: int) -> loops.Parts:
    """The small functions of a loop over so many paths at a time; a single path lives on plain vectors."""
    alone, take = paths == 1, _taker(run.problem.several, paths)
    position = states.positioner(len(run.method.parts))
    return loops.Parts(
        width=paths_drawn(paths),
        widen=states.nothing,
        take=take,
        begin=states.beginner([take(size) for size in sizes(run)]),
        position=position,
        unpack=states.slicer(shape) if alone else states.unpacker(shape, lambda a, b: _cutter(a, b, paths)),
        observe=None,
        save_vector=_save,
        write=_writer(position, [_over_paths(f) for f in run.observables.values()]),
    )


def paths_drawn(paths: int) -> int:
    """Paths for which numbers are drawn: the next power of two, as `machine.draws.fill` asks."""
    return 1 << (paths - 1).bit_length()


def _taker(several: bool, paths: int) -> Any:
    """``take`` of `loops.Parts`: the vector of every path as a column; memory holds path after path."""
    if paths == 1:
        return lambda size: states.row if several else states.same
    if several:
        return lambda size: lambda v, p: np.ascontiguousarray(v).T
    return lambda size: lambda v, p: np.ascontiguousarray(np.broadcast_to(v, (paths, v.size))).T


def _save(records: Any, p: int, s: int, i: int, v: Any, alive: Any) -> None:
    """`states.save_vector` of all paths of the records."""
    records[:, s, i : i + len(v)] = v.T + np.reshape(alive, (-1, 1))


def _slice(y: Any, p: int, count: int) -> Any:
    """The starts of ``count`` paths from p on."""
    return tuple(_slice(part, p, count) for part in y) if isinstance(y, tuple) else y[p : p + count]


def _cutter(a: int, b: int, paths: int) -> Callable[[Any, int], Any]:
    """The draws of the columns a to b at ``at``, a row per column and a column per path."""
    width = paths_drawn(paths)
    return lambda buffer, at: buffer[at + a * width : at + b * width].reshape(b - a, width)[:, :paths]


def _over_paths(f: Callable[..., Any]) -> Callable[..., Any]:
    """The observable of many paths: our own take them at once, others one after the other unless they say batched."""
    if f in NAMED.values() or getattr(f, "batched", False):
        return f
    return lambda o, x: f(o, x) if x.ndim == 1 else np.array([f(o, path) for path in np.ascontiguousarray(x.T)])


def _writer(position: Any, observables: list[Callable[..., Any]]) -> Callable[..., None]:
    """A function that writes one save of all paths of the records."""

    def write(o: Any, y: Any, alive: Any, records: Any, p: int, s: int) -> None:
        x = position(y)
        _save(records, p, s, 0, x, alive)
        for i, f in enumerate(observables):
            records[:, s, len(x) + i] = f(o, x) + np.reshape(alive, -1)

    return write


class Loop:
    """A loop that takes the paths of a chunk ``width`` at a time, and in the last group as many as there are.

    ``assemble(parts, watch)`` builds it, with a `marks.Watch` or None; ``run`` and ``shape`` are those of the kernel.
    """

    def __init__(self, run: Run, shape: Any, assemble: Callable[[loops.Parts, Any], Any], width: int = WIDTH) -> None:
        self._lead, self._width, self._several = LEAD[run.kind], width, run.problem.several
        self._columned = in_columns(run.oracle) if width > 1 else None
        self._make = lambda paths, watch=None: assemble(parts(run, shape, paths), watch)
        self._of_paths: Any = functools.lru_cache(maxsize=4)(self._make)

    def __call__(self, *arguments: Any) -> None:
        """Fill the records among the arguments, as the loops of ``loops`` do."""
        lead, (path0, paths, records, buffer, layout, keys, given, *grid) = (
            arguments[: self._lead],
            arguments[self._lead :],
        )
        for p in range(0, paths, self._width):
            some, placed = records[p : p + self._width], given[p : p + self._width]
            room = buffer[: buffer.size // self._width * paths_drawn(len(some))]
            o = lead[1] if len(some) == 1 else self._columned
            begin = _slice(lead[2:], p, len(some)) if self._several else lead[2:]
            loop = self._of_paths(len(some))
            loop(lead[0], o, *begin, path0 + p, len(some), some, room, layout, keys, placed, *grid)

    def seen(self, watch: Callable[[Any], Any]) -> Loop:
        """The same, each group run by what ``watch`` makes of ``make(watcher)``, which builds its loop."""
        twin = copy.copy(self)
        twin._of_paths = lambda paths: watch(functools.partial(self._make, paths))
        return twin
