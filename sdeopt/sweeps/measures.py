"""What is measured of the paths of one run, and of one comparison with the SDE.

    loss      E f(x) at the horizon
    median    median over paths of f(x) at the horizon; inf where half of them diverged; exists under any noise
    spread    tr Cov x at the horizon: the stationary spread, once it changes no more
    diverged  share of the paths that left the finite range
    time      median over paths of the first time, among the saves, at which f(x) <= level; inf where never
    error     the largest gap between the SDE and the optimizer, as a fraction of its scale, over the saves and the
              quantities that `compare` judges: means, observables, entries of the covariance; with its bounds

A loss or a spread of survivors would be a number about luck, so it is marked where any path has diverged.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.moments import ESCAPE, valid_paths
from sdeopt.results.bounds import AGREE, DIFFER
from sdeopt.results.estimate import Estimate, failed, mean, median, share

__all__ = ["COLUMNS", "ERROR", "MEASURES", "RUN", "join", "of_paths", "of_report", "reduce_chunk"]

Array = NDArray[np.float64]
RUN = ("loss", "median", "spread", "diverged", "time")  # of the discrete column alone
ERROR = ("error",)
MEASURES = RUN + ERROR
COLUMNS = ("alive", "loss", "spread", "spread before", "time")
FEW_SQUARES = 100  # paths of fewer of which the interval of a spread covers 90 to 92 % where x has the tails of Laplace
STILL = 0.1  # change of the spread over the last half of the time, relative to it, that counts as none


def reduce_chunk(first: int, records: Array, *, d: int, times: Array, middle: int, level: float) -> Array:
    """One row of ``COLUMNS`` for each path of a chunk, (paths, 5); ``middle`` is the save at half the time.

    ``spread`` holds ψ_p = n/(n - 1) |x_p - x̄|² with the mean x̄ of the n paths of the chunk that survive, so that its
    average is the unbiased tr Cov x. Records hold the position and, where it exists, f(x).
    """
    valid = valid_paths(records, ESCAPE)
    alive = valid[:, -1]
    table = np.full((len(records), len(COLUMNS)), np.nan)
    table[:, 0] = alive
    for column, save in ((2, -1), (3, middle)):
        table[alive, column] = _squares(records[alive, save, :d])
    if records.shape[2] > d:
        table[alive, 1] = records[alive, -1, d]
        with np.errstate(invalid="ignore"):
            reached = valid & (records[:, :, d] <= level)
        table[:, 4] = np.where(reached.any(axis=1), times[reached.argmax(axis=1)], math.inf)
    return table


def _squares(x: Array) -> Any:
    n = len(x)
    if n < 2:
        return math.nan
    deviation = x - x.mean(axis=0)
    return (deviation * deviation).sum(axis=1) * (n / (n - 1))


def join(a: Array, b: Array) -> Array:
    """Two chunks, one after the other."""
    return np.concatenate([a, b])


def of_paths(
    table: Array, level: float | None, lacks: str | None, orders: tuple[float, float] = (math.inf, math.inf)
) -> dict[str, Estimate]:
    """The measures of a run from the rows of all its paths.

    ``lacks`` says why there is no f(x); ``orders`` where the moments of x and of f(x) end, by the law of the noise.
    """
    n, alive = len(table), table[:, 0] == 1.0
    lost = n - int(alive.sum())
    found = {
        "loss": mean(table[alive, 1], orders[1]) if lacks is None else failed(lacks),
        "spread": _spread(table[alive, 2], table[alive, 3], orders[0] / 2.0),
    }
    if lost:
        found = {name: _diverged(estimate, lost, n) for name, estimate in found.items()}
    found["median"] = _median(np.where(alive, table[:, 1], math.inf)) if lacks is None else failed(lacks)
    found["diverged"] = share(lost, n)
    if level is not None:
        found["time"] = _time(table[:, 4]) if lacks is None else failed(lacks)
    return found


def _diverged(estimate: Estimate, lost: int, n: int) -> Estimate:
    if estimate.status == "failed":
        return estimate
    return estimate._replace(status="diverged", reason=f"{lost} of {n} paths diverged; of the others only")


def _spread(now: Array, before: Array, order: float) -> Estimate:
    """The mean of ψ; undecided where it has surely changed by more than a tenth since half the time."""
    found, change = (mean(values, order, FEW_SQUARES) for values in (now, now - before))
    if min(abs(change.low), abs(change.high)) > STILL * found.value and change.low * change.high > 0.0:
        part = 100.0 * change.value / found.value
        return found.doubted(f"not stationary: it changed by {part:+.0f} % of itself in the last half of the time")
    return found


def _median(values: Array) -> Estimate:
    """A path that has diverged counts as infinite, so that a median needs no moments and no survivors."""
    found = median(values)
    if math.isinf(found.value):
        return found._replace(status="diverged", reason="half of the paths diverged, or more")
    return (
        found.doubted("no upper end: too few paths, or nearly half of them diverged")
        if math.isinf(found.high)
        else found
    )


def _time(times: Array) -> Estimate:
    found = median(times)
    missed = 100.0 * float(np.isinf(times).mean())
    if math.isinf(found.value):
        return found.doubted(f"{missed:.0f} % of the paths never reach the level")
    if math.isinf(found.high):
        return found.doubted(f"{missed:.0f} % of the paths never reach the level, so the interval is open")
    return found


def of_report(report: Any) -> dict[str, Estimate]:
    """The weak error: its bounds hold for all saves and quantities at once."""
    sizes, d = report.sizes, report.decision
    known = np.isfinite(sizes.size) & np.isfinite(sizes.stderr)
    if not known.any():
        return {"error": failed("no gap could be measured", "undecided")}
    worst = int(np.where(known, sizes.size, -np.inf).argmax())
    found = Estimate(float(sizes.size.flat[worst]), float(sizes.stderr.flat[worst]), d.low, d.high)
    lost = report.meta["diverged"]
    if any(lost):
        reason = f"{lost[0]} paths of the optimizer and {lost[1]} of the SDE diverged"
        return {"error": found._replace(status="diverged", reason=reason)}
    if report.verdict in (AGREE, DIFFER):
        return {"error": found}
    return {"error": found.doubted(report.answer)}
