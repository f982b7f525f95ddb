"""SIMD lanes, the arithmetic: what ``lanes.Pack`` answers to, lowered to LLVM vector instructions.

No fast-math flag is ever set and a multiply-add is fused where `fma` is called, nowhere else, so a lane computes the
bits that a scalar would. Sums run over the rows from first to last, as in ``sdeopt.core.math``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_untracked
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

from sdeopt.engine.compiler.lanes import Mask, Pack, common, rebuild, row, rows
from sdeopt.engine.machine.host import register
from sdeopt.engine.machine.words import Value, call, element, joined, registers

__all__ = [
    "by_eights", "elementwise", "exponent", "fma", "halves", "product", "select", "total", "two_to",
]  # fmt: skip

EIGHT = element(8)
NUMBERS = (types.Float, types.Integer)


def _is_pack(*kinds: Any) -> bool:
    """Whether an operation on these types is one on lanes."""
    return any(isinstance(k, Pack) for k in kinds) and all(isinstance(k, (Pack, *NUMBERS)) for k in kinds)


def elementwise(function: Any, arity: int, emit: Callable[..., Any], result: type = Pack) -> None:
    """Give ``function`` a meaning on packs: ``emit(context, builder, *rows)`` for every row."""

    @infer_global(function)
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if kws or len(args) != arity or not _is_pack(*args):
                return None
            shape = common(*(k for k in args if isinstance(k, Pack)))
            return None if shape is None else signature(result(shape.d, shape.width), *args)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = sig.return_type
        items = [
            emit(context, builder, *(row(builder, a, k, i, kind.width) for a, k in zip(args, sig.args, strict=True)))
            for i in range(rows(kind))
        ]
        return impl_ret_untracked(context, builder, kind, rebuild(builder, items))

    if arity == 1:
        lower_builtin(function, Pack)(lower)
        return
    for a in (Pack, *NUMBERS):
        for b in (Pack, *NUMBERS):
            if Pack in (a, b):
                lower_builtin(function, a, b)(lower)


def by_eights(kind: Any) -> bool:
    """Whether rows of this type are made of registers of eight lanes."""
    return isinstance(kind, ir.VectorType) and kind.count % 8 == 0 and register() == 8


def _abreast(b: Any, parts: list[Any]) -> list[Any]:
    """The same registers, of which each comes after all others that it stands with.

    The processor looks no more than some hundred instructions ahead, and LLVM writes chains of them one after the
    other, each as long as that. A statement without instructions that takes all of them keeps their steps together.
    """
    if register() == 2 or getattr(parts[0].type, "count", 0) != register():
        return parts
    kinds = [part.type for part in parts]
    constraints = ",".join(["=v"] * len(parts) + [str(i) for i in range(len(parts))])
    held = b.asm(ir.FunctionType(ir.LiteralStructType(kinds), kinds), "", constraints, parts, False)
    held.attributes.add("readnone")
    held.attributes.add("nounwind")
    return [b.extract_value(held, i) for i in range(len(parts))]


def _extremum(comparison: str) -> Callable[..., Any]:
    """NumPy's minimum or maximum: NaN in either argument gives NaN. One instruction where y is a number of the code."""

    def emit(context: Any, b: Any, x: Any, y: Any) -> Any:
        chosen = b.select(b.fcmp_ordered(comparison, y, x), y, x)
        return b.select(b.fcmp_unordered("uno", y, y), y, chosen)

    return emit


for _operators, _method in (
    ((operator.add, operator.iadd), "fadd"),
    ((operator.sub, operator.isub), "fsub"),
    ((operator.mul, operator.imul), "fmul"),
    ((operator.truediv, operator.itruediv), "fdiv"),
):
    for _operator in _operators:
        elementwise(_operator, 2, lambda context, b, x, y, method=_method: getattr(b, method)(x, y))
for _operator, _symbol in (
    (operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="), (operator.eq, "=="),
):  # fmt: skip
    elementwise(_operator, 2, lambda context, b, x, y, symbol=_symbol: b.fcmp_ordered(symbol, x, y), Mask)
elementwise(operator.ne, 2, lambda context, b, x, y: b.fcmp_unordered("!=", x, y), Mask)
elementwise(operator.neg, 1, lambda context, b, x: b.fneg(x))
elementwise(operator.pos, 1, lambda context, b, x: x)
for _absolute in (abs, np.abs, math.fabs):
    elementwise(_absolute, 1, lambda context, b, x: call(b, "llvm.fabs", x))
elementwise(np.minimum, 2, _extremum("<"))
elementwise(np.maximum, 2, _extremum(">"))


def _two_to(b: Any, k: Any) -> Any:
    """AVX2 has no conversions of 64 bits: a whole number stands in the last bits of its sum with 3/2 2^52."""
    return ((Value(b, k) + (1.5 * 2.0**52 + 1023.0)).word() << 52).number().held


def _exponent(b: Any, x: Any) -> Any:
    """Likewise, by the bits of 2^52 + 2048 + e."""
    bits = (Value(b, x).word() + (2**63 - 0x3FE6A09E667F3BCD)) >> 52
    return ((bits | 0x4330000000000000).number() - (2.0**52 + 2048.0)).held


def _rowwise(emit: Callable[[Any, Any], Any]) -> Any:
    """An intrinsic that applies ``emit`` to a float or to every row of a pack."""

    @intrinsic
    def function(typing: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            if not isinstance(sig.args[0], Pack):
                return emit(builder, args[0])
            items = [emit(builder, builder.extract_value(args[0], i)) for i in range(rows(sig.args[0]))]
            return rebuild(builder, items)

        kind = x if isinstance(x, Pack) else types.float64
        return kind(kind), generate

    return function


two_to = _rowwise(_two_to)
exponent = _rowwise(_exponent)


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c rounded once, for numbers or packs."""
    packs = [k for k in (a, b, c) if isinstance(k, Pack)]
    kind = common(*packs) if packs else types.float64

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if not packs:
            return builder.fma(*args)

        def at(i: int) -> Any:
            return (row(builder, v, k, i, kind.width) for v, k in zip(args, sig.args, strict=True))

        return rebuild(builder, [call(builder, "llvm.fma", *at(i)) for i in range(rows(kind))])

    return kind(*(k if isinstance(k, Pack) else types.float64 for k in (a, b, c))), generate


@intrinsic
def halves(typing: Any, x: Any, y: Any, c: Any) -> Any:
    """The polynomial with the coefficients of the tuple ``c``, highest power first; y = x²."""
    kind = x if isinstance(x, Pack) else types.float64

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        packed = isinstance(kind, Pack)
        given = [builder.extract_value(args[2], i) for i in range(len(c))]
        items = []
        for i in range(rows(kind) if packed else 1):
            at = [registers(builder, builder.extract_value(v, i)) if packed else [v] for v in args[:2]]
            size, width = len(at[0]), getattr(at[0][0].type, "count", 0)
            p, q, *rest = ([row(builder, a, types.float64, 0, width)] * size for a in given)
            for a in rest:
                both = _abreast(builder, q + [call(builder, "llvm.fma", *v) for v in zip(p, at[1], a, strict=True)])
                p, q = both[:size], both[size:]
            items.append(joined(builder, [call(builder, "llvm.fma", *v) for v in zip(p, at[0], q, strict=True)]))
        return rebuild(builder, items) if packed else items[0]

    return kind(kind, kind, c), generate


@intrinsic
def select(typing: Any, mask: Any, a: Any, b: Any) -> Any:
    """``where`` on lanes."""
    packs = [k for k in (a, b) if isinstance(k, Pack)]
    kind = common(Pack(mask.d, mask.width), *packs)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def at(i: int, n: int) -> Any:
            return row(builder, args[n], sig.args[n], i, kind.width)

        return rebuild(builder, [builder.select(at(i, 0), at(i, 1), at(i, 2)) for i in range(rows(kind))])

    return kind(mask, a, b), generate


def _reduction(operation: str) -> Any:
    """An intrinsic that folds the rows, from first to last."""

    @intrinsic
    def reduce(typing: Any, x: Any) -> Any:
        kind = Pack(0, x.width) if x.width else types.float64

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            s = builder.extract_value(args[0], 0)
            for i in range(1, rows(sig.args[0])):
                s = getattr(builder, operation)(s, builder.extract_value(args[0], i))
            return rebuild(builder, [s]) if x.width else s

        return kind(x), generate

    return reduce


total = _reduction("fadd")
product = _reduction("fmul")
