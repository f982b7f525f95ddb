"""Square roots of SIMD lanes without the divider of the processor, where it has AVX-512: the same bits, sooner.

The instruction for eight roots keeps the divider busy for up to 24 cycles, time for 48 fused multiply-adds. Here a root
begins with the processor's estimate y of 1/√a, good to 2⁻¹⁴ and not the same on all of them. With g = ay and h = y/2,
two of Newton's steps (r = 1/2 - gh, then g + gr and h + hr) bring g to √a and h to 1/(2√a) up to 2⁻⁵¹ of them. Then
g + h (a - g²) is nearer to √a than 2⁻¹⁰¹ of it before it is rounded. The square m² of a middle m between two float64
is no float64, and only some hundreds of numbers a in [1, 4) are so near to one; tests/test_roots.py has them rounded
from many estimates. So whatever the estimate, the bits are those of IEEE 754.

Source: Markstein, IBM J. Res. Dev. 34 (1990) 111, for the steps; the bound is ours.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir

from sdeopt.engine.compiler.lane_ops import call, constant, elementwise
from sdeopt.engine.compiler.lanes import I32, I64, element

__all__ = ["refined"]

EIGHT = element(8)
SMALL, UP, DOWN = 2.0**-900, 2.0**200, 2.0**-100  # below it a - g² may lose digits to underflow
SPECIAL = 0x03130122  # for vfixupimm: NaN, 0 and infinity are their own roots, what is negative has none


def _by_eights(b: Any, name: str, rows: list[Any], *rest: Any) -> Any:
    """The function ``name`` of eight lanes, for all lanes of the rows."""
    function = b.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(EIGHT, [EIGHT] * len(rows) + [argument.type for argument in rest])
        function = ir.Function(b.module, kind, name)

    def places(first: int, count: int) -> Any:
        return ir.Constant(element(count, I32), list(range(first, first + count)))

    parts = [
        b.call(function, [*(b.shuffle_vector(row, row, places(i, 8)) for row in rows), *rest])
        for i in range(0, rows[0].type.count, 8)
    ]
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [b.shuffle_vector(low, high, places(0, 2 * low.type.count)) for low, high in pairs]
    return parts[0]


def refined(times: Any, minus: Any, fma: Any, a: Any, y: Any, half: Any) -> Any:
    """√a from an estimate y of 1/√a, by these operations."""
    g, h = times(a, y), times(half, y)
    for _ in range(2):
        r = fma(minus(g), h, half)
        g, h = fma(g, r, g), fma(h, r, h)
    return fma(fma(minus(g), g, a), h, g)


def _root(context: Any, b: Any, x: Any) -> Any:
    kind, everywhere = x.type, ir.IntType(8)(255)
    eights = isinstance(kind, ir.VectorType) and kind.count % 8 == 0
    if not (eights and "+avx512f" in context.codegen().magic_tuple()[2]):
        return call(b, "llvm.sqrt", x)
    small = b.fcmp_ordered("<", x, constant(kind, SMALL))
    a = b.select(small, b.fmul(x, constant(kind, UP)), x)
    y = _by_eights(b, "llvm.x86.avx512.rsqrt14.pd.512", [a, constant(kind, 0.0)], everywhere)
    g = refined(b.fmul, b.fneg, lambda *args: call(b, "llvm.fma", *args), a, y, constant(kind, 0.5))
    g = b.select(small, b.fmul(g, constant(kind, DOWN)), g)
    table = ir.Constant(element(8, I64), [SPECIAL] * 8)
    return _by_eights(b, "llvm.x86.avx512.mask.fixupimm.pd.512", [g, x], table, I32(0), everywhere, I32(4))


for _function in (np.sqrt, math.sqrt):
    elementwise(_function, 1, _root)
