"""What may come of a call: an answer, or one sentence of ours. Everything else is a find."""

from __future__ import annotations

import ast
import functools
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

import sdeopt

HOUSE = Path(sdeopt.__file__).parent
SENTENCES = (ValueError, TypeError)
LONGEST = 600  # characters of a sentence
PATIENCE = 240  # seconds until a call hangs, on a busy machine that also compiles


class Find(AssertionError):
    """A try that broke a promise."""


class Hang(BaseException):
    """A call took too long; no ``except Exception`` on its way stops it."""


@functools.cache
def _raises(file: str) -> list[tuple[int, int]]:
    """First and last lines of the raise statements of a file."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return [(node.lineno, node.end_lineno or node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Raise)]


def _place(trace: TracebackType | None) -> tuple[str, int]:
    """Where an exception began."""
    frames = traceback.extract_tb(trace)
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)


def _ours(trace: TracebackType | None) -> str:
    """The last places in the package on the way to an exception, the innermost first."""
    frames = [f for f in traceback.extract_tb(trace) if Path(f.filename).is_relative_to(HOUSE)]
    return ", ".join(f"{Path(f.filename).relative_to(HOUSE)}:{f.lineno} {f.name}" for f in frames[:-4:-1])


def judged(error: BaseException, also: tuple[type[BaseException], ...] = ()) -> None:
    """Raise a `Find` unless ``error`` is a sentence that our own code says, or one of the types ``also``."""
    file, line = _place(error.__traceback__)
    said = f"{type(error).__name__}: {error}"
    where = f"\n    at {_ours(error.__traceback__)}"
    if not isinstance(error, SENTENCES + also):
        raise Find(f"undocumented {said}{where}")
    text = str(error)
    if not text or "\n" in text or len(text) > LONGEST:
        raise Find(f"not one line: {said!r}{where}")
    ours = Path(file).is_relative_to(HOUSE) and any(a <= line <= b for a, b in _raises(file))
    if not ours and not isinstance(error, also):
        raise Find(f"not a sentence of ours: {said}{where}")


@contextmanager
def timed(seconds: int = PATIENCE) -> Iterator[None]:
    """Raise a `Find` if what is done within takes longer."""

    def late(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    except Hang:
        raise Find(f"hangs: over {seconds} s") from None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _arrays(thing: Any) -> Iterator[np.ndarray[Any, Any]]:
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from _arrays(value)
    elif isinstance(thing, (list, tuple)):
        for value in thing:
            yield from _arrays(value)


def tried(
    call: Callable[[], Any], given: Any = (), also: tuple[type[BaseException], ...] = (), quiet: tuple[Any, ...] = ()
) -> Any:
    """The answer of ``call``, or None where it refuses; a `Find` if it does neither well.

    ``given`` are its arguments, whose arrays must stay as they are; ``quiet`` are the warnings that it may give.
    """
    arrays = list(_arrays(given))
    before = [(a.tobytes(), a.shape, a.flags.writeable) for a in arrays if a.dtype != object]
    result = None
    with warnings.catch_warnings(record=True) as told, timed():
        warnings.simplefilter("always")
        try:
            result = call()
        except Exception as error:
            judged(error, also)
    after = [(a.tobytes(), a.shape, a.flags.writeable) for a in arrays if a.dtype != object]
    if before != after:
        raise Find("an argument was changed")
    for warning in told:
        if not issubclass(warning.category, quiet) if quiet else True:
            raise Find(f"warns of {warning.category.__name__}: {warning.message} ({warning.filename}:{warning.lineno})")
    return result
