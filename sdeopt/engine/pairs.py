"""The pairs of coordinates of a vector, compiled: ``firsts``, ``seconds`` and ``column`` of ``sdeopt.core.math``.

Symmetric matrices that depend on the state, such as covariances of signs, live on lanes as packs of their pairs. Each
function here picks the code for the types of its arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sdeopt.core.math import pairs
from sdeopt.engine.lanes import I64, Pack, rebuild

__all__ = ["column", "firsts", "seconds"]


def _picker(side: int) -> Any:
    """An intrinsic that takes of each pair the first or the second."""

    @intrinsic
    def pick(typing: Any, x: Any) -> Any:
        places = pairs(x.d)[side].tolist()

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return rebuild(builder, [builder.extract_value(args[0], i) for i in places])

        return Pack(len(places), x.width)(x), generate

    return pick


_first, _second = _picker(0), _picker(1)


@intrinsic
def _column(typing: Any, c: Any, x: Any, j: Any) -> Any:
    kind = Pack(x.d, c.width)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        entries = [ir.Constant(args[0].type.element, None)] * x.d
        for n, (row, place) in enumerate(np.transpose(pairs(x.d)).tolist()):
            if row != place:
                here = builder.icmp_signed("==", args[2], I64(place))
                entries[row] = builder.select(here, builder.extract_value(args[0], n), entries[row])
        return rebuild(builder, entries)

    return kind(c, x, types.intp), generate


def firsts(a: Any) -> Any:
    """Compiled `sdeopt.core.math.firsts`."""
    if isinstance(a, Pack):
        return lambda a: _first(a)

    def loop(a: Any) -> Any:
        out = np.empty(max(a.size * (a.size - 1) // 2, 1))
        out[0] = a[0]
        for i in range(1, a.size):
            out[i * (i - 1) // 2 : i * (i + 1) // 2] = a[i]
        return out

    return loop


def seconds(a: Any) -> Any:
    """Compiled `sdeopt.core.math.seconds`."""
    if isinstance(a, Pack):
        return lambda a: _second(a)

    def loop(a: Any) -> Any:
        out = np.empty(max(a.size * (a.size - 1) // 2, 1))
        out[0] = a[0]
        for i in range(1, a.size):
            out[i * (i - 1) // 2 : i * (i + 1) // 2] = a[:i]
        return out

    return loop


def column(a: Any, b: Any, c: Any) -> Any:
    """Compiled `sdeopt.core.math.column`."""
    if isinstance(a, Pack):
        return lambda a, b, c: _column(a, b, c)

    def loop(a: Any, b: Any, c: Any) -> Any:
        out = np.zeros(b.size)
        for i in range(c + 1, b.size):
            out[i] = a[i * (i - 1) // 2 + c]
        return out

    return loop
