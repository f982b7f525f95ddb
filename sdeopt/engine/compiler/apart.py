"""What draws, as compiled loops call it: by the address in a cell of the process, see `machine.draws`.

Numba links whatever a function calls into its module, and optimises and generates all of it again. The generator of
draws is larger than most loops, so it stays apart.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import float64 as f64
from numba import int64 as i64
from numba import types
from numba import uint64 as u64
from numba.core import cgutils, config
from numba.extending import intrinsic

from sdeopt.engine.machine.draws import NO_ROOM
from sdeopt.engine.machine.fill import ARGUMENTS
from sdeopt.engine.machine.host import FILL
from sdeopt.engine.machine.words import I32

__all__ = ["fill"]

config.DISABLE_JIT = 0  # with NUMBA_DISABLE_JIT=1 runs are interpreted (`identity`), but what loads here is compiled

_TYPES = f64[::1], i64, i64, i64, i64[:, ::1], u64[:, ::1], f64[:, :, ::1], i64, i64, i64


@intrinsic
def fill(typing: Any, out: Any, count: Any, columns: Any, width: Any, layout: Any, keys: Any, given: Any, path: Any,
         row: Any, step: Any) -> Any:  # fmt: skip
    """`machine.draws.fill`: a call of the function in the cell."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        flat = []
        for kind, value in zip(signature.args, values, strict=True):
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, value)
                flat += [array.data, *cgutils.unpack_tuple(builder, array.shape)]
            else:
                flat.append(value)
        kind = ir.FunctionType(I32, ARGUMENTS).as_pointer()
        cell = builder.module.globals.get(FILL) or cgutils.add_global_variable(builder.module, kind, FILL)
        failed = builder.call(builder.load(cell), flat)
        with cgutils.if_unlikely(builder, builder.icmp_signed("!=", failed, I32(0))):
            context.call_conv.return_user_exc(builder, MemoryError, (NO_ROOM,))
        return context.get_dummy_value()

    return types.void(*_TYPES), generate
