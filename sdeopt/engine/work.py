"""What a run costs, as work: what its steps draw and compute, counted, in seconds of one core.

A step is counted by running it on arrays that note what is done with them (`tally`), so the count is that of the
page, its problem and its SDE. The constants that turn counts into seconds were measured on one machine and are the same
on all, so that what is chosen by them is, too. A machine differs from itself by a factor of 1.5 within a minute.

Of a network the operations of PyTorch are counted, in steps and in saves. Its layers are as unlike as its machines, so
that such a count may be off by a factor of 3: before a run begins, where only its length is told, a step is timed
(`expected`).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core.observables import passes
from sdeopt.engine import ahead, duration, states
from sdeopt.engine.assembly import mover
from sdeopt.engine.batched import WIDTH
from sdeopt.engine.beginnings import initial_states
from sdeopt.engine.draws import GIVEN, Draw, draws
from sdeopt.engine.identity import grid
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.progress import Progress
from sdeopt.engine.run import Run
from sdeopt.engine.tally import Tally, noting, tallied
from sdeopt.results.pages import TRACE

__all__ = ["BUDGET", "Price", "announce", "cost", "costly", "costs", "expected", "price", "shortest"]

BUDGET = 40.0  # seconds of one core: 20 s on two
NORMAL, PATHWISE = 2.4e-9, 5e-8  # seconds: one of the fine normals that make a draw; of numbers made for whole paths
CALL, PRODUCT, MADE = 1e-5, 2e-11, 3e-9  # of networks: an operation, a multiplication in products, another entry
HALF = 0.5  # of the entries and products of single precision: an MLP on MNIST took 0.53 and 0.57 of double's time
TOGETHER = 16  # operations of single paths that one of a batch of paths takes the place of
SHORT = 0.02  # seconds, counted, below which a network is not timed; a run may take fifty times that
TIMED = 4  # paths of which a step is timed, at most: a batch of them may be faster than one after the other
PYTHON = 1e-4  # a path-step of what cannot be counted, an optimizer without a page or a function that refuses arrays


class Rates(NamedTuple):
    """Seconds of a path-step, an operation on arrays, on numbers, an entry, a quotient or root, any other draw."""

    step: float
    call: float
    number: float
    entry: float
    dear: float
    draw: float


RATES = {
    "lanes": Rates(1e-8, 0.0, 0.0, 5e-11, 0.0, 2e-9),
    "vectors": Rates(2e-7, 2.2e-9, 1.8e-9, 5.6e-11, 2e-9, 1e-8),
    "batched": Rates(2e-6 / WIDTH, 3e-6 / WIDTH, 3e-6 / WIDTH, 1e-9, 0.0, 1.5e-8),
    "interpreted": Rates(2e-6, 3e-6, 3e-6, 1e-9, 0.0, 1.5e-8),
}


class Price(NamedTuple):
    """Seconds of one core that one path takes for a step of the loop, and for a save."""

    step: float
    save: float


def price(run: Run) -> Price:
    """The price of a run, a rough number."""
    if network((run,)):
        return _of_network(run)
    rates = RATES.get(Kernel(run).mode)
    if rates is None:
        return Price(PYTHON, 0.0)
    shape, vectors = draws(run)
    fine = {"normal": NORMAL} | dict.fromkeys(GIVEN, PATHWISE)
    drawn = sum(fine[v.kind] * v.size * v.stride if v.kind in fine else rates.draw * v.size for v in vectors)
    try:
        step, save = _counted(run, shape, vectors, tallied)
    except Exception:  # of functions of the user; if it means anything, the run raises it where it is told
        return Price(PYTHON, 0.0)
    return Price(drawn + _seconds(step, rates), _seconds(save, rates))


def _of_network(run: Run) -> Price:
    """From what a step and the observables of a save have PyTorch compute, and NumPy beside it."""
    from sdeopt.engine.tensors.tally import noted  # which loads PyTorch

    def passed(f: Callable[..., None], *given: Any) -> float:
        own = Tally()
        work = noted(f, *(noting(a, own) for a in given))
        calls, made = work.calls / (TOGETHER if mode == "batched" else 1), work.entries + own.entries - own.products
        return CALL * calls + entry * (PRODUCT * (work.products + own.products) + MADE * made)

    mode, entry = Kernel(run).mode, HALF if _single(run) else 1.0
    try:
        return Price(*_counted(run, *draws(run), passed))
    except Exception:  # as below
        return Price(PYTHON, PYTHON)


def _single(run: Run) -> bool:
    """Whether pages run on tensors of single precision."""
    f: Any = run.problem.objective
    return bool(getattr(f, "tensors", False) and f.placement[0].itemsize < 8)


def _seconds(t: Tally, rates: Rates) -> float:
    calls = (t.calls - t.numbers) * rates.call + t.numbers * rates.number
    return rates.step + calls + t.entries * rates.entry + t.dear * rates.dear


def _counted(run: Run, shape: Any, vectors: list[Draw], count: Any) -> tuple[Any, Any]:
    """What a step computes, and the observables of a save, as ``count(f, *arrays)`` says.

    It is a step from where the first one leads: matrices that are zero at the start are soon dear to take apart.
    """
    m, schedules, o = run.method.constant(), tuple(run.method.schedules.values()), run.oracle
    plain, move = (m, schedules, grid(run)) if schedules else m, mover(run)
    y0, y1, first = initial_states(run)
    even = np.concatenate([np.zeros(0), *((np.arange(v.size) + 0.5) / v.size for v in vectors)])  # as uniforms are

    def step(y: Any, z: Any) -> Any:
        given = states.slicer(shape)(z, 0)
        if run.kind == "discrete":
            return move(plain, first, y, o, given)
        return move(plain, o, first * run.substeps, y, given, run.method.clock, run.substeps, run.noise_factor)

    observed = tuple(f for f, _ in passes(_alone(run), o.objective))

    def save(x: Any) -> None:
        for f in observed:
            f(o, x)

    y = y0 if run.kind == "discrete" else y1
    with np.errstate(all="ignore"):
        if not network((run,)):  # where it would take as long as the rest
            y = step(y, even)
        return count(step, y, even), count(save, states.positioner(len(run.method.parts))(y0))


def _alone(run: Run) -> dict[str, Any]:
    """What is observed of single paths; the trace of large networks is of all of them, and costs little."""
    return {name: f for name, f in run.observables.items() if name != TRACE}


def cost(run: Run) -> float:
    """Seconds of one core for a path of a run."""
    each = price(run)
    return each.step * run.steps * (run.substeps if run.kind == "sde" else 1) + each.save * len(run.saves)


def costs(runs: Iterable[Run], progress: Any) -> list[float]:
    """The cost of every run, of which the loops are compiled for it: after two seconds a bar says so."""
    runs = tuple(runs)
    with Progress(1, progress, f"{runs[0].method}"):
        return ahead.each(cost, runs)


def expected(runs: Iterable[Run], paths: int, workers: int) -> float:
    """Seconds that so many paths of these runs will take on so many threads: of networks from one timed step."""
    runs = tuple(runs)
    counted = sum(map(cost, runs))
    if counted * paths > SHORT and network(runs):
        counted = sum(_timed(run, min(paths, TIMED)) for run in runs)
    return counted * paths / workers


def announce(bar: Progress, runs: Iterable[Run], paths: int, workers: int) -> None:
    """Have the bar say how long so many paths of these runs will take, where that is long.

    Of networks it is said also where no bar is shown, on the log, and over a month is refused.
    """
    estimate = functools.partial(expected, tuple(runs), paths, workers)
    if network(runs):
        seconds = estimate()
        duration.check_timed(seconds)
        bar.log(seconds)
        bar.expect(lambda: seconds)
    else:
        bar.expect(estimate)


def network(runs: Iterable[Run]) -> bool:
    """Whether these are runs on a network."""
    return any(costly(run.problem) for run in runs)


def costly(problem: Any) -> bool:
    """Whether this is a problem on a network."""
    return getattr(problem.objective, "costly", False)


def _timed(run: Run, paths: int) -> float:
    """Seconds for a path, from one step of so many paths and one save."""
    begin = initial_states(run)[2]  # 1 for pages whose first step is in the start
    kernel = Kernel(replace(run, steps=begin + 1, saves=(begin + 1,), observables={}, crossings=(), projections=0))
    step = shortest(functools.partial(kernel, 0, paths)) / paths
    save = sum(shortest(functools.partial(f, run.oracle, run.problem.start())) for f in _alone(run).values())
    return step * run.steps + save * len(run.saves)


def shortest(f: Callable[[], Any]) -> float:
    """Seconds of a call, the less of two, for the first loads what is new, which takes seconds; one of a minute."""
    taken: list[float] = []
    while not taken or (len(taken) == 1 and taken[0] < 60.0):
        begun = time.perf_counter()
        f()
        taken.append(time.perf_counter() - begun)
    return min(taken)
