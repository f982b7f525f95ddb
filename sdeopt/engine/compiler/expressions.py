"""Arithmetic on whole vectors: one loop for an expression, which becomes vector instructions.

Numba's own loop asks at every turn whether NumPy would stretch an array of size one, and LLVM does not vectorise loops
that ask so about three arrays. Here the question comes before the loop. Vectors of one size, nearly all, have a loop
without it, and others a second one.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils, ir
from numba.np import arrayobj
from numba.np.ufunc.array_exprs import _lower_array_expr

__all__ = ["lower"]


def lower(lowerer: Any, expr: Any) -> Any:
    """The code of an array expression: a tree, in tuples (operation, operands), that Numba has found in a function."""
    kinds = {var.name: lowerer.typeof(var.name) for var in expr.list_vars()}
    vectors = {name: kind for name, kind in kinds.items() if isinstance(kind, types.Array)}
    if any(kind.ndim != 1 for kind in (expr.ty, *vectors.values())) or not _simple(expr.expr, kinds):
        return _lower_array_expr(lowerer, expr)
    context, builder = lowerer.context, lowerer.builder
    values = {name: lowerer.loadvar(name) for name in kinds}
    arrays = {name: context.make_array(kind)(context, builder, values[name]) for name, kind in vectors.items()}
    sizes = [cgutils.unpack_tuple(builder, array.shape, 1)[0] for array in arrays.values()]
    size, steps, same = _common(lowerer, sizes, expr.loc)
    out = arrayobj._empty_nd_impl(context, builder, expr.ty, (size,))

    def entries(turns: Any, steps: Any) -> None:
        for (name, array), step in zip(arrays.items(), steps, strict=True):
            place = turns.index if step is None else builder.mul(turns.index, step)
            pointer = cgutils.get_item_pointer(context, builder, vectors[name], array, [place])
            values[name] = arrayobj.load_item(context, builder, vectors[name], pointer)
        kind, value = _evaluate(lowerer, expr.expr, kinds, values)
        pointer = cgutils.get_item_pointer(context, builder, expr.ty, out, [turns.index])
        arrayobj.store_item(context, builder, expr.ty, context.cast(builder, value, kind, expr.ty.dtype), pointer)

    with builder.if_else(same, likely=True) as (usual, stretched):
        with usual, cgutils.for_range(builder, size) as turns:
            entries(turns, [None] * len(sizes))
        with stretched, cgutils.for_range(builder, size) as turns:
            entries(turns, steps)
    return out._getvalue()


def _simple(tree: Any, kinds: Any) -> bool:
    """Whether we know what to do with all operations and operands; powers have rules of their own."""
    if isinstance(tree, tuple):
        operation, operands = tree
        known = isinstance(operation, np.ufunc) or getattr(operator, operation.__name__, None) is operation
        return known and operation not in (np.power, operator.pow) and all(_simple(one, kinds) for one in operands)
    kind = types.float64 if isinstance(tree, ir.Const) else kinds[tree.name]
    return isinstance(kind, (types.Number, types.Boolean, types.Array))


def _common(lowerer: Any, sizes: Any, place: Any) -> Any:
    """The size of the result, the step from entry to entry in each operand, and whether all sizes are the same."""
    context, builder = lowerer.context, lowerer.builder
    zero, one = (context.get_constant(types.intp, i) for i in (0, 1))
    size = functools.reduce(lambda a, b: builder.select(builder.icmp_signed("==", a, one), b, a), sizes)
    equal = [builder.icmp_signed("==", size, other) for other in sizes]
    single = [builder.icmp_signed("==", one, other) for other in sizes]
    fits = functools.reduce(builder.and_, map(builder.or_, equal, single))
    with cgutils.if_unlikely(builder, builder.not_(fits)):
        message = f"vectors of different sizes in an expression ({place.filename}, line {place.line})"
        context.call_conv.return_user_exc(builder, ValueError, (message,))
    return size, [builder.select(alone, zero, one) for alone in single], functools.reduce(builder.and_, equal)


def _evaluate(lowerer: Any, tree: Any, kinds: Any, values: Any) -> tuple[Any, Any]:
    """Type and value of a tree for one entry of each vector."""
    context, builder, typing = lowerer.context, lowerer.builder, lowerer.context.typing_context
    if isinstance(tree, ir.Const):
        kind = types.unliteral(typing.resolve_value_type(tree.value))
        return kind, context.get_constant_generic(builder, kind, tree.value)
    if isinstance(tree, ir.Var):
        kind = types.unliteral(kinds[tree.name])
        return getattr(kind, "dtype", kind), values[tree.name]
    operation, operands = tree
    found = [_evaluate(lowerer, operand, kinds, values) for operand in operands]
    function = typing.resolve_value_type(operation)
    signature = function.get_call_type(typing, tuple(kind for kind, _ in found), {})
    given = [context.cast(builder, v, kind, wanted) for (kind, v), wanted in zip(found, signature.args, strict=True)]
    return signature.return_type, context.get_function(function, signature)(builder, given)
