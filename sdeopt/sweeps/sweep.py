"""``sweep``: every point of a grid, on any executor, resumable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

import sdeopt
from sdeopt.core import checks, notices
from sdeopt.core.problem import Problem
from sdeopt.core.traits import expect_method
from sdeopt.engine.streams import normalise
from sdeopt.sweeps.axes import axes, name_each
from sdeopt.sweeps.cells import PATHS, Settings
from sdeopt.sweeps.grid import lay_out
from sdeopt.sweeps.measures import ERROR, MEASURES, RUN
from sdeopt.sweeps.schedule import Measured, run_cells
from sdeopt.sweeps.store import open_store
from sdeopt.sweeps.table import Sweep

__all__ = ["sweep"]


def sweep(
    methods: Any,
    problems: Any,
    grid: Mapping[str, Any],
    *,
    horizon: float | None = None,
    steps: int | None = None,
    paths: int | None = None,
    seconds: float | None = None,
    measures: Sequence[str] | None = None,
    level: float | None = None,
    substeps: int | None = None,
    sde: str | None = None,
    rng: Any = None,
    folder: str | Path | None = None,
    executor: Executor | None = None,
    progress: bool | Callable[[int, int], None] | None = None,
) -> Sweep:
    """Run every point of a grid over hyperparameters, noise laws and objectives: a table, a phase diagram.

    A grid maps names to values. A name is a field of a method ("lr", "beta2", "eps", "k", "hurst"), of a noise law
    ("nu", "scale", "batch", "agents", "alpha") or of an objective ("height", "l2"); where two of the three have it, the
    owner goes before it: "noise.scale", "objective.scale". Whoever lacks the field is not touched by the axis: SGD
    beside SAM on a grid over "rho" is run once, and shown for every rho. The points are all combinations of methods,
    problems and values.

    Every point is measured at the horizon (`sdeopt.sweeps.measures`): "loss", E f(x); "median", that of f(x), which
    needs no moments; "spread", tr Cov x;
    "diverged", the share of paths that leave the finite range; "time", the median time at which f(x) <= ``level``;
    "error", the largest gap between the SDE and the optimizer as a fraction of each quantity's scale. Each has a
    standard error, a 95 % interval (each by itself; of a share or a time, which take few values, at least that) and a
    status: "ok"; "undecided" for the reason that stands beside,
    such as noise whose tails leave no variance and so no interval (`sdeopt.results.intervals`); "diverged" where paths
    were lost; "failed" with what was raised.

    All cells take the same seed: neighbours share their random numbers, so that differences between cells are known
    far better than the values, and a cell is bitwise what `simulate` (for "error", `compare`) computes with
    ``rng=sweep.meta["rng"]``. The table is bitwise the same for any executor.

    Parameters
    ----------
    methods : method, sequence of methods, or mapping label -> method
        Such as ``so.SGD(lr=0.1)``; what is not on the grid stays as it is here.
    problems : Problem, sequence of Problems, or mapping label -> Problem
        The noise laws and objectives.
    grid : mapping
        Name -> values, at most a million points together.
    horizon, steps : float, int
        How long: continuous time or number of optimizer steps; give exactly one.
    paths : int, optional
        Independent paths of every cell, at least 2; default 1000, for "error" as many as decide within the budget of
        work that `compare` has, about 40 s on the one thread of a cell.
    seconds : float, optional
        For "error", a budget of time for every cell in its place; the table then depends on the machine.
    measures : sequence of str, optional
        Default "loss", "spread" and "diverged", and "time" if there is a level.
    level : float, optional
        For "time".
    substeps : int, optional
        For "error": integrator steps in one step of the optimizer, at least 2; default 16 where ``paths`` are given,
        else 2, 4 or 8, as `compare` chooses.
    sde : str, optional
        For "error": name of an SDE that every method has; default as in `compare`.
    rng : int, SeedSequence, Generator or None
        Randomness (SPEC 7).
    folder : str or Path, optional
        Keep every finished cell here, in a file of its own, named by a hash of all that its numbers depend on. The same
        call goes on where a killed one stopped; so does one with more values, paths being the same. Needs an integer
        ``rng``. Cells that failed are tried again. One sweep at a time works in a folder.
    executor : concurrent.futures.Executor
        Where cells run, each on one thread; default a thread per core. Also processes; Dask,
        ``distributed.Client(...).get_executor()`` (extra ``sdeopt[dist]``); MPI, ``mpi4py.futures.MPIPoolExecutor()``
        in a script that runs as ``mpiexec -n 9 python -m mpi4py.futures script.py`` (extra ``sdeopt[mpi]``).
    progress : bool or callable
        None: a bar with the time left, on a terminal, for sweeps over 2 s; True/False; or a function of (done, total).

    Returns
    -------
    Sweep
        On Ctrl-C with the cells that are finished, and ``meta["partial"]`` true.

    Raises
    ------
    ValueError, TypeError
        For a grid that contradicts itself, values that their owner refuses, a horizon below one step of a method,
        or a folder that another process holds.
    OSError
        If the folder cannot be written; the cells that are there stay.

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.StudentT(nu=3, scale=0.5))
    >>> s = so.sweep(so.SignSGD(lr=0.1), problem, {"lr": [0.05, 0.1], "nu": [1, 2, 5]}, horizon=5.0, paths=200, rng=0)
    >>> s
    Sweep(1 method, 1 problem, lr x nu: 6 points of loss, spread, diverged)
    >>> s["loss"].value.shape
    (1, 1, 2, 3)
    """
    wanted = _measures(measures, level)
    lines = name_each("method", methods, lambda m: hasattr(m, "sdes"), (lambda m: type(m).__name__, repr))
    for line in lines.values():
        expect_method(line)
    tasks = name_each("problem", problems, lambda p: isinstance(p, Problem), (_noise, _objective, _both))
    found = axes(grid, list(lines.values()), [*tasks.values()])
    if paths is not None and seconds is not None:
        raise ValueError(f"give paths or seconds, not both, got paths={paths!r}, seconds={seconds!r}")
    if sde is not None and "error" not in wanted:
        raise ValueError(f"sde is for the measure 'error' alone, got sde={checks.short(sde)} and {', '.join(wanted)}")
    settings = Settings(
        horizon=None if horizon is None else checks.length("horizon", horizon),
        steps=None if steps is None else checks.integer("steps", steps, low=1, high=checks.ENDLESS),
        paths=None if paths is None else checks.integer("paths", paths, low=2),
        level=None if level is None else checks.number("level", level),
        substeps=None if substeps is None else checks.integer("substeps", substeps, low=2, high=checks.ENDLESS),
        seed=_seed(rng, folder),
        seconds=None if seconds is None else checks.positive("seconds", seconds),
        sde=sde,
    )
    jobs = [job for job, names in (("run", RUN), ("error", ERROR)) if set(wanted) & set(names)]
    cells, points = lay_out([*lines.values()], [*tasks.values()], found, settings, jobs)
    with open_store(folder) as store:
        done: dict[str, Measured] = {
            key: known for key in cells if store is not None and (known := store.read(key)) is not None
        }
        resumed = len(done)

        def keep(key: str, measured: Measured) -> None:
            if store is not None:
                store.write(key, cells[key].described(), measured)

        partial = run_cells(cells, done, keep, executor, progress)
    notices.tell(partial)
    budget = "a budget of work" if seconds is None else f"{seconds:g} s"
    meta = settings._asdict() | {
        "paths": settings.paths or PATHS,
        "chosen": f"as many as decide within {budget}" if settings.paths is None and "error" in wanted else "",
        "version": sdeopt.__version__,
        "rng": settings.seed,
        "methods": {label: repr(m) for label, m in lines.items()},
        "problems": {label: f"{_both(p)}, x0 = {p.x0[:8].tolist()}" for label, p in tasks.items()},
        "owners": {axis.name: axis.owner for axis in found},
        "cells": len(cells),
        "resumed": resumed,
        "partial": partial,
    }
    coordinates = {"method": (*lines,), "problem": (*tasks,)} | {axis.name: axis.values for axis in found}
    return Sweep.of(meta, coordinates, wanted, [_at(point, done) for point in points])


def _at(point: Mapping[str, str], done: Mapping[str, Measured]) -> Measured:
    """All that was measured at one point."""
    return {name: estimate for key in point.values() for name, estimate in done.get(key, {}).items()}


def _noise(problem: Problem) -> str:
    return repr(problem.noise)


def _objective(problem: Problem) -> str:
    return repr(problem.objective)


def _both(problem: Problem) -> str:
    return f"{problem.objective!r}, {problem.noise!r}"


def _measures(given: Any, level: float | None) -> tuple[str, ...]:
    if given is None:
        return ("loss", "spread", "diverged") if level is None else ("loss", "spread", "diverged", "time")
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise TypeError(f"measures must be some of {', '.join(MEASURES)}, got {checks.short(given)}")
    wanted = tuple(checks.choice("measure", name, MEASURES) for name in given)
    if len(set(wanted)) < len(wanted):
        raise ValueError(f"measures must be named once each, got {', '.join(wanted)}")
    if ("time" in wanted) != (level is not None):
        got = f"{', '.join(wanted)} and level={checks.short(level)}"
        raise ValueError(f"the measure 'time' and a level belong together, got {got}")
    return wanted


def _seed(rng: Any, folder: Any) -> int:
    """One integer for all cells."""
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, (bool, np.timedelta64)):
        normalise(rng)
        return int(rng)
    words = normalise(rng)
    if folder is not None:
        got = checks.short(rng)
        raise ValueError(f"a folder needs rng=0 or another integer, else nothing in it is found again, got {got}")
    return sum(word << (32 * i) for i, word in enumerate(words))
