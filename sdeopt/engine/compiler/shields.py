"""What stands at the doors of the user's functions, compiled: ``guarded`` and ``like`` of ``sdeopt.core.guards``.

Each function here picks the code for the types of its arguments.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

from sdeopt.engine.compiler.lanes import Pack

__all__ = ["guarded", "like"]


@intrinsic
def _read_only(typing: Any, a: Any) -> Any:
    """The same vector as one that cannot be written into."""
    kind = a.copy(readonly=True)
    return kind(a), lambda context, builder, signature, args: impl_ret_borrowed(context, builder, kind, args[0])


def guarded(a: Any) -> Any:
    """Compiled `sdeopt.core.guards.guarded`."""
    return (lambda a: a) if isinstance(a, Pack) else _read_only


def like(a: Any, b: Any) -> Any:
    """Compiled `sdeopt.core.guards.like`: there is none for other shapes and complex numbers, which are interpreted."""
    if isinstance(b, Pack):
        return (lambda a, b: a) if isinstance(a, Pack) and a.d == b.d else None
    if not isinstance(a, types.Array) or a.ndim != 1 or not isinstance(a.dtype, types.Float | types.Integer):
        return None

    def same(a: Any, b: Any) -> Any:
        if a.size != b.size:
            raise ValueError("a function must return a vector of the size of its argument")
        return a

    return same
