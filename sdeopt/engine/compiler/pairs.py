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
from sdeopt.engine.compiler.lanes import Pack, rebuild
from sdeopt.engine.machine.words import I64

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


def _chooser(side: int) -> Any:
    """Compiled `sdeopt.core.math.firsts`, or ``seconds``."""
    pick = _picker(side)

    def choose(a: Any) -> Any:
        if isinstance(a, Pack):
            return pick

        def loop(a: Any) -> Any:
            out = np.empty(max(a.size * (a.size - 1) // 2, 1))
            out[0] = a[0]
            for i in range(1, a.size):
                for j in range(i):
                    out[i * (i - 1) // 2 + j] = a[(i, j)[side]]
            return out

        return loop

    return choose


firsts, seconds = _chooser(0), _chooser(1)


def column(a: Any, b: Any, c: Any) -> Any:
    """Compiled `sdeopt.core.math.column`."""
    if isinstance(a, Pack):
        return _column

    def loop(a: Any, b: Any, c: Any) -> Any:
        out = np.zeros(b.size)
        for i in range(c + 1, b.size):
            out[i] = a[i * (i - 1) // 2 + c]
        return out

    return loop
