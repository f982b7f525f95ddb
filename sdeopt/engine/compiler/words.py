"""SIMD lanes of 64-bit words: what the generator computes with before its words become numbers.

``Words(W)`` is W unsigned integers in vector registers, with the operators of a counter-based generator; ``numbers``
and ``bits`` reinterpret the 64 bits of each lane as a float64 and back. The functions of ``rng`` are written once, for
a single word, and compile for words unchanged: the same operations in the same order give the same bits.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_untracked
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from sdeopt.engine.compiler.lanes import F64, I64, Pack, element, rebuild, splat

__all__ = ["Words", "bits", "iota", "lanes_of", "numbers", "store_words"]


class Words(types.Type):
    """W unsigned 64-bit integers."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(f"Words({width})")


@register_model(Words)
class _WordsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.VectorType(I64, kind.width))


def _operation(function: Any, emit: str) -> None:
    """Give an operator a meaning on words, and on words and a single one."""

    @infer_global(function)
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            words = [k for k in args if isinstance(k, Words)]
            fits = all(isinstance(k, Words) or k == types.uint64 for k in args)
            return signature(words[0], *args) if words and fits and not kws else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = [
            a if isinstance(k, Words) else splat(builder, a, sig.return_type.width)
            for a, k in zip(args, sig.args, strict=True)
        ]
        return impl_ret_untracked(context, builder, sig.return_type, getattr(builder, emit)(*wide))

    for kinds in ((Words, Words), (Words, types.uint64), (types.uint64, Words)):
        lower_builtin(function, *kinds)(lower)


for _function, _emit in (
    (operator.add, "add"), (operator.sub, "sub"), (operator.xor, "xor"), (operator.or_, "or_"),
    (operator.and_, "and_"), (operator.lshift, "shl"), (operator.rshift, "lshr"),
):  # fmt: skip
    _operation(_function, _emit)


@intrinsic
def numbers(typing: Any, value: Any) -> Any:
    """The number that 64 bits are, of a word or of every lane."""
    if not isinstance(value, Words):
        return types.float64(types.uint64), lambda context, builder, sig, args: builder.bitcast(args[0], F64)
    kind, row = Pack(0, value.width), element(value.width)
    return kind(value), lambda context, builder, sig, args: rebuild(builder, [builder.bitcast(args[0], row)])


@intrinsic
def bits(typing: Any, value: Any) -> Any:
    """The 64 bits of a float64, or of every lane."""
    if not isinstance(value, Pack):
        return types.uint64(types.float64), lambda context, builder, sig, args: builder.bitcast(args[0], I64)
    kind, row = Words(value.width), element(value.width, I64)
    return kind(value), lambda context, b, sig, args: b.bitcast(b.extract_value(args[0], 0), row)


def iota(width: int) -> Any:
    """An intrinsic without arguments: the words 0, 1, ..., W - 1."""

    @intrinsic
    def count(typing: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return ir.Constant(ir.VectorType(I64, width), list(range(width)))

        return Words(width)(), generate

    return count


@intrinsic
def lanes_of(typing: Any, words: Any) -> Any:
    """How many words these are."""
    return types.intp(words), lambda context, builder, sig, args: I64(words.width)


@intrinsic
def store_words(typing: Any, out: Any, at: Any, values: Any) -> Any:
    """Write a number per lane into flat memory from ``at`` on."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), element(values.width).as_pointer())
        builder.store(builder.extract_value(args[2], 0), place).align = 8
        return context.get_dummy_value()

    return types.none(out, types.intp, values), generate
