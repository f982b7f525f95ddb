"""What is judged, and how large its error is: from the columns of a report to relative errors.

Up to d = 3 every mean, variance and covariance is judged by itself; above, per save and kind, the vector of all of them
by the length of its gap over the length of its scale. Observables are always judged by themselves. Whatever is judged
contains the noise: where coordinates are not judged, the trace of the covariance is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.results.bounds import LEAST, Sizes
from sdeopt.results.paired import ROUNDING, Estimates, Groups, entries

__all__ = [
    "JUDGED",
    "SINGLE",
    "Change",
    "Quantity",
    "Scales",
    "apart",
    "default",
    "flow_apart",
    "choose_judged",
    "moments",
    "scales",
    "without_errors",
]

Array = NDArray[np.float64]
JUDGED = ("all", "each", "observables")
SINGLE = 3  # dimensions up to which coordinates are judged one by one
COORDINATES_UP_TO = 64  # dimensions up to which coordinates are judged where nobody says
PLURAL = {"mean": "means", "variance": "variances", "covariance": "covariances"}
SQUARE = 1.9  # standard error of the standard deviation of a squared normal, times √n: √(15 - 1)/2
NOISELESS = 1e-9  # of a gap: a standard error below is round-off
SURELY = 2.0  # standard errors below its estimate that a later level is taken to be
TINY = 1e-150  # a scale where there is none
NORMAL95 = 1.644854  # one-sided
SURE = 4.0  # standard errors that no change of hundreds reaches by chance


class Quantity(NamedTuple):
    """What gets a verdict: a column of the report, or several of one kind as a vector."""

    name: str
    kind: str
    columns: tuple[int, ...]


class Change(NamedTuple):
    """What refining the integrator's step changed.

    ``factor`` leads to what is then left; ``alike`` says whether both steps draw alike, ``fresh`` whether the paths are
    others than those of the gap, which else has noise in common with the change.
    """

    estimates: Estimates
    groups: Groups | None
    factor: float
    alike: bool
    fresh: bool = True


class Scales(NamedTuple):
    """What gaps are measured in, (n, Q): the scale, its standard error, and what round-off may do to the gap."""

    scale: Array
    stderr: Array
    rounding: Array


def default(d: int, observables: int) -> str:
    """What is judged where nobody says: coordinates up to d = 64; above it observables, if any, and the trace."""
    return "all" if d <= COORDINATES_UP_TO or observables == 0 else "observables"


def choose_judged(
    kinds: tuple[str, ...], names: tuple[str, ...], diverged: bool, what: str, heavy: bool
) -> tuple[Quantity, ...]:
    """The quantities that get a verdict; the share of diverged paths only where some diverged.

    ``what`` is "all", "each" (coordinates one by one in any dimension) or "observables" (and the trace of the
    covariance). Of laws without a variance (``heavy``) only the observables are judged: they are the user's, and
    bounded.
    """

    def one(kind: str) -> list[Quantity]:
        return [Quantity(names[i], kind, (i,)) for i, k in enumerate(kinds) if k == kind]

    def coordinates(kind: str) -> list[Quantity]:
        found = one(kind)
        if what == "each" or kinds.count("mean") <= SINGLE or not found:
            return found
        return [Quantity(PLURAL[kind], kind, tuple(q.columns[0] for q in found))]

    lost = one("diverged") if diverged else []
    if heavy:
        return (*one("observable"), *lost)
    if what == "observables":
        return (*one("observable"), *one("trace"), *lost)
    return (*one("observable"), *(q for kind in PLURAL for q in coordinates(kind)), *lost)


def scales(e: Estimates, kinds: tuple[str, ...], times: Array, flow: Array | None = None) -> Scales:
    """The scales of all columns, from the discrete one.

    Of a mean the largest of: the standard deviation over paths at that save; how far it still moves, its range over
    the saves from half of that time on; and what the noise makes of it, its distance from the ``flow`` (n, Q), at most
    the range over all saves. (That range alone measures nothing late: the first steps are often a thousand times what
    the noise leaves. Without a flow it stands.) Of a covariance entry the largest √(C_ii C_jj) from that save on (weak
    errors are absolute: a momentum that starts from rest has a covariance far below its later level, and no SDE gets it
    right in the first steps); of the share of diverged paths 1.
    """
    kind, first = np.array(kinds), e.first
    scale, stderr, rounding = np.ones_like(first), np.zeros_like(first), np.zeros_like(first)
    size = ROUNDING * np.fmax.reduce(np.abs(first), axis=0)
    d, start, trace = kinds.count("mean"), kinds.index("variance"), kinds.index("trace")
    means = np.flatnonzero((kind == "mean") | (kind == "observable"))
    half = np.maximum(np.searchsorted(times, 0.5 * times, side="right") - 1, 0)
    moves = np.array([np.fmax.reduce(first[j:, means]) - np.fmin.reduce(first[j:, means]) for j in half])
    sd, span = e.first_sd[:, means], np.fmax.reduce(first[:, means]) - np.fmin.reduce(first[:, means])
    if flow is not None:
        span = np.fmin(span, np.abs(first - flow)[:, means])
    moves = np.fmax(moves, span)
    scale[:, means], rounding[:, means] = np.fmax(moves, sd), size[means]
    root = np.sqrt(np.maximum(first[:, start : start + d], 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        unsure = np.nan_to_num(e.first_stderr[:, start : start + d] / root**2, posinf=0.0)  # relative, of the variances
        normal = SQUARE / np.sqrt(np.maximum(e.paths, 1.0))[:, None] * np.ones((1, len(means) - d))
    stderr[:, means] = np.where(sd >= moves, np.hstack([0.5 * unsure, normal]) * sd, 0.0)
    i, j = entries(d)
    both = slice(start, start + len(i))
    level = root[:, i] * root[:, j]
    scale[:, both] = _from_here_on(level, 0.5 * (unsure[:, i] + unsure[:, j]) * level)
    rounding[:, both] = size[i] * size[j]
    stderr[:, both] = 0.5 * (unsure[:, i] + unsure[:, j]) * scale[:, both]
    scale[:, trace] = _from_here_on(first[:, trace], e.first_stderr[:, trace])
    rounding[:, trace], stderr[:, trace] = (size[:d] ** 2).sum(), e.first_stderr[:, trace]
    return Scales(scale, stderr, rounding)


def _from_here_on(a: Array, stderr: Array) -> Array:
    """Maximum of this save and of what the later ones surely have, else noise would choose it; without NaN."""
    later = np.fmax.accumulate((a - SURELY * stderr)[::-1], axis=0)[::-1]
    result: Array = np.fmax(a, later)
    return result


def _over(gap: Array, scale: Array) -> Array:
    """Quotients; nothing over nothing is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.where(gap == 0.0, 0.0, gap / scale)
    return result


def apart(
    both: Estimates, groups: Groups | None, s: Scales, quantities: tuple[Quantity, ...], extra: int,
    change: Change | None = None,
) -> Sizes:  # fmt: skip
    """Relative errors of the gaps of ``both``; ``extra`` is the number of observables.

    Where the two steps of ``change`` do not draw alike, only a change that is surely more than noise counts. The
    scale is measured on the same paths: its own error is added to that of the gap (Minkowski: whatever the
    correlation). Without ``groups`` the error of a vector is taken as if all its entries erred together.
    """
    found = [_apart(both, groups, s, q, extra, change) for q in quantities]
    return Sizes(*(np.stack(a, axis=1) for a in zip(*found, strict=True)))


def flow_apart(flow: Array, both: Estimates, s: Scales, quantities: tuple[Quantity, ...], extra: int) -> Sizes:
    """The same of the drift without noise, (n, Q), against the discrete column."""
    gap, share = flow - both.first, np.zeros_like(both.share)
    return apart(both._replace(gap=gap, gap_stderr=both.first_stderr, share=share), None, s, quantities, extra)


def moments(kinds: tuple[str, ...], order: float, observables: Array) -> Array:
    """Where the moments of every column end: ``order`` for x, and the orders of the observables."""
    ends = {"mean": order, "variance": order / 2.0, "covariance": order / 2.0, "trace": order / 2.0, "diverged": np.inf}
    own = iter(observables)
    return np.array([next(own) if kind == "observable" else ends[kind] for kind in kinds])


def without_errors(s: Sizes, quantities: tuple[Quantity, ...], d: int, order: float, observables: Array) -> Sizes:
    """The same, with the share of one path infinite where a standard error rests on moments that do not exist.

    ``order`` is where the moments of x end, ``observables`` where those of every observable do (inf: all exist).
    """
    judged = [observables[q.columns[0] - d :] if q.kind == "observable" else observables for q in quantities]
    found = [moments((q.kind,), order, own)[0] for q, own in zip(quantities, judged, strict=True)]
    return s._replace(share=np.where(np.array(found) > 2.0, s.share, np.inf))


def _apart(
    both: Estimates, groups: Groups | None, s: Scales, q: Quantity, extra: int,
    change: Change | None,
) -> tuple[Array, ...]:  # fmt: skip
    c = np.array(q.columns)
    gap = np.where(np.abs(both.gap[:, c]) <= s.rounding[:, c], 0.0, both.gap[:, c])
    stderrs, scale = both.gap_stderr[:, c], np.linalg.norm(s.scale[:, c] + s.rounding[:, c] + TINY, axis=1)
    length = np.linalg.norm(gap, axis=1)
    u = _over(gap, length[:, None])
    (stderr, widest), degrees = _along(both, groups, q, u, extra)
    floor = np.linalg.norm(stderrs, axis=1) if len(c) > 1 else np.zeros_like(length)
    stderr = np.where(length > 0.0, stderr, np.linalg.norm(stderrs, axis=1))
    weight = np.where(length[:, None] > 0.0, u**2, 1.0) * stderrs**2
    share = _over((weight * both.share[:, c]).sum(axis=1), weight.sum(axis=1))  # as if largest everywhere at once
    share[stderr <= NOISELESS * length] = 0.0
    unsure = _over(length * np.linalg.norm(s.stderr[:, c], axis=1), scale)
    left = np.zeros_like(length) if change is None else _left_over(change, q, u, extra)
    enough = (both.paths >= LEAST) | (q.kind == "diverged")
    measured = (length, stderr + unsure, floor, left, np.maximum(widest, stderr) + unsure)
    size, error, floor, left, widest = (np.where(enough, _over(a, scale), np.nan) for a in measured)
    return size, error, degrees, floor, left, share, widest


def _along(e: Estimates, groups: Groups | None, q: Quantity, u: Array, extra: int) -> tuple[tuple[Array, Array], Array]:
    """Standard errors (n,) of the gap of ``q``, and their degrees of freedom.

    The first is along the unit vectors ``u`` (n, c), the second along the direction where it is largest.
    """
    c, degrees = np.array(q.columns), np.maximum(e.paths - 1.0, 1.0)
    if groups is None or len(c) == 1:
        stderrs = e.gap_stderr[:, c]
        return ((np.abs(u) * stderrs).sum(axis=1), np.linalg.norm(stderrs, axis=1)), degrees
    own = c - (0 if q.kind == "mean" else extra)  # groups have no observables
    total, count = groups.total[:, :, own], groups.number
    n, several = count.sum(axis=0), (count > 0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.sqrt(several / (several - 1.0)) / n
        deviation = total - count[:, :, None] * (total.sum(axis=0) / np.maximum(n, 1.0)[:, None])
        rows = deviation.transpose(1, 0, 2)
        products = rows @ rows.transpose(0, 2, 1)  # few groups, and often many coordinates
        widest = np.sqrt(np.maximum(np.linalg.eigvalsh(products)[:, -1], 0.0)) * factor
        stderr = np.linalg.norm(np.einsum("gnc,nc->gn", deviation, u), axis=0) * factor
    return (stderr, widest), np.maximum(several - 1.0, 1.0)


def _left_over(change: Change, q: Quantity, u: Array, extra: int) -> Array:
    """What the step size leaves of the gap, as far as it is known: the change along the gap, or its size less noise."""
    e, groups, factor, alike, fresh = change
    c = np.array(q.columns)
    moved, stderrs = np.nan_to_num(e.gap[:, c]), np.nan_to_num(e.gap_stderr[:, c])
    length, floor = np.linalg.norm(moved, axis=1), np.linalg.norm(stderrs, axis=1)
    size = np.abs((moved * u).sum(axis=1)) if len(c) > 1 else length
    stderr = np.nan_to_num(_along(e, groups, q, u, extra)[0][0])
    if alike:
        noiseless = np.sqrt(np.maximum(length**2 - floor**2, 0.0)) if len(c) > 1 else 0.0
        result: Array = factor * (np.maximum(size, noiseless) + NORMAL95 * stderr)
        return result
    surely: Array = np.maximum(size - SURE * stderr, 0.0)
    if len(c) > 1:
        own = np.nan_to_num(_along(e, groups, q, _over(moved, length[:, None]), extra)[0][0])
        whole = np.sqrt(np.maximum(np.maximum(length - SURE * own, 0.0) ** 2 - floor**2, 0.0))
        surely = np.maximum(surely, whole) if fresh else whole
    return factor * surely
