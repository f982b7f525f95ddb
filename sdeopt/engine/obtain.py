"""The machine code of the loop of a run: on lanes found and called without Numba (`quick`), or compiled by it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from sdeopt.engine.identity import grid, loop_key
from sdeopt.engine.machine import quick
from sdeopt.engine.passing import Other, Words
from sdeopt.engine.run import Run
from sdeopt.engine.values import Unknown, describe

__all__ = ["compile_loop"]


def compile_loop(
    run: Run, shape: Any, width: int, begin: Any, complete: Callable[..., Any]
) -> tuple[Any, tuple[Any, ...]]:
    """The loop on lanes, or on vectors for ``width`` 0, and its leading arguments, see `compiler.compile`."""
    usual = functools.partial(_by_numba, run, shape, width, begin, complete)
    if not width:
        return usual()
    try:
        fixed = _leading(run, begin)
        rest = complete((fixed,))[1:]
        given = Words(*rest)
        key = f"{describe(loop_key(run, shape, width))} {fixed.text} {given.text}"
    except (Other, Unknown):
        return usual()
    kinds = *fixed.kinds, *given.kinds
    made = quick.find(key, kinds)
    if made is None:
        from sdeopt.engine.compiler.compile import compile_lanes  # with Numba

        made = compile_lanes(run, shape, width, begin, complete, key)
    return (quick.Loop(made, rest, usual), (fixed,)) if made.kinds == kinds else usual()


def _leading(run: Run, begin: Any) -> Words:
    """What is the same for all paths, as lanes take it: the page with its schedules, the problem, the first states."""
    words, schedules = Words(), tuple(run.method.schedules.values())
    words.put(run.method.constant())
    if schedules:
        words.put(schedules, lowered=True)
        words.put(grid(run))
    words.put(run.oracle, lowered=True)
    for state in begin:
        words.put(state, lowered=True)
    return words


def _by_numba(*given: Any) -> tuple[Any, tuple[Any, ...]]:
    from sdeopt.engine.compiler.compile import compile_loop

    return compile_loop(*given)
