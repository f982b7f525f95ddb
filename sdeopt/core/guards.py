"""At the doors of the user's own functions: what they are given stays as it is, what they return is what it should be.

A function may not change a run by writing into its argument, and a number where a vector should be must not spread over
all coordinates. Interpreted, this is seen at every call; compiled, by the types, and what does not fit is interpreted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sdeopt.core import checks

__all__ = ["InterpretedWarning", "OnePathWarning", "answer", "guarded", "like", "one_number"]


class InterpretedWarning(UserWarning):
    """A function cannot be compiled, so that a run is interpreted: the numbers are the same, and it takes much longer.

    Said once for each function. ``warnings.simplefilter("ignore", sdeopt.InterpretedWarning)`` silences it, and
    "error" in the place of "ignore" stops a run that would take too long.

    Examples
    --------
    >>> import warnings, sdeopt as so
    >>> issubclass(so.InterpretedWarning, UserWarning)
    True
    """


class OnePathWarning(UserWarning):
    """A function does not compile for many paths at a time, so that a run takes one after the other.

    The numbers are the same, and it takes some times longer. Said once for each function.

    Examples
    --------
    >>> import sdeopt as so
    >>> issubclass(so.OnePathWarning, UserWarning)
    True
    """


def guarded(x: Any) -> Any:
    """The vector ``x`` for a function that might write into it: a copy, or, compiled, itself, read-only."""
    return np.array(x)


def like(got: Any, x: Any) -> Any:
    """``got`` itself, a real vector of the shape of ``x``; else a ``ValueError`` or ``TypeError``."""
    if np.shape(got) != np.shape(x):
        raise ValueError(f"a function must return a vector of shape {np.shape(x)}, got {np.shape(got)}")
    if np.iscomplexobj(got):
        raise TypeError("a function must return real numbers, got complex ones")
    return got


def answer(name: str, f: Callable[..., Any], *arguments: Any) -> Any:
    """What ``f`` gives; a ``ValueError`` says in one line what it raised."""
    try:
        return f(*arguments)
    except Exception as error:  # whatever the user's code raises
        said = " ".join(str(error).split())
        raise ValueError(f"{name} fails, {type(error).__name__}: {said}") from error


def one_number(name: str, got: Any) -> None:
    """Raise unless ``got`` is one real number; a truth value is one, 1 or 0, and its mean a probability."""
    try:
        a = np.asarray(got)
    except Exception:  # rows of several lengths; whatever an __array__ raises
        raise TypeError(f"{name} must return one real number, got {checks.short(got)}") from None
    if a.ndim != 0:
        raise ValueError(f"{name} must return one number, got an array of shape {a.shape}")
    if a.dtype.kind not in "biuf":
        raise TypeError(f"{name} must return one real number, got {checks.short(got)}")
