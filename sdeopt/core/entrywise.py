"""Formulas that give each entry of a vector its own value, marked: on vectors they are compiled as one loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["ENTRYWISE", "entrywise"]

ENTRYWISE: set[Callable[..., Any]] = set()


def entrywise(f: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a formula of one vector, or of a vector and a second argument, a number or a vector of the same size.

    It consists of arithmetic, selections with ``where`` and other such formulas.
    """
    ENTRYWISE.add(f)
    return f
