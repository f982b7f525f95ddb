"""Tuples of one member for each agent, unrolled, since places and types of members are known when it is compiled.

Each answer is one piece of code. Functions of one member each would all be handed the whole tuple: N times N members.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

from numba import njit, types
from numba.extending import intrinsic, overload

from sdeopt.engine.compiler.lanes import Pack, rebuild
from sdeopt.engine.compiler.pipeline import OPTIONS

__all__ = ["add_members", "by_parts", "cut_pieces", "every"]

INLINED = OPTIONS | {"forceinline": True}


@intrinsic
def _cut_rows(typing: Any, x: Any, like: Any) -> Any:
    count = len(like)
    size = x.d // count
    cut = types.UniTuple(Pack(size, x.width), count)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = [builder.extract_value(args[0], i) for i in range(count * size)]
        packs = [rebuild(builder, rows[i * size : (i + 1) * size]) for i in range(count)]
        return context.make_tuple(builder, cut, packs)

    return cut(x, like), generate


def cut_pieces(a: Any, b: Any) -> Any:
    """The body of `math.pieces`."""
    if isinstance(a, Pack):
        return _cut_rows
    f = _cut_vector(len(b))
    return lambda a, b: f(a)


@functools.cache
def _cut_vector(count: int) -> Any:
    """A function that cuts a vector into equal pieces, by halves: so few functions are compiled."""
    if count == 1:
        return njit(lambda x: (x,), **INLINED)
    m = count // 2
    one, other = _cut_vector(m), _cut_vector(count - m)
    return njit(lambda x: (*one(x[: m * (x.size // count)]), *other(x[m * (x.size // count) :])), **INLINED)


def _each(f: Any, *given: Any) -> Any:
    """Members of a tuple may be of different types."""
    plain = [isinstance(a, (types.UniTuple, types.Tuple)) for a in given]
    count = next(len(a) for a, chosen in zip(given, plain, strict=True) if chosen)

    @intrinsic
    def call(typing: Any, f: Any, given: Any) -> Any:
        asked = [[a[i] if chosen else a for a, chosen in zip(given, plain, strict=True)] for i in range(count)]
        calls = [typing.resolve_function_type(f, kinds, {}) for kinds in asked]
        found = types.BaseTuple.from_types([one.return_type for one in calls])

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            members = [builder.extract_value(args[1], n) for n in range(len(plain))]
            values = []
            for i, one in enumerate(calls):
                picked = [builder.extract_value(m, i) if p else m for m, p in zip(members, plain, strict=True)]
                values.append(context.get_function(f, one)(builder, picked))
            return context.make_tuple(builder, found, values)

        return found(f, given), generate

    return lambda f, *given: call(f, given)


def every(f: Any, *given: Any) -> Any:
    """`math.each`, which the compiler knows as `_each`."""


overload(every, strict=False, jit_options=OPTIONS)(_each)


@intrinsic
def by_parts(typing: Any, g: Any, S: Any, q: Any) -> Any:
    """`states.by_parts`; functions of one part each, one in the other, would take longer to compile than all else."""
    alike = [types.BaseTuple.from_types([state[i] for state in S]) for i in range(len(S[0]))]
    calls = [typing.resolve_function_type(g, (kind, q), {}) for kind in alike]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        states, values = [builder.extract_value(args[1], n) for n in range(len(S))], []
        for i, (kind, one) in enumerate(zip(alike, calls, strict=True)):
            given = context.make_tuple(builder, kind, [builder.extract_value(state, i) for state in states])
            values.append(context.get_function(g, one)(builder, [given, args[2]]))
        return context.make_tuple(builder, signature.return_type, values)

    return types.BaseTuple.from_types([one.return_type for one in calls])(g, S, q), generate


@intrinsic
def add_members(typing: Any, vectors: Any) -> Any:
    """The sum of the members of a tuple, from the first to the last."""
    add = typing.resolve_value_type(operator.add)
    sums = []
    kind = vectors[0]
    for member in list(vectors)[1:]:
        sums.append(typing.resolve_function_type(add, (kind, member), {}))
        kind = sums[-1].return_type

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.extract_value(args[0], 0)
        context.nrt.incref(builder, vectors[0], value)
        for i, one in enumerate(sums, 1):
            total = context.get_function(add, one)(builder, [value, builder.extract_value(args[0], i)])
            context.nrt.decref(builder, one.args[0], value)
            value = total
        return value

    return kind(vectors), generate
