"""What is said when a run does not compile as it should: the place and the remedy, once in a process.

A run that takes one path at a time in the place of many, some times slower, gives an `OnePathWarning`; one that is
interpreted, hundreds of times slower, an `InterpretedWarning`, and only that.
"""

from __future__ import annotations

import functools
import linecache
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdeopt.core.guards import InterpretedWarning, OnePathWarning
from sdeopt.core.notices import depth
from sdeopt.engine.values import Unknown

if TYPE_CHECKING:
    from sdeopt.engine.run import Run

__all__ = ["explain", "say"]

KINDS: dict[str, type[Warning]] = {"lanes": OnePathWarning, "vectors": InterpretedWarning}
INSTEAD = {
    "lanes": "so it runs one path at a time on vectors, some times slower than on SIMD lanes",
    "vectors": "so it runs interpreted, hundreds of times slower, with the same results",
}
REMEDY = (
    "; to have it compiled, write it as a plain function in NumPy's + - * / and sqrt and the vocabulary of "
    "sdeopt.core, and let it refer to numbers, arrays, functions and modules only"
)


PLACE = re.compile(r"at (\S[^\n]*) \((\d+)\)")  # of which the innermost comes first


def explain(subject: str, mode: str, error: Exception) -> str:
    """Where and why ``subject`` does not compile on ``mode``, from the report of Numba; by an ``if``, what to write."""
    text = str(error)
    place = PLACE.search(text)
    refused = re.search(r">>> ([^\n]+)", text)
    where = f" ({Path(place[1]).name}, line {place[2]}: {_line(place)})" if place else ""
    remedy = REMEDY if mode == "vectors" else ""
    other = re.search(r"as Python does: ([^\n]+)", text)  # what `exact` says
    if other:
        why = f"computes with whole or narrow numbers: {other[1]}"
    elif isinstance(error, Unknown):
        why = f"refers to what cannot be compiled: {text}"
    elif mode == "lanes" and refused and re.match(r"(bool|truth)\(Mask", refused[1]):
        why = "decides by a value of a path, with if, while, and, or, or not"
        remedy = "; write sdeopt.core.where(condition, a, b), one in the other for several conditions"
    elif mode == "lanes":
        why = f"does what {mode} do not know" + (f", {refused[1]}" if refused else "")
    else:
        why = "does what Numba does not know"
    return f"{subject}{where} {why}, {INSTEAD[mode]}{remedy}"


def _line(place: re.Match[str]) -> str:
    return linecache.getline(place[1], int(place[2])).strip()


@functools.lru_cache(maxsize=256)
def _say_once(message: str, mode: str) -> None:
    warnings.warn(message, KINDS[mode], stacklevel=depth())


def say(run: Run, mode: str, error: Exception) -> None:
    """Say the explanation once in a process: both columns of a page, and every run of it, would repeat it."""
    _say_once(explain(_subject(run, str(error)), mode, error), mode)


def _subject(run: Run, text: str) -> str:
    """What the user knows as what does not compile: whose function has the line, else the objective."""
    place, noise = PLACE.search(text), run.problem.noise
    functions = [(f"observables[{name!r}]", getattr(f, "of", f)) for name, f in run.observables.items()]
    functions += [(type(run.method).__name__, f) for f in run.functions]
    functions += [(type(noise).__name__, f) for f in getattr(noise, "__dict__", {}).values()]
    found = [name for name, f in functions if place and _has_line(f, place[1], int(place[2]))]
    return found[0] if found else type(run.oracle.objective).__name__


def _has_line(f: Any, file: str, line: int) -> bool:
    code = getattr(f, "__code__", None)
    return code is not None and code.co_filename == file and line in {at for *_, at in code.co_lines()}
