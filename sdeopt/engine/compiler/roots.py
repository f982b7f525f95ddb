"""Square roots and signs of SIMD lanes by instructions that AVX-512 has beside the obvious: the same bits, sooner.

The instruction for eight roots keeps the divider busy for up to 24 cycles, time for 48 fused multiply-adds. Here a root
begins with the processor's estimate y of 1/√a, good to 2⁻¹⁴ and not the same on all of them. With g = ay and h = y/2,
two of Newton's steps (r = 1/2 - gh, then g + gr and h + hr) bring g to √a and h to 1/(2√a) up to 2⁻⁵¹ of them. Then
g + h (a - g²) is nearer to √a than 2⁻¹⁰¹ of it before it is rounded. The square m² of a middle m between two float64
is no float64, and only some hundreds of numbers a in [1, 4) are so near to one; tests/test_roots.py has them rounded
from many estimates. So whatever the estimate, the bits are those of IEEE 754.

AMD's Zen 4 takes eight lanes in two halves, multiplies half as much in a cycle, and its divider has eight roots in 16
cycles, while other operations go on: there roots are left to it (AdamW 19.7 ns for 22.5, SignSGD's SDE 5.4 for 6.4).
Of processors since then none was measured.

Source: Markstein, IBM J. Res. Dev. 34 (1990) 111, for the steps; the bound is ours.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from sdeopt.engine.compiler.lane_ops import EIGHT, by_eights, elementwise
from sdeopt.engine.machine.host import processor
from sdeopt.engine.machine.words import I32, I64, call, constant, element, joined, registers

__all__ = ["refined"]

SMALL, UP, DOWN = 2.0**-900, 2.0**200, 2.0**-100  # below it a - g² may lose digits to underflow
SPECIAL = 0x03130122  # for vfixupimm: NaN, 0 and infinity are their own roots, what is negative has none
SIGNS = 0xA9A9A822  # likewise: NaN is its own sign, those of others are 0, 1 and -1


def _by_eights(b: Any, name: str, rows: list[Any], *rest: Any) -> Any:
    """The function ``name`` of eight lanes, for all lanes of the rows."""
    kind = ir.FunctionType(EIGHT, [EIGHT] * len(rows) + [argument.type for argument in rest])
    function, parts = cgutils.get_or_insert_function(b.module, kind, name), [registers(b, row) for row in rows]
    return joined(b, [b.call(function, [*some, *rest]) for some in zip(*parts, strict=True)])


def refined(times: Any, minus: Any, fma: Any, a: Any, y: Any, half: Any) -> Any:
    """√a from an estimate y of 1/√a, by these operations."""
    g, h = times(a, y), times(half, y)
    for _ in range(2):
        r = fma(minus(g), h, half)
        g, h = fma(g, r, g), fma(h, r, h)
    return fma(fma(minus(g), g, a), h, g)


def _fixed(b: Any, x: Any, otherwise: Any, answers: int) -> Any:
    """vfixupimm: what a table has for the kind of number that x is, or ``otherwise``."""
    rest = ir.Constant(element(8, I64), [answers] * 8), I32(0), ir.IntType(8)(255), I32(4)
    return _by_eights(b, "llvm.x86.avx512.mask.fixupimm.pd.512", [otherwise, x], *rest)


def _sign(context: Any, b: Any, x: Any) -> Any:
    if by_eights(x.type):
        return _fixed(b, x, x, SIGNS)
    zero, one = constant(x.type, 0.0), call(b, "llvm.copysign", constant(x.type, 1.0), x)
    return b.select(b.fcmp_unordered("uno", x, x), x, b.select(b.fcmp_ordered("==", x, zero), zero, one))


def _root(context: Any, b: Any, x: Any) -> Any:
    kind = x.type
    if not by_eights(kind) or processor() == "znver4":
        return call(b, "llvm.sqrt", x)
    small = b.fcmp_ordered("<", x, constant(kind, SMALL))
    a = b.select(small, b.fmul(x, constant(kind, UP)), x)
    y = _by_eights(b, "llvm.x86.avx512.rsqrt14.pd.512", [a, constant(kind, 0.0)], ir.IntType(8)(255))
    g = refined(b.fmul, b.fneg, lambda *args: call(b, "llvm.fma", *args), a, y, constant(kind, 0.5))
    g = b.select(small, b.fmul(g, constant(kind, DOWN)), g)
    return _fixed(b, x, g, SPECIAL)


elementwise(np.sign, 1, _sign)
for _function in (np.sqrt, math.sqrt):
    elementwise(_function, 1, _root)
