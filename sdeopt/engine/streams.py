"""From what a user gives as ``rng`` to the key of a stream of draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core import checks

__all__ = ["Entropy", "name_seed", "normalise", "stream_key"]

Entropy = tuple[int, ...]


def normalise(rng: Any) -> Entropy:
    """Entropy words of ``rng``: None (fresh), an int, a SeedSequence or a Generator (which is advanced)."""
    if isinstance(rng, np.random.Generator):
        return tuple(int(w) for w in rng.integers(0, 2**32, size=4))
    if isinstance(rng, np.random.SeedSequence):
        return tuple(int(w) for w in rng.generate_state(4))
    if rng is not None and (isinstance(rng, (bool, np.timedelta64)) or not isinstance(rng, (int, np.integer))):
        raise TypeError(f"rng must be an int, a SeedSequence, a Generator or None, got {checks.short(rng)}")
    if rng is not None and rng < 0:
        raise ValueError(f"rng must not be negative, got {checks.short(rng)}")
    return tuple(int(w) for w in np.random.SeedSequence(rng).generate_state(4))


def name_seed(rng: Any) -> str:
    """What a result says of ``rng``, in one line: the number that repeats it, or what it was."""
    if isinstance(rng, np.random.SeedSequence):
        return f"SeedSequence({rng.entropy!r}, spawn_key={rng.spawn_key!r})"
    return type(rng).__name__ if isinstance(rng, np.random.Generator) else str(rng)


def stream_key(entropy: Entropy, stream: str, resolution: int) -> tuple[int, int]:
    """The 128-bit key of a stream of draws, a word, at a resolution (fine steps in one step of the optimizer)."""
    words = tuple(stream.encode())
    a, b = np.random.SeedSequence(entropy, spawn_key=(*words, resolution)).generate_state(2, np.uint64)
    return int(a), int(b)
