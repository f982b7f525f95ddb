"""The compiled twins of the page arithmetic: the same operations in the same order, hence the same bits.

Three shapes meet here: scalars, vectors (arrays, one path at a time) and packs of SIMD lanes. Sums run from the first
entry to the last (LLVM may not reorder them, since no fast-math flag is set).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload

from sdeopt.core import elementary, guards, math
from sdeopt.engine import states
from sdeopt.engine.compiler import lane_ops, lane_shapes, pairs, shields
from sdeopt.engine.compiler.lane_ops import fma
from sdeopt.engine.compiler.lanes import Mask, Matrix, Pack, register
from sdeopt.engine.compiler.pipeline import OPTIONS
from sdeopt.engine.compiler.products import by_columns, by_rows, some_columns, some_rows
from sdeopt.engine.compiler.tuples import add_members, cut_pieces, every

__all__ = ["TWINS", "elementwise"]


def _by_type(choose: Callable[..., Any]) -> Any:
    """A compiled function whose body ``choose(*types)`` picks by the types of its arguments."""

    def stub(*args: Any) -> Any: ...

    overload(stub, strict=False, jit_options=OPTIONS)(choose)
    return stub


def _entry_of(a: Any, b: Any) -> Any:
    return (lambda a, b: a[b]) if isinstance(a, types.Array) else (lambda a, b: a)


entry = _by_type(_entry_of)


def elementwise(scalar: Any, inlined: Any, arity: int) -> Any:
    """Extend the compiled formula ``scalar``, good for numbers and packs, to vectors by a loop of its inlined copy.

    The second of two arguments may be a number, or a vector of the same size.
    """

    def unary(a: Any) -> Any:
        if isinstance(a, Pack) and a.width and a.d * a.width > 4 * register():
            return lane_shapes.in_parts(scalar, a.d, a.width)
        if not isinstance(a, types.Array):
            return lambda a: scalar(a)

        def loop(a: Any) -> Any:
            out = np.empty(a.size)
            for i in range(a.size):
                out[i] = inlined(a[i])
            return out

        return loop

    def binary(a: Any, b: Any) -> Any:
        if not isinstance(a, types.Array):
            return lambda a, b: scalar(a, b)

        def loop(a: Any, b: Any) -> Any:
            out = np.empty(a.size)
            for i in range(a.size):
                out[i] = inlined(a[i], entry(b, i))
            return out

        return loop

    return _by_type(unary if arity == 1 else binary)


def _length(a: Any, b: Any, c: Any) -> Any:
    """The size of the arrays among the arguments."""
    if isinstance(a, types.Array):
        return lambda a, b, c: a.size
    return (lambda a, b, c: b.size) if isinstance(b, types.Array) else (lambda a, b, c: c.size)


length = _by_type(_length)


def _where(a: Any, b: Any, c: Any) -> Any:
    if isinstance(a, Mask):
        return lambda a, b, c: lane_ops.select(a, b, c)
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
        return lambda a, b, c: fma(a, b, c)

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
            return lambda a: rows(a)

        def loop(a: Any) -> Any:
            s = a[0]
            for i in range(1, a.size):
                s = operation(s, a[i])
            return s

        return loop

    return _by_type(choose)


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
    return (lambda a, b: lane_shapes.lower_matvec(a, b)) if isinstance(a, Matrix) else (lambda a, b: matvec(a, b))


def _matvec(a: Any, b: Any) -> Any:
    if isinstance(a, Matrix):
        return lambda a, b: lane_shapes.matvec(a, b)
    if isinstance(a, Pack) or a.ndim == 1:
        return lambda a, b: a * b
    in_columns = a.layout == "F" and a.dtype == types.float64
    return (lambda a, b: by_columns(a.T, 0, b)) if in_columns else (lambda a, b: by_rows(a, a.shape[0], 0, b))


def _batch_rmatvec(a: Any, b: Any, c: Any) -> Any:
    if isinstance(a, types.Array) and a.layout == "C" and a.dtype == types.float64:
        return lambda a, b, c: some_columns(a, b, c)
    return lambda a, b, c: matvec(a[b.astype(np.int64)].T, c)


def _basis(a: Any, b: Any) -> Any:
    if isinstance(a, Pack):
        return lambda a, b: lane_shapes.basis(a, b)

    def zeros_but_one(a: Any, b: Any) -> Any:
        e = np.zeros(a.size)
        e[b] = 1.0
        return e

    return zeros_but_one


def _filled(a: Any, b: Any) -> Any:
    if isinstance(a, Pack | types.Array):
        return lambda a, b: a
    return (lambda a, b: lane_shapes.uniform(a, b)) if isinstance(b, Pack) else (lambda a, b: np.full(b.size, a))


dot, matvec = _by_type(_dot), _by_type(_matvec)


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
    states.lend: lend,
    elementary.where: _by_type(_where),
    elementary.fma: _by_type(_fma),
    elementary.halves: njit(lambda x, y, c: lane_ops.halves(x, y, c), **OPTIONS),
    elementary.two_to: njit(lambda k: lane_ops.two_to(k), **OPTIONS),
    elementary.exponent: njit(lambda x: lane_ops.exponent(x), **OPTIONS),
    guards.guarded: _by_type(shields.guarded),
    guards.like: _by_type(shields.like),
    math.total: _folded(lane_ops.total, operator.add),
    math.product: _folded(lane_ops.product, operator.mul),
    math.dot: dot,
    math.norm: njit(lambda x: np.sqrt(dot(x, x)), **OPTIONS),
    math.matvec: matvec,
    math.lower_matvec: _by_type(_lower_matvec),
    math.batch_entries: njit(lambda v, index: v[index.astype(np.int64)], **OPTIONS),
    math.batch_matvec: njit(lambda a, index, x: some_rows(a, index.size, index, x), **OPTIONS),
    math.batch_rmatvec: _by_type(_batch_rmatvec),
    math.basis: _by_type(_basis),
    math.firsts: _by_type(pairs.firsts),
    math.seconds: _by_type(pairs.seconds),
    math.column: _by_type(pairs.column),
    math.pieces: _by_type(cut_pieces),
    math.filled: _by_type(_filled),
    math.each: every,
    math.add_members: njit(lambda a: add_members(a), **OPTIONS),
}
