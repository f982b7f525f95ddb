"""The words behind all draws as bytes without end, for batteries of tests: ``python -m benchmarks.rawbits [seed]``.

    python -m benchmarks.rawbits | dieharder -a -g 200
    python -m benchmarks.rawbits | RNG_test stdin64          (PractRand)

Words come in the order in which the engine asks for them: 32 paths side by side, of each 10 components, and so on along
2000 steps; then the next 32 paths. So neighbours in the stream belong to counters that differ in few bits, which is
hard for a generator that is a function of its counter.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np
from llvmlite import ir

from sdeopt.engine.machine import host
from sdeopt.engine.machine.threefry import random_words
from sdeopt.engine.machine.words import I64, Memory, Value, turns, whole
from sdeopt.engine.streams import normalise, stream_key

PATHS, COMPONENTS, FOURS = 32, 10, 500


def written() -> str:
    """The module of one function, which writes all words of ``PATHS`` paths from ``first`` on."""
    module = ir.Module("words")
    kind = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), I64, I64, I64])
    made = ir.Function(module, kind, "words")
    b = ir.IRBuilder(made.append_basic_block("entry"))
    out, zero = Memory(b, made.args[0], I64), whole(b, 0)
    first, k0, k1 = (Value(b, argument) for argument in made.args[1:])
    with (
        turns(zero, whole(b, FOURS)) as four,
        turns(zero, whole(b, COMPONENTS)) as c,
        turns(zero, whole(b, PATHS)) as p,
    ):
        at = ((four * COMPONENTS + c) * PATHS + p) * 2
        out[at], out[at + 1] = random_words(first + p, (four << 32) | c, k0, k1)
    b.ret_void()
    return str(module)


def main() -> None:
    """Write until the reader has enough."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    k0, k1 = map(int, stream_key(normalise(seed), "gradient", 1))
    out, first = np.empty(2 * FOURS * COMPONENTS * PATHS, np.uint64), 0
    engine = host.load(host.build(written()))
    words: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_uint64] * 3)(engine.get_function_address("words"))
    try:
        while True:
            words(out.ctypes.data, first, k0, k1)
            sys.stdout.buffer.write(out)
            first += PATHS
    except BrokenPipeError:
        sys.stderr.close()  # else Python complains once more when it closes the pipe


if __name__ == "__main__":
    main()
