"""A method at another learning rate."""

from __future__ import annotations

from typing import Any

from sdeopt.core.contracts import Method

__all__ = ["at_rate"]


def at_rate(method: Method, lr: float) -> Any:
    """The method at another learning rate, with what its regime ties to it."""
    return method.scaled(lr) if hasattr(method, "scaled") else method._replace(lr=lr)
