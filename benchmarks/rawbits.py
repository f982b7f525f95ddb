"""The words behind all draws as bytes without end, for batteries of tests: ``python -m benchmarks.rawbits [seed]``.

    python -m benchmarks.rawbits | dieharder -a -g 200
    python -m benchmarks.rawbits | RNG_test stdin64          (PractRand)

Words come in the order in which the engine asks for them: 32 paths side by side, of each 10 components, and so on along
2000 steps; then the next 32 paths. So neighbours in the stream belong to counters that differ in few bits, which is
hard for a generator that is a function of its counter.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numba import njit

from sdeopt.engine.compiler.threefry import threefry
from sdeopt.engine.streams import normalise, stream_key

PATHS, COMPONENTS, FOURS = 32, 10, 500


@njit
def words(out: Any, first: Any, k0: Any, k1: Any) -> None:
    """All words of ``PATHS`` paths from ``first`` on: two for four steps, a component and a path."""
    at = 0
    for four in range(FOURS):
        for component in range(COMPONENTS):
            counter = (np.uint64(four) << np.uint64(32)) | np.uint64(component)
            for path in range(PATHS):
                out[at], out[at + 1] = threefry(np.uint64(first + path), counter, k0, k1)
                at += 2


def main() -> None:
    """Write until the reader has enough."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    k0, k1 = map(np.uint64, stream_key(normalise(seed), "gradient", 1))
    out, first = np.empty(2 * FOURS * COMPONENTS * PATHS, np.uint64), 0
    try:
        while True:
            words(out, first, k0, k1)
            sys.stdout.buffer.write(out)
            first += PATHS
    except BrokenPipeError:
        sys.stderr.close()  # else Python complains once more when it closes the pipe


if __name__ == "__main__":
    main()
