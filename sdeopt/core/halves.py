"""Folding by halves: functions that are made of many are nested as deep as the logarithm of their number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["fold_halves"]


def fold_halves(join: Callable[[Any, Any], Any], items: Sequence[Any]) -> Any:
    """``join`` of what the two halves of ``items`` come to, of which there is one at least; one alone is itself."""
    if len(items) == 1:
        return items[0]
    middle = len(items) // 2
    return join(fold_halves(join, items[:middle]), fold_halves(join, items[middle:]))
