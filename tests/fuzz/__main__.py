"""The long lane: ``python -m tests.fuzz [TRIES] [KIND ...]`` lists every kind of find, with how often it came."""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

from .lane import KINDS, lane


def shown(case: Any) -> str:
    try:
        return repr(case)[:400]
    except Exception:
        return "what has no repr"


def main() -> int:
    """Run the lanes; Ctrl-C, or an end from outside, goes on to the next."""
    for end in (signal.SIGINT, signal.SIGTERM):  # a job in the background ignores the first
        signal.signal(end, signal.default_int_handler)
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    total = 0
    for kind in sys.argv[2:] or KINDS:
        began = time.process_time()
        count, often, first = lane(kind, tries)
        total += len(often)
        print(f"{kind}: {count} tries, {sum(often.values())} finds of {len(often)} kinds, "
              f"{time.process_time() - began:.0f} s of CPU time", flush=True)  # fmt: skip
        for mark, n in often.most_common():
            case, text = first[mark]
            print(f"--- {n} times: {mark}\n    {text[:300]!r}\n    {shown(case)}", flush=True)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
