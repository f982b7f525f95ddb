"""What a run is known by, in checkpoints and in sweeps: a hash of all that its numbers depend on, and of nothing else.

That is what was asked for, given as texts (`content`: values, data, and functions by their code and what they hold, the
user's own included), and the sources of those parts of sdeopt that make numbers. The processor, the compilers, plots
and words are left out, so what was begun on one machine goes on at another.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

__all__ = ["key", "sources"]

PARTS = (
    "core", "derivation", "engine", "networks", "noise", "objectives", "optimizers", "results", "theory", "wrappers",
)  # fmt: skip


def key(*texts: str, parts: tuple[str, ...] = ()) -> str:
    """The hash of ``texts``, the same on every machine; ``parts`` of the package count beside those of every run."""
    own = map(sources, (*PARTS, *parts))
    return hashlib.sha256("\n".join((*own, *texts)).encode()).hexdigest()[:40]


@functools.cache
def sources(part: str = "") -> str:
    """Hash of the package's own code, or of a part of it."""
    digest, root = hashlib.sha256(), Path(__file__).parent.parent / part
    for file in sorted(root.rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()
