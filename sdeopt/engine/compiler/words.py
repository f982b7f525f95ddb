"""SIMD lanes of 64-bit words: what the generator computes with before its words become numbers.

``Words(W)`` is W unsigned integers in vector registers, with the operators of a counter-based generator; ``numbers``
and ``bits`` reinterpret the 64 bits of each lane as a float64 and back. The functions of ``rng`` are written once, for
a single word, and compile for words unchanged: the same operations in the same order give the same bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_untracked
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from sdeopt.engine.compiler.lane_ops import constant
from sdeopt.engine.compiler.lanes import F64, I64, Pack, element, rebuild, splat

__all__ = ["Words", "bits", "iota", "lanes_of", "numbers", "power", "store_words", "to_number"]


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


def _words_to_numbers(emit: Callable[[Any, Any], Any]) -> Any:
    """An intrinsic from words, or one, to numbers."""

    @intrinsic
    def function(typing: Any, value: Any) -> Any:
        wide = isinstance(value, Words)
        kind = Pack(0, value.width) if wide else types.float64

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            result = emit(builder, args[0])
            return rebuild(builder, [result]) if wide else result

        return kind(value if wide else types.uint64), generate

    return function


def _float_like(value: Any) -> Any:
    return element(value.type.count) if isinstance(value.type, ir.VectorType) else F64


numbers = _words_to_numbers(lambda builder, value: builder.bitcast(value, _float_like(value)))
to_number = _words_to_numbers(lambda builder, value: builder.sitofp(value, _float_like(value)))


@intrinsic
def power(typing: Any, value: Any) -> Any:
    """The bits of a float64, shifted down by 52 with their sign: its power of two, if the bias was subtracted."""
    kind = value if isinstance(value, Words) else types.uint64
    return kind(kind), lambda context, builder, sig, args: builder.ashr(args[0], constant(args[0].type, 52))


@intrinsic
def bits(typing: Any, value: Any) -> Any:
    """The 64 bits of a float64, or of every lane."""
    wide = isinstance(value, Pack)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if wide:
            return builder.bitcast(builder.extract_value(args[0], 0), element(value.width, I64))
        return builder.bitcast(args[0], I64)

    return (Words(value.width)(value) if wide else types.uint64(types.float64)), generate


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
