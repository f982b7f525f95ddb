"""The generator below all draws: Threefry-2x64 with 13 rounds, from a counter and a key to two random words."""

from __future__ import annotations

from collections.abc import Iterator

from sdeopt.engine.machine.words import Value, pinned

__all__ = ["ONE", "in_two", "random_words", "uniform"]

PARITY, ONE = 0x1BD11BDAA9FC1A22, 0x3FF0000000000000
ODD, EVEN = (16, 42, 12, 31), (16, 32, 24, 21)


def _rounds(x0: Value, x1: Value, rotations: tuple[int, ...]) -> tuple[Value, Value]:
    for r in rotations:
        x0 = x0 + x1
        x1 = pinned(((x1 << r) | (x1 >> (64 - r))) ^ x0)
    return x0, x1


def in_two(x0: Value, x1: Value, k0: Value, k1: Value) -> Iterator[tuple[Value, Value]]:
    """The two halves of `random_words`, each written when it is asked for: words on the way, then the words."""
    k2 = k0 ^ k1 ^ PARITY
    x0, x1 = _rounds(x0 + k0, x1 + k1, ODD)
    x0, x1 = _rounds(x0 + k1, x1 + k2 + 1, EVEN[:2])
    yield x0, x1
    x0, x1 = _rounds(x0, x1, EVEN[2:])
    x0, x1 = _rounds(x0 + k2, x1 + k0 + 2, ODD)
    yield _rounds(x0 + k0, x1 + k1 + 3, EVEN[:1])


def random_words(x0: Value, x1: Value, k0: Value, k1: Value) -> tuple[Value, Value]:
    """Threefry-2x64-13: two words of the counter to two random words under the key (k0, k1)."""
    _, words = in_two(x0, x1, k0, k1)
    return words


def uniform(word: Value) -> Value:
    """A uniform in [0, 1) from 52 bits of a word."""
    found: Value = ((word >> 12) | ONE).number() - 1.0
    return found
