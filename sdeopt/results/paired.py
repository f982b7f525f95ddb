"""What is kept of a chunk of paths that two runs share: the moments of either run and of their difference.

The two runs use common random numbers, so the difference of a path's two records varies far less than the records.
The mean of a coordinate or an observable is compared through that difference. A covariance is no mean over paths;
its influence values

    ψ_p = n/(n - 1) (x_p - x̄)(x_p - x̄)ᵀ            x̄ the mean over the n paths of the chunk

are: their average is the unbiased covariance, so the spread of ψ(second) - ψ(first) over the paths gives the standard
error of the difference of the two covariances. A path leaves all of it as soon as either of its runs has diverged.

The error of a vector of such differences along a direction that is known only at the end needs more than standard
errors: sums over groups of paths that follow one another, of which the spread in any direction can be had later.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.moments import ESCAPE, Moments, centre, valid_paths
from sdeopt.core.packing import packable

__all__ = ["FULL", "GROUPS", "ROUNDING", "Estimates", "Groups", "Paired", "entries", "estimates", "merge", "reduce"]

Array = NDArray[np.float64]
FULL = 8  # above this dimension only variances are compared
GROUPS = 64  # of paths, at most, and over half as many once there are that many paths
ROUNDING = 1e-13  # of the size of a value: what round-off may contribute to a mean or a standard deviation


@packable
class Groups(NamedTuple):
    """Sums over groups of ``size`` paths that follow one another, (groups, saves, c), and how many paths are in them.

    The columns are the differences of the coordinates, then those of the influences ψ of the covariance entries.
    """

    size: int
    number: Array
    total: Array

    def coarser(self) -> Groups:
        """Neighbours together; a last one alone."""
        return Groups(2 * self.size, _pairs(self.number), _pairs(self.total))

    def merge(self, other: Groups) -> Groups:
        """The groups of both sets of paths, of one size, at most ``GROUPS``."""
        a, b = self, other
        while a.size != b.size:
            a, b = (a.coarser(), b) if a.size < b.size else (a, b.coarser())
        both = Groups(a.size, np.concatenate([a.number, b.number]), np.concatenate([a.total, b.total]))
        while len(both.number) > GROUPS:
            both = both.coarser()
        return both


@packable
class Paired(NamedTuple):
    """Streamed moments, all over the same paths except ``lost``, which is over all.

    ``first``, ``second``, ``difference`` have the columns of the records; the three influences ψ one per entry of the
    covariance (`entries`) and a last one for its trace; ``lost`` has the shares of diverged paths of the first run, of
    the second, and their difference. ``peak`` is the largest square over paths of the difference less its mean in the
    chunk, of the records and of the influences. ``groups`` are none where not asked for. ``finals`` are last positions,
    two arrays per chunk.
    """

    first: Moments
    second: Moments
    difference: Moments
    first_influence: Moments
    second_influence: Moments
    influence_difference: Moments
    lost: Moments
    peak: Array
    groups: Groups | None
    finals: tuple[Array, ...]


class Estimates(NamedTuple):
    """All quantities in time, shape (n, Q): coordinate means, observables, covariance entries, trace, lost.

    ``share`` is the largest part that one path has of the sum of the squared influences on the gap.
    """

    first: Array
    second: Array
    first_stderr: Array
    second_stderr: Array
    gap: Array
    gap_stderr: Array
    first_sd: Array
    second_sd: Array
    share: Array
    paths: Array


def _pairs(a: Array) -> Array:
    """Sums of neighbours along the first axis, a last one alone: a tenth of the time of ``np.add.reduceat``."""
    even = len(a) // 2 * 2
    sums = a[:even:2] + a[1:even:2]
    return sums if even == len(a) else np.concatenate([sums, a[even:]])


def entries(d: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the covariance entries that are compared: the diagonal, then the rest if d <= 8."""
    diagonal = np.arange(d)
    i, j = np.triu_indices(d, 1) if d <= FULL else (diagonal[:0], diagonal[:0])
    return np.concatenate([diagonal, i]), np.concatenate([diagonal, j])


def _influence(x: Array, valid: NDArray[np.bool_]) -> Array:
    """ψ of the entries and of the trace, (paths, saves, entries + 1), for positions (paths, saves, d)."""
    count, _, deviation = centre(x, valid)
    i, j = (one[x.shape[2] :] for one in entries(x.shape[2]))
    squares, products = deviation * deviation, deviation[:, :, i] * deviation[:, :, j]
    psi = np.concatenate([squares, products, squares.sum(axis=2, keepdims=True)], axis=2)
    unbiased: Array = psi * (count / np.maximum(count - 1.0, 1.0))[None, :, None]
    return unbiased


def _groups(difference: Array, psi: Array, valid: NDArray[np.bool_], enough: NDArray[np.bool_], d: int) -> Groups:
    values = np.concatenate([_only(valid, difference[:, :, :d]), _only(enough, psi[:, :, :-1])], axis=2)
    found = Groups(1, valid.astype(float), values)
    while len(found.number) > GROUPS:
        found = found.coarser()
    return found


def _peak(x: Array, valid: NDArray[np.bool_]) -> Array:
    deviation = centre(x, valid)[2]
    largest: Array = (deviation * deviation).max(axis=0)
    return largest


def _only(valid: NDArray[np.bool_], x: Array) -> Array:
    """The records of valid paths, 0 for others."""
    return x if valid.all() else np.where(valid[:, :, None], x, 0.0)


def reduce(
    first_path: int, first: Array, second: Array, *, d: int, keep: int, vectors: bool = False, traced: bool = False
) -> Paired:  # fmt: skip
    """Reduce the records (paths, saves, d + observables) of two runs; ``keep`` paths leave their last positions.

    With ``vectors`` the groups are kept that the error of a vector needs. With ``traced`` the d numbers are projections
    of a position, and the last one of a record is the path's part of tr Cov x, |x - x̄|² n/(n - 1).
    """
    survived = [valid_paths(records, ESCAPE) for records in (first, second)]
    valid = survived[0] & survived[1]
    first, second = (_only(valid, records) for records in (first, second))
    traces = [records[:, :, -1] for records in (first, second)]
    first, second = (records[:, :, : records.shape[2] - traced] for records in (first, second))
    products = d if d <= FULL else 0
    enough = valid & (valid.sum(axis=0) > 1)
    with np.errstate(over="ignore", invalid="ignore"):  # squares just below the radius of divergence
        psi = [_influence(records[:, :, :d], enough) for records in (first, second)]
        for influences, trace in zip(psi, traces, strict=True) if traced else ():
            influences[:, :, -1] = trace
        lost = np.stack([~survived[0], ~survived[1]], axis=2).astype(float)
        lost = np.concatenate([lost, lost[:, :, 1:] - lost[:, :, :1]], axis=2)
        kept = valid[:, -1] & (first_path + np.arange(len(first)) < keep)
        apart, influence = second - first, psi[1] - psi[0]
        return Paired(
            Moments.of(first, valid, products),
            Moments.of(second, valid, products),
            Moments.of(apart, valid, 0),
            Moments.of(psi[0], enough, 0),
            Moments.of(psi[1], enough, 0),
            Moments.of(influence, enough, 0),
            Moments.of(lost, np.ones_like(valid), 0),
            np.concatenate([_peak(apart, valid), _peak(influence, enough)], axis=1),
            _groups(apart, influence, valid, enough, d) if vectors else None,
            (first[kept, -1, :d], second[kept, -1, :d]),
        )


def merge(a: Paired, b: Paired) -> Paired:
    """Both sets of paths together, ``a`` before ``b``."""
    with np.errstate(over="ignore", invalid="ignore"):
        moments = [x.merge(y) for x, y in zip(a[:7], b[:7], strict=True)]
        groups = None if a.groups is None or b.groups is None else a.groups.merge(b.groups)
    return Paired._make([*moments, np.maximum(a.peak, b.peak), groups, (*a.finals, *b.finals)])


def _covariances(m: Moments, d: int) -> Array:
    """Covariance entries and trace, (n, entries + 1)."""
    i, j = entries(d)
    values = m.covariance[:, i, j] if d <= FULL else m.variance[:, :d]
    return np.concatenate([values, values[:, :d].sum(axis=1, keepdims=True)], axis=1)


def _round_off(m: Moments, d: int) -> Array:
    """What round-off may leave of the covariances of identical paths, (n, entries + 1)."""
    i, j = entries(d)
    size = ROUNDING * np.abs(m.mean[:, :d])
    return np.concatenate([size[:, i] * size[:, j], (size * size).sum(axis=1, keepdims=True)], axis=1)


def estimates(p: Paired, d: int, traced: bool = False) -> Estimates:
    """Values, gaps second - first, and standard errors; NaN where fewer than two paths are left in both runs.

    ``traced`` is that of `reduce`.
    """
    few = np.where(p.first.count > 1, 0.0, np.nan)[:, None]
    tiny = np.maximum(_round_off(p.first, d), _round_off(p.second, d))

    def cleaned(a: Array) -> Array:
        return np.where(np.abs(a) <= tiny, 0.0, a)

    cov = [cleaned(_covariances(m, d)) for m in (p.first, p.second)]
    for values, influence in zip(cov, (p.first_influence, p.second_influence), strict=True) if traced else ():
        values[:, -1] = influence.mean[:, -1]
    blank = np.full((len(tiny), tiny.shape[1] + 1), np.nan)
    squares = np.hstack([p.difference.square, p.influence_difference.square])
    share = np.where(squares > 0.0, p.peak / np.where(squares > 0.0, squares, 1.0), 0.0)
    return Estimates(
        first=np.hstack([p.first.mean + few, cov[0], p.lost.mean[:, :1]]),
        second=np.hstack([p.second.mean + few, cov[1], p.lost.mean[:, 1:2]]),
        first_stderr=np.hstack([p.first.stderr, cleaned(p.first_influence.stderr), p.lost.stderr[:, :1]]),
        second_stderr=np.hstack([p.second.stderr, cleaned(p.second_influence.stderr), p.lost.stderr[:, 1:2]]),
        gap=np.hstack([p.difference.mean + few, cov[1] - cov[0], p.lost.mean[:, 2:]]),
        gap_stderr=np.hstack([p.difference.stderr, cleaned(p.influence_difference.stderr), p.lost.stderr[:, 2:]]),
        first_sd=np.hstack([np.sqrt(p.first.variance), blank]),
        second_sd=np.hstack([np.sqrt(p.second.variance), blank]),
        share=np.hstack([share, np.zeros((len(share), 1))]),  # that a path is lost is bounded
        paths=p.first.count,
    )
