"""The error messages: every bad argument is named, with what it got and what is allowed."""

from __future__ import annotations

import difflib
import math
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ENDLESS = math.inf  # numbers of steps and paths, which are bounded by the time of the run
LARGEST = 10**18  # of the integers that count something; they fit 64 bits, with room for their sums
WIDEST = 10**8  # dimension; a vector of it is 0.8 GB
LARGE = 1e150  # size of numbers; the squares of larger ones are infinite
LONGEST = 80  # characters of a value in a message
MANY = 400  # characters of the names that are known; of more, some are given


def number(
    name: str,
    value: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    open_high: bool = False,
    whole: bool = False,
) -> float:
    """Return ``value`` as a finite float inside the interval, or raise a ``ValueError``/``TypeError`` that says why."""
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {short(value)}")
    x = _float(value)
    if LARGE < abs(x) < math.inf:
        raise ValueError(f"{name} must be at most {LARGE:g} in size, so that its square is finite, got {short(value)}")
    bad = not math.isfinite(x) or x < low or x > high or (open_low and x == low) or (open_high and x == high)
    if bad:
        left = "(" if open_low or low == -math.inf else "["
        right = ")" if open_high or high == math.inf else "]"
        raise ValueError(f"{name} must be in {left}{low:g}, {high:g}{right}, got {short(value)}")
    if whole and x != int(x):
        raise ValueError(f"{name} must be a whole number, got {short(value)}")
    return x


def _float(value: Any) -> float:
    """The float nearest to a number, infinite beyond all floats."""
    try:
        with np.errstate(over="ignore"):  # of long doubles
            return float(value)
    except OverflowError:  # of integers
        return math.inf if value > 0 else -math.inf


def positive(name: str, value: Any) -> float:
    """Return ``value`` as a finite float above 0."""
    return number(name, value, low=0.0, open_low=True)


def length(name: str, value: Any) -> float:
    """Return ``value`` as a float above 0, of any size: how long a run is meant to be, which is bounded by its time."""
    if isinstance(value, (float, np.floating)) and LARGE < _float(value) < math.inf:
        return float(value)
    return positive(name, value)


def finite(what: str, *values: Any) -> Any:
    """Return ``values``, the answer of a closed form, if floats could hold all on the way to it; ``what`` went in."""
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{what} must be of sizes whose products and quotients floats hold")
    return values if len(values) > 1 else values[0]


def flag(name: str, value: Any) -> bool:
    """Return ``value``, which must be True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {short(value)}")
    return bool(value)


def integer(name: str, value: Any, *, low: int = 0, high: float = LARGEST) -> int:
    """Return ``value`` as an int that is at least ``low`` and at most ``high``."""
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {short(value)}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {short(value)}")
    if value > high:
        raise ValueError(f"{name} must be at most {high}, got {short(value)}")
    return int(value)


def integers(name: str, value: Any, *, low: int = 0) -> tuple[int, ...]:
    """Return ``value``, a sequence of integers that are at least ``low``, as a tuple."""
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)) or np.ndim(value) == 0:
        raise TypeError(f"{name} must be a tuple of integers, got {short(value)}")
    return tuple(integer(name, number, low=low) for number in value)


def dimension(name: str, value: Any, *, low: int = 1) -> int:
    """Return ``value`` as the length of vectors that are made at once."""
    return integer(name, value, low=low, high=WIDEST)


def real(name: str, value: Any, *, flags: bool = False) -> NDArray[Any]:
    """Return ``value`` as an array of integers or floats, with ``flags`` also of booleans; no cast loses a thing."""
    if "numpy.ma" in sys.modules and isinstance(value, np.ma.MaskedArray):  # which NumPy would load for the question
        raise TypeError(
            f"{name} must be a plain array, got a masked one; fill its gaps, masked.filled(value), or cut them"
        )
    try:
        a = np.asarray(value)
    except Exception:  # rows of several lengths; tensors with a gradient; whatever an __array__ raises
        raise TypeError(f"{name} must be an array of numbers, got {short(value)}") from None
    if a.dtype.kind not in ("iufb" if flags else "iuf"):
        kinds = {"c": "complex numbers, which are not cut to their real part", "b": "True and False", "O": "objects"}
        kind = kinds.get(a.dtype.kind, str(a.dtype))
        raise TypeError(f"{name} must be an array of numbers, real ones, got {kind}: {short(value)}")
    return a


def single(value: Any) -> bool:
    """Whether ``value`` is one thing, no array and no list, whose rows may be of several lengths."""
    try:
        return not isinstance(value, (list, tuple)) and np.ndim(value) == 0
    except Exception:  # whatever an __array__ raises; it is no array of numbers either
        return False


def short(value: Any) -> str:
    """A value in one line, for a message."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # integers of thousands of digits; whatever a __repr__ raises
        text = f"<{type(value).__name__} that cannot be written>"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def array(
    name: str,
    value: Any,
    *,
    ndim: int | tuple[int, ...] = 1,
    shape: tuple[int, ...] | None = None,
    flags: bool = False,
) -> Array:
    """Return ``value`` as a fresh read-only C-ordered float64 array that is finite and has the stated shape."""
    with np.errstate(over="ignore"):  # of long doubles
        a = np.array(real(name, value, flags=flags), dtype=np.float64, order="C")
    dims = (ndim,) if isinstance(ndim, int) else ndim
    if a.ndim not in dims:
        raise ValueError(f"{name} must have {' or '.join(map(str, dims))} dimension(s), got shape {a.shape}")
    if shape is not None and a.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {a.shape}")
    if a.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {a.shape}")
    if not np.isfinite(a).all():
        raise ValueError(f"{name} must be finite, got {int((~np.isfinite(a)).sum())} NaN or infinite entries")
    if np.abs(a).max() > LARGE:
        largest = f"an entry of {np.abs(a).max():.3g}"
        raise ValueError(f"{name} must be at most {LARGE:g} in size, so that squares are finite, got {largest}")
    a.flags.writeable = False
    return a


def covariance(name: str, value: Any, *, shape: tuple[int, ...] | None = None) -> Array:
    """Return ``value`` as a symmetric positive semidefinite matrix of the stated shape."""
    a = square(name, array(name, value, ndim=2, shape=shape))
    scale = max(float(np.abs(a).max()), np.finfo(float).tiny)
    low = scale * float(np.linalg.eigvalsh(a / scale).min())
    if low < -1e-10 * scale:
        raise ValueError(f"{name} must be positive semidefinite, got smallest eigenvalue {low:.3g}")
    return a


def square(name: str, a: Array) -> Array:
    """Return ``a``, which must be a square matrix that is symmetric to 1e-12 of its largest entry."""
    if a.shape[0] != a.shape[1]:
        raise ValueError(f"{name} must be a square matrix, got shape {a.shape}")
    scale = max(float(np.abs(a).max()), np.finfo(float).tiny)
    gap = float(np.abs(a / scale - a.T / scale).max())
    if gap > 1e-12:
        raise ValueError(f"{name} must be symmetric, got an asymmetry of {gap:.3g} of its largest entry")
    return a


def path(name: str, value: Any, what: str = "folder") -> Any:
    """Return ``value``, which must be the name of a folder, or of ``what`` else, that a system can have."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a {what}, got {short(value)}")
    if not os.fspath(value) or "\0" in str(value):
        raise ValueError(f"{name} must be the name of a {what}, got {short(value)}")
    return value


def executor(value: Any) -> None:
    """Raise unless ``value`` is a `concurrent.futures.Executor` or None."""
    if value is not None and not isinstance(value, Executor):
        raise TypeError(f"executor must be a concurrent.futures.Executor or None, got {short(value)}")


def progress(value: Any) -> None:
    """Raise unless ``value`` is True, False, None or a function of (done, total)."""
    if value is not None and not isinstance(value, bool) and not callable(value):
        raise TypeError(f"progress must be True, False, None or a function of (done, total), got {short(value)}")


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``allowed``, else raise with the nearest name."""
    options = list(allowed)
    if isinstance(value, str) and value in options:
        return str(value)
    lower = {o.lower(): o for o in options}
    near = difflib.get_close_matches(short(value).strip("'").lower(), lower, n=1)
    hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
    known = ", ".join(options)
    if len(known) > MANY:
        closest = difflib.get_close_matches(short(value).strip("'").lower(), lower, n=5, cutoff=0.0)
        known = f"{len(options)}, the closest {', '.join(lower[o] for o in closest)}"
    raise ValueError(f"unknown {name} {short(value)}{hint} (known: {known})")
