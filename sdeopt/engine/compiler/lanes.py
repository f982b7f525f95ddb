"""SIMD lanes, the types: W paths side by side in vector registers, as values that pages compute with.

LLVM has vectors such as ``<16 x double>``; Numba has no name for them. This module gives them one. A ``Pack(d, W)`` is
d rows of W float64 lanes: row i, lane l holds coordinate i of path l. Two degenerate shapes complete the algebra:

- ``Pack(0, W)``: one number per path (a norm, a loss), which broadcasts against rows like a scalar;
- ``Pack(d, 0)``: one vector for all paths (the data of a problem), which broadcasts against lanes.

A ``Matrix(r, c)`` is a small matrix of problem data. ``Mask(d, W)`` is what a comparison gives and ``where`` takes.

All are SSA values, never pointers: LLVM keeps them in registers, and nothing is reference-counted. They come into
being in two ways: from Python, by passing a `Flat` or `Block` (an array wrapped so that Numba loads it element by
element into a value), and inside a kernel, by `loader` from a buffer of draws. The arithmetic is in ``lane_ops``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.imputils import lower_constant
from numba.core.typeconv import Conversion
from numba.extending import (
    NativeValue,
    intrinsic,
    lower_cast,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from sdeopt.engine.machine.words import F64, I1, I64, element, splat
from sdeopt.engine.states import flat_sizes

__all__ = [
    "Block", "Flat", "Mask", "Matrix", "Pack", "broadcast", "loader", "rebuild", "rows", "storer", "wide_vectors",
]  # fmt: skip


class Pack(types.Type):
    """d rows of W lanes; d = 0: a number per lane; W = 0: the same in every lane."""

    def __init__(self, d: int, width: int) -> None:
        self.d, self.width = d, width
        super().__init__(f"Pack({d}, {width})")

    def can_convert_from(self, context: Any, other: Any) -> Any:
        """Numbers and uniform packs spread over the lanes."""
        if isinstance(other, (types.Float, types.Integer)):
            return Conversion.safe
        if isinstance(other, Pack) and other.width in (0, self.width) and other.d in (0, self.d):
            return Conversion.safe
        return None

    def unify(self, context: Any, other: Any) -> Any:
        """The shape that holds both."""
        if isinstance(other, (types.Float, types.Integer)):
            return self
        if isinstance(other, Pack):
            return common(self, other)
        return None


class Mask(types.Type):
    """Truth values of the shape of a `Pack`."""

    def __init__(self, d: int, width: int) -> None:
        self.d, self.width = d, width
        super().__init__(f"Mask({d}, {width})")


class Matrix(types.Type):
    """An r x c matrix, the same in every lane, row by row."""

    def __init__(self, r: int, c: int) -> None:
        self.r, self.c = r, c
        super().__init__(f"Matrix({r}, {c})")


def common(*packs: Any) -> Any:
    """The pack shape of an elementwise result, or None if the shapes do not fit."""
    sizes, widths = {p.d for p in packs} - {0}, {p.width for p in packs} - {0}
    if len(sizes) > 1 or len(widths) > 1:
        return None
    return Pack(max(sizes, default=0), max(widths, default=0))


def rows(kind: Any) -> Any:
    """Number of LLVM elements of a pack or mask."""
    return max(kind.d, 1)


@register_model(Pack)
@register_model(Mask)
class _RowsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        one = element(kind.width, I1 if isinstance(kind, Mask) else F64)
        super().__init__(manager, kind, ir.ArrayType(one, rows(kind)))


@register_model(Matrix)
class _MatrixModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.ArrayType(F64, kind.r * kind.c))


def rebuild(builder: Any, items: Any) -> Any:
    """An LLVM array from its elements."""
    value = ir.Constant(ir.ArrayType(items[0].type, len(items)), ir.Undefined)
    for i, item in enumerate(items):
        value = builder.insert_value(value, item, i)
    return value


def row(builder: Any, value: Any, kind: Any, i: int, width: int) -> Any:
    """Flat i of a pack or mask, a number or a truth value, widened to ``width`` lanes."""
    if isinstance(kind, types.Integer):
        value = builder.sitofp(value, F64) if kind.signed else builder.uitofp(value, F64)
    elif isinstance(kind, types.Boolean):
        value = builder.uitofp(value, F64)
    elif isinstance(kind, types.Float) and kind.bitwidth < 64:
        value = builder.fpext(value, F64)
    if not isinstance(kind, (Pack, Mask)):
        return splat(builder, value, width)
    item = builder.extract_value(value, i if kind.d else 0)
    return item if kind.width else splat(builder, item, width)


def _cast(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:
    if not isinstance(source, Pack):
        value = context.cast(builder, value, source, types.float64)
        source = types.float64
    return rebuild(builder, [row(builder, value, source, i, target.width) for i in range(rows(target))])


for _source in (types.Float, types.Integer, Pack):
    lower_cast(_source, Pack)(_cast)


class Flat:
    """A vector to be passed to a kernel as ``Pack(d, 0)``."""

    def __init__(self, data: Any) -> None:
        self.data = np.ascontiguousarray(data, dtype=np.float64)


class Block:
    """A small matrix to be passed to a kernel as ``Matrix(r, c)``."""

    def __init__(self, data: Any) -> None:
        self.shape = data.shape
        self.data = np.ascontiguousarray(data, dtype=np.float64).ravel()


@typeof_impl.register(Flat)
def _row_type(value: Flat, context: Any) -> Any:
    return Pack(value.data.size, 0)


@typeof_impl.register(Block)
def _block_type(value: Block, context: Any) -> Any:
    return Matrix(*value.shape)


def _unbox(kind: Any, wrapper: Any, c: Any) -> Any:
    """Load the wrapped array, element by element, into an LLVM array."""
    size = kind.d if isinstance(kind, Pack) else kind.r * kind.c
    array_kind = types.Array(types.float64, 1, "C")
    held = c.pyapi.object_getattr_string(wrapper, "data")
    native = c.unbox(array_kind, held)
    data = c.context.make_array(array_kind)(c.context, c.builder, native.value).data
    items = [c.builder.load(c.builder.gep(data, [I64(i)])) for i in range(size)]
    c.pyapi.decref(held)
    if native.cleanup is not None:
        native.cleanup()
    return NativeValue(rebuild(c.builder, items), is_error=native.is_error)


unbox(Pack)(_unbox)
unbox(Matrix)(_unbox)


@lower_constant(Pack)
@lower_constant(Matrix)
def _constant(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """A `Flat` or `Block` that a function refers to."""
    return ir.Constant(ir.ArrayType(F64, value.data.size), [F64(x) for x in value.data.tolist()])


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, width: int) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), element(width).as_pointer())


def loader(shape: Any, width: int) -> Any:
    """An intrinsic (buffer, offset) -> ``Pack(shape, width)``, of rows of W numbers each that follow one another.

    Of a nested shape, as `states.unpacker` knows them, nested tuples of packs.
    """

    def kind(node: Any) -> Any:
        return Pack(node, width) if isinstance(node, int) else types.BaseTuple.from_types([*map(kind, node)])

    @intrinsic
    def load(typing: Any, buffer: Any, offset: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            def made(node: Any, first: int) -> Any:
                if isinstance(node, int):
                    places = [builder.add(args[1], I64(i * width)) for i in range(first, first + node)]
                    at = (_pointer(context, builder, signature.args[0], args[0], place, width) for place in places)
                    return rebuild(builder, [builder.load(one, align=8) for one in at])
                members = []
                for child in node:
                    members.append(made(child, first))
                    first += sum(flat_sizes(child))
                return context.make_tuple(builder, kind(node), members)

            return made(shape, 0)

        return kind(shape)(buffer, types.intp), generate

    return load


def storer(width: int) -> Any:
    """An intrinsic (buffer, offset, pack) that writes a number per lane at ``offset`` + W i for every row i.

    Truth values are written as 1 and 0. Into an array of several axes, row i goes to ``offset`` + n i, n the length of
    the last. A fourth argument is added to every row.
    """

    @intrinsic
    def store(typing: Any, buffer: Any, offset: Any, value: Any, more: Any = None) -> Any:
        if not isinstance(value, (Pack, Mask, types.Float, types.Integer, types.Boolean)):
            return None

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array, kind = signature.args[0], signature.args[2]
            shape = context.make_array(array)(context, builder, args[0]).shape
            apart = I64(width) if array.ndim == 1 else builder.extract_value(shape, array.ndim - 1)
            for i in range(rows(kind) if isinstance(kind, (Pack, Mask)) else 1):
                at = builder.add(args[1], builder.mul(apart, I64(i)))
                item = row(builder, args[2], kind, i, width)
                if isinstance(kind, Mask):
                    item = builder.uitofp(item, element(width))
                if signature.args[3] is not types.none:
                    item = builder.fadd(item, row(builder, args[3], signature.args[3], 0, width))
                builder.store(item, _pointer(context, builder, array, args[0], at, width)).align = 8
            return context.get_dummy_value()

        return types.none(buffer, types.intp, value, types.none if more is None else more), generate

    return store


def broadcast(width: int) -> Any:
    """An intrinsic that copies a uniform pack to ``width`` lanes."""

    @intrinsic
    def spread_out(typing: Any, value: Any) -> Any:
        target = Pack(value.d, width)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _cast(context, builder, signature.args[0], target, args[0])

        return target(value), generate

    return spread_out


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
