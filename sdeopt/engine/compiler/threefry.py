"""The generator below all draws: Threefry-2x64 with 13 rounds, from a counter and a key to two random words."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from sdeopt.engine.compiler.words import Value, returned

__all__ = ["ONE", "random_words", "threefry", "wide_vectors"]

PARITY, ONE = 0x1BD11BDAA9FC1A22, 0x3FF0000000000000
ODD, EVEN = (16, 42, 12, 31), (16, 32, 24, 21)


@intrinsic
def wide_vectors(typing: Any) -> Any:
    """Let the calling function use 512-bit vectors, on a stack where those that it stores do not cross cache lines.

    It is kept out of line, so that it compiles once, not at every call.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        builder.function.attributes.alignstack = 64
        return context.get_dummy_value()

    return types.void(), generate


def _rounds(x0: Value, x1: Value, rotations: tuple[int, ...]) -> tuple[Value, Value]:
    for r in rotations:
        x0 = x0 + x1
        x1 = ((x1 << r) | (x1 >> (64 - r))) ^ x0
    return x0, x1


def random_words(x0: Value, x1: Value, k0: Value, k1: Value) -> tuple[Value, Value]:
    """Threefry-2x64-13: two words of the counter to two random words under the key (k0, k1)."""
    k2 = k0 ^ k1 ^ PARITY
    x0, x1 = _rounds(x0 + k0, x1 + k1, ODD)
    x0, x1 = _rounds(x0 + k1, x1 + k2 + 1, EVEN)
    x0, x1 = _rounds(x0 + k2, x1 + k0 + 2, ODD)
    return _rounds(x0 + k0, x1 + k1 + 3, EVEN[:1])


@intrinsic
def threefry(typing: Any, x0: Any, x1: Any, k0: Any, k1: Any) -> Any:
    """`random_words` for compiled code, of one counter."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return returned(context, builder, signature, random_words(*(Value(builder, a) for a in args)))

    return types.UniTuple(types.uint64, 2)(*[types.uint64] * 4), generate
