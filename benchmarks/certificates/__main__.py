"""Every SDE of the package against its optimizer, certified: ``python -m benchmarks.certificates [--only NAME ...]``.

Printed are the slopes of `so.certify`, in the time h of one step, with 95 % intervals: of means, which should be the
order, and of covariances, which should be 2, or the order where the noise lasts. Some SDEs are here to fail: published
ones where they are wrong. "as expected" also means that a slope is known to ± 0.1 and within 0.15 of its order.
``--only`` takes names, or parts of names; ``--seconds`` ends each row's search (default 100); ``--full`` prints
certificates. Exit status 1 if a row says something else than it should.
"""

from __future__ import annotations

import argparse
import sys
import time

from rich.console import Console
from rich.table import Table

import sdeopt as so
from benchmarks.certificates.rows import ROWS, Case


def slope(c: so.Certificate, kind: str) -> str:
    """Slope and interval of the judged mean or covariance entry."""
    row = next(row for row in c.rows if row.model == "SDE" and row.kind == kind)
    value = "-" if row.slope.value != row.slope.value else f"{row.slope.value:.2f} ± {row.slope.half:.2f}"
    return f"{value} ({row.quantity.split(' ')[-1]})"


def line(row: Case, seconds: float, full: bool) -> tuple[str, ...]:
    """Make the certificate; its line of the table."""
    began, worked = time.monotonic(), time.process_time()
    c = row.certify(seconds=seconds, progress=False)
    took, cpu = time.monotonic() - began, time.process_time() - worked
    if full:
        print(c, flush=True)
    expected = f"{row.order:g}, {'wrong' if row.expected[1] == 'wrong' else f'{c.claimed(c.rows[1].column):g}'}"
    if row.expected[0] == "refuted":
        expected = "refuted"
    ladder = ", ".join(f"{lr:.3g}" for lr in c.meta["lrs"])
    failed = row.failed(c)
    return (
        row.name, c.meta["sde"], ladder, slope(c, "mean"), slope(c, "covariance"), expected,
        f"{took:.0f}", f"{cpu:.0f}", f"{c.verdict}: {failed}" if failed else "as expected",
    )  # fmt: skip


def _means(word: str, name: str) -> bool:
    """Whether ``word`` is the name, or a part of it that is no row's whole name."""
    return word == name or (word in name and all(word != row.name.lower() for row in ROWS))


def main() -> int:
    """Run the rows that were asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--full", action="store_true")
    words = parser.parse_args()
    chosen = [row for row in ROWS if any(_means(word.lower(), row.name.lower()) for word in words.only)]
    table = Table("method", "SDE", "learning rates", "means", "covariance", "expected", "s", "CPU s", "verdict")
    missed = 0
    for row in chosen:
        cells = line(row, words.seconds, words.full)
        missed += cells[-1] != "as expected"
        print(" | ".join(cells), flush=True)  # as they come; the table is for the end
        table.add_row(*cells)
    Console(width=max(Console().width, 150)).print(table)
    print(f"{len(chosen) - missed} of {len(chosen)} as expected")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
