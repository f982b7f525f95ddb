"""What a run says of itself by ``warnings``, at the line of the user's own code, besides in its result."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["DivergedWarning", "PartialWarning", "depth", "silent", "tell"]

_local = threading.local()


class DivergedWarning(UserWarning):
    """Paths left the finite range, so that means and covariances are of those that are left.

    `simulate`, `integrate` and `compare` give it; their results count these paths. ``warnings.simplefilter("ignore",
    sdeopt.DivergedWarning)`` silences it, and "error" in the place of "ignore" makes it an exception.

    Examples
    --------
    >>> import sdeopt as so
    >>> issubclass(so.DivergedWarning, UserWarning)
    True
    """


class PartialWarning(UserWarning):
    """Ctrl-C ended a run, so that its result is of the paths that were finished; ``meta["partial"]`` is true.

    Examples
    --------
    >>> import sdeopt as so
    >>> issubclass(so.PartialWarning, UserWarning)
    True
    """


def tell(partial: bool, lost: str = "", paths: int = 0, hint: str = "") -> None:
    """Warn of what was cut, and of ``lost``, how many of so many paths have diverged and what may help; else empty."""
    if getattr(_local, "silent", False):
        return
    if partial:
        warnings.warn("interrupted: the result is of what was finished", PartialWarning, stacklevel=depth())
    if lost:
        text = f"{lost} of {paths} paths diverged (some |x_i| above 1e50, or NaN): means are of those that are left"
        warnings.warn(text + hint, DivergedWarning, stacklevel=depth())


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is told within, on this thread: whoever runs many runs says it for all of them."""
    _local.silent = True
    try:
        yield
    finally:
        _local.silent = False


def depth() -> int:
    """How many calls up from the caller the user's own code is."""
    frame, steps = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(("sdeopt", "concurrent")):
        frame, steps = frame.f_back, steps + 1
    return steps
