"""The error messages: every bad argument is named, with what it got and what is allowed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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
        raise TypeError(f"{name} must be a number, got {value!r}")
    x = float(value)
    bad = not math.isfinite(x) or x < low or x > high or (open_low and x == low) or (open_high and x == high)
    if bad:
        left = "(" if open_low or low == -math.inf else "["
        right = ")" if open_high or high == math.inf else "]"
        raise ValueError(f"{name} must be in {left}{low:g}, {high:g}{right}, got {value!r}")
    if whole and x != int(x):
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    return x


def positive(name: str, value: Any) -> float:
    """Return ``value`` as a finite float above 0."""
    return number(name, value, low=0.0, open_low=True)


def flag(name: str, value: Any) -> bool:
    """Return ``value``, which must be True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def integer(name: str, value: Any, *, low: int = 0) -> int:
    """Return ``value`` as an int that is at least ``low``."""
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
    return int(value)


def real(name: str, value: Any, *, flags: bool = False) -> NDArray[Any]:
    """Return ``value`` as an array of integers or floats, with ``flags`` also of booleans; no cast loses a thing."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must be a plain array, got a masked one; fill its gaps, masked.filled(value), or cut them"
        )
    try:
        a = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):  # rows of several lengths; tensors with a gradient
        raise TypeError(f"{name} must be an array of numbers, got {short(value)}") from None
    if a.dtype.kind not in ("iufb" if flags else "iuf"):
        kinds = {"c": "complex numbers, which are not cut to their real part", "b": "True and False", "O": "objects"}
        kind = kinds.get(a.dtype.kind, str(a.dtype))
        raise TypeError(f"{name} must be an array of numbers, real ones, got {kind}: {short(value)}")
    return a


def single(value: Any) -> bool:
    """Whether ``value`` is one thing, no array and no list, whose rows may be of several lengths."""
    return not isinstance(value, (list, tuple)) and np.ndim(value) == 0


def short(value: Any) -> str:
    """A value in one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def array(
    name: str,
    value: Any,
    *,
    ndim: int | tuple[int, ...] = 1,
    shape: tuple[int, ...] | None = None,
    flags: bool = False,
) -> Array:
    """Return ``value`` as a fresh read-only C-ordered float64 array that is finite and has the stated shape."""
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
    a.flags.writeable = False
    return a


def covariance(name: str, value: Any, *, shape: tuple[int, ...] | None = None) -> Array:
    """Return ``value`` as a symmetric positive semidefinite matrix of the stated shape."""
    a = array(name, value, ndim=2, shape=shape)
    if a.shape[0] != a.shape[1]:
        raise ValueError(f"{name} must be a square matrix, got shape {a.shape}")
    scale = max(float(np.abs(a).max()), np.finfo(float).tiny)
    if float(np.abs(a - a.T).max()) > 1e-12 * scale:
        raise ValueError(f"{name} must be symmetric, got asymmetry {float(np.abs(a - a.T).max()):.3g}")
    low = float(np.linalg.eigvalsh(a).min())
    if low < -1e-10 * scale:
        raise ValueError(f"{name} must be positive semidefinite, got smallest eigenvalue {low:.3g}")
    return a


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``allowed``, else raise with the nearest name."""
    options = list(allowed)
    if value in options:
        return str(value)
    lower = {o.lower(): o for o in options}
    near = difflib.get_close_matches(str(value).lower(), lower, n=1)
    hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
    raise ValueError(f"unknown {name} {value!r}{hint} (known: {', '.join(options)})")
