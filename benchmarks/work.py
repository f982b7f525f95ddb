"""Seconds of the processor that path-steps and saves take, beside what `sdeopt.engine.work` counts for them.

python -m benchmarks.work            # data, wide problems, and the own problem of every method
python -m benchmarks.work SignSGD    # those whose name holds a word

A ratio is measured over counted; 1.5 either way is what the machine's own speed varies by.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.decisions import words
from sdeopt.cli.words import read
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.planning import plan
from sdeopt.engine.run import Run
from sdeopt.engine.work import price

__all__ = ["CASES", "cases", "measured"]

STEPS, SUBSTEPS, LEAST = 40, 4, 0.08  # the last: seconds from which a time counts
SIGN, PLAIN = so.SignSGD(lr=0.02), so.SGD(lr=0.02)


def _data(n: int, d: int) -> so.Logistic:
    random = np.random.default_rng(0)
    return so.Logistic(random.standard_normal((n, d)), np.sign(random.standard_normal(n)))


def _quadratic(H: Any) -> so.Problem:
    return so.Problem(so.Quadratic(H), so.Gaussian(0.5))


CASES: dict[str, tuple[Any, so.Problem]] = {
    **{
        f"{type(page).__name__}, {d} coordinates": (page, _quadratic(np.linspace(1.0, 2.0, d)))
        for page in (PLAIN, SIGN)
        for d in (20, 100)
    },
    "SignSGD, 20 coordinates, full H": (SIGN, _quadratic(np.eye(20) + 0.01)),
    **{
        f"{type(page).__name__}, {n} examples, {d} coordinates, batch {batch}": (
            page,
            so.Problem(_data(n, d), so.Minibatch(batch)),
        )
        for page in (PLAIN, SIGN)
        for n, d, batch in ((20, 2, 4), (569, 31, 1), (569, 31, 4), (569, 31, 64))
    },
}


def cases(wanted: list[str]) -> Iterator[tuple[str, Any, so.Problem]]:
    """Name, page and problem of what is measured."""
    for name, (page, problem) in CASES.items():
        if not wanted or any(word in name for word in wanted):
            yield name, page, problem
    for name in sorted(so.methods(), key=str.lower):
        if not wanted or name in wanted:
            job = read("compare", words(name.lower()))
            yield f"{name}, its own problem", job.method, job.problem


def measured(run: Run) -> tuple[float, float]:
    """Seconds of a path-step, and of a save."""
    few, many = (_each(Kernel(replace(run, saves=saves))) for saves in ((STEPS,), tuple(range(1, STEPS + 1))))
    rows = STEPS * (run.substeps if run.kind == "sde" else 1)
    return few / rows, (many - few) / (STEPS - 1)


def _each(kernel: Kernel) -> float:
    """Seconds of a path."""
    count, took = 32, 0.0
    kernel(0, count)
    while took < LEAST:
        began = time.process_time()
        kernel(0, count)
        took, count = time.process_time() - began, 2 * count
    return 2.0 * took / count


def main(wanted: list[str]) -> None:
    """Print a line per column."""
    for name, page, problem in cases(wanted):
        sde = plan(page, problem, "sde", steps=STEPS, substeps=SUBSTEPS, save_at=1, rng=0)
        sde = replace(sde, resolution=2 * SUBSTEPS)
        for run in (replace(sde, kind="discrete"), sde):
            (step, save), counted = measured(run), price(run)
            ratios = f"step {1e9 * step:10.0f} ns, ratio {step / counted.step:5.2f}"
            print(f"{name:55} {run.kind:8} {ratios}; save {1e9 * save:8.0f} ns, counted {1e9 * counted.save:8.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
