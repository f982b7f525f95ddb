"""SIMD lanes, the shapes: rows and entries of packs, packs joined, small matrices of data."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer, infer_getattr, signature
from numba.extending import intrinsic, lower_builtin, lower_getattr, overload

from sdeopt.engine.compiler.lanes import Matrix, Pack, loader, rebuild, row, storer
from sdeopt.engine.compiler.pipeline import OPTIONS
from sdeopt.engine.machine.host import register
from sdeopt.engine.machine.words import F64, I64, call, joined, registers

__all__ = ["basis", "in_parts", "matvec"]


def _product(columns: Callable[[int, int], int]) -> Any:
    """A matrix of data times a pack, the first ``columns(row, all)`` columns of every row, from first to last."""

    @intrinsic
    def matvec(typing: Any, a: Any, x: Any) -> Any:
        kind = Pack(a.r, x.width)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            at = [registers(builder, builder.extract_value(args[1], j)) for j in range(a.c)]
            width = getattr(at[0][0].type, "count", 0)

            def entry(i: int, j: int) -> Any:
                return row(builder, builder.extract_value(args[0], i * a.c + j), types.float64, 0, width)

            sums = [[builder.fmul(entry(i, 0), part) for i in range(a.r)] for part in at[0]]
            for part, column in enumerate(zip(*at, strict=True)):
                for j in range(1, a.c):
                    for i in range(a.r):
                        if j < columns(i, a.c):
                            sums[part][i] = call(builder, "llvm.fma", entry(i, j), column[j], sums[part][i])
            items = [joined(builder, list(parts)) for parts in zip(*sums, strict=True)]
            return rebuild(builder, items)

        return kind(a, x), generate

    return matvec


matvec = _product(lambda i, c: c)
lower_matvec = _product(lambda i, c: min(i + 1, c))


@intrinsic
def uniform(typing: Any, value: Any, like: Any) -> Any:
    """A number as every row of a vector of data."""
    kind = Pack(like.d, 0)
    return kind(types.float64, like), lambda context, builder, sig, args: rebuild(builder, [args[0]] * max(like.d, 1))


def _attribute(of: type, name: str, kind: Callable[[Any], Any], value: Callable[[Any, Any, Any], Any]) -> None:
    """Give a type an attribute without a function: ``kind(x)`` and ``value(builder, x, held)``."""

    @infer_getattr
    class Template(AttributeTemplate):
        key = of

    setattr(Template, f"resolve_{name}", lambda self, x: kind(x))
    lower_getattr(of, name)(lambda context, builder, x, held: value(builder, x, held))


_attribute(Pack, "size", lambda x: types.intp, lambda b, x, held: I64(x.d))
_attribute(Pack, "shape", lambda x: types.UniTuple(types.intp, 1), lambda b, x, held: rebuild(b, [I64(x.d)]))
_attribute(Matrix, "shape", lambda a: types.UniTuple(types.intp, 2), lambda b, a, _: rebuild(b, [I64(a.r), I64(a.c)]))
_attribute(
    Matrix, "T", lambda a: Matrix(a.c, a.r),
    lambda b, a, held: rebuild(b, [b.extract_value(held, i * a.c + j) for j in range(a.c) for i in range(a.r)]),
)  # fmt: skip


@overload(len, strict=False, jit_options=OPTIONS)
def _pack_length(x: Any) -> Any:
    return (lambda x: x.size) if isinstance(x, Pack) else None


@intrinsic
def basis(typing: Any, x: Any, i: Any) -> Any:
    """The unit vector along row i, the same in every lane."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def entry(r: int) -> Any:
            return builder.select(builder.icmp_signed("==", args[1], I64(r)), F64(1.0), F64(0.0))

        return rebuild(builder, [entry(r) for r in range(x.d)])

    return Pack(x.d, 0)(x, types.intp), generate


@intrinsic
def _entry(typing: Any, x: Any, i: Any) -> Any:
    kind = Pack(0, x.width) if x.width else types.float64

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        with builder.goto_entry_block():
            place = builder.alloca(args[0].type)
        builder.store(args[0], place)
        index = builder.select(builder.icmp_signed("<", args[1], I64(0)), builder.add(args[1], I64(x.d)), args[1])
        with cgutils.if_unlikely(builder, builder.icmp_unsigned(">=", index, I64(x.d))):
            context.call_conv.return_user_exc(builder, IndexError, ("index is out of bounds",))
        item = builder.load(builder.gep(place, [I64(0), index], inbounds=True))
        return rebuild(builder, [item]) if x.width else item

    return kind(x, types.intp), generate


@overload(operator.getitem, strict=False, jit_options=OPTIONS)
def _entry_at(x: Any, i: Any) -> Any:
    return (lambda x, i: _entry(x, i)) if isinstance(x, Pack) and x.d and isinstance(i, types.Integer) else None


@infer
class _Pick(AbstractTemplate):
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


@intrinsic
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


@overload(np.concatenate, strict=False, jit_options=OPTIONS)
def _concatenate(arrays: Any) -> Any:
    packs = isinstance(arrays, types.BaseTuple) and all(isinstance(k, Pack) and k.d for k in arrays)
    return (lambda arrays: _join(arrays)) if packs else None


@overload(np.array, strict=False, jit_options=OPTIONS)
def _array(entries: Any) -> Any:
    some = isinstance(entries, types.BaseTuple) and any(isinstance(k, Pack) for k in entries)
    fit = some and all(not k.d if isinstance(k, Pack) else isinstance(k, (types.Float, types.Integer)) for k in entries)
    return (lambda entries: _stack(entries)) if fit else None


@intrinsic
def _stack(typing: Any, entries: Any) -> Any:
    """A pack from its entries."""
    kinds = list(entries)
    kind = Pack(len(kinds), max(k.width for k in kinds if isinstance(k, Pack)))

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        items = [row(builder, builder.extract_value(args[0], n), k, 0, kind.width) for n, k in enumerate(kinds)]
        return rebuild(builder, items)

    return kind(entries), generate


def in_parts(scalar: Any, d: int, width: int) -> Any:
    """The formula for a few rows after the other, whose numbers the processor's registers hold: a loop if many."""
    some = max(1, 4 * register() // width)
    load, store, whole = loader(some, width), storer(width), loader(d, width)

    @intrinsic
    def one_by_one(typing: Any, x: Any) -> Any:
        formula = typing.resolve_value_type(scalar)
        calls = [formula.get_call_type(typing, (Pack(min(some, d - i), width),), {}) for i in range(0, d, some)]

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            given, out = [builder.extract_value(args[0], i) for i in range(d)], []
            for one in calls:
                part = rebuild(builder, [given.pop(0) for _ in range(one.return_type.d)])
                found = context.get_function(formula, one)(builder, [part])
                out += [builder.extract_value(found, i) for i in range(one.return_type.d)]
            return rebuild(builder, out)

        return x(x), generate

    def loop(a: Any) -> Any:
        given, out = np.empty(d * width), np.empty(d * width)
        store(given, 0, a)
        for i in range(0, d, some):
            at = min(i, d - some) * width
            store(out, at, scalar(load(given, at)))
        return whole(out, 0)

    return loop if d > 16 else lambda a: one_by_one(a)  # a new intrinsic is known to what is compiled next
