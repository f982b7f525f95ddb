"""What a cell is known by: a hash of all that its numbers depend on."""

from __future__ import annotations

import hashlib

import sdeopt
from sdeopt.engine.cache import sources

__all__ = ["key"]

# the parts of the package that numbers depend on, so that a cell outlives changes of the others
PARTS = ("comparison", "core", "engine", "networks", "noise", "objectives", "optimizers", "results", "sweeps")


def key(*texts: str) -> str:
    """The hash of ``texts``, and of the version and the sources of sdeopt; the same on every machine."""
    own = (sdeopt.__version__, *map(sources, PARTS))
    return hashlib.sha256("\n".join((*own, *texts)).encode()).hexdigest()[:40]
