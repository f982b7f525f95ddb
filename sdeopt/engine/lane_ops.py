"""SIMD lanes, the arithmetic: what ``lanes.Pack`` answers to, lowered to LLVM vector instructions.

No fast-math flag is ever set and nothing is contracted to a fused multiply-add, so a lane computes the bits that a
scalar would. Sums run over the rows from first to last, as in ``sdeopt.core.math``.
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
from numba.core.typing.templates import AbstractTemplate, infer, infer_global, signature
from numba.extending import intrinsic, lower_builtin, overload, overload_attribute

from sdeopt.engine.lanes import F64, I64, Mask, Matrix, Pack, common, element, rebuild, row, rows

__all__ = ["basis", "exponent", "is_pack", "matvec", "select", "total", "two_to"]

NUMBERS = (types.Float, types.Integer)


def is_pack(*kinds: Any) -> bool:
    """Whether an operation on these types is one on lanes."""
    return any(isinstance(k, Pack) for k in kinds) and all(isinstance(k, (Pack, *NUMBERS)) for k in kinds)


def _shape(kinds: Any) -> Any:
    return common(*(k for k in kinds if isinstance(k, Pack)))


def _elementwise(function: Any, arity: int, emit: Callable[..., Any], result: type = Pack) -> None:
    """Give ``function`` a meaning on packs: ``emit(builder, *rows)`` for every row."""

    @infer_global(function)
    class Template(AbstractTemplate):  # type: ignore[misc]
        def generic(self, args: Any, kws: Any) -> Any:
            if kws or len(args) != arity or not is_pack(*args):
                return None
            shape = _shape(args)
            return None if shape is None else signature(result(shape.d, shape.width), *args)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = sig.return_type
        items = [
            emit(builder, *(row(builder, a, k, i, kind.width) for a, k in zip(args, sig.args, strict=True)))
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


def _call(builder: Any, name: str, *args: Any) -> Any:
    """Call an LLVM intrinsic on rows of any width."""
    kind = args[0].type
    suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
    function = builder.module.globals.get(f"{name}.{suffix}")
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(kind, [kind] * len(args)), f"{name}.{suffix}")
    return builder.call(function, args)


def _constant(kind: Any, value: float) -> Any:
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def _extremum(comparison: str) -> Callable[..., Any]:
    """NumPy's minimum or maximum: NaN in either argument gives NaN."""

    def emit(b: Any, x: Any, y: Any) -> Any:
        first = b.or_(b.fcmp_ordered(comparison, x, y), b.fcmp_unordered("uno", x, x))
        return b.select(first, x, y)

    return emit


def _sign(b: Any, x: Any) -> Any:
    zero = _constant(x.type, 0.0)
    one = _call(b, "llvm.copysign", _constant(x.type, 1.0), x)
    return b.select(b.fcmp_unordered("uno", x, x), x, b.select(b.fcmp_ordered("==", x, zero), zero, one))


for _operators, _method in (
    ((operator.add, operator.iadd), "fadd"),
    ((operator.sub, operator.isub), "fsub"),
    ((operator.mul, operator.imul), "fmul"),
    ((operator.truediv, operator.itruediv), "fdiv"),
):
    for _operator in _operators:
        _elementwise(_operator, 2, lambda b, x, y, method=_method: getattr(b, method)(x, y))
for _operator, _symbol in (
    (operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="), (operator.eq, "=="),
):  # fmt: skip
    _elementwise(_operator, 2, lambda b, x, y, symbol=_symbol: b.fcmp_ordered(symbol, x, y), Mask)
_elementwise(operator.ne, 2, lambda b, x, y: b.fcmp_unordered("!=", x, y), Mask)
_elementwise(operator.neg, 1, lambda b, x: b.fneg(x))
_elementwise(operator.pos, 1, lambda b, x: x)
for _function in (abs, np.abs, math.fabs):
    _elementwise(_function, 1, lambda b, x: _call(b, "llvm.fabs", x))
for _function in (np.sqrt, math.sqrt):
    _elementwise(_function, 1, lambda b, x: _call(b, "llvm.sqrt", x))
_elementwise(np.sign, 1, _sign)
_elementwise(np.minimum, 2, _extremum("<="))
_elementwise(np.maximum, 2, _extremum(">="))


def _emit_two_to(b: Any, k: Any) -> Any:
    wide = element(k.type.count, I64) if isinstance(k.type, ir.VectorType) else I64
    return b.bitcast(b.shl(b.add(b.fptosi(k, wide), _constant(wide, 1023)), _constant(wide, 52)), k.type)


def _emit_exponent(b: Any, x: Any) -> Any:
    wide = element(x.type.count, I64) if isinstance(x.type, ir.VectorType) else I64
    bits = b.sub(b.bitcast(x, wide), _constant(wide, 0x3FE6A09E667F3BCD))
    return b.sitofp(b.ashr(bits, _constant(wide, 52)), x.type)


def _rowwise(emit: Callable[[Any, Any], Any]) -> Any:
    """An intrinsic that applies ``emit`` to a float or to every row of a pack."""

    @intrinsic  # type: ignore[untyped-decorator]
    def function(typing: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            if not isinstance(sig.args[0], Pack):
                return emit(builder, args[0])
            items = [emit(builder, builder.extract_value(args[0], i)) for i in range(rows(sig.args[0]))]
            return rebuild(builder, items)

        kind = x if isinstance(x, Pack) else types.float64
        return kind(kind), generate

    return function


two_to = _rowwise(_emit_two_to)
exponent = _rowwise(_emit_exponent)


@intrinsic  # type: ignore[untyped-decorator]
def select(typing: Any, mask: Any, a: Any, b: Any) -> Any:
    """``where`` on lanes."""
    packs = [k for k in (a, b) if isinstance(k, Pack)]
    kind = common(Pack(mask.d, mask.width), *packs)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def at(i: int, n: int) -> Any:
            return row(builder, args[n], sig.args[n], i, kind.width)

        return rebuild(builder, [builder.select(at(i, 0), at(i, 1), at(i, 2)) for i in range(rows(kind))])

    return kind(mask, a, b), generate


@intrinsic  # type: ignore[untyped-decorator]
def total(typing: Any, x: Any) -> Any:
    """Sum over the rows, from first to last."""
    kind = Pack(0, x.width) if x.width else types.float64

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        s = builder.extract_value(args[0], 0)
        for i in range(1, rows(sig.args[0])):
            s = builder.fadd(s, builder.extract_value(args[0], i))
        return rebuild(builder, [s]) if x.width else s

    return kind(x), generate


@intrinsic  # type: ignore[untyped-decorator]
def matvec(typing: Any, a: Any, x: Any) -> Any:
    """A matrix of data times a pack, columns from first to last."""
    kind = Pack(a.r, x.width)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        columns = [builder.extract_value(args[1], j) for j in range(a.c)]

        def entry(i: int, j: int) -> Any:
            return row(builder, builder.extract_value(args[0], i * a.c + j), types.float64, 0, kind.width)

        items = []
        for i in range(a.r):
            s = builder.fmul(entry(i, 0), columns[0])
            for j in range(1, a.c):
                s = builder.fadd(s, builder.fmul(entry(i, j), columns[j]))
            items.append(s)
        return rebuild(builder, items)

    return kind(a, x), generate


@intrinsic  # type: ignore[untyped-decorator]
def _transpose(typing: Any, a: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        cells = [builder.extract_value(args[0], i * a.c + j) for j in range(a.c) for i in range(a.r)]
        return rebuild(builder, cells)

    return Matrix(a.c, a.r)(a), generate


@overload_attribute(Matrix, "T", strict=False)
def _matrix_transposed(a: Any) -> Any:
    return lambda a: _transpose(a)


@overload_attribute(Matrix, "shape", strict=False)
def _matrix_shape(a: Any) -> Any:
    shape = (a.r, a.c)
    return lambda a: shape


@overload_attribute(Pack, "size", strict=False)
def _pack_size(x: Any) -> Any:
    size = x.d
    return lambda x: size


@overload_attribute(Pack, "shape", strict=False)
def _pack_shape(x: Any) -> Any:
    shape = (x.d,)
    return lambda x: shape


@overload(len, strict=False)
def _pack_length(x: Any) -> Any:
    if not isinstance(x, Pack):
        return None
    size = x.d
    return lambda x: size


@intrinsic  # type: ignore[untyped-decorator]
def basis(typing: Any, x: Any, i: Any) -> Any:
    """The unit vector along row i, the same in every lane."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def entry(r: int) -> Any:
            return builder.select(builder.icmp_signed("==", args[1], I64(r)), F64(1.0), F64(0.0))

        return rebuild(builder, [entry(r) for r in range(x.d)])

    return Pack(x.d, 0)(x, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def _entry(typing: Any, x: Any, i: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        with builder.goto_entry_block():
            place = builder.alloca(args[0].type)
        builder.store(args[0], place)
        return builder.load(builder.gep(place, [I64(0), args[1]], inbounds=True))

    return types.float64(x, types.intp), generate


@overload(operator.getitem, strict=False)
def _uniform_entry(x: Any, i: Any) -> Any:
    if isinstance(x, Pack) and x.d and not x.width and isinstance(i, types.Integer):
        return lambda x, i: _entry(x, i)
    return None


@infer
class _Pick(AbstractTemplate):  # type: ignore[misc]
    """``x[i]`` and ``x[a:b]`` with literal indices."""

    key = "static_getitem"

    def generic(self, args: Any, kws: Any) -> Any:
        value, index = args
        if not isinstance(value, Pack) or not value.d:
            return None
        if isinstance(index, int) and -value.d <= index < value.d:
            kind = Pack(0, value.width) if value.width else types.float64
            return signature(kind, *args)
        if isinstance(index, slice):
            count = len(range(value.d)[index])
            return signature(Pack(count, value.width), *args) if count else None
        return None


@lower_builtin("static_getitem", Pack, types.IntegerLiteral)
@lower_builtin("static_getitem", Pack, types.SliceLiteral)
def _pick(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    value, kind = args[0], sig.return_type
    index = args[1]
    chosen = range(sig.args[0].d)[index]
    if isinstance(index, slice):
        return rebuild(builder, [builder.extract_value(value, i) for i in chosen])
    item = builder.extract_value(value, chosen)
    return rebuild(builder, [item]) if isinstance(kind, Pack) else item


@intrinsic  # type: ignore[untyped-decorator]
def _join(typing: Any, packs: Any) -> Any:
    kinds = list(packs)
    width = max(k.width for k in kinds)
    kind = Pack(sum(k.d for k in kinds), width)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        items = [
            row(builder, builder.extract_value(args[0], n), k, i, width)
            for n, k in enumerate(kinds)
            for i in range(k.d)
        ]
        return rebuild(builder, items)

    return kind(packs), generate


@overload(np.concatenate, strict=False)
def _concatenate(arrays: Any) -> Any:
    if isinstance(arrays, types.BaseTuple) and all(isinstance(k, Pack) and k.d for k in arrays):
        return lambda arrays: _join(arrays)
    return None
