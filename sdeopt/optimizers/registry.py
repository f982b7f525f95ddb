"""The registry: every page by its name, and those of users that were made so far."""

from __future__ import annotations

from typing import Any

import sdeopt.optimizers  # noqa: F401  (importing the pages registers them)
from sdeopt.core import checks
from sdeopt.core.method import REGISTRY

__all__ = ["lookup", "methods"]


def methods() -> dict[str, type]:
    """Return the registry: name -> method class, in the order of registration.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.methods()["SGD"](lr=0.1)
    SGD(lr=0.1)
    """
    return dict(REGISTRY)


def lookup(name: str) -> Any:
    """Return the method class called ``name``, in any case; a ``ValueError`` names the nearest one."""
    table = {key.lower(): cls for key, cls in REGISTRY.items()}
    if not isinstance(name, str) or name.lower() not in table:
        checks.choice("method", name, REGISTRY)
    return table[name.lower()]
