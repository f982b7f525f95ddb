"""How Numba compiles our functions: with accelerators of our own, or as it comes.

The accelerators (`inner`, `expressions`, `recycle`) shorten compilation and steps on vectors, and change no number: a
loop gives the same bits without them. They build on what Numba keeps private, so each can be missing in a version of
Numba. They are left out where the environment says ``SDEOPT_COMPILER=plain``, and with a warning where a check of
theirs fails: of the layout of Numba's blocks of memory at every start, and in versions of Numba that none of our tests
has seen also of all names (`internals`) and by compiling a small function.

Names. Numba tells functions of one name apart by counting them, from 1 in every process, and LLVM takes two functions
of one name for the same. Loops that other processes have compiled come from the disk into this one, so here the numbers
are random: no function, and no environment of one, is ever taken for another.
"""

from __future__ import annotations

import functools
import os
import secrets
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numba
from numba.core.bytecode import FunctionIdentity

from sdeopt.engine.compiler import internals
from sdeopt.engine.compiler.exact import ExactCompiler

__all__ = ["LOOP", "MODE", "OPTIONS", "THROUGH", "awake", "shelves"]

FunctionIdentity._unique_ids = iter(functools.partial(secrets.randbits, 62), None)  # also in a process that is forked

MODES = ("accelerated", "plain")

OPTIONS: dict[str, Any] = {
    "error_model": "numpy", "nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
    "pipeline_class": ExactCompiler,
}  # fmt: skip
LOOP: dict[str, Any] = {"error_model": "numpy", "nogil": True, "no_cfunc_wrapper": True}


def awake(result: Any) -> Any:
    """What Python calls of a compiled loop, after the functions in it have got the objects that they hold."""
    for env in result._find_referenced_environments():
        result.library.codegen.set_env(env.env_name, env)
    return result.entry_point


def _accelerators_work() -> bool:
    """Whether the accelerators are wanted and work here."""
    wanted = os.environ.get("SDEOPT_COMPILER", "accelerated")
    if wanted not in MODES:
        raise ValueError(f"the environment variable SDEOPT_COMPILER must be one of {', '.join(MODES)}, got {wanted!r}")
    new = not numba.__version__.startswith(tuple(f"{version}." for version in internals.SEEN))
    if new:
        internals.require()
    if wanted == "plain":
        return False
    try:
        if new and (gone := internals.missing(internals.ACCELERATORS)):
            raise ImportError(f"it has no {'; no '.join(gone)}")
        from sdeopt.engine.compiler import inner, recycle

        recycle.check()
        if new:
            inner.check()
    except Exception as error:  # of Numba's private side anything may be gone
        warnings.warn(
            f"sdeopt compiles without its accelerators, which do not work with Numba {numba.__version__} "
            f"({type(error).__name__}: {error}); numbers are the same, first results and steps on vectors are slower",
            stacklevel=2,
        )
        return False
    return True


MODE = "accelerated" if _accelerators_work() else "plain"
shelves: Callable[[], AbstractContextManager[None]] = nullcontext
if MODE == "accelerated":
    from sdeopt.engine.compiler import inner, recycle

    shelves = recycle.shelves
    OPTIONS["pipeline_class"] = inner.InnerCompiler
    LOOP["pipeline_class"] = inner.LoopCompiler
THROUGH = OPTIONS | {"forceinline": True}  # what only calls another: an oracle is forty arguments
