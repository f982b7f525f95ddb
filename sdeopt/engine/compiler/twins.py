"""The compiled twins of the page arithmetic: the same operations in the same order, hence the same bits.

Three shapes meet here: scalars, vectors (arrays, one path at a time) and packs of SIMD lanes. Sums run from the first
entry to the last (LLVM may not reorder them, since no fast-math flag is set).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numba import njit, types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from sdeopt.core import elementary, guards, math
from sdeopt.engine import states
from sdeopt.engine.compiler import apart, lane_ops, lane_shapes, pairs, shields
from sdeopt.engine.compiler.chosen import by_type
from sdeopt.engine.compiler.lane_ops import fma
from sdeopt.engine.compiler.lanes import Mask, Matrix, Pack
from sdeopt.engine.compiler.pipeline import OPTIONS
from sdeopt.engine.compiler.products import by_columns, by_rows, some_columns, some_rows
from sdeopt.engine.compiler.tuples import add_members, by_parts, cut_pieces, every
from sdeopt.engine.machine import draws
from sdeopt.engine.machine.host import register

__all__ = ["TWINS", "elementwise"]


@intrinsic
def _first(typing: Any, a: Any, b: Any) -> Any:
    return a(a, b), lambda context, builder, sig, args: impl_ret_borrowed(context, builder, a, args[0])


entry = by_type(lambda a, b: operator.getitem if isinstance(a, types.Array) else _first)


def elementwise(scalar: Any, inlined: Any, arity: int) -> Any:
    """Extend the compiled formula ``scalar``, good for numbers and packs, to vectors by a loop of its inlined copy.

    The second of two arguments may be a number, or a vector of the same size.
    """

    def unary(a: Any) -> Any:
        if isinstance(a, Pack) and a.width and a.d * a.width > 4 * register():
            return lane_shapes.in_parts(scalar, a.d, a.width)
        if not isinstance(a, types.Array):
            return scalar

        def loop(a: Any) -> Any:
            out = np.empty(a.size)
            for i in range(a.size):
                out[i] = inlined(a[i])
            return out

        return loop

    def binary(a: Any, b: Any) -> Any:
        if not isinstance(a, types.Array):
            return scalar

        def loop(a: Any, b: Any) -> Any:
            out = np.empty(a.size)
            for i in range(a.size):
                out[i] = inlined(a[i], entry(b, i))
            return out

        return loop

    return by_type(unary if arity == 1 else binary)


def _length(a: Any, b: Any, c: Any) -> Any:
    """The size of the arrays among the arguments."""
    if isinstance(a, types.Array):
        return lambda a, b, c: a.size
    return (lambda a, b, c: b.size) if isinstance(b, types.Array) else (lambda a, b, c: c.size)


length = by_type(_length)


def _where(a: Any, b: Any, c: Any) -> Any:
    if isinstance(a, Mask):
        return lane_ops.select
    if not isinstance(a, types.Array):
        return lambda a, b, c: b if a else c

    def loop(a: Any, b: Any, c: Any) -> Any:
        out = np.empty(a.size)
        for i in range(a.size):
            out[i] = entry(b, i) if a[i] else entry(c, i)
        return out

    return loop


def _fma(a: Any, b: Any, c: Any) -> Any:
    if not any(isinstance(k, types.Array) for k in (a, b, c)):
        return fma

    def loop(a: Any, b: Any, c: Any) -> Any:
        out = np.empty(length(a, b, c))
        for i in range(out.size):
            out[i] = fma(entry(a, i), entry(b, i), entry(c, i))
        return out

    return loop


def _folded(rows: Any, operation: Any) -> Any:
    """The entries of a vector under an operation, from the first to the last; ``rows`` does so for a pack."""

    def choose(a: Any) -> Any:
        if isinstance(a, Pack):
            return rows

        def loop(a: Any) -> Any:
            s = a[0]
            for i in range(1, a.size):
                s = operation(s, a[i])
            return s

        return loop

    return by_type(choose)


def _dot(a: Any, b: Any) -> Any:
    if isinstance(a, Pack) or isinstance(b, Pack):
        return lambda a, b: lane_ops.total(a * b)

    def loop(a: Any, b: Any) -> Any:
        s = a[0] * b[0]
        for i in range(1, a.size):
            s += a[i] * b[i]
        return s

    return loop


def _lower_matvec(a: Any, b: Any) -> Any:
    return lane_shapes.lower_matvec if isinstance(a, Matrix) else matvec


def _matvec(a: Any, b: Any) -> Any:
    if isinstance(a, Matrix):
        return lane_shapes.matvec
    if isinstance(a, Pack):
        return operator.mul
    if a.ndim == 1:
        return lambda a, b: a * b
    in_columns = a.layout == "F" and a.dtype == types.float64
    return (lambda a, b: by_columns(a.T, 0, b)) if in_columns else (lambda a, b: by_rows(a, a.shape[0], 0, b))


def _batch_rmatvec(a: Any, b: Any, c: Any) -> Any:
    if isinstance(a, types.Array) and a.layout == "C" and a.dtype == types.float64:
        return some_columns
    return lambda a, b, c: matvec(a[b.astype(np.int64)].T, c)


def _basis(a: Any, b: Any) -> Any:
    if isinstance(a, Pack):
        return lane_shapes.basis

    def zeros_but_one(a: Any, b: Any) -> Any:
        e = np.zeros(a.size)
        e[b] = 1.0
        return e

    return zeros_but_one


def _filled(a: Any, b: Any) -> Any:
    if isinstance(a, Pack | types.Array):
        return _first
    return lane_shapes.uniform if isinstance(b, Pack) else (lambda a, b: np.full(b.size, a))


dot, matvec = by_type(_dot), by_type(_matvec)


@intrinsic
def lend(typing: Any, values: Any) -> Any:
    """The values with arrays that have no count of references, which cost more than the arithmetic of small arrays."""

    def uncounted(context: Any, builder: Any, kind: Any, value: Any) -> Any:
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, value)
            array.meminfo = array.meminfo.type(None)
            return array._getvalue()
        if isinstance(kind, types.BaseTuple):
            for i, member in enumerate(kind.types):
                inside = uncounted(context, builder, member, builder.extract_value(value, i))
                value = builder.insert_value(value, inside, i)
        return value

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return uncounted(context, builder, values, args[0])

    return values(values), generate


TWINS: dict[Any, Any] = {
    states.by_parts: by_parts,
    states.lend: lend,
    draws.fill: apart.fill,
    elementary.where: by_type(_where),
    elementary.fma: by_type(_fma),
    elementary.halves: lane_ops.halves,
    elementary.two_to: lane_ops.two_to,
    elementary.exponent: lane_ops.exponent,
    guards.guarded: by_type(shields.guarded),
    guards.like: by_type(shields.like),
    math.total: _folded(lane_ops.total, operator.add),
    math.product: _folded(lane_ops.product, operator.mul),
    math.dot: dot,
    math.norm: njit(lambda x: np.sqrt(dot(x, x)), **OPTIONS),
    math.matvec: matvec,
    math.lower_matvec: by_type(_lower_matvec),
    math.batch_entries: njit(lambda v, index: v[index.astype(np.int64)], **OPTIONS),
    math.batch_matvec: njit(lambda a, index, x: some_rows(a, index.size, index, x), **OPTIONS),
    math.batch_rmatvec: by_type(_batch_rmatvec),
    math.basis: by_type(_basis),
    math.firsts: by_type(pairs.firsts),
    math.seconds: by_type(pairs.seconds),
    math.column: by_type(pairs.column),
    math.pieces: by_type(cut_pieces),
    math.filled: by_type(_filled),
    math.each: every,
    math.add_members: add_members,
}
