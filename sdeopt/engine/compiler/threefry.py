"""The generator below all draws: Threefry-2x64 with 13 rounds, from a counter and a key to two random words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from sdeopt.engine.compiler.pipeline import OPTIONS

__all__ = ["ONE", "S12", "S32", "U", "inline", "threefry", "wide_vectors"]

U = np.uint64
PARITY, ONE = U(0x1BD11BDAA9FC1A22), U(0x3FF0000000000000)
S12, S32 = U(12), U(32)


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


inline = njit(forceinline=True, **OPTIONS)


@inline
def _rounds(x0: Any, x1: Any, r0: Any, r1: Any, r2: Any, r3: Any) -> Any:
    for r in (r0, r1, r2, r3):
        x0 = x0 + x1
        x1 = ((x1 << U(r)) | (x1 >> U(64 - r))) ^ x0
    return x0, x1


@inline
def threefry(x0: Any, x1: Any, k0: Any, k1: Any) -> Any:
    """Threefry-2x64-13: two words of the counter to two random words under the key (k0, k1)."""
    k2 = PARITY ^ k0 ^ k1
    x0, x1 = _rounds(x0 + k0, x1 + k1, 16, 42, 12, 31)
    x0, x1 = _rounds(x0 + k1, x1 + k2 + U(1), 16, 32, 24, 21)
    x0, x1 = _rounds(x0 + k2, x1 + k0 + U(2), 16, 42, 12, 31)
    x0, x1 = x0 + k0, x1 + k1 + U(3)
    x0 = x0 + x1
    return x0, ((x1 << U(16)) | (x1 >> U(48))) ^ x0
