"""Tuples of one member for each agent, unrolled, since places and types of members are known when it is compiled."""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic, overload

from sdeopt.core.halves import fold_halves
from sdeopt.engine.compiler.lanes import Pack
from sdeopt.engine.compiler.pipeline import OPTIONS

__all__ = ["cut_pieces", "every"]

INLINED = OPTIONS | {"forceinline": True}


def cut_pieces(a: Any, b: Any) -> Any:
    """The body of `math.pieces`, unrolled since the places of rows of a pack must be known when it is compiled."""
    count = len(b)

    def piece(i: int) -> Any:
        if isinstance(a, Pack):
            first, last = i * (a.d // count), (i + 1) * (a.d // count)
            return njit(lambda x: (x[first:last],), **INLINED)
        return njit(lambda x: (x[i * (x.size // count) : (i + 1) * (x.size // count)],), **INLINED)

    f = fold_halves(_join, [piece(i) for i in range(count)])
    return lambda a, b: f(a)


def _join(one: Any, other: Any) -> Any:
    """A function of one argument that puts two tuples of it together."""
    return njit(lambda x: (*one(x), *other(x)), **INLINED)


def _pick(i: int, plain: list[bool]) -> Any:
    """A function of a tuple that replaces the plain tuples in it by their i-th members."""

    @intrinsic
    def pick(typing: Any, given: Any) -> Any:
        picked = types.BaseTuple.from_types([a[i] if chosen else a for a, chosen in zip(given, plain, strict=True)])

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            values = []
            for n, chosen in enumerate(plain):
                value = builder.extract_value(args[0], n)
                value = builder.extract_value(value, i) if chosen else value
                context.nrt.incref(builder, picked[n], value)
                values.append(value)
            return context.make_tuple(builder, picked, values)

        return picked(given), generate

    return pick


def _each(f: Any, *given: Any) -> Any:
    """Unrolled, since the members of a tuple may be of different types."""
    plain = [isinstance(a, (types.UniTuple, types.Tuple)) for a in given]
    count = next(len(a) for a, is_plain in zip(given, plain, strict=True) if is_plain)
    function = f.dispatcher

    def one(i: int) -> Any:
        pick = _pick(i, plain)
        return njit(lambda given: (function(*pick(given)),), **INLINED)

    all_of = fold_halves(_join, [one(i) for i in range(count)])
    return lambda f, *given: all_of(given)


def every(f: Any, *given: Any) -> Any:
    """`math.each`, which the compiler knows as `_each`."""


overload(every, strict=False, jit_options=OPTIONS)(_each)
