"""SIMD lanes, NumPy's and Python's functions that pages of the package do without and users write.

Each gives the bits that Numba's own gives for one number, or for the entries of an array: powers by whole numbers that
the code states are products in Numba's order, exp and its like are Numba's function called lane by lane.
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
from numba.extending import lower_builtin, overload

from sdeopt.engine.compiler.lane_ops import elementwise, select, total
from sdeopt.engine.compiler.lanes import Mask, Pack, common, rebuild, row, rows
from sdeopt.engine.compiler.pipeline import OPTIONS
from sdeopt.engine.machine.words import I32, call

__all__: list[str] = []

LARGEST = 0x10000  # exponent that Numba unrolls
TRANSCENDENTAL = ("exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh")


def _by_lane(function: Any, arity: int) -> Callable[..., Any]:
    """Rows of what Numba makes of ``function`` for one number, in a given context."""

    def emit(context: Any, builder: Any, *items: Any) -> Any:
        kind = context.typing_context.resolve_value_type(function)
        scalar = context.get_function(kind, kind.get_call_type(context.typing_context, (types.float64,) * arity, {}))
        if not isinstance(items[0].type, ir.VectorType):
            return scalar(builder, items)
        out = ir.Constant(items[0].type, ir.Undefined)
        for lane in range(items[0].type.count):
            one = scalar(builder, [builder.extract_element(item, I32(lane)) for item in items])
            out = builder.insert_element(out, one, I32(lane))
        return out

    return emit


def _whole_power(builder: Any, x: Any, n: int) -> Any:
    """xⁿ by squaring, as Numba unrolls it."""
    one = ir.Constant(x.type, [1.0] * x.type.count if isinstance(x.type, ir.VectorType) else 1.0)
    out, left = one, abs(n)
    while left:
        out = builder.fmul(out, x) if left & 1 else out
        left >>= 1
        x = builder.fmul(x, x)
    return builder.fdiv(one, out) if n < 0 else out


def _stated(kind: Any) -> bool:
    """Whether the exponent is a whole number that the code states."""
    return isinstance(kind, types.IntegerLiteral) and abs(kind.literal_value) <= LARGEST


class _Powers(AbstractTemplate):
    """``x ** y``, a whole y only where the code states it."""

    def generic(self, args: Any, kws: Any) -> Any:
        packs = [kind for kind in args if isinstance(kind, Pack)]
        if kws or not packs or not all(isinstance(kind, (Pack, types.Float)) or _stated(kind) for kind in args):
            return None
        shape = common(*packs)
        return None if shape is None else signature(shape, *args)


def _power(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind = sig.return_type
    base, exponent = sig.args
    items = []
    for i in range(rows(kind)):
        x = row(builder, args[0], base, i, kind.width)
        if isinstance(exponent, types.IntegerLiteral):
            items.append(_whole_power(builder, x, exponent.literal_value))
        else:
            items.append(_by_lane(operator.pow, 2)(context, builder, x, row(builder, args[1], exponent, i, kind.width)))
    return impl_ret_untracked(context, builder, kind, rebuild(builder, items))


for _operator in (operator.pow, operator.ipow):
    infer_global(_operator)(type("Template", (_Powers,), {}))
    for _kind in (types.IntegerLiteral, types.Float, Pack):
        lower_builtin(_operator, Pack, _kind)(_power)
    lower_builtin(_operator, types.Float, Pack)(_power)
elementwise(np.power, 2, _by_lane(np.power, 2))
elementwise(np.square, 1, lambda context, b, x: b.fmul(x, x))
elementwise(np.copysign, 2, lambda context, b, x, y: call(b, "llvm.copysign", x, y))
for _name in ("fabs", "floor", "ceil", "trunc", "rint"):
    elementwise(getattr(np, _name), 1, lambda context, b, x, name=_name: call(b, f"llvm.{name}", x))
for _name in TRANSCENDENTAL:
    for _function in (getattr(np, _name), getattr(math, _name)):
        elementwise(_function, 1, _by_lane(_function, 1))
elementwise(np.arctan, 1, _by_lane(np.arctan, 1))


@overload(np.where, strict=False, jit_options=OPTIONS)
def _where(condition: Any, a: Any, b: Any) -> Any:
    return (lambda condition, a, b: select(condition, a, b)) if isinstance(condition, Mask) else None


@overload(np.clip, strict=False, jit_options=OPTIONS)
def _clip(a: Any, a_min: Any, a_max: Any) -> Any:
    if not isinstance(a, Pack):
        return None
    if isinstance(a_min, types.NoneType):
        return lambda a, a_min, a_max: np.minimum(a, a_max)
    if isinstance(a_max, types.NoneType):
        return lambda a, a_min, a_max: np.maximum(a, a_min)
    return lambda a, a_min, a_max: np.minimum(np.maximum(a, a_min), a_max)


@overload(np.sum, strict=False, jit_options=OPTIONS)
def _sum(a: Any) -> Any:
    return (lambda a: 0.0 + total(a)) if isinstance(a, Pack) and a.d else None


@overload(np.mean, strict=False, jit_options=OPTIONS)
def _mean(a: Any) -> Any:
    return (lambda a: (0.0 + total(a)) / len(a)) if isinstance(a, Pack) and a.d else None
