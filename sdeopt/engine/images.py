"""What a function of a page makes of many draws at one state: integrals over a step, and over the noise of an SDE."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core.checks import Array
from sdeopt.engine import fallback, states
from sdeopt.engine.draws import draws
from sdeopt.engine.identity import INTERPRETED
from sdeopt.engine.run import Run
from sdeopt.engine.states import store_number, store_vector

__all__ = ["images"]


def images(run: Run, f: Any, at: Any, y: Any, values: Array) -> Array:
    """``f(method, at, y, o, z)`` of the draws z in each row of ``values``, its parts one after the other in a row.

    ``f`` is the step of the method of ``run`` or the diffusion of an SDE of it; the draws are those of ``run``.
    """
    shape, _ = draws(run)
    parts = y if isinstance(y, tuple) else (y,)
    loop = assemble(f, states.slicer(shape), [np.shape(part) for part in parts])
    out = np.empty((len(values), sum(map(np.size, parts))))
    m, o = run.method.constant(), run.oracle
    if not INTERPRETED:
        from sdeopt.engine.compiler.compile import compile_plain  # with Numba
        from sdeopt.engine.compiler.pipeline import shelves

        try:
            fast, oracle = compile_plain(loop, (m, o, at, y, values, out))
        except Exception as error:  # whatever Numba, LLVM or `describe` say
            fallback.say(run, "vectors", error)
        else:
            with shelves():
                fast(m, oracle, at, y, values, out)
            return out
    loop(m, o, at, y, values, out)
    return out


def assemble(f: Any, unpack: Any, shapes: list[tuple[int, ...]]) -> Any:
    """The loop over rows of draws."""
    store = _whole if len(shapes) == 1 else _parts(shapes)

    def many(m: Any, o: Any, at: Any, y: Any, values: Any, out: Any) -> None:
        for i in range(values.shape[0]):
            store(out[i], f(m, at, y, o, unpack(values[i], 0)))

    return many


def _whole(row: Any, y: Any) -> None:
    store_vector(row, 0, y)


def _parts(shapes: list[tuple[int, ...]]) -> Any:
    """Every part of a state at its place in a row."""

    def nothing(row: Any, y: Any) -> None:
        return None

    def prepend(i: int, first: int, put: Any, rest: Any) -> Any:
        def store(row: Any, y: Any) -> None:
            put(row, first, y[i])
            rest(row, y)

        return store

    sizes = [int(np.prod(shape)) for shape in shapes]
    found: Any = nothing
    for i in reversed(range(len(sizes))):
        found = prepend(i, sum(sizes[:i]), store_vector if shapes[i] else store_number, found)
    return found
